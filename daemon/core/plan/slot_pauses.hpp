// Runs with pauses: the cheapest runs of a task that may be paused, none of them shorter than a least length.
#pragma once

#include <vector>

#include "core/plan/slot_prices.hpp"
#include "core/plan/slot_runs.hpp"

namespace greenq::core {

struct PausedRuns {
  SlotRuns runs;  // empty: there is none with a pause
  double cost = 0;
};

// Dynamic program over cells of the fewest slots that cut `range` into at most 192; cells begin at multiples
// of their length. Exact on them; what the last cell is too long is cut from the dearest edge of a run. Each
// run has at least `shortest` slots and lies in one of `free` (stretches within `range`, in order); together
// they have `work` slots. A pause keeps no resources. Time and memory O(cells of range x cells of work).
PausedRuns cheapest_with_pauses(SlotPrices const& prices, std::vector<SlotRun> const& free, SlotRun range,
                                Slot work, Slot shortest);

}  // namespace greenq::core
