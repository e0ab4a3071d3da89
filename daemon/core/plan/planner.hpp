// The planner: from a snapshot to a start for each waiting job.
//
// Jobs without slack first, first come, first served with EASY backfill on an exact calendar. Then the jobs
// that may be shifted, all together on slots (shift_planner.hpp), around them. No clock, no I/O; chance comes
// from a seed. It remembers the queue and its plan, so that one more job costs little, and what it learned of
// arrivals and of the errors of curves; without that memory the same snapshot gives the same plan.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "core/capacity.hpp"
#include "core/carbon/signal.hpp"
#include "core/job.hpp"
#include "core/plan/backlog.hpp"
#include "core/plan/lanes.hpp"
#include "core/plan/queue_members.hpp"
#include "core/plan/rules.hpp"
#include "core/plan/shift_planner.hpp"

namespace greenq::core {

// A job that holds resources now.
struct RunningJob {
  JobId id = 0;
  Demand demand;
  std::uint32_t lane = 0;
  Instant expected_end{};
  std::vector<Interval> later{};  // segments after a pause
};

struct PlanInput {
  Instant now{};
  std::vector<PlanSite> sites = std::vector<PlanSite>(1);
  std::vector<RunningJob> running;
  // All that wait; or, of changes, those that are new or differ.
  std::vector<WaitingJob> waiting;
  // Whether this tells only what differs from the input before, which this planner has seen; sites differ by
  // newer curves at most. Then `gone` are those that do not wait any more.
  bool changes = false;
  std::vector<JobId> gone;
  PlanRules rules;
};

struct PlannedJob {
  JobId id = 0;
  Plan plan;
  std::uint32_t site = 0;  // plan.pool is one of its pools
};

struct PlanOutput {
  std::vector<PlannedJob> jobs;  // every waiting job, or of changes those with a new place, in queue order
};

struct QueuePlan;
class SlotPass;

// Copyable, so that a preview leaves no trace. Not thread-safe.
class Planner {
 public:
  PlanOutput plan(PlanInput const& input);

 private:
  struct Running {
    JobLoad load;
    Instant end{};  // expected
  };
  struct Groups {
    QueueMembers queue;                     // without slack
    std::vector<std::uint32_t> thresholds;  // in queue order
    std::vector<std::uint32_t> fresh;       // tasks that are new, in queue order
    std::size_t tasks = 0;                  // all of them
  };
  // Whether all has to be planned anew.
  bool prepare(PlanInput const& input);
  void remember_places();
  // Whether a job ended earlier than was expected.
  bool learn(PlanInput const& input);
  std::vector<SlotNeed> needs_of(WaitingJob const& job) const;
  void meet(PlanInput const& input, std::vector<std::uint32_t> fresh);
  double done(PlanInput const& input) const;
  bool worth_improving(PlanInput const& input, std::size_t tasks);
  Groups groups(PlanInput const& input, bool anew) const;
  void place_tasks(PlanInput const& input, Groups const& groups, bool anew, bool early, SlotPass& slots);
  std::vector<std::uint32_t> moved() const;
  PlanOutput written(PlanInput const& input, QueuePlan queue) const;

  std::optional<ShiftPlanner> shift_;
  std::optional<Lanes> lanes_;  // that it was made for
  SignalKind kind_ = SignalKind::kMarginal;
  PlanRules rules_;
  Backlog backlog_;
  bool laid_out_ = false;           // shift_ has the tasks of the last plan
  std::optional<Slot> far_placed_;  // hour
  std::map<JobId, Running> running_;
  double ended_ = 0;                 // cluster-hours
  std::optional<Slot> improved_;     // hour
  std::uint64_t improved_with_ = 0;  // print of the curve
};

// Without memory.
PlanOutput make_plan(PlanInput const& input);

}  // namespace greenq::core
