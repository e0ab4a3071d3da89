#include "core/plan/calendar.hpp"

#include <algorithm>
#include <limits>

#include "core/check.hpp"

namespace greenq::core {
namespace {

constexpr std::size_t kBlockMax = 64;
constexpr std::int64_t kForever = std::numeric_limits<std::int64_t>::max();

}  // namespace

Calendar::Calendar(Instant from, Capacity const& capacity) : stride_(2 + capacity.pools.size()) {
  total_.push_back(capacity.cpus);
  total_.push_back(capacity.memory_bytes);
  for (auto const& pool : capacity.pools) total_.push_back(static_cast<std::int64_t>(pool.uuids.size()));
  blocks_.push_back(Block{{to_ms(from)}, total_, total_, total_});
}

Calendar::Amounts Calendar::amounts_of(Need const& need) const {
  Amounts amounts;
  auto const add = [&](std::size_t figure, std::int64_t value) {
    if (value > 0) amounts.items[amounts.count++] = {figure, value};
  };
  add(0, need.demand.cpus);
  add(1, need.demand.memory_bytes);
  if (2 + need.pool < stride_) add(2 + need.pool, need.demand.gpus);
  return amounts;
}

bool Calendar::ever_fits(Need const& need) const {
  if (need.demand.gpus > 0 && 2 + need.pool >= stride_) return false;
  Amounts const amounts = amounts_of(need);
  return std::all_of(amounts.items, amounts.items + amounts.count,
                     [&](Amount const& amount) { return amount.value <= total_[amount.figure]; });
}

std::size_t Calendar::block_of(std::int64_t at) const {
  auto const after =
      std::upper_bound(blocks_.begin(), blocks_.end(), at,
                       [](std::int64_t t, Block const& block) { return t < block.begins.front(); });
  return after == blocks_.begin() ? 0 : static_cast<std::size_t>(after - blocks_.begin()) - 1;
}

void Calendar::refresh(Block& block) const {
  block.low.assign(block.free.begin(), block.free.begin() + static_cast<std::ptrdiff_t>(stride_));
  block.high = block.low;
  for (std::size_t i = stride_; i < block.free.size(); ++i) {
    std::size_t const figure = i % stride_;
    block.low[figure] = std::min(block.low[figure], block.free[i]);
    block.high[figure] = std::max(block.high[figure], block.free[i]);
  }
}

void Calendar::cut(std::int64_t at) {
  std::size_t const index = block_of(at);
  Block& block = blocks_[index];
  auto const after = std::upper_bound(block.begins.begin(), block.begins.end(), at);
  GREENQ_CHECK(after != block.begins.begin());
  auto const segment = static_cast<std::size_t>(after - block.begins.begin()) - 1;
  if (block.begins[segment] == at) return;
  block.begins.insert(after, at);
  std::vector<std::int64_t> figures(
      block.free.begin() + static_cast<std::ptrdiff_t>(segment * stride_),
      block.free.begin() + static_cast<std::ptrdiff_t>((segment + 1) * stride_));
  block.free.insert(block.free.begin() + static_cast<std::ptrdiff_t>((segment + 1) * stride_),
                    figures.begin(), figures.end());
  if (block.begins.size() <= kBlockMax) return;
  std::size_t const half = block.begins.size() / 2;
  auto const half_begin = static_cast<std::ptrdiff_t>(half);
  auto const half_free = static_cast<std::ptrdiff_t>(half * stride_);
  Block right{{block.begins.begin() + half_begin, block.begins.end()},
              {block.free.begin() + half_free, block.free.end()},
              {},
              {}};
  block.begins.resize(half);
  block.free.resize(half * stride_);
  refresh(block);
  refresh(right);
  blocks_.insert(blocks_.begin() + static_cast<std::ptrdiff_t>(index) + 1, std::move(right));
}

void Calendar::book_block(Block& block, std::int64_t begin, std::int64_t end, Amounts const& amounts) {
  auto const first = static_cast<std::size_t>(
      std::lower_bound(block.begins.begin(), block.begins.end(), begin) - block.begins.begin());
  auto const last = static_cast<std::size_t>(std::lower_bound(block.begins.begin(), block.begins.end(), end) -
                                             block.begins.begin());
  for (std::size_t segment = first; segment < last; ++segment) {
    for (std::size_t k = 0; k < amounts.count; ++k) {
      block.free[segment * stride_ + amounts.items[k].figure] -= amounts.items[k].value;
    }
  }
  if (first < last) refresh(block);
}

void Calendar::book(Interval interval, Need const& need) {
  std::int64_t const begin = std::max(to_ms(interval.begin), blocks_.front().begins.front());
  std::int64_t const end = to_ms(interval.end);
  if (end <= begin) return;
  cut(begin);
  cut(end);
  Amounts const amounts = amounts_of(need);
  for (std::size_t i = block_of(begin); i < blocks_.size() && blocks_[i].begins.front() < end; ++i) {
    book_block(blocks_[i], begin, end, amounts);
  }
}

template <class Visit>
void Calendar::walk(std::int64_t from, std::int64_t to, Amounts const& amounts, Visit visit) const {
  auto const every = [&](std::int64_t const* figures) {
    for (std::size_t k = 0; k < amounts.count; ++k) {
      if (figures[amounts.items[k].figure] < amounts.items[k].value) return false;
    }
    return true;
  };
  for (std::size_t i = block_of(from); i < blocks_.size(); ++i) {
    Block const& block = blocks_[i];
    std::int64_t const block_begin = std::max(from, block.begins.front());
    if (block_begin >= to) return;
    std::int64_t const block_end = i + 1 < blocks_.size() ? blocks_[i + 1].begins.front() : kForever;
    bool const all_free = every(block.low.data());
    if (all_free || !every(block.high.data())) {
      if (!visit(block_begin, std::min(block_end, to), all_free)) return;
      continue;
    }
    auto const after = std::upper_bound(block.begins.begin(), block.begins.end(), block_begin);
    auto segment = static_cast<std::size_t>(after - block.begins.begin());
    segment = segment == 0 ? 0 : segment - 1;
    for (; segment < block.begins.size(); ++segment) {
      std::int64_t const begin = std::max(from, block.begins[segment]);
      if (begin >= to) return;
      std::int64_t const end = segment + 1 < block.begins.size() ? block.begins[segment + 1] : block_end;
      if (!visit(begin, std::min(end, to), every(&block.free[segment * stride_]))) return;
    }
  }
}

bool Calendar::fits(Interval interval, Need const& need) const {
  if (!ever_fits(need)) return false;
  bool room = true;
  walk(to_ms(interval.begin), to_ms(interval.end), amounts_of(need),
       [&](std::int64_t, std::int64_t, bool free) {
         room = free;
         return free;
       });
  return room;
}

Instant Calendar::earliest_fit(Need const& need, Span duration, Instant not_before) const {
  GREENQ_CHECK(ever_fits(need));
  std::int64_t const from = std::max(to_ms(not_before), blocks_.front().begins.front());
  std::int64_t start = from;
  bool found = false;
  walk(from, kForever, amounts_of(need), [&](std::int64_t, std::int64_t end, bool free) {
    if (!free) {
      start = end;
      return true;
    }
    found = end - start >= duration.count();
    return !found;
  });
  GREENQ_CHECK(found);
  return from_ms(start);
}

void Calendar::free_runs(Interval range, Need const& need, std::vector<Interval>& runs) const {
  runs.clear();
  if (!ever_fits(need)) return;
  std::int64_t const from = std::max(to_ms(range.begin), blocks_.front().begins.front());
  walk(from, to_ms(range.end), amounts_of(need), [&](std::int64_t begin, std::int64_t end, bool free) {
    if (!free) return true;
    if (!runs.empty() && to_ms(runs.back().end) == begin) {
      runs.back().end = from_ms(end);
    } else {
      runs.push_back({from_ms(begin), from_ms(end)});
    }
    return true;
  });
}

std::size_t Calendar::breakpoints() const {
  std::size_t count = 0;
  for (auto const& block : blocks_) count += block.begins.size();
  return count;
}

}  // namespace greenq::core
