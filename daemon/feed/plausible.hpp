// Whether the figures of a well-formed reply can be believed (feeds.md section 5). What is wrong comes back
// in words.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <utility>

#include "core/carbon/signal.hpp"

namespace greenq::feed {

// The checks that hold for every provider, beyond core::problem_of(): reach and age of the times, an issue of
// the future, a forecast that is over, a frozen forecast (12 h or more of equal values; averages below 50
// g/kWh may stand still), and for averages a mean of at least 1 g/kWh that is within a factor of 5 of the
// zone's typical day (or within 100 g/kWh). The signal has points.
std::optional<std::string> implausible(core::Signal const& signal, core::Instant now);

// What the replies of one feed must agree on: the level of a week, as a jump points to a changed unit; and
// figures that have stood still for 12 h, for feeds that give the past only.
class Levels {
 public:
  // What is wrong with a reply; nothing: then its mean is remembered. The signal has points.
  std::optional<std::string> judge(core::Signal const& signal, core::Instant now);

 private:
  std::optional<std::string> jump(double mean, core::Instant now);
  bool stands_still(core::Signal const& signal, core::Instant now);

  std::deque<std::pair<core::Instant, double>> seen_;
  std::optional<core::IntensityPoint> still_;  // the newest run of equal figures
};

}  // namespace greenq::feed
