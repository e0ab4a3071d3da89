// Where a request goes: the parts of an address, and the proxy in between.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/result.hpp"

namespace greenq::feed {

struct Target {
  bool tls = true;
  std::string host;
  std::uint16_t port = 0;
  std::string host_header;  // without a default port: some servers refuse ":443"
  std::string path;
};

// kInvalidArgument BAD_URL: https only, or http to this host (localhost, 127.0.0.0/8 or ::1, as an address
// and not as the beginning of a name); without a user.
core::Result<Target> parse_target(std::string const& text);
// Nothing: none is to be used for that host. kInvalidArgument BAD_PROXY.
core::Result<std::optional<Target>> parse_proxy(std::string const& text, std::string const& host);

}  // namespace greenq::feed
