#include "feed/target.hpp"

#include <boost/url/ipv4_address.hpp>
#include <boost/url/ipv6_address.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/url.hpp>
#include <charconv>
#include <string>
#include <string_view>
#include <utility>

namespace greenq::feed {
namespace {

bool is_loopback(std::string_view host) {
  auto const v4 = boost::urls::parse_ipv4_address({host.data(), host.size()});
  if (v4) return v4->is_loopback();
  auto const v6 = boost::urls::parse_ipv6_address({host.data(), host.size()});
  return v6 ? v6->is_loopback() : host == "localhost";
}

// "127.0.0.1.example.org" is read as 127.0.0.1 with the path ".example.org".
bool begins_with_slash(std::string_view path) {
  return path.empty() || path.front() == '/';
}

// 0: no port that exists. The library takes what is above 65535 modulo 65536.
std::uint16_t port_of(boost::urls::url_view const& url, std::uint16_t usual) {
  if (url.port().empty()) return usual;
  std::string const text{url.port()};
  std::uint16_t port = 0;
  auto const [end, failed] = std::from_chars(text.data(), text.data() + text.size(), port);
  return failed == std::errc{} && end == text.data() + text.size() ? port : 0;
}

}  // namespace

core::Result<Target> parse_target(std::string const& text) {
  auto const bad = [&](std::string const& why) {
    return core::fail(core::ErrorCode::kInvalidArgument, "BAD_URL",
                      "the address " + (text.find('@') == std::string::npos ? text + " " : "") + why);
  };
  auto const url = boost::urls::parse_uri(text);
  if (url.has_error()) return bad("is not a URL");
  Target target;
  target.tls = url->scheme_id() == boost::urls::scheme::https;
  if (!target.tls && url->scheme_id() != boost::urls::scheme::http) return bad("must begin with https://");
  target.host = url->host_address();
  if (target.host.empty()) return bad("has no host");
  if (url->has_userinfo()) return bad("must not carry a user or password");
  if (!target.tls && !is_loopback(target.host))
    return bad("must begin with https:// (plain http only to this host)");
  std::uint16_t const usual = target.tls ? 443 : 80;
  target.port = port_of(*url, usual);
  if (target.port == 0) return bad("has a port that does not exist");
  bool const ipv6 = target.host.find(':') != std::string::npos;
  target.host_header = ipv6 ? "[" + target.host + "]" : target.host;
  if (target.port != usual) target.host_header += ":" + std::to_string(target.port);
  target.path = std::string(url->encoded_path());
  if (!begins_with_slash(target.path)) return bad("has a host that is neither an address nor a name");
  if (target.path.empty()) target.path = "/";
  if (url->has_query()) target.path += "?" + std::string(url->encoded_query());
  return target;
}

core::Result<std::optional<Target>> parse_proxy(std::string const& text, std::string const& host) {
  if (text.empty() || is_loopback(host)) return std::optional<Target>{};
  auto const url = boost::urls::parse_uri(text);
  bool const good = url && url->scheme_id() == boost::urls::scheme::http && !url->host_address().empty() &&
                    port_of(*url, 80) != 0 && begins_with_slash(url->encoded_path());
  if (!good || url->has_userinfo()) {
    return core::fail(core::ErrorCode::kInvalidArgument, "BAD_PROXY",
                      "the proxy must be an address like http://proxy.example:3128, without a user");
  }
  Target proxy;
  proxy.host = url->host_address();
  proxy.port = port_of(*url, 80);
  proxy.host_header = proxy.host + ":" + std::to_string(proxy.port);
  return std::optional(std::move(proxy));
}

}  // namespace greenq::feed
