#include "sim/instance.hpp"

namespace greenq::sim {

std::vector<core::IntensityPoint> Issue::points() const {
  std::vector<core::IntensityPoint> out;
  out.reserve(values.size());
  core::Instant at = issued + first;
  for (core::Intensity const value : values) {
    out.push_back({{at, at + step}, value, core::PointState::kForecast});
    at += step;
  }
  return out;
}

}  // namespace greenq::sim
