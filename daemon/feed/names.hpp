// From the name of a host to its addresses.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "core/result.hpp"

namespace greenq::feed {

// Numeric addresses in the order in which to try them, at least one; kUnavailable DNS. May block for as long
// as it likes; called on any thread, at any time until the process ends, so it owns what it uses.
using Lookup = std::function<core::Result<std::vector<std::string>>(std::string const& host)>;

// A Lookup: the hosts file, the name servers, whatever this host is set up to ask.
core::Result<std::vector<std::string>> look_up(std::string const& host);

}  // namespace greenq::feed
