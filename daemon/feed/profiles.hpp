// The typical days that come with the program (config/profiles), compiled in.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/carbon/signal.hpp"
#include "core/result.hpp"

namespace greenq::feed {

struct ShippedZone {
  std::string id;    // "US-CAL-CISO"
  std::string name;  // "California ISO"
  bool marginal = false;
  bool average = false;
};

// All typical days, one per (zone, kind); source.provider is "climatology".
std::vector<core::Profile> shipped_profiles();
// Those of one zone; empty when the zone is not known.
std::vector<core::Profile> shipped_profiles(std::string_view zone);
std::vector<ShippedZone> shipped_zones();

// Reads the two tables; used by the functions above and by tests.
core::Result<std::vector<core::Profile>> read_profiles(std::string_view profiles_csv,
                                                       std::string_view zones_csv);

}  // namespace greenq::feed
