// The cheapest window that begins in each hour, worked out once for each length: many tasks are as long as
// others.
#pragma once

#include <cstdint>
#include <limits>
#include <vector>

#include "core/plan/slot_prices.hpp"

namespace greenq::core {

struct Window {
  double cost = std::numeric_limits<double>::max();  // sum of prices
  Slot begin = 0;
};

// Lowers `best` to the cheapest window of `work` slots that begins in [first, last], the earliest of equal
// ones. Returns whether there is one cheaper than `best`.
bool lower(SlotPrices const& prices, Slot work, Slot first, Slot last, Window& best);

// The prices that go with it are given at each call: always the same. Not thread-safe.
class WindowMinima {
 public:
  struct Hours {
    std::vector<double> least;         // cost of a window that begins in each of the hours of the prices
    std::vector<std::uint16_t> order;  // of these hours: the cheapest first, the earliest of equal ones
  };
  Hours const& hours(SlotPrices const& prices, Slot work);

 private:
  std::vector<Hours> lengths_;  // by work
};

}  // namespace greenq::core
