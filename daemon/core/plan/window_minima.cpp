#include "core/plan/window_minima.hpp"

#include <algorithm>

namespace greenq::core {
namespace {

// Two sums of the same prices may differ by rounding.
constexpr double kTie = 1e-9;
// Longer ones are rare: their windows are looked at one by one.
constexpr Slot kLongest = 8 * 24 * kHourSlots;

bool scan(SlotPrices const& prices, Slot work, Slot first, Slot last, Window& best) {
  bool found = false;
  for (Slot begin = first; begin <= last; ++begin) {
    double const cost = prices.sum({begin, begin + work});
    if (cost >= best.cost - kTie) continue;
    best = {cost, begin};
    found = true;
  }
  return found;
}

}  // namespace

std::vector<double> const& WindowMinima::hours(SlotPrices const& prices, Slot work) {
  auto const index = static_cast<std::size_t>(work);
  if (lengths_.size() <= index) lengths_.resize(index + 1);
  std::vector<double>& hours = lengths_[index];
  if (!hours.empty()) return hours;
  for (Slot hour = hour_of(prices.first()); hour * kHourSlots < prices.end(); ++hour) {
    Window least;
    scan(prices, work, hour * kHourSlots, (hour + 1) * kHourSlots - 1, least);
    hours.push_back(least.cost);
  }
  return hours;
}

bool WindowMinima::lower(SlotPrices const& prices, Slot work, Slot first, Slot last, Window& best) {
  if (work > kLongest || first < prices.first()) return scan(prices, work, first, last, best);
  std::vector<double> const& least = hours(prices, work);
  Slot const origin = hour_of(prices.first());
  bool found = false;
  for (Slot begin = first; begin <= last;) {
    Slot const stop = std::min(last, (hour_of(begin) + 1) * kHourSlots - 1);
    auto const index = static_cast<std::size_t>(hour_of(begin) - origin);
    bool const hopeless = index < least.size() && least[index] >= best.cost - kTie;
    if (!hopeless && scan(prices, work, begin, stop, best)) found = true;
    begin = stop + 1;
  }
  return found;
}

}  // namespace greenq::core
