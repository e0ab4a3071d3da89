// Passwords and keys from files that only their owner can read.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "core/result.hpp"

namespace greenq::feed {

// `name` is a path, or the bare name of a file in $CREDENTIALS_DIRECTORY (see systemd's LoadCredential=). The
// first line, without its end, is the secret. kInvalidArgument BAD_SECRET when the file is missing, empty,
// larger than 16 KiB, readable by group or others (unless it lies in the credentials directory), or holds
// control characters; the message never shows what is in it.
core::Result<std::string> read_secret(
    std::string const& name,
    std::function<std::optional<std::string>(std::string const&)> const& environment);

// The proxy for `host` by HTTPS_PROXY (or https_proxy) and NO_PROXY (or no_proxy: names, with or without a
// leading dot, that match the host or end of it; * for all); empty: none.
std::string proxy_from(std::function<std::optional<std::string>(std::string const&)> const& environment,
                       std::string const& host);

}  // namespace greenq::feed
