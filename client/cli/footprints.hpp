// Footprints from the daemon; used by report and history.
#pragma once

#include <string>
#include <unordered_map>

#include "client/cli/cli.hpp"

namespace greenq::client {

struct FootprintQuery {
  std::string project{};
  std::string owner{};
  std::optional<UtcTime> after{};
  std::optional<UtcTime> before{};
};

Result<v1::Footprint> get_footprint(Context& context, std::string const& job);
// By job name, newest first until `limit`.
Result<std::unordered_map<std::string, v1::Footprint>> list_footprints(Context& context,
                                                                       FootprintQuery const& query,
                                                                       std::size_t limit);

}  // namespace greenq::client
