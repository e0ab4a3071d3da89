#include "core/plan/slot_prices.hpp"

#include <algorithm>

namespace greenq::core {
namespace {

constexpr std::size_t kDay = std::size_t{24} * kHourSlots;

}  // namespace

SlotPrices::SlotPrices(Slot first, std::vector<double> prices) : first_(first), prices_(std::move(prices)) {
  if (prices_.size() < kDay) prices_.resize(kDay, prices_.back());
  prefix_.reserve(prices_.size() + 1);
  prefix_.push_back(0);
  for (double const price : prices_) prefix_.push_back(prefix_.back() + price);
  same_.assign(prices_.size(), 1);
  for (std::size_t i = prices_.size() - 1; i-- > 0;) {
    if (prices_[i] == prices_[i + 1]) same_[i] = same_[i + 1] + 1;
  }
}

// Of a slot that is not before first().
std::size_t SlotPrices::index_of(Slot slot) const {
  auto const index = static_cast<std::size_t>(slot - first_);
  if (index < prices_.size()) return index;
  return prices_.size() - kDay + (index - prices_.size()) % kDay;
}

double SlotPrices::at(Slot slot) const {
  if (slot < first_) return prices_.front();
  return prices_[index_of(slot)];
}

Slot SlotPrices::next_change(Slot slot) const {
  return slot < first_ ? first_ : slot + same_[index_of(slot)];
}

double SlotPrices::outside(Slot slot) const {
  if (slot < first_) return (slot - first_) * prices_.front();
  auto const index = static_cast<std::size_t>(slot - first_);
  std::size_t const known = prices_.size();
  double const before_last_day = prefix_[known - kDay];
  double const day = prefix_[known] - before_last_day;
  std::size_t const rest = (index - known) % kDay;
  std::size_t const days = (index - known) / kDay;
  return prefix_[known] + static_cast<double>(days) * day + (prefix_[known - kDay + rest] - before_last_day);
}

}  // namespace greenq::core
