#include "core/plan/cost_table.hpp"

#include <algorithm>

#include "core/check.hpp"

namespace greenq::core {

std::optional<Intensity> mean_of(Curve const& curve, std::vector<Interval> const& segments) {
  __int128 sum = 0;
  Span length{0};
  for (Interval const& segment : segments) {
    if (!curve.covered(segment)) return std::nullopt;
    sum += curve.integral(segment);
    length += segment.length();
  }
  return Intensity{divide_half_even(sum, length.count())};
}

CostTable::CostTable(Curve const& curve) {
  GREENQ_CHECK(!curve.empty());
  std::int64_t highest = 0;
  for (auto const& point : curve.points()) highest = std::max(highest, point.value.value);
  Instant covered = curve.points().front().interval.begin;
  for (auto const& point : curve.points()) {
    if (point.interval.begin > covered) hold(covered, highest);
    hold(point.interval.begin, point.value.value);
    covered = point.interval.end;
  }
  hold(covered, highest);
}

void CostTable::hold(Instant from, std::int64_t value) {
  if (!values_.empty() && values_.back() == value) return;
  std::int64_t const begin = to_ms(from);
  prefix_.push_back(values_.empty() ? 0 : prefix_.back() + values_.back() * (begin - begins_.back()));
  begins_.push_back(begin);
  values_.push_back(value);
}

std::int64_t CostTable::until(std::int64_t at) const {
  auto const after = std::upper_bound(begins_.begin(), begins_.end(), at);
  std::size_t const i = after == begins_.begin() ? 0 : static_cast<std::size_t>(after - begins_.begin()) - 1;
  return prefix_[i] + values_[i] * (at - begins_[i]);
}

std::int64_t CostTable::integral(Interval interval) const {
  return until(to_ms(interval.end)) - until(to_ms(interval.begin));
}

std::optional<Candidate> CostTable::cheapest(std::vector<Interval> const& starts, Span duration) const {
  if (starts.empty()) return std::nullopt;
  std::int64_t const length = duration.count();
  Candidate best{integral({starts.front().begin, starts.front().begin + duration}), starts.front().begin};
  auto const offer = [&](std::int64_t cost, std::int64_t start) {
    if (cost < best.cost || (cost == best.cost && start < to_ms(best.start))) best = {cost, from_ms(start)};
  };
  for (auto const& range : starts) {
    for (Instant const start : {range.begin, range.end}) {
      offer(integral({start, start + duration}), to_ms(start));
    }
  }
  std::int64_t const first = to_ms(starts.front().begin);
  std::int64_t const last = to_ms(starts.back().end);
  for (std::int64_t const before : {std::int64_t{0}, length}) {
    // Starts at a breakpoint (before = 0) or one duration before it. Only where the value falls as the window
    // starts, or rises as it ends, can the cost turn from falling to rising.
    auto i = static_cast<std::size_t>(std::lower_bound(begins_.begin(), begins_.end(), first + before) -
                                      begins_.begin());
    std::size_t range = 0;
    std::size_t hint = 0;  // of the edge that is not at the breakpoint
    if (i < begins_.size()) {
      std::int64_t const edge = begins_[i] - before + (length - before);
      auto const after = std::upper_bound(begins_.begin(), begins_.end(), edge) - begins_.begin();
      hint = after == 0 ? 0 : static_cast<std::size_t>(after) - 1;
    }
    for (; i < begins_.size() && begins_[i] - before <= last; ++i) {
      if (i == 0 || (before == 0) == (values_[i] > values_[i - 1])) continue;
      std::int64_t const start = begins_[i] - before;
      while (to_ms(starts[range].end) < start) ++range;
      if (start < to_ms(starts[range].begin)) continue;
      std::int64_t const edge = start + (length - before);
      while (hint + 1 < begins_.size() && begins_[hint + 1] <= edge) ++hint;
      std::int64_t const other = prefix_[hint] + values_[hint] * (edge - begins_[hint]);
      offer(before == 0 ? other - prefix_[i] : prefix_[i] - other, start);
    }
  }
  return best;
}

}  // namespace greenq::core
