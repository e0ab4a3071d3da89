// Time and ledger quantities.
//
// Ledger quantities are 64-bit integers with a unit in the type; products go through 128 bits and are rounded
// half-to-even once. Wall time (Instant) is for people and for pricing, durations are Spans.
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>

namespace greenq::core {

using Span = std::chrono::milliseconds;
using Instant = std::chrono::sys_time<Span>;  // UTC

// Half-open [begin, end).
struct Interval {
  Instant begin{};
  Instant end{};

  Span length() const { return end - begin; }
  bool empty() const { return end <= begin; }
  bool contains(Instant t) const { return begin <= t && t < end; }
  bool overlaps(Interval const& other) const { return begin < other.end && other.begin < end; }
  friend bool operator==(Interval const&, Interval const&) = default;
};

// The common part; empty() when there is none.
inline Interval intersect(Interval a, Interval b) {
  return {a.begin > b.begin ? a.begin : b.begin, a.end < b.end ? a.end : b.end};
}

template <class Tag>
struct Quantity {
  std::int64_t value = 0;

  friend auto operator<=>(Quantity const&, Quantity const&) = default;
  friend Quantity operator+(Quantity a, Quantity b) { return {a.value + b.value}; }
  friend Quantity operator-(Quantity a, Quantity b) { return {a.value - b.value}; }
  Quantity& operator+=(Quantity o) {
    value += o.value;
    return *this;
  }
  Quantity& operator-=(Quantity o) {
    value -= o.value;
    return *this;
  }
};

using Energy = Quantity<struct EnergyTag>;        // mJ
using Power = Quantity<struct PowerTag>;          // mW
using Intensity = Quantity<struct IntensityTag>;  // mg CO2e per kWh
using Carbon = Quantity<struct CarbonTag>;        // mg CO2e

inline constexpr std::int64_t kMillijoulePerKwh = 3'600'000'000;

// num / den rounded half-to-even; den > 0.
std::int64_t divide_half_even(__int128 num, __int128 den);

Energy energy_of(Power power, Span span);              // mW x ms
Carbon carbon_of(Energy energy, Intensity intensity);  // mJ x mg/kWh

inline std::int64_t to_ms(Instant t) {
  return t.time_since_epoch().count();
}
inline Instant from_ms(std::int64_t ms) {
  return Instant{Span{ms}};
}

}  // namespace greenq::core
