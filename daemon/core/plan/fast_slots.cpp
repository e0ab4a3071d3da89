#include "core/plan/fast_slots.hpp"

#include <algorithm>

namespace greenq::core {
namespace {

constexpr Span kShortestSlot{50};
constexpr std::size_t kFewPoints = 4;  // say nothing about the usual step

// The usual length of a point; ends of curves and seams between feeds are cut anywhere.
Span usual_step(Curve const& curve) {
  std::vector<Span> steps;
  steps.reserve(curve.points().size());
  for (IntensityPoint const& point : curve.points()) steps.push_back(point.interval.length());
  auto const middle = steps.begin() + static_cast<std::ptrdiff_t>(steps.size() / 2);
  std::nth_element(steps.begin(), middle, steps.end());
  return *middle;
}

}  // namespace

SlotGrid grid_for(Span step, Instant begin) {
  SlotGrid grid;
  if (step >= kFastStep) return grid;
  grid.origin = begin;
  grid.slot = std::max(step, kShortestSlot);
  for (int const parts : {10, 8, 5, 4, 2}) {
    if (step.count() % parts != 0 || step / parts < kShortestSlot) continue;
    grid.slot = step / parts;
    break;
  }
  return grid;
}

SlotGrid grid_for(Curve const* curve) {
  if (curve == nullptr || curve->points().size() < kFewPoints) return {};
  return grid_for(usual_step(*curve), curve->points().front().interval.begin);
}

}  // namespace greenq::core
