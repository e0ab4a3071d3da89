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

bool Board::fits(SlotRun run, SlotNeed const& need) const {
  bool whole = false;
  stretches(run, need, [&](SlotRun free) {
    whole = free == run;
    return false;
  });
  return whole;
}

Board::Room Board::room(std::size_t hour, SlotNeed const& need) const {
  Room room = Room::kAll;
  for (std::uint32_t i = 0; i < need.count; ++i) {
    auto const& item = need.items[i];
    Hour const& taken = rows_[item.figure].hours[hour];
    if (taken.low + item.amount > capacity_[item.figure]) return Room::kNone;
    if (taken.high + item.amount > capacity_[item.figure]) room = Room::kSome;
  }
  return room;
}

}  // namespace greenq::core
