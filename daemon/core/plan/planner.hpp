// The planner: a pure function from a snapshot to a start for each waiting job.
//
// First method: jobs in queue order, each into its cheapest feasible window on one shared capacity calendar,
// so that no resource is booked twice. Candidate starts are where the exact cost of a contiguous window can
// have its minimum: the ends of the allowed range, breakpoints of the intensity curve and of the calendar,
// and those less the duration. Jobs without slack behave as first come, first served with EASY backfill.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "core/capacity.hpp"
#include "core/carbon/signal.hpp"
#include "core/job.hpp"

namespace greenq::core {

// A job that holds resources now.
struct RunningJob {
  JobId id = 0;
  Demand demand;
  std::uint32_t pool = 0;
  Instant expected_end{};
};

struct WaitingJob {
  JobId id = 0;
  Demand demand;
  std::vector<std::uint32_t> pools;  // eligible
  Span duration{0};
  Instant ready{};   // earliest start
  Instant latest{};  // latest start; <= ready means no slack
  std::uint32_t priority = 50;
  bool shift = false;  // may wait for a cheaper window
  bool interruptible = false;
  std::optional<Intensity> max_intensity{};  // threshold mode
  std::vector<Interval> previous{};          // last plan, for stability on ties
  std::uint32_t previous_pool = 0;           // its pool; tried first for the last plan
};

struct PlanInput {
  Instant now{};
  Capacity capacity;
  std::vector<RunningJob> running;
  std::vector<WaitingJob> waiting;
  // The curve that decides, or null: then nothing is shifted. No rung is worse than kClimatology.
  std::shared_ptr<Curve const> curve;
  // Shortest running segment worth a pause.
  Span min_segment{std::chrono::minutes{30}};
};

struct PlannedJob {
  JobId id = 0;
  Plan plan;
};

struct PlanOutput {
  std::vector<PlannedJob> jobs;  // every waiting job, in queue order
};

PlanOutput make_plan(PlanInput const& input);

}  // namespace greenq::core
