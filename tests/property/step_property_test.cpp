// The state machine under random histories: whatever comes, the promises of the design hold.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <set>

#include "support/world.hpp"

namespace greenq {
namespace {

using namespace std::chrono_literals;
using test::World;

core::JobSpec random_spec() {
  auto out = test::bounded(std::chrono::minutes{*rc::gen::inRange(0, 600)});
  out.resources.cpus = *rc::gen::inRange<std::uint32_t>(1, 5);
  out.resources.gpus = *rc::gen::inRange<std::uint32_t>(0, 3);
  out.expected_duration = std::chrono::minutes{*rc::gen::inRange(1, 180)};
  out.time_limit = 12h;
  out.priority = *rc::gen::inRange<std::uint32_t>(40, 60);
  out.retry.max = *rc::gen::inRange<std::uint32_t>(0, 3);
  out.retry.backoff = std::chrono::minutes{*rc::gen::inRange(0, 30)};
  out.hold = *rc::gen::inRange(0, 8) == 0;
  out.carbon.on_missed =
      *rc::gen::element(core::OnMissed::kRun, core::OnMissed::kHold, core::OnMissed::kFail);
  if (*rc::gen::inRange(0, 2) == 0) {
    out.checkpoint = core::Checkpoint{10, 30s, 85};
    out.carbon.interruptible = *rc::gen::arbitrary<bool>();
  }
  return out;
}

// Reports for segments that may be current, old or made up.
core::SegmentId some_segment(World const& world) {
  core::JobId const last = world.state.next_job;
  core::JobId const id = *rc::gen::inRange<core::JobId>(1, last + 1);
  auto const it = world.state.jobs.find(id);
  bool const current =
      it != world.state.jobs.end() && !it->second.attempts.empty() && *rc::gen::inRange(0, 5) != 0;
  return current ? world.segment(id) : core::SegmentId{id, 1, 1};
}

void act(World& world) {
  core::JobId const id = *rc::gen::inRange<core::JobId>(1, world.state.next_job + 1);
  switch (*rc::gen::inRange(0, 12)) {
    case 0:
    case 1: {
      std::vector<core::NewDependency> needs;
      if (world.state.jobs.contains(id))
        needs.push_back({id, 0, core::DependencyCondition::kFinished, {}, false});
      if (*rc::gen::inRange(0, 3) != 0) needs.clear();
      world.submit(random_spec(), needs);
      return;
    }
    case 2:
      (void)world.feed(core::CancelJob{id, test::user(), "", 0});
      return;
    case 3:
      (void)world.feed(core::HoldJob{id, test::user(), "", 0});
      return;
    case 4:
      (void)world.feed(core::ReleaseJob{id, test::user(), "", 0});
      return;
    case 5:
    case 6:
      world.plan();
      return;
    case 7:
      (void)world.feed(core::SegmentStarted{some_segment(world), world.now});
      return;
    case 8: {
      auto const outcome =
          *rc::gen::element(core::Outcome::kExited, core::Outcome::kSignaled, core::Outcome::kLost,
                            core::Outcome::kPaused, core::Outcome::kCancelled, core::Outcome::kOom);
      (void)world.feed(
          core::SegmentEnded{some_segment(world), {outcome, *rc::gen::inRange(0, 3), world.now, ""}});
      return;
    }
    case 9:
      world.advance(std::chrono::minutes{*rc::gen::inRange(0, 120)});
      return;
    default:
      (void)world.feed(core::Tick{});
  }
}

void check_capacity(World const& world) {
  std::uint32_t cpus = 0;
  std::multiset<std::string> gpus;
  for (auto const& [id, job] : world.state.jobs) {
    if (!core::is_alive(job.state)) continue;
    cpus += job.spec->resources.cpus;
    RC_ASSERT(job.attempts.back().gpu_uuids.size() == job.spec->resources.gpus);
    gpus.insert(job.attempts.back().gpu_uuids.begin(), job.attempts.back().gpu_uuids.end());
  }
  RC_ASSERT(cpus <= world.state.capacity.cpus);
  for (std::string const& uuid : gpus) RC_ASSERT(gpus.count(uuid) == 1U);
}

void check_events(World const& world) {
  std::int64_t next = 1;
  std::map<core::JobId, int> ends;
  std::map<std::pair<core::JobId, std::string>, int> attempt_ends;
  for (auto const& event : world.events) {
    RC_ASSERT(event.sequence == next++);
    RC_ASSERT(ends[event.job] == 0);  // nothing after the end
    if (event.kind == core::JobEventKind::kEnded) ends[event.job] += 1;
  }
  for (auto const& [id, job] : world.ended) {
    RC_ASSERT(ends[id] == 1);
    for (auto const& attempt : job.attempts) RC_ASSERT(attempt.end.has_value());
  }
}

// The indexes kept by apply() are those that a fresh start would derive.
void check_indexes(World const& world) {
  core::State fresh = world.state;
  core::derive(fresh);
  RC_ASSERT(fresh.alive == world.state.alive);
  RC_ASSERT(fresh.timers == world.state.timers);
  RC_ASSERT(fresh.dependents == world.state.dependents);
}

RC_GTEST_PROP(StepProperty, PromisesHoldUnderRandomHistories, ()) {
  World world;
  world.state.capacity.pools = {{"nvidia a100", 40LL << 30, {"GPU-a", "GPU-b"}}};
  world.now = std::chrono::floor<std::chrono::hours>(world.now);
  std::vector<std::int64_t> grams;
  for (int i = 0; i < 48; ++i) grams.push_back(*rc::gen::inRange<std::int64_t>(0, 900));
  world.signal(grams);
  int const steps = *rc::gen::inRange(1, 120);
  for (int i = 0; i < steps; ++i) {
    act(world);
    check_capacity(world);
  }
  check_events(world);
  check_indexes(world);
}

// Starting what is due never starts a segment twice: the launch numbers of StartSegment effects are unique.
RC_GTEST_PROP(StepProperty, NoSegmentIsStartedTwice, ()) {
  World world;
  int const steps = *rc::gen::inRange(1, 120);
  for (int i = 0; i < steps; ++i) act(world);
  std::set<core::SegmentId> seen;
  for (auto const& start : world.all<core::StartSegment>())
    RC_ASSERT(seen.insert(start.launch.segment).second);
}

}  // namespace
}  // namespace greenq
