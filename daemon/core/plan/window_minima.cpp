#include "core/plan/window_minima.hpp"

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

std::vector<double> const& WindowMinima::hours(SlotPrices const& prices, Slot work) {
  auto const index = static_cast<std::size_t>(work);
  if (lengths_.size() <= index) lengths_.resize(index + 1);
  std::vector<double>& hours = lengths_[index];
  if (!hours.empty()) return hours;
  for (Slot hour = hour_of(prices.first()); hour * kHourSlots < prices.end(); ++hour) {
    Window least;
    lower(prices, work, hour * kHourSlots, (hour + 1) * kHourSlots - 1, least);
    hours.push_back(least.cost);
  }
  return hours;
}

}  // namespace greenq::core
