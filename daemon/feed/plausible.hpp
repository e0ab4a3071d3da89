// Whether the figures of a well-formed reply can be believed (feeds.md section 5). What is wrong comes back
// in words.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <utility>

#include "core/carbon/signal.hpp"

namespace greenq::feed {

// The checks that hold for every provider, beyond core::problem_of(): reach and age of the times, a frozen
// forecast (12 h or more of equal values), and for averages a mean within a factor of 5 of the zone's typical
// day (or within 100 g/kWh). The signal has points.
std::optional<std::string> implausible(core::Signal const& signal, core::Instant now);

// Means of accepted replies over a week; a jump of the whole level points to a changed unit.
class Levels {
 public:
  // What is wrong with a reply of that mean; nothing: then it is remembered.
  std::optional<std::string> judge(core::Signal const& signal, core::Instant now);

 private:
  std::deque<std::pair<core::Instant, double>> seen_;
};

}  // namespace greenq::feed
