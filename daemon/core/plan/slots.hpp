// Time as the planner cuts it: steps of five minutes from the Unix epoch on, so that twelve make a UTC hour.
#pragma once

#include <cstdint>
#include <vector>

#include "core/units.hpp"

namespace greenq::core {

using Slot = std::int32_t;

inline constexpr Span kSlot{std::chrono::minutes{5}};
inline constexpr Slot kHourSlots = 12;

// Half-open, never empty where it stands in a plan.
struct SlotRun {
  Slot begin = 0;
  Slot end = 0;

  Slot length() const { return end - begin; }
  friend bool operator==(SlotRun const&, SlotRun const&) = default;
};

using SlotRuns = std::vector<SlotRun>;  // in order, not touching

inline Instant begin_of(Slot slot) {
  return from_ms(slot * std::int64_t{kSlot.count()});
}
inline Slot slot_holding(Instant at) {
  return static_cast<Slot>(to_ms(at) / kSlot.count());
}
inline Slot slot_from(Instant at) {  // the first that begins at or after
  return static_cast<Slot>((to_ms(at) + kSlot.count() - 1) / kSlot.count());
}
inline Slot slots_of(Span span) {  // rounded up, at least one
  auto const slots = static_cast<Slot>((span.count() + kSlot.count() - 1) / kSlot.count());
  return slots > 0 ? slots : 1;
}
inline double hours_of(Span span) {
  return static_cast<double>(span.count()) / 3'600'000;
}
inline Slot hour_of(Slot slot) {
  return slot / kHourSlots;
}

}  // namespace greenq::core
