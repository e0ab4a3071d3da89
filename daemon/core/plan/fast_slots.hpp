// Slots for a curve: those of real time, unless it is a recording that is played faster.
#pragma once

#include "core/carbon/signal.hpp"
#include "core/plan/slots.hpp"

namespace greenq::core {

// No provider has steps as short.
inline constexpr Span kFastStep{std::chrono::minutes{1}};

// For steps of that length, one of which begins at `begin`.
SlotGrid grid_for(Span step, Instant begin);
// For the usual step of that curve; null: there is none.
SlotGrid grid_for(Curve const* curve);

}  // namespace greenq::core
