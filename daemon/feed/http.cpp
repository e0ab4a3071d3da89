#include "feed/http.hpp"

#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <array>
#include <atomic>
#include <boost/asio/connect.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>
#include <filesystem>
#include <map>
#include <thread>
#include <utility>

#include "core/check.hpp"
#include "feed/blocking.hpp"
#include "feed/file_stamp.hpp"
#include "feed/target.hpp"

namespace greenq::feed {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using boost::system::error_code;
using Tcp = asio::ip::tcp;
using Done = std::function<void(core::Result<HttpReply>)>;
using Addresses = core::Result<std::vector<std::string>>;
// Finds the addresses of a name within the limit.
using Resolve = std::function<void(std::string const&, core::Span, std::function<void(Addresses)>)>;
using PlainStream = beast::tcp_stream;
using TlsStream = beast::ssl_stream<beast::tcp_stream>;

constexpr std::uint32_t kMaxHeader = 16 * 1024;

std::string base64(std::string const& text) {
  std::vector<unsigned char> out(4 * ((text.size() + 2) / 3) + 1);
  auto const* const bytes = reinterpret_cast<unsigned char const*>(text.data());
  int const length = EVP_EncodeBlock(out.data(), bytes, static_cast<int>(text.size()));
  return {out.begin(), out.begin() + length};
}

std::string text_of(http::response<http::string_body> const& reply, http::field field) {
  auto const value = reply[field];
  return {value.data(), value.size()};
}

// One GET. Lives through the handlers of its own operations; calls back exactly once.
template <class Stream>
class Exchange final : public std::enable_shared_from_this<Exchange<Stream>> {
 public:
  Exchange(asio::io_context& io, std::shared_ptr<asio::ssl::context> tls, HttpRequest request, Target target,
           std::optional<Target> proxy, Done done)
      : tls_(std::move(tls)),
        request_(std::move(request)),
        target_(std::move(target)),
        proxy_(std::move(proxy)),
        done_(std::move(done)),
        stream_(make_stream(io, tls_)) {}

  void run(Resolve const& resolve) {
    deadline_ = std::chrono::steady_clock::now() + request_.total_timeout;
    error_code named;
    auto const address = asio::ip::make_address(hop().host, named);
    if (!named) return connect({{address, hop().port}});
    resolve(hop().host, std::min(request_.phase_timeout, request_.total_timeout),
            [self = this->shared_from_this()](Addresses const& found) { self->resolved(found); });
  }

 private:
  static Stream make_stream(asio::io_context& io, std::shared_ptr<asio::ssl::context> const& tls) {
    if constexpr (std::is_same_v<Stream, TlsStream>) {
      return Stream(io, *tls);
    } else {
      return Stream(io);
    }
  }

  // Beast's deadline of a phase covers each whole operation.
  void limit_phase() {
    auto const phase = std::chrono::steady_clock::now() + request_.phase_timeout;
    beast::get_lowest_layer(stream_).expires_at(std::min(deadline_, phase));
  }

  void resolved(Addresses const& found) {
    if (!found) return finish(tl::unexpected(found.error()));
    std::vector<Tcp::endpoint> places;
    for (std::string const& text : *found) {
      error_code bad;
      auto const address = asio::ip::make_address(text, bad);
      if (!bad) places.emplace_back(address, hop().port);
    }
    if (places.empty()) return give_up("DNS", "the name " + hop().host + " has no address");
    connect(places);
  }

  void connect(std::vector<Tcp::endpoint> const& found) {
    limit_phase();
    beast::get_lowest_layer(stream_).async_connect(
        found, [self = this->shared_from_this()](error_code failed, Tcp::endpoint const&) {
          if (failed) return self->give_up("CONNECT", failed, "no connection to " + self->hop_name());
          if (self->proxy_) return self->ask_proxy();
          self->handshake();
        });
  }

  // Who is connected to.
  Target const& hop() const { return proxy_ ? *proxy_ : target_; }
  std::string hop_name() const { return proxy_ ? "the proxy " + proxy_->host_header : target_.host_header; }

  void ask_proxy() {
    limit_phase();
    std::string const place = target_.host_header + (target_.port == 443 ? ":443" : "");
    tunnel_.version(11);
    tunnel_.method(http::verb::connect);
    tunnel_.target(place);
    tunnel_.set(http::field::host, place);
    auto& wire = beast::get_lowest_layer(stream_);
    http::async_write(wire, tunnel_, [self = this->shared_from_this()](error_code failed, std::size_t) {
      if (failed) return self->give_up("CONNECT", failed, "the request to " + self->hop_name() + " failed");
      self->tunnel_reply_.skip(true);
      self->tunnel_reply_.header_limit(kMaxHeader);
      auto& lowest = beast::get_lowest_layer(self->stream_);
      http::async_read_header(lowest, self->buffer_, self->tunnel_reply_,
                              [self](error_code broken, std::size_t) { self->tunnelled(broken); });
    });
  }

  void tunnelled(error_code failed) {
    if (failed) return give_up("CONNECT", failed, "the reply of " + hop_name() + " broke off");
    int const status = static_cast<int>(tunnel_reply_.get().result_int());
    if (status != 200) {
      return give_up("CONNECT", hop_name() + " refused to connect to " + target_.host_header +
                                    ": HTTP status " + std::to_string(status));
    }
    buffer_.clear();
    handshake();
  }

  void handshake() {
    if constexpr (std::is_same_v<Stream, TlsStream>) {
      limit_phase();
      bool const named = SSL_set_tlsext_host_name(stream_.native_handle(), target_.host.c_str()) == 1;
      if (!named) return give_up("TLS", "the name " + target_.host + " cannot be used for TLS");
      stream_.set_verify_callback(asio::ssl::host_name_verification(target_.host));
      stream_.async_handshake(asio::ssl::stream_base::client, [self = this->shared_from_this()](
                                                                  error_code failed) {
        if (failed)
          return self->give_up("TLS", failed, "no trusted TLS connection to " + self->target_.host_header);
        self->send();
      });
    } else {
      send();
    }
  }

  void send() {
    beast::get_lowest_layer(stream_).expires_at(deadline_);
    message_.version(11);
    message_.method(http::verb::get);
    message_.target(target_.path);
    message_.set(http::field::host, target_.host_header);
    message_.set(http::field::user_agent, "greenq/" GREENQ_VERSION);
    message_.set(http::field::accept, request_.accept);
    message_.set(http::field::connection, "close");
    for (auto const& [name, value] : request_.headers) message_.set(name, value);
    if (request_.basic) {
      message_.set(http::field::authorization,
                   "Basic " + base64(request_.basic->first + ":" + request_.basic->second));
    }
    http::async_write(stream_, message_, [self = this->shared_from_this()](error_code failed, std::size_t) {
      if (failed)
        return self->give_up("BROKEN", failed, "the request to " + self->target_.host_header + " failed");
      self->receive();
    });
  }

  void receive() {
    parser_.body_limit(request_.max_body);
    parser_.header_limit(kMaxHeader);
    http::async_read(
        stream_, buffer_, parser_,
        [self = this->shared_from_this()](error_code failed, std::size_t) { self->received(failed); });
  }

  void received(error_code failed) {
    if (failed == http::error::body_limit || failed == http::error::header_limit) {
      std::string const part = failed == http::error::body_limit ? "the reply of " : "the header of ";
      std::size_t const most = failed == http::error::body_limit ? request_.max_body : kMaxHeader;
      return finish(
          core::fail(core::ErrorCode::kOutOfRange, "TOO_LARGE",
                     part + target_.host_header + " is larger than " + std::to_string(most) + " bytes"));
    }
    if (failed) return give_up("BROKEN", failed, "the reply of " + target_.host_header + " broke off");
    auto& reply = parser_.get();
    std::string const encoding = text_of(reply, http::field::content_encoding);
    if (!encoding.empty() && !beast::iequals(encoding, "identity")) {
      return finish(
          core::fail(core::ErrorCode::kOutOfRange, "ENCODED",
                     "the reply of " + target_.host_header + " is encoded, which was not asked for"));
    }
    HttpReply out;
    out.status = static_cast<int>(reply.result_int());
    out.content_type = text_of(reply, http::field::content_type);
    out.location = text_of(reply, http::field::location);
    out.retry_after = text_of(reply, http::field::retry_after);
    out.date = text_of(reply, http::field::date);
    out.etag = text_of(reply, http::field::etag);
    out.modified = text_of(reply, http::field::last_modified);
    out.body = std::move(reply.body());
    finish(std::move(out));
  }

  void give_up(char const* reason, error_code failed, std::string const& what) {
    if (failed == beast::error::timeout) return give_up("TIMEOUT", what + ": it took too long");
    give_up(reason, what + ": " + failed.message());
  }
  void give_up(char const* reason, std::string message) {
    finish(core::fail(core::ErrorCode::kUnavailable, reason, std::move(message)));
  }

  void finish(core::Result<HttpReply> result) {
    if (done_ == nullptr) return;
    Done const done = std::exchange(done_, nullptr);
    beast::get_lowest_layer(stream_).close();
    done(std::move(result));
  }

  std::shared_ptr<asio::ssl::context> tls_;
  HttpRequest request_;
  Target target_;
  std::optional<Target> proxy_;
  Done done_;
  std::chrono::steady_clock::time_point deadline_;
  Stream stream_;
  http::request<http::empty_body> tunnel_;
  http::response_parser<http::empty_body> tunnel_reply_;
  http::request<http::empty_body> message_;
  beast::flat_buffer buffer_;
  http::response_parser<http::string_body> parser_;
};

using Context = std::shared_ptr<asio::ssl::context>;

core::Result<Context> load_context(std::string const& ca_file) {
  // Opening a FIFO would wait for its other end.
  if (std::error_code none; !ca_file.empty() && !std::filesystem::is_regular_file(ca_file, none)) {
    return core::fail(core::ErrorCode::kUnavailable, "TLS", "ca_file " + ca_file + " is not a regular file");
  }
  auto context = std::make_shared<asio::ssl::context>(asio::ssl::context::tls_client);
  error_code failed;
  failed = context->set_verify_mode(asio::ssl::verify_peer, failed);
  if (!failed) failed = context->set_default_verify_paths(failed);
  if (!failed && !ca_file.empty()) failed = context->load_verify_file(ca_file, failed);
  bool const modern = SSL_CTX_set_min_proto_version(context->native_handle(), TLS1_2_VERSION) == 1;
  if (failed || !modern) {
    return core::fail(core::ErrorCode::kUnavailable, "TLS",
                      "certificates could not be loaded: " + failed.message() +
                          (ca_file.empty() ? "" : "; check ") + ca_file);
  }
  return context;
}

}  // namespace

// What is trusted, by ca_file. Certificates are read again when a file of them changed, and not otherwise:
// that takes tens of milliseconds.
class Trust {
 public:
  core::Result<Context> context(std::string const& ca_file) {
    Stamps const stamps{stamp_of(ca_file), stamp_of(X509_get_default_cert_file()),
                        stamp_of(X509_get_default_cert_dir())};
    auto const known = known_.find(ca_file);
    if (known != known_.end() && known->second.first == stamps) return known->second.second;
    auto context = load_context(ca_file);
    if (context) known_.insert_or_assign(ca_file, std::pair(stamps, *context));
    return context;
  }

 private:
  using Stamps = std::array<FileStamp, 3>;
  std::map<std::string, std::pair<Stamps, Context>> known_;
};

struct AsioHost::Impl {
  asio::io_context io{1};
  asio::executor_work_guard<asio::io_context::executor_type> work{io.get_executor()};
  std::map<std::uint64_t, asio::steady_timer> timers;  // io thread only
  std::atomic<std::uint64_t> next_timer{1};
  Trust trust;  // io thread only
  Blocking blocking;
  Lookup lookup;
  std::thread thread;

  Impl(FeedHost& host, Lookup names) : blocking(host), lookup(std::move(names)) {}

  void resolve(std::string const& host, core::Span limit, std::function<void(Addresses)> done) {
    auto call = [lookup = lookup, host] { return std::any(lookup(host)); };
    blocking.run("name " + host, limit, std::move(call),
                 [host, limit, done = std::move(done)](core::Result<std::any> const& found) {
                   if (found) return done(std::any_cast<Addresses const&>(*found));
                   core::Error why = found.error();
                   bool const late = why.reason == "TIMEOUT";
                   why.message = "the name " + host + " was not resolved" +
                                 (late ? " within " + seconds_text(limit) : ": " + why.message);
                   done(tl::unexpected(std::move(why)));
                 });
  }
};

AsioHost::AsioHost(Lookup lookup) : impl_(std::make_unique<Impl>(*this, std::move(lookup))) {
  impl_->thread = std::thread([impl = impl_.get()] { impl->io.run(); });
}

AsioHost::~AsioHost() {
  stop();
}

void AsioHost::stop() {
  if (!impl_->thread.joinable()) return;
  GREENQ_CHECK(impl_->thread.get_id() != std::this_thread::get_id());
  impl_->io.stop();
  impl_->thread.join();
  impl_->blocking.close();
  impl_->timers.clear();
}

void AsioHost::post(std::function<void()> task) {
  asio::post(impl_->io, std::move(task));
}

std::uint64_t AsioHost::after(core::Span delay, std::function<void()> task) {
  std::uint64_t const id = impl_->next_timer++;
  auto const due = std::chrono::steady_clock::now() + delay;
  asio::post(impl_->io, [impl = impl_.get(), id, due, task = std::move(task)]() mutable {
    auto const timer = impl->timers.emplace(id, asio::steady_timer(impl->io, due)).first;
    timer->second.async_wait([impl, id, task = std::move(task)](error_code failed) {
      if (failed) return;
      impl->timers.erase(id);
      task();
    });
  });
  return id;
}

void AsioHost::cancel(std::uint64_t timer) {
  asio::post(impl_->io, [impl = impl_.get(), timer] { impl->timers.erase(timer); });
}

void AsioHost::get(HttpRequest request, std::function<void(core::Result<HttpReply>)> done) {
  asio::post(impl_->io, [impl = impl_.get(), request = std::move(request), done = std::move(done)]() mutable {
    auto target = parse_target(request.url);
    if (!target) return done(tl::unexpected(target.error()));
    auto const resolve = [impl](auto const&... parts) { impl->resolve(parts...); };
    if (!target->tls) {
      std::make_shared<Exchange<PlainStream>>(impl->io, nullptr, std::move(request), std::move(*target),
                                              std::nullopt, std::move(done))
          ->run(resolve);
      return;
    }
    auto proxy = parse_proxy(request.proxy, target->host);
    if (!proxy) return done(tl::unexpected(proxy.error()));
    auto context = impl->trust.context(request.ca_file);
    if (!context) return done(tl::unexpected(context.error()));
    std::make_shared<Exchange<TlsStream>>(impl->io, std::move(*context), std::move(request),
                                          std::move(*target), std::move(*proxy), std::move(done))
        ->run(resolve);
  });
}

void AsioHost::run_blocking(std::string key, core::Span limit, BlockingCall call, BlockingDone done) {
  asio::post(impl_->io, [impl = impl_.get(), key = std::move(key), limit, call = std::move(call),
                         done = std::move(done)]() mutable {
    impl->blocking.run(key, limit, std::move(call), std::move(done));
  });
}

}  // namespace greenq::feed
