#include "core/plan/window_minima.hpp"

#include <algorithm>
#include <numeric>

namespace greenq::core {

bool lower(SlotPrices const& prices, Slot work, Slot first, Slot last, Window& best) {
  bool found = false;
  for (Slot begin = first; begin <= last; ++begin) {
    double const cost = prices.sum({begin, begin + work});
    if (cost >= best.cost - kTie) continue;
    best = {cost, begin};
    found = true;
  }
  return found;
}

WindowMinima::Hours const& WindowMinima::hours(SlotPrices const& prices, Slot work) {
  auto const index = static_cast<std::size_t>(work);
  if (lengths_.size() <= index) lengths_.resize(index + 1);
  Hours& hours = lengths_[index];
  if (!hours.least.empty()) return hours;
  for (Slot hour = hour_of(prices.first()); hour * kHourSlots < prices.end(); ++hour) {
    Window least;
    lower(prices, work, hour * kHourSlots, (hour + 1) * kHourSlots - 1, least);
    hours.least.push_back(least.cost);
  }
  hours.order.resize(hours.least.size());
  std::iota(hours.order.begin(), hours.order.end(), std::uint16_t{0});
  std::stable_sort(hours.order.begin(), hours.order.end(),
                   [&](std::uint16_t a, std::uint16_t b) { return hours.least[a] < hours.least[b]; });
  return hours;
}

}  // namespace greenq::core
