// What is taken when, in slots: one row of amounts for each figure that can run out (CPUs, MiB of memory, the
// GPUs of a pool, of each site).
//
// Each hour knows the least and the most that is taken in it, so that searches skip hours that are free or
// full throughout. Rows grow as needed: nothing is taken after their end. Not thread-safe.
#pragma once

#include <algorithm>
#include <array>
#include <compare>
#include <cstdint>
#include <vector>

#include "core/plan/slots.hpp"

namespace greenq::core {

// What a job takes of which rows while it runs.
struct SlotNeed {
  struct Item {
    std::uint32_t figure = 0;
    std::int32_t amount = 0;
    friend auto operator<=>(Item const&, Item const&) = default;
  };
  std::array<Item, 3> items{};
  std::uint32_t count = 0;

  friend auto operator<=>(SlotNeed const&, SlotNeed const&) = default;

  void add(std::uint32_t figure, std::int64_t amount) {
    if (amount > 0) items[count++] = {figure, static_cast<std::int32_t>(amount)};
  }
};

class Board {
 public:
  // Nothing is known before the hour of `first`. Amounts fit in 32 bits.
  Board(Slot first, std::vector<std::int64_t> const& capacity);

  // Forgets all before the hour of `first`.
  void advance(Slot first);
  std::int64_t taken(std::uint32_t figure, Slot slot) const;
  // The parts before first() are ignored. Never refuses.
  void take(SlotRun run, SlotNeed const& need) { book(run, need, 1); }
  void give(SlotRun run, SlotNeed const& need) { book(run, need, -1); }
  bool ever_fits(SlotNeed const& need) const;
  bool fits(SlotRun run, SlotNeed const& need) const;
  bool free_at(Slot slot, SlotNeed const& need) const {
    if (slot < first_ || slot >= end_) return true;
    return has_room(static_cast<std::size_t>(slot - first_), need);
  }
  // Whether no more is taken of the figures of this need than there is.
  bool within_capacity(SlotRun run, SlotNeed const& need) const;
  enum class Room : std::uint8_t { kNone, kSome, kAll };  // in how many slots of an hour
  // Of `count` hours from this one on.
  void rooms(Slot hour, std::size_t count, SlotNeed const& need, std::vector<Room>& out) const;
  // Calls visit(SlotRun) for maximal free stretches within the range, in order, until it returns false.
  // Stretches shorter than `least` may be left out.
  template <class Visit>
  void stretches(SlotRun range, SlotNeed const& need, Visit visit, Slot least = 1) const;

 private:
  struct Row {
    std::vector<std::int32_t> taken;
    std::vector<std::int32_t> low;   // of each hour
    std::vector<std::int32_t> high;  // of each hour
  };
  void book(SlotRun run, SlotNeed const& need, std::int32_t sign);
  void grow(Slot end);
  Room room(std::size_t hour, SlotNeed const& need) const {
    Room room = Room::kAll;
    for (std::uint32_t i = 0; i < need.count; ++i) {
      auto const& [figure, amount] = need.items[i];
      std::int32_t const most = capacity_[figure] - amount;
      if (rows_[figure].low[hour] > most) return Room::kNone;
      if (rows_[figure].high[hour] > most) room = Room::kSome;
    }
    return room;
  }
  bool has_room(std::size_t index, SlotNeed const& need) const {
    for (std::uint32_t i = 0; i < need.count; ++i) {
      auto const& item = need.items[i];
      if (rows_[item.figure].taken[index] + item.amount > capacity_[item.figure]) return false;
    }
    return true;
  }

  Slot first_;
  Slot end_;  // of the rows
  std::vector<std::int32_t> capacity_;
  std::vector<Row> rows_;
};

template <class Visit>
void Board::stretches(SlotRun range, SlotNeed const& need, Visit visit, Slot least) const {
  // A stretch this long holds a whole hour: one that begins or ends in an hour touches another that is free.
  bool const whole_hours = least >= 2 * kHourSlots;
  Slot begin = std::max(range.begin, first_);  // of the stretch under way
  Slot at = begin;
  bool open = true;
  auto hour = static_cast<std::size_t>((at - first_) / kHourSlots);
  for (; at < range.end && at < end_; ++hour) {
    Slot const stop = std::min({first_ + (static_cast<Slot>(hour) + 1) * kHourSlots, range.end, end_});
    Room const here = room(hour, need);
    if (here == Room::kAll) {
      if (!open) begin = at;
      open = true;
    } else if (here == Room::kNone) {
      if (open && at > begin && !visit(SlotRun{begin, at})) return;
      open = false;
    } else if (!whole_hours || open || stop == end_ || room(hour + 1, need) == Room::kAll) {
      for (Slot slot = at; slot < stop; ++slot) {
        bool const free = has_room(static_cast<std::size_t>(slot - first_), need);
        if (free == open) continue;
        if (open && slot > begin && !visit(SlotRun{begin, slot})) return;
        if (!open) begin = slot;
        open = free;
      }
    }
    at = stop;
  }
  if (!open) begin = std::max(end_, range.begin);
  if (begin < range.end) visit(SlotRun{begin, range.end});
}

}  // namespace greenq::core
