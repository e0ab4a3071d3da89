// Time as the planner cuts it: slots, twelve of which it calls an hour. In real time a slot has five minutes
// and slot 0 begins at the Unix epoch, so that its hours are those of UTC; a recording that is played faster
// has shorter ones.
#pragma once

#include <algorithm>
#include <compare>
#include <cstdint>

#include "core/units.hpp"

namespace greenq::core {

using Slot = std::int32_t;

inline constexpr Slot kHourSlots = 12;

// Half-open, never empty where it stands in a plan.
struct SlotRun {
  Slot begin = 0;
  Slot end = 0;

  Slot length() const { return end - begin; }
  friend auto operator<=>(SlotRun const&, SlotRun const&) = default;
};

inline Slot hour_of(Slot slot) {
  return slot / kHourSlots - (slot % kHourSlots < 0 ? 1 : 0);
}

struct SlotGrid {
  Span slot{std::chrono::minutes{5}};
  Instant origin{};  // where slot 0 begins

  Instant begin_of(Slot at) const { return origin + at * slot; }
  Slot holding(Instant at) const { return narrow(floor_div((at - origin).count(), slot.count())); }
  Slot from(Instant at) const { return round_up(at - origin); }  // the first that begins at or after
  Slot slots(Span span) const { return std::max(round_up(span), Slot{1}); }  // rounded up, at least one
  // The fewest slots that cover it.
  SlotRun covering(Interval interval) const { return {holding(interval.begin), from(interval.end)}; }
  Span span(Slot slots_) const { return slots_ * slot; }
  double hours(Span length) const {
    return static_cast<double>(length.count()) / static_cast<double>(slot.count() * kHourSlots);
  }
  friend bool operator==(SlotGrid const&, SlotGrid const&) = default;

 private:
  static std::int64_t floor_div(std::int64_t value, std::int64_t by) {
    return value / by - (value % by < 0 ? 1 : 0);
  }
  // Times far away are as good as never.
  static Slot narrow(std::int64_t slot_) {
    constexpr std::int64_t kFar = 1'000'000'000;
    return static_cast<Slot>(std::clamp(slot_, -kFar, kFar));
  }
  Slot round_up(Span length) const { return narrow(-floor_div(-length.count(), slot.count())); }
};

}  // namespace greenq::core
