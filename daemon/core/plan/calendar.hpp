// What is free when: a step function over time of free CPUs, memory and GPUs per pool.
//
// Breakpoints are kept in order in blocks of bounded size. Each block knows the least and the most that is
// free in it, so that queries skip blocks that are free or full throughout. Free amounts may be negative (a
// machine that lost a GPU still runs its jobs). Not thread-safe; cheap to copy.
#pragma once

#include <cstdint>
#include <vector>

#include "core/capacity.hpp"
#include "core/units.hpp"

namespace greenq::core {

// What one job takes, and from which GPU pool (ignored without GPUs).
struct Need {
  Demand demand;
  std::uint32_t pool = 0;
};

class Calendar {
 public:
  // Everything is free from `from` on; nothing is known before.
  Calendar(Instant from, Capacity const& capacity);

  // Takes the need over the interval (the part from `from` on). Never refuses.
  void book(Interval interval, Need const& need);

  bool fits(Interval interval, Need const& need) const;
  // The need is within the empty machine.
  bool ever_fits(Need const& need) const;
  // First start at or after `not_before` with room for the whole duration. Requires ever_fits(need).
  Instant earliest_fit(Need const& need, Span duration, Instant not_before) const;
  // Maximal stretches of `range` with room for the need, in order, replacing what `runs` held.
  void free_runs(Interval range, Need const& need, std::vector<Interval>& runs) const;

  std::size_t breakpoints() const;

 private:
  struct Block {
    std::vector<std::int64_t> begins;  // ms; a segment lasts until the next begin
    std::vector<std::int64_t> free;    // stride_ figures per segment
    std::vector<std::int64_t> low;     // least free, per figure
    std::vector<std::int64_t> high;    // most free, per figure
  };
  struct Amount {
    std::size_t figure = 0;
    std::int64_t value = 0;
  };
  struct Amounts {
    Amount items[3];
    std::size_t count = 0;
  };

  Amounts amounts_of(Need const& need) const;
  std::size_t block_of(std::int64_t at) const;
  void cut(std::int64_t at);
  void refresh(Block& block) const;
  void book_block(Block& block, std::int64_t begin, std::int64_t end, Amounts const& amounts);
  // Calls visit(begin_ms, end_ms, free) over stretches that cover [from, to) in order, until it returns
  // false.
  template <class Visit>
  void walk(std::int64_t from, std::int64_t to, Amounts const& amounts, Visit visit) const;

  std::size_t stride_;
  std::vector<std::int64_t> total_;
  std::vector<Block> blocks_;
};

}  // namespace greenq::core
