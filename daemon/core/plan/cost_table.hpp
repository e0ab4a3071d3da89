// The intensity curve as the planner weighs it: defined everywhere, with exact integrals.
//
// In gaps and after the last point the highest value of the curve holds, so that an unknown hour is never
// worth a wait; before the first point its first value. Costs are integrals in mg/kWh x ms as 64-bit
// integers: 1500 g/kWh over 190 years would be needed to overflow.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/carbon/signal.hpp"
#include "core/units.hpp"

namespace greenq::core {

// Mean over all segments, at least one, weighted by time; nothing if any of it is not known.
std::optional<Intensity> mean_of(Curve const& curve, std::vector<Interval> const& segments);

struct Candidate {
  std::int64_t cost = 0;
  Instant start{};
  friend auto operator<=>(Candidate const&, Candidate const&) = default;  // cheapest first, then earliest
};

class CostTable {
 public:
  // `curve` is not empty.
  explicit CostTable(Curve const& curve);

  std::int64_t integral(Interval interval) const;
  // Cheapest start of a window of that length among closed ranges of starts [begin, end], in order, disjoint;
  // earliest wins ties. Exact: the cost is piecewise linear in the start, so its minimum is at a range end,
  // at a breakpoint or a duration before one. O(breakpoints in the ranges + ranges x log breakpoints).
  std::optional<Candidate> cheapest(std::vector<Interval> const& starts, Span duration) const;

 private:
  void hold(Instant from, std::int64_t value);
  std::int64_t until(std::int64_t at) const;

  std::vector<std::int64_t> begins_;  // ms; value i holds until begin i + 1
  std::vector<std::int64_t> values_;  // mg/kWh
  std::vector<std::int64_t> prefix_;  // integral from begins_[0] to begins_[i]
};

}  // namespace greenq::core
