// What must hold for every snapshot.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "core/plan/slot_pass.hpp"
#include "support/plan_fixture.hpp"

namespace greenq::test {
namespace {

using Pools = core::LaneSet;
using Sizes = std::vector<std::size_t>;

using core::PlanInput;

std::int64_t pick(std::int64_t least, std::int64_t most) {
  return *rc::gen::inRange<std::int64_t>(least, most + 1);
}

std::vector<int> some_grams(std::size_t count) {
  return *rc::gen::container<std::vector<int>>(count, rc::gen::inRange(0, 600));
}

core::WaitingJob some_job(core::JobId id, std::size_t pools) {
  core::WaitingJob job;
  job.id = id;
  job.demand.cpus = static_cast<std::uint32_t>(pick(1, 4));
  job.demand.memory_bytes = pick(0, 40) << 30;
  job.lanes = {0};
  if (pools > 0 && *rc::gen::arbitrary<bool>()) {
    job.demand.gpus = static_cast<std::uint32_t>(pick(1, 2));
    if (pools > 1) job.lanes = *rc::gen::element(Pools{0, 1}, Pools{1}, Pools{0});
  }
  job.duration = Span{pick(1, 300) * 60'000 + pick(0, 1) * 1234};
  job.ready = minute(pick(-20, 60));
  job.latest = minute(pick(-60, 600));
  job.priority = *rc::gen::element(50u, 50u, 50u, 80u);
  job.shift = pick(0, 3) > 0;
  job.interruptible = *rc::gen::arbitrary<bool>();
  job.pause_cost = *rc::gen::element(Span{0}, minutes(1), minutes(7) + Span{321}, minutes(20));
  if (pick(0, 4) == 0) job.max_intensity = core::Intensity{pick(0, 600'000)};
  return job;
}

// Running jobs that fit together.
void add_running(PlanInput& input) {
  std::int64_t const count = pick(0, 3);
  for (std::int64_t i = 0; i < count; ++i) {
    core::RunningJob job{
        static_cast<core::JobId>(900 + i), {1, std::int64_t{4} << 30, 0}, 0, minute(pick(-10, 200))};
    if (i < 2 && i < static_cast<std::int64_t>(input.sites[0].capacity.pools.size())) {
      job.demand.gpus = 1;
      job.lane = static_cast<std::uint32_t>(i);
    }
    input.running.push_back(job);
  }
}

PlanInput some_input() {
  PlanInput input;
  input.now = minute(0);
  auto const pools = *rc::gen::element(Sizes{}, Sizes{2}, Sizes{2, 3});
  input.sites[0].capacity = machine(8, pools);
  input.rules = free_waits();
  add_running(input);
  std::int64_t const jobs = pick(0, 25);
  for (std::int64_t i = 1; i <= jobs; ++i) {
    input.waiting.push_back(some_job(static_cast<core::JobId>(i), pools.size()));
  }
  if (pick(0, 5) > 0)
    input.sites[0].curve =
        curve_of(some_grams(static_cast<std::size_t>(pick(1, 40))), *rc::gen::element(15, 60));
  return input;
}

void remember(PlanInput& input, core::PlanOutput const& output) {
  for (auto& job : input.waiting) {
    job.previous = plan_of(output, job.id).segments;
    job.previous_lane = plan_of(output, job.id).pool;
  }
}

RC_GTEST_PROP(PlanProperty, NeverOverbooks, ()) {
  PlanInput const input = some_input();
  RC_ASSERT(overbooked(input, make_plan(input)) == "");
}

RC_GTEST_PROP(PlanProperty, EachJobRunsOnceForItsDurationAndNotTooEarly, ()) {
  PlanInput const input = some_input();
  auto const output = make_plan(input);
  RC_ASSERT(output.jobs.size() == input.waiting.size());
  for (auto const& job : input.waiting) {
    auto const& plan = plan_of(output, job.id);
    Span total{0};
    Instant before = std::max(job.ready, input.now);
    for (auto const& segment : plan.segments) {
      RC_ASSERT(segment.begin >= before);
      before = segment.end + Span{1};
      total += segment.length();
      Span const cost = &segment == plan.segments.data() ? Span{0} : job.pause_cost;
      if (plan.segments.size() > 1) RC_ASSERT(segment.length() >= input.rules.min_segment + cost);
    }
    RC_ASSERT(total == job.duration + job.pause_cost * (plan.segments.size() - 1));
    if (plan.segments.size() > 1) {
      RC_ASSERT(job.interruptible && job.shift);
      RC_ASSERT(plan.segments.back().end <= job.latest + job.duration || plan.waits_for_capacity);
    }
    RC_ASSERT(job.lanes.contains(plan.pool));
    RC_ASSERT(plan.note != "");
  }
}

RC_GTEST_PROP(PlanProperty, TheSameSnapshotGivesTheSamePlanInAnyOrder, ()) {
  PlanInput const input = some_input();
  PlanInput mixed = input;
  std::reverse(mixed.waiting.begin(), mixed.waiting.end());
  auto const a = make_plan(input);
  auto const b = make_plan(mixed);
  RC_ASSERT(a.jobs.size() == b.jobs.size());
  for (std::size_t i = 0; i < a.jobs.size(); ++i) {
    RC_ASSERT(a.jobs[i].id == b.jobs[i].id);
    RC_ASSERT(a.jobs[i].plan == b.jobs[i].plan);
  }
}

// Shifting jobs change nothing for the others.
RC_GTEST_PROP(PlanProperty, ShiftingJobsNeverDelayOthers, ()) {
  PlanInput input = some_input();
  core::Lanes const lanes{input.sites};
  auto const shifts = [&](core::WaitingJob const& job) {
    return core::shifts_on(core::SlotGrid{}, input, lanes, job);
  };
  PlanInput alone = input;
  alone.waiting.erase(std::remove_if(alone.waiting.begin(), alone.waiting.end(), shifts),
                      alone.waiting.end());
  auto const with = make_plan(input);
  auto const without = make_plan(alone);
  for (auto const& job : without.jobs) RC_ASSERT(start_of(with, job.id) == start_of(without, job.id));
}

// One job at a time, on the grid: the chosen window costs exactly what the best of all starts costs, and is
// no later.
RC_GTEST_PROP(PlanProperty, EqualsBruteForceOverAllStarts, ()) {
  PlanInput input;
  input.now = minute(0);
  input.sites[0].capacity = machine(4);
  input.rules = free_waits();
  for (std::int64_t i = 0; i < 4; ++i) {
    auto blocker = queued(static_cast<core::JobId>(100 + i), static_cast<std::uint32_t>(pick(1, 4)),
                          5 * pick(1, 12), 5 * pick(0, 80));
    input.waiting.push_back(blocker);
  }
  input.sites[0].curve = curve_of(some_grams(40), 15);
  auto const base = make_plan(input);
  auto const job = shifting(1, static_cast<std::uint32_t>(pick(1, 4)), 5 * pick(1, 40), 5 * pick(1, 76));
  std::optional<__int128> cheapest;
  Instant earliest{};
  for (Instant start = minute(0); start <= job.latest; start += minutes(5)) {
    Interval const window{start, start + job.duration};
    bool room = true;
    for (Instant t = window.begin; t < window.end && room; t += minutes(5)) {
      std::int64_t used = job.demand.cpus;
      for (auto const& other : input.waiting) {
        if (plan_of(base, other.id).segments.front().contains(t)) used += other.demand.cpus;
      }
      room = used <= 4;
    }
    if (!room) continue;
    auto const cost = input.sites[0].curve->integral(window);
    if (cheapest && *cheapest <= cost) continue;
    cheapest = cost;
    earliest = start;
  }
  input.waiting.push_back(job);
  auto const output = make_plan(input);
  auto const& window = plan_of(output, 1).segments.front();
  if (!cheapest) {
    RC_ASSERT(window.begin > job.latest);
    return;
  }
  RC_ASSERT(window.begin <= job.latest);
  RC_ASSERT(input.sites[0].curve->integral(window) == *cheapest);
  RC_ASSERT(window.begin == earliest);
}

// Whatever a pause costs, a plan with pauses emits less than any single piece would: by 2 % for each of them.
RC_GTEST_PROP(PlanProperty, PausesSaveMoreThanTheyCost, ()) {
  PlanInput input;
  input.now = minute(0);
  input.sites[0].capacity = machine(1);
  input.rules = free_waits();
  input.sites[0].curve = curve_of(some_grams(static_cast<std::size_t>(pick(6, 60))));
  // Longer ones are a load for which work is brought forward.
  auto job = shifting(1, 1, 5 * pick(1, 80), 5 * pick(1, 600));
  job.interruptible = true;
  job.pause_cost = minutes(pick(0, 90));
  input.waiting.push_back(job);
  auto const output = make_plan(input);
  auto const& segments = plan_of(output, 1).segments;
  if (segments.size() == 1) return;
  auto const known = [&](Interval run) { return input.sites[0].curve->integral(run); };
  double paused = 0;
  for (auto const& segment : segments) {
    if (!input.sites[0].curve->mean(segment)) return;
    paused += static_cast<double>(known(segment));
  }
  double const pauses = static_cast<double>(segments.size() - 1);
  for (Instant start = minute(0); start <= job.latest; start += minutes(5)) {
    if (!input.sites[0].curve->mean({start, start + job.duration})) continue;
    auto const piece = static_cast<double>(known({start, start + job.duration}));
    RC_ASSERT(paused <= piece * (1 - 0.0199 * pauses));
  }
}

// A lone interruptible job against all sets of five-minute cells, by a search that shares nothing with the
// planner.
RC_GTEST_PROP(PlanProperty, PausesEqualBruteForce, ()) {
  PlanInput input;
  input.now = minute(0);
  input.sites[0].capacity = machine(1);
  input.rules = free_waits();
  input.sites[0].curve = curve_of(some_grams(14), 5);
  input.rules.min_segment = minutes(10);
  auto job = shifting(1, 1, pick(4, 8) * 5, 0);
  job.latest = minute(70) - job.duration;
  job.interruptible = true;
  job.pause_cost = minutes(5 * pick(0, 2));
  input.waiting.push_back(job);
  std::int64_t const cells = job.duration / minutes(5);
  std::int64_t const cost_cells = job.pause_cost / minutes(5);
  struct Runs {
    __int128 cost = 0;
    std::int64_t count = 0;
  };
  std::vector<Runs> all;
  __int128 piece = -1;
  for (unsigned set = 0; set < (1u << 14); ++set) {
    Runs runs;
    std::int64_t length = 0;
    bool valid = true;
    for (int i = 0; i < 14; ++i) {
      if ((set >> i & 1u) == 0) continue;
      ++length;
      runs.cost += input.sites[0].curve->integral({minute(i * 5), minute(i * 5 + 5)});
      if (i > 0 && (set >> (i - 1) & 1u) != 0) continue;
      std::int64_t const least = 2 + (runs.count++ > 0 ? cost_cells : 0);
      for (std::int64_t k = i; k < i + least; ++k) valid = valid && k < 14 && (set >> k & 1u) != 0;
    }
    if (!valid || length != cells + cost_cells * (runs.count - 1)) continue;
    if (runs.count == 1 && (piece < 0 || runs.cost < piece)) piece = runs.cost;
    all.push_back(runs);
  }
  // In fiftieths: each pause must save 2 % of the piece.
  auto const worth = [&](Runs const& runs) { return 50 * runs.cost + piece * (runs.count - 1); };
  __int128 best = 50 * piece;
  for (Runs const& runs : all) best = std::min(best, worth(runs));
  auto const output = make_plan(input);
  Runs chosen;
  for (auto const& segment : plan_of(output, 1).segments) {
    chosen.cost += input.sites[0].curve->integral(segment);
    ++chosen.count;
  }
  RC_ASSERT(worth(chosen) == best);
}

// With room for everybody at once every latest start is kept.
RC_GTEST_PROP(PlanProperty, LatestStartsAreKeptWhenThereIsRoom, ()) {
  PlanInput input = some_input();
  input.running.clear();
  for (auto& job : input.waiting) job.lanes = {0};
  input.sites[0].capacity = machine(200, {100});
  input.sites[0].capacity.memory_bytes = std::int64_t{4000} << 30;
  auto const output = make_plan(input);
  for (auto const& job : input.waiting) {
    RC_ASSERT(start_of(output, job.id) <= std::max({job.latest, job.ready, input.now}));
  }
}

// A plan that kept every latest start is never replaced by one that does not, when nothing changed but the
// curve.
RC_GTEST_PROP(PlanProperty, ANewCurveBreaksNoPromise, ()) {
  PlanInput input = some_input();
  for (auto& job : input.waiting) job.max_intensity.reset();
  auto const misses = [&](core::PlanOutput const& output) {
    return std::count_if(input.waiting.begin(), input.waiting.end(), [&](core::WaitingJob const& job) {
      Instant const bound = std::max({job.latest, job.ready, input.now}) + job.duration;
      return plan_of(output, job.id).segments.back().end > bound;
    });
  };
  input.sites[0].curve = curve_of(some_grams(40), 15);
  auto const first = make_plan(input);
  remember(input, first);
  input.sites[0].curve = curve_of(some_grams(40), 15);
  RC_ASSERT(misses(make_plan(input)) <= misses(first));
}

// Nothing changed: nothing moves.
RC_GTEST_PROP(PlanProperty, PlanningAgainKeepsTheWindows, ()) {
  PlanInput input = some_input();
  for (auto& job : input.waiting) job.max_intensity.reset();
  input.sites[0].curve = curve_of(some_grams(40), 60);
  input.sites[0].capacity = machine(200, {100, 100});
  input.sites[0].capacity.memory_bytes = std::int64_t{4000} << 30;
  auto const first = make_plan(input);
  remember(input, first);
  auto const second = make_plan(input);
  for (auto const& job : input.waiting)
    RC_ASSERT(plan_of(second, job.id).segments == plan_of(first, job.id).segments);
}

}  // namespace
}  // namespace greenq::test
