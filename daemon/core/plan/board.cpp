#include "core/plan/board.hpp"

namespace greenq::core {

Board::Board(Slot first, std::vector<std::int64_t> capacity)
    : first_(hour_of(first) * kHourSlots),
      end_(first_),
      capacity_(std::move(capacity)),
      rows_(capacity_.size()) {}

std::int64_t Board::taken(std::uint32_t figure, Slot slot) const {
  if (slot < first_ || slot >= end_) return 0;
  return rows_[figure].taken[static_cast<std::size_t>(slot - first_)];
}

void Board::advance(Slot first) {
  Slot const begin = hour_of(first) * kHourSlots;
  if (begin <= first_) return;
  auto const hours = static_cast<std::ptrdiff_t>(hour_of(std::min(begin, end_) - first_));
  for (Row& row : rows_) {
    row.hours.erase(row.hours.begin(), row.hours.begin() + hours);
    row.taken.erase(row.taken.begin(), row.taken.begin() + hours * kHourSlots);
  }
  first_ = begin;
  end_ = std::max(end_, first_);
}

void Board::grow(Slot end) {
  if (end <= end_) return;
  // By whole days at least, so that a long queue does not grow them at each booking.
  Slot const hours = std::max(hour_of(end - first_) + 1, hour_of(end_ - first_) + 24);
  end_ = first_ + hours * kHourSlots;
  for (Row& row : rows_) {
    row.hours.resize(static_cast<std::size_t>(hours));
    row.taken.resize(row.hours.size() * kHourSlots);
  }
}

void Board::book(SlotRun run, SlotNeed const& need, std::int64_t sign) {
  run.begin = std::max(run.begin, first_);
  if (run.begin >= run.end) return;
  grow(run.end);
  for (std::uint32_t i = 0; i < need.count; ++i) {
    Row& row = rows_[need.items[i].figure];
    std::int64_t const amount = sign * need.items[i].amount;
    for (Slot at = run.begin; at < run.end;) {
      auto const hour = static_cast<std::size_t>(hour_of(at - first_));
      auto const begin = row.taken.begin() + static_cast<std::ptrdiff_t>(hour) * kHourSlots;
      Slot const stop = std::min(run.end, first_ + (hour_of(at - first_) + 1) * kHourSlots);
      for (Slot slot = at; slot < stop; ++slot) row.taken[static_cast<std::size_t>(slot - first_)] += amount;
      if (stop - at == kHourSlots) {
        row.hours[hour].low += amount;
        row.hours[hour].high += amount;
      } else {
        auto const [low, high] = std::minmax_element(begin, begin + kHourSlots);
        row.hours[hour] = {*low, *high};
      }
      at = stop;
    }
  }
}

bool Board::ever_fits(SlotNeed const& need) const {
  for (std::uint32_t i = 0; i < need.count; ++i) {
    if (need.items[i].amount > capacity_[need.items[i].figure]) return false;
  }
  return true;
}

bool Board::within_capacity(SlotRun run, SlotNeed const& need) const {
  SlotNeed nothing = need;
  for (std::uint32_t i = 0; i < nothing.count; ++i) nothing.items[i].amount = 0;
  return fits(run, nothing);
}

bool Board::fits(SlotRun run, SlotNeed const& need) const {
  bool whole = false;
  stretches(run, need, [&](SlotRun free) {
    whole = free == run;
    return false;
  });
  return whole;
}

}  // namespace greenq::core
