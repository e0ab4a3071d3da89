// Slots for a curve: those of real time, unless it is a recording that is played faster.
#pragma once

#include "core/plan/slots.hpp"

namespace greenq::core {

// No provider has steps as short.
inline constexpr Span kFastStep{std::chrono::minutes{1}};

// For steps of that length, one of which begins at `begin`.
inline SlotGrid grid_for(Span step, Instant begin) {
  constexpr Span kShortestSlot{50};
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

}  // namespace greenq::core
