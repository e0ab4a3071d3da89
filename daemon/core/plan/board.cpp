#include "core/plan/board.hpp"

namespace greenq::core {

Board::Board(Slot first, std::vector<std::int64_t> const& capacity)
    : first_(hour_of(first) * kHourSlots), end_(first_), rows_(capacity.size()) {
  for (std::int64_t const amount : capacity) capacity_.push_back(static_cast<std::int32_t>(amount));
}

std::int64_t Board::taken(std::uint32_t figure, Slot slot) const {
  if (slot < first_ || slot >= end_) return 0;
  return rows_[figure].taken[static_cast<std::size_t>(slot - first_)];
}

void Board::advance(Slot first) {
  Slot const begin = hour_of(first) * kHourSlots;
  if (begin <= first_) return;
  auto const hours = static_cast<std::ptrdiff_t>(hour_of(std::min(begin, end_) - first_));
  for (Row& row : rows_) {
    row.low.erase(row.low.begin(), row.low.begin() + hours);
    row.high.erase(row.high.begin(), row.high.begin() + hours);
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
    row.low.resize(static_cast<std::size_t>(hours));
    row.high.resize(row.low.size());
    row.taken.resize(row.low.size() * kHourSlots);
  }
}

void Board::book(SlotRun run, SlotNeed const& need, std::int32_t sign) {
  run.begin = std::max(run.begin, first_);
  if (run.begin >= run.end) return;
  grow(run.end);
  for (std::uint32_t i = 0; i < need.count; ++i) {
    Row& row = rows_[need.items[i].figure];
    std::int32_t const amount = sign * need.items[i].amount;
    for (Slot at = run.begin; at < run.end;) {
      auto const hour = static_cast<std::size_t>(hour_of(at - first_));
      auto const begin = row.taken.begin() + static_cast<std::ptrdiff_t>(hour) * kHourSlots;
      Slot const stop = std::min(run.end, first_ + (hour_of(at - first_) + 1) * kHourSlots);
      for (Slot slot = at; slot < stop; ++slot) row.taken[static_cast<std::size_t>(slot - first_)] += amount;
      if (stop - at == kHourSlots) {
        row.low[hour] += amount;
        row.high[hour] += amount;
      } else {
        auto const [low, high] = std::minmax_element(begin, begin + kHourSlots);
        row.low[hour] = *low;
        row.high[hour] = *high;
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

// Simple loops over numbers: the compiler takes several hours at once.
void Board::rooms(Slot hour, std::size_t count, SlotNeed const& need, std::vector<Room>& out) const {
  out.assign(count, Room::kAll);
  Slot const known = (end_ - first_) / kHourSlots;
  Slot const first = hour - hour_of(first_);
  Slot const skipped = std::max(-first, 0);
  Slot const last = std::min(first + static_cast<Slot>(count), known);
  if (last <= first + skipped) return;
  auto const length = static_cast<std::size_t>(last - first - skipped);
  auto* const rank = reinterpret_cast<std::uint8_t*>(out.data() + skipped);
  for (std::uint32_t i = 0; i < need.count; ++i) {
    auto const& [figure, amount] = need.items[i];
    std::int32_t const most = capacity_[figure] - amount;
    std::int32_t const* const low = rows_[figure].low.data() + first + skipped;
    std::int32_t const* const high = rows_[figure].high.data() + first + skipped;
    for (std::size_t k = 0; k < length; ++k) {
      auto const here = static_cast<std::uint8_t>((low[k] <= most ? 1 : 0) + (high[k] <= most ? 1 : 0));
      rank[k] = std::min(rank[k], here);
    }
  }
}

}  // namespace greenq::core
