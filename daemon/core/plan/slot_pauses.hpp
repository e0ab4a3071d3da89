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

struct PausedTask {
  Slot work = 1;
  Slot shortest = 1;      // work of each run
  Slot cost = 0;          // slots without work at the begin of each run after a pause
  bool running = false;   // a first run that begins after the range does comes after a pause, too
  double least_gain = 0;  // what each pause must save beside the price of its slots
};

// Dynamic program over cells of the fewest slots that cut `range` into at most 192; cells begin at multiples
// of their length, of a running task where the range does. Exact on them; what cells made too long is cut
// from the dearest edge of a run. Each run lies in one of `free` (stretches within `range`, in order);
// together they have `work` slots and what the pauses cost. A pause keeps no resources. Time and memory
// O(cells of range x cells of work).
PausedRuns cheapest_with_pauses(SlotPrices const& prices, std::vector<SlotRun> const& free, SlotRun range,
                                PausedTask const& task);

}  // namespace greenq::core
