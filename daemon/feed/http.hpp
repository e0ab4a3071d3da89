// What feeds run on, and its real form: the io thread with timers and HTTP GET. http.cpp is the only
// translation unit that knows Asio and Beast.
//
// Rules (feeds.md section 4): TLS 1.2 or newer, always verified; plain http only to this host (loopback);
// redirects are never followed; no Accept-Encoding is sent and encoded bodies are refused; every phase and
// body has a limit.
#pragma once

#include <any>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/result.hpp"
#include "core/units.hpp"
#include "feed/names.hpp"

namespace greenq::feed {

struct HttpRequest {
  std::string url;
  std::string accept = "application/json";
  std::vector<std::pair<std::string, std::string>> headers{};  // may hold secrets; never logged
  std::optional<std::pair<std::string, std::string>> basic{};  // user and password for HTTP Basic
  std::string proxy{};    // "http://host:port", asked to CONNECT; not used for this host; empty: none
  std::string ca_file{};  // extra trusted certificates (PEM); empty: the system store alone
  core::Span phase_timeout{5'000};   // each of resolve, connect, TLS handshake
  core::Span total_timeout{30'000};  // the whole exchange
  std::size_t max_body = std::size_t{4} << 20;
};

struct HttpReply {
  int status = 0;
  std::string content_type;
  std::string location;     // as sent
  std::string retry_after;  // as sent
  std::string date;         // as sent
  std::string etag;         // as sent
  std::string modified;     // Last-Modified as sent
  std::string body;
};

// Owns all it uses, for it may end after everything else is gone; must not throw. All who wait for one call
// get a copy of the result: a shared_ptr, if it is large.
using BlockingCall = std::function<std::any()>;
using BlockingDone = std::function<void(core::Result<std::any>)>;

// What feeds run on: one thread of callbacks, timers and HTTP GET. Methods may be called from any thread.
// Nothing is called back after stop() returned; callbacks must be short and must not throw.
class FeedHost {
 public:
  FeedHost() = default;
  virtual ~FeedHost() = default;
  FeedHost(FeedHost const&) = delete;
  FeedHost& operator=(FeedHost const&) = delete;

  virtual void stop() = 0;  // not from a callback
  virtual void post(std::function<void()> task) = 0;
  // Runs the task after the delay (steady time). The handle is for cancel(), which may come too late.
  virtual std::uint64_t after(core::Span delay, std::function<void()> task) = 0;
  virtual void cancel(std::uint64_t timer) = 0;
  // Calls back exactly once, never inside the call. kUnavailable: no reply came (reasons DNS, NO_THREAD,
  // CONNECT, TLS, TIMEOUT, BROKEN); kOutOfRange: the reply broke a limit (TOO_LARGE, ENCODED);
  // kInvalidArgument: BAD_URL, BAD_PROXY.
  virtual void get(HttpRequest request, std::function<void(core::Result<HttpReply>)> done) = 0;
  // Runs a call that may hang on a thread of its own. While one of that key runs, `call` is not used and its
  // result is waited for instead. Calls back exactly once, never inside the call; kUnavailable TIMEOUT when
  // it did not end within the limit (it goes on, alone), NO_THREAD.
  virtual void run_blocking(std::string key, core::Span limit, BlockingCall call, BlockingDone done) = 0;
};

// Owns the io thread, which runs all timers, exchanges and callbacks. The destructor stops it; neither waits
// for lookups and other blocking calls that hang.
class AsioHost final : public FeedHost {
 public:
  explicit AsioHost(Lookup lookup = look_up);
  ~AsioHost() override;

  void stop() override;
  void post(std::function<void()> task) override;
  std::uint64_t after(core::Span delay, std::function<void()> task) override;
  void cancel(std::uint64_t timer) override;
  void get(HttpRequest request, std::function<void(core::Result<HttpReply>)> done) override;
  void run_blocking(std::string key, core::Span limit, BlockingCall call, BlockingDone done) override;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace greenq::feed
