#include "sim/known_hours.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace greenq::sim {

KnownHours::KnownHours(Instance const& instance) {
  auto points =
      instance.history.points({instance.history.begin(), instance.begin()}, core::PointState::kActual);
  auto const truth = instance.truth.points({instance.begin(), instance.end()}, core::PointState::kActual);
  points.insert(points.end(), truth.begin(), truth.end());
  hours_ = core::whole_hours(points);
}

std::size_t KnownHours::over_at(core::Instant now) const {
  core::Hour const open = core::hour_of(now);
  auto const end =
      std::partition_point(hours_.begin(), hours_.end(), [&](auto const& h) { return h.first < open; });
  return static_cast<std::size_t>(end - hours_.begin());
}

double KnownHours::at(core::Hour hour) const {
  auto const place =
      std::partition_point(hours_.begin(), hours_.end(), [&](auto const& h) { return h.first < hour; });
  bool const there = place != hours_.end() && place->first == hour;
  return there ? place->second : std::numeric_limits<double>::quiet_NaN();
}

double KnownHours::mean(core::Hour hour, core::Hour every, core::Hour oldest) const {
  double sum = 0;
  int count = 0;
  for (; hour >= oldest; hour -= every) {
    double const value = at(hour);
    if (std::isnan(value)) continue;
    sum += value;
    ++count;
  }
  return count > 0 ? sum / count : std::numeric_limits<double>::quiet_NaN();
}

}  // namespace greenq::sim
