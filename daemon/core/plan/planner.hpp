// The planner: from a snapshot to a start for each waiting job.
//
// Jobs without slack first, first come, first served with EASY backfill on an exact calendar. Then the jobs
// that may be shifted, all together on slots (shift_planner.hpp), around them. No clock, no I/O; chance comes
// from a seed. What it learned of arrivals and of the errors of curves it remembers from call to call;
// without that memory the same snapshot gives the same plan.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "core/capacity.hpp"
#include "core/carbon/signal.hpp"
#include "core/job.hpp"
#include "core/plan/rules.hpp"
#include "core/plan/shift_planner.hpp"

namespace greenq::core {

// A job that holds resources now.
struct RunningJob {
  JobId id = 0;
  Demand demand;
  std::uint32_t pool = 0;
  Instant expected_end{};
  std::vector<Interval> later{};  // segments after a pause
};

struct WaitingJob {
  JobId id = 0;
  Demand demand;
  std::vector<std::uint32_t> pools;  // eligible
  Span duration{0};
  Instant submitted{};
  Instant ready{};   // earliest start
  Instant latest{};  // latest start; <= ready means no slack
  std::uint32_t priority = 50;
  bool shift = false;  // may wait for a cheaper window
  bool interruptible = false;
  double power = 0;                          // expected watts; 0: not known
  std::optional<Intensity> max_intensity{};  // threshold mode
  std::vector<Interval> previous{};          // last plan; kept unless another is better
  std::uint32_t previous_pool = 0;
};

struct PlanInput {
  Instant now{};
  Capacity capacity;
  std::vector<RunningJob> running;
  std::vector<WaitingJob> waiting;
  // The curve that decides, or null: then nothing is shifted. No rung is worse than kClimatology.
  std::shared_ptr<Curve const> curve;
  SignalKind kind = SignalKind::kMarginal;  // of that curve
  PlanRules rules;
};

struct PlannedJob {
  JobId id = 0;
  Plan plan;
};

struct PlanOutput {
  std::vector<PlannedJob> jobs;  // every waiting job, in queue order
};

// Copyable, so that a preview leaves no trace. Not thread-safe.
class Planner {
 public:
  PlanOutput plan(PlanInput const& input);

 private:
  struct Known {
    double hours = 0;  // expected, when it came
    double share = 0;
    Instant end{};  // expected, while it runs
  };
  void prepare(PlanInput const& input);
  // Whether a job ended earlier than was expected.
  bool learn(PlanInput const& input);
  double done(PlanInput const& input) const;
  bool worth_improving(PlanInput const& input, std::size_t tasks);

  std::optional<ShiftPlanner> shift_;
  std::vector<std::int64_t> rows_;  // that it was made for
  SignalKind kind_ = SignalKind::kMarginal;
  PlanRules rules_;
  std::map<JobId, Known> known_;     // waiting and running
  double ended_ = 0;                 // cluster-hours
  std::optional<Slot> improved_;     // hour
  std::uint64_t improved_with_ = 0;  // print of the curve
};

// Without memory.
PlanOutput make_plan(PlanInput const& input);

}  // namespace greenq::core
