// One shifting job against one calendar: its cheapest feasible place.
#pragma once

#include <cstdint>
#include <vector>

#include "core/plan/calendar.hpp"
#include "core/plan/cost_table.hpp"
#include "core/plan/planner.hpp"

namespace greenq::core {

// Why a place was taken; becomes the plan's note.
enum class ChoiceKind : std::uint8_t {
  kWindow = 1,       // cheapest contiguous window
  kPaused = 2,       // cheapest segments
  kLatestStart = 3,  // threshold mode: nothing cheap enough
  kAfterLatest = 4,  // nothing free in time
  kQueue = 5,        // first come, first served
  kNeverFits = 6,
};

struct Choice {
  ChoiceKind kind = ChoiceKind::kWindow;
  std::vector<Interval> segments;
  std::uint32_t pool = 0;
  std::int64_t cost = 0;
  bool shifted = false;
  bool waits_for_capacity = false;
};

class Chooser {
 public:
  Chooser(PlanInput const& input, CostTable const& costs) : input_(input), costs_(costs) {}

  // Requires a pool that ever fits.
  Choice choose(WaitingJob const& job, Calendar const& calendar);
  // The last plan, if it is still feasible: not before now, within the bound and the
  // threshold, the right length, room for it.
  std::optional<Choice> previous(WaitingJob const& job, Calendar const& calendar) const;

 private:
  std::optional<Choice> best_window(WaitingJob const& job, Calendar const& calendar);
  std::optional<Choice> best_pauses(WaitingJob const& job, Calendar const& calendar);
  Choice without_cheap_window(WaitingJob const& job, Calendar const& calendar);
  bool cheap_enough(WaitingJob const& job, std::int64_t cost) const;

  PlanInput const& input_;
  CostTable const& costs_;
  std::optional<Instant> first_feasible_;  // of the job at hand
  std::optional<Choice> last_feasible_;
  std::vector<Interval> runs_;    // scratch
  std::vector<Interval> starts_;  // scratch
};

// Earliest start the planner may give the job.
Instant earliest_start(PlanInput const& input, WaitingJob const& job);
// At least one millisecond.
Span duration_of(WaitingJob const& job);
// The place with the earliest start over all pools, the first pool on ties; nothing if no pool ever fits.
std::optional<Choice> earliest_place(WaitingJob const& job, Calendar const& calendar, Instant not_before);
void book(Calendar& calendar, WaitingJob const& job, Choice const& choice);

}  // namespace greenq::core
