// Runs with pauses: the cheapest set of segments for an interruptible job.
#pragma once

#include <cstdint>
#include <vector>

#include "core/plan/cost_table.hpp"
#include "core/units.hpp"

namespace greenq::core {

struct PausedRun {
  std::vector<Interval> segments;  // in order, not touching; empty: there is none with a pause
  std::int64_t cost = 0;
};

// Dynamic program on a grid aligned to UTC whose cell is the shortest of 5, 10, 15, 30, 60, ... minutes that
// cuts `range` into at most 192 cells, so hourly and half-hourly curves meet the grid. Exact on that grid;
// what the last cell is too long is cut from the dearest segment edge. Each segment is at least `min_segment`
// long and lies in one of `runs` (free stretches within `range`, in order); their lengths add up to
// `duration` exactly. A pause keeps no resources. Time and memory O(cells of range x cells of duration).
PausedRun cheapest_with_pauses(CostTable const& costs, std::vector<Interval> const& runs, Interval range,
                               Span duration, Span min_segment);

}  // namespace greenq::core
