// What a slot costs, with sums in constant time.
#pragma once

#include <vector>

#include "core/plan/slots.hpp"

namespace greenq::core {

// Two sums of the same prices may differ by this much, by rounding.
inline constexpr double kTie = 1e-9;

class SlotPrices {
 public:
  // Prices of the slots from `first` on, at least one. Afterwards their last day repeats.
  SlotPrices(Slot first, std::vector<double> prices);

  // Before first() the first price holds.
  double at(Slot slot) const;
  double sum(SlotRun run) const { return until(run.end) - until(run.begin); }
  // A slot after this one; from this one up to it the price is the same.
  Slot next_change(Slot slot) const;
  Slot first() const { return first_; }
  Slot end() const { return first_ + static_cast<Slot>(prices_.size()); }

 private:
  double until(Slot slot) const {
    auto const index = static_cast<std::size_t>(slot - first_);
    return slot >= first_ && index < prefix_.size() ? prefix_[index] : outside(slot);
  }
  double outside(Slot slot) const;
  std::size_t index_of(Slot slot) const;

  Slot first_;
  std::vector<double> prices_;
  std::vector<double> prefix_;
  std::vector<Slot> same_;  // how many slots from here on have this price, within prices_
};

}  // namespace greenq::core
