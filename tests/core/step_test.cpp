#include "core/step.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/world.hpp"

namespace greenq {
namespace {

using core::HoldCode;
using core::JobState;
using core::Outcome;
using namespace std::chrono_literals;
using test::bounded;
using test::World;

core::JobSpec with_checkpoint(core::JobSpec spec) {
  spec.checkpoint = core::Checkpoint{10, 30s, 85};
  return spec;
}

TEST(Step, AJobWithoutASignalRunsAtOnceAndSucceeds) {
  World world;
  core::JobId const id = world.submit(bounded(24h));
  EXPECT_EQ(world.job(id).state, JobState::kQueued);
  EXPECT_EQ(world.job(id).headline, HoldCode::kNotYetEvaluated);
  world.plan();
  EXPECT_EQ(world.job(id).state, JobState::kStarting);
  ASSERT_EQ(world.all<core::StartSegment>().size(), 1U);
  world.started(id);
  EXPECT_EQ(world.job(id).state, JobState::kRunning);
  world.advance(10min);
  world.end(id, Outcome::kExited);
  EXPECT_EQ(world.job(id).state, JobState::kSucceeded);
  EXPECT_TRUE(world.state.jobs.empty());
  EXPECT_TRUE(world.state.alive.empty());
  EXPECT_TRUE(world.state.timers.empty());
}

TEST(Step, SequenceNumbersHaveNoGaps) {
  World world;
  for (int i = 0; i < 4; ++i) world.run(world.submit(bounded(0s)));
  std::int64_t expected = 1;
  for (auto const& event : world.events) EXPECT_EQ(event.sequence, expected++);
  EXPECT_EQ(world.state.next_sequence, expected);
}

TEST(Step, WaitsForTheCleanerHourAndStartsByTheClock) {
  World world;
  world.now = std::chrono::floor<std::chrono::hours>(world.now);
  world.signal({500, 400, 100, 450, 450, 450, 450, 450});
  core::JobId const id = world.submit(bounded(6h));
  world.plan();
  EXPECT_EQ(world.job(id).state, JobState::kQueued);
  EXPECT_EQ(world.job(id).headline, HoldCode::kCarbonWindow);
  auto const reasons = core::reasons(world.state, world.job(id), world.now);
  ASSERT_FALSE(reasons.empty());
  EXPECT_EQ(reasons.front().code, HoldCode::kCarbonWindow);
  EXPECT_EQ(reasons.front().evidence.at("now_g_per_kwh"), "500");
  EXPECT_EQ(reasons.front().evidence.at("window_g_per_kwh"), "100");
  EXPECT_EQ(reasons.front().clears_at, world.now + 2h);
  EXPECT_EQ(world.state.timers.begin()->first, world.now + 2h);
  world.advance(2h - 1ms);
  world.feed(core::Tick{});
  EXPECT_EQ(world.job(id).state, JobState::kQueued);
  world.advance(1ms);
  world.feed(core::Tick{});
  EXPECT_EQ(world.job(id).state, JobState::kStarting);
}

TEST(Step, RoomThatIsFreeButTooShortIsSaidToBe) {
  World world;
  world.now = std::chrono::floor<std::chrono::hours>(world.now);
  world.signal({100, 100, 10, 300, 300, 300, 300, 300, 300, 300, 300, 300});
  auto whole = bounded(6h);
  whole.resources.cpus = 4;
  whole.time_limit = 6h;
  whole.expected_duration = 1h;
  world.submit(whole);
  world.plan();
  whole.expected_duration = 3h;
  core::JobId const id = world.submit(whole);
  world.plan();
  auto const reasons = core::reasons(world.state, world.job(id), world.now);
  ASSERT_FALSE(reasons.empty());
  EXPECT_EQ(reasons.front().code, HoldCode::kWaitingForNodes);
  EXPECT_EQ(reasons.front().message, "needs 4 CPU cores; free now: 4 cores, but not for as long as it runs");
}

// The end of the forecast and the beginning of the factor looked like a step of the grid.
TEST(Step, AYearlyFactorShiftsNothing) {
  for (std::int64_t const factor : {50'000, 900'000}) {
    World world;
    world.signal({300, 290, 300, 300});
    world.state.signals.put_factor(
        {{factor},
         {"ZZ", core::SignalKind::kMarginal, core::SignalBasis::kDirect, core::kYearlyFactor, "", ""}});
    core::JobId const id = world.submit(bounded(std::chrono::hours{24}));
    auto const planned = core::snapshot(world.state, world.now);
    ASSERT_TRUE(planned.sites[0].curve);
    for (auto const& point : planned.sites[0].curve->points())
      EXPECT_LE(point.state, core::PointState::kClimatology);
    world.plan();
    EXPECT_LE(world.job(id).plan->segments.front().begin,
              std::chrono::floor<std::chrono::hours>(world.now) + std::chrono::hours{1})
        << "no later than the cleanest hour of the forecast";
    auto const view =
        world.state.signals.view(core::SignalKind::kMarginal, world.now, std::chrono::hours{48});
    EXPECT_EQ(view.curve->at(world.now + std::chrono::hours{30})->value.value, factor) << "it still prices";
  }
}

TEST(Step, TheLatestStartIsKeptWithoutAnyPlan) {
  World world;
  core::JobId const id = world.submit(bounded(2h));
  world.advance(2h);
  world.feed(core::Tick{});
  EXPECT_EQ(world.job(id).state, JobState::kStarting);
}

TEST(Step, CapacityIsNeverOverbooked) {
  World world;
  auto big = bounded(0s);
  big.resources.cpus = 3;
  core::JobId const first = world.submit(big);
  core::JobId const second = world.submit(big);
  world.plan();
  EXPECT_EQ(world.job(first).state, JobState::kStarting);
  EXPECT_EQ(world.job(second).state, JobState::kQueued);
  EXPECT_EQ(world.job(second).headline, HoldCode::kWaitingForNodes);
  world.started(first);
  world.end(first, Outcome::kExited);
  world.plan();
  EXPECT_EQ(world.job(second).state, JobState::kStarting);
}

TEST(Step, GpusAreGivenByUuidAndOnlyOnce) {
  World world;
  world.state.capacity.pools = {{"nvidia a100", 40LL << 30, {"GPU-a", "GPU-b"}}};
  auto gpu = bounded(0s);
  gpu.resources.gpus = 1;
  for (int i = 0; i < 3; ++i) world.submit(gpu);
  world.plan();
  auto const starts = world.all<core::StartSegment>();
  ASSERT_EQ(starts.size(), 2U);
  EXPECT_EQ(starts[0].launch.env.at("CUDA_VISIBLE_DEVICES"), "GPU-a");
  EXPECT_EQ(starts[1].launch.env.at("CUDA_VISIBLE_DEVICES"), "GPU-b");
}

TEST(Step, AJobWithoutGpusSeesNone) {
  World world;
  world.submit(bounded(0s));
  world.plan();
  EXPECT_EQ(world.all<core::StartSegment>().at(0).launch.env.at("CUDA_VISIBLE_DEVICES"), "");
}

TEST(Step, HeldJobsDoNotStartUntilReleased) {
  World world;
  core::JobId const id = world.submit(bounded(0s));
  ASSERT_TRUE(world.feed(core::HoldJob{id, test::user(), "later", 0}));
  world.advance(48h);
  world.plan();
  world.feed(core::Tick{});
  EXPECT_EQ(world.job(id).state, JobState::kQueued);
  EXPECT_EQ(world.job(id).headline, HoldCode::kHeldByUser);
  ASSERT_TRUE(world.feed(core::ReleaseJob{id, test::user(), "", 0}));
  world.plan();
  EXPECT_EQ(world.job(id).state, JobState::kStarting);
}

TEST(Step, CancelTakesAQueuedJobOffAtOnce) {
  World world;
  core::JobId const id = world.submit(bounded(1h));
  ASSERT_TRUE(world.feed(core::CancelJob{id, test::user(), "typo", 0}));
  EXPECT_EQ(world.job(id).state, JobState::kCancelled);
  EXPECT_EQ(world.job(id).user_reason, "typo");
  auto const again = world.feed(core::CancelJob{id, test::user(), "", 0});
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().reason, "JOB_ENDED");
}

TEST(Step, CancelStopsARunningJob) {
  World world;
  core::JobId const id = world.submit(bounded(0s));
  world.run(id);
  ASSERT_TRUE(world.feed(core::CancelJob{id, test::user(), "", 0}));
  EXPECT_EQ(world.job(id).state, JobState::kRunning);
  ASSERT_EQ(world.all<core::StopSegment>().size(), 1U);
  EXPECT_EQ(world.all<core::StopSegment>()[0].kind, core::StopKind::kTerminate);
  world.end(id, Outcome::kCancelled, 15);
  EXPECT_EQ(world.job(id).state, JobState::kCancelled);
}

TEST(Step, AJobThatFinishesWhileBeingCancelledHasSucceeded) {
  World world;
  core::JobId const id = world.submit(bounded(0s));
  world.run(id);
  ASSERT_TRUE(world.feed(core::CancelJob{id, test::user(), "", 0}));
  world.end(id, Outcome::kExited, 0);
  EXPECT_EQ(world.job(id).state, JobState::kSucceeded);
}

TEST(Step, AnOldEtagIsRefused) {
  World world;
  core::JobId const id = world.submit(bounded(1h));
  auto const reply = world.feed(core::HoldJob{id, test::user(), "", 99});
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code, core::ErrorCode::kAborted);
}

TEST(Step, LostJobsAreRetriedOnlyWhenAskedFor) {
  World world;
  auto retrying = bounded(0s);
  retrying.retry.max = 1;
  retrying.retry.backoff = 1min;
  core::JobId const with = world.submit(retrying);
  core::JobId const without = world.submit(bounded(0s));
  world.plan();
  world.started(with);
  world.started(without);
  world.end(with, Outcome::kLost);
  world.end(without, Outcome::kLost);
  EXPECT_EQ(world.job(without).state, JobState::kLost);
  EXPECT_EQ(world.job(with).state, JobState::kQueued);
  EXPECT_EQ(world.job(with).headline, HoldCode::kNotBefore);
  world.plan();
  EXPECT_EQ(world.job(with).state, JobState::kQueued);
  world.advance(1min);
  world.feed(core::Tick{});
  EXPECT_EQ(world.job(with).state, JobState::kStarting);
  EXPECT_EQ(world.job(with).attempts.size(), 2U);
  world.started(with);
  world.end(with, Outcome::kLost);
  EXPECT_EQ(world.job(with).state, JobState::kLost);
}

TEST(Step, RetryWithoutCausesRepeatsAnyFailure) {
  World world;
  auto retrying = bounded(0s);
  retrying.retry.max = 1;
  core::JobId const id = world.submit(retrying);
  world.run(id);
  world.end(id, Outcome::kExited, 1);
  EXPECT_EQ(world.job(id).attempts.size(), 2U);
  world.started(id);
  world.end(id, Outcome::kExited, 1);
  EXPECT_EQ(world.job(id).state, JobState::kFailed);
}

TEST(Step, RetryByExitCodeAndByCause) {
  World world;
  auto retrying = bounded(0s);
  retrying.retry.max = 5;
  retrying.retry.exit_codes = {33};
  retrying.retry.causes = {core::RetryCause::kOom};
  core::JobId const id = world.submit(retrying);
  world.run(id);
  world.end(id, Outcome::kExited, 33);
  EXPECT_EQ(world.job(id).attempts.size(), 2U);  // no backoff: tried again at once
  world.started(id);
  world.end(id, Outcome::kOom, 9);
  EXPECT_EQ(world.job(id).attempts.size(), 3U);
  world.started(id);
  world.end(id, Outcome::kExited, 34);
  EXPECT_EQ(world.job(id).state, JobState::kFailed);
  EXPECT_EQ(world.job(id).exit_status, 34);
}

TEST(Step, LateAndRepeatedReportsAreIgnored) {
  World world;
  core::JobId const id = world.submit(bounded(0s));
  world.run(id);
  auto const segment = world.segment(id);
  world.started(id);
  EXPECT_EQ(world.job(id).attempts.back().segments.size(), 1U);
  world.end(id, Outcome::kExited, 0);
  std::size_t const events = world.events.size();
  world.feed(core::SegmentEnded{segment, {Outcome::kLost, 0, world.now, ""}});
  world.feed(core::SegmentStarted{segment, world.now});
  EXPECT_EQ(world.events.size(), events);
  EXPECT_EQ(world.job(id).state, JobState::kSucceeded);
}

TEST(Step, DependenciesOpenAndClose) {
  World world;
  core::JobId const prep = world.submit(bounded(0s, "prep"));
  core::JobId const good =
      world.submit(bounded(0s), {{prep, 0, core::DependencyCondition::kSucceeded, {}, false}});
  core::JobId const bad =
      world.submit(bounded(0s), {{prep, 0, core::DependencyCondition::kFailed, {}, false}});
  core::JobId const begun =
      world.submit(bounded(0s), {{prep, 0, core::DependencyCondition::kStarted, {}, false}});
  world.plan();
  EXPECT_EQ(world.job(good).headline, HoldCode::kDependency);
  world.started(prep);
  world.plan();
  EXPECT_EQ(world.job(begun).state, JobState::kStarting);
  world.end(prep, Outcome::kExited, 0);
  world.plan();
  EXPECT_EQ(world.job(good).state, JobState::kStarting);
  EXPECT_EQ(world.job(bad).headline, HoldCode::kDependencyNeverSatisfied);
}

TEST(Step, ADependencyOnAnEndedJobIsJudgedAtSubmission) {
  World world;
  core::JobId const ok =
      world.submit(bounded(0s), {{77, 0, core::DependencyCondition::kSucceeded, JobState::kSucceeded, true}});
  core::JobId const never =
      world.submit(bounded(0s), {{77, 0, core::DependencyCondition::kSucceeded, JobState::kFailed, true}});
  world.plan();
  EXPECT_EQ(world.job(ok).state, JobState::kStarting);
  EXPECT_EQ(world.job(never).headline, HoldCode::kDependencyNeverSatisfied);
}

TEST(Step, HoldPausesARunningJobThatCanSaveItsWork) {
  World world;
  core::JobId const id = world.submit(with_checkpoint(bounded(0s)));
  world.run(id);
  world.advance(20min);
  ASSERT_TRUE(world.feed(core::HoldJob{id, test::user(), "", 0}));
  ASSERT_EQ(world.all<core::StopSegment>().size(), 1U);
  EXPECT_EQ(world.all<core::StopSegment>()[0].kind, core::StopKind::kCheckpoint);
  world.end(id, Outcome::kPaused, 85);
  EXPECT_EQ(world.job(id).state, JobState::kPaused);
  EXPECT_EQ(world.job(id).ran, 20min);
  world.plan();
  EXPECT_EQ(world.job(id).state, JobState::kPaused);
  ASSERT_TRUE(world.feed(core::ReleaseJob{id, test::user(), "", 0}));
  world.plan();
  world.started(id);
  EXPECT_EQ(world.job(id).attempts.size(), 1U);
  EXPECT_EQ(world.job(id).attempts.back().launches, 2U);
  EXPECT_EQ(world.job(id).attempts.back().segments.size(), 2U);
  EXPECT_EQ(core::remaining_duration(world.job(id), world.now), 40min);
}

TEST(Step, HoldOfARunningJobWithoutCheckpointIsRefused) {
  World world;
  core::JobId const id = world.submit(bounded(0s));
  world.run(id);
  auto const reply = world.feed(core::HoldJob{id, test::user(), "", 0});
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().reason, "NO_CHECKPOINT");
}

TEST(Step, APauseThatIsNotTakenIsGivenUp) {
  World world;
  core::JobId const id = world.submit(with_checkpoint(bounded(0s)));
  world.run(id);
  ASSERT_TRUE(world.feed(core::HoldJob{id, test::user(), "", 0}));
  world.advance(36s);
  world.feed(core::Tick{});
  EXPECT_EQ(world.job(id).state, JobState::kRunning);
  EXPECT_EQ(world.job(id).stop, core::StopIntent::kNone);
  world.end(id, Outcome::kExited, 0);
  EXPECT_EQ(world.job(id).state, JobState::kSucceeded);
}

TEST(Step, WorkSavedAfterThePauseWasGivenUpStillCounts) {
  World world;
  core::JobId const id = world.submit(with_checkpoint(bounded(0s)));
  world.run(id);
  ASSERT_TRUE(world.feed(core::HoldJob{id, test::user(), "", 0}));
  world.advance(36s);
  world.feed(core::Tick{});
  ASSERT_EQ(world.job(id).stop, core::StopIntent::kNone);
  world.end(id, Outcome::kPaused, 85);
  EXPECT_EQ(world.job(id).state, JobState::kStarting) << "its bound has passed, so it goes on at once";
  EXPECT_EQ(world.job(id).attempts.size(), 1U);
  EXPECT_EQ(world.job(id).attempts.back().launches, 2U);
}

TEST(Step, AHoldSurvivesARetry) {
  World world;
  auto spec = with_checkpoint(bounded(0s));
  spec.retry.max = 3;
  core::JobId const id = world.submit(spec);
  world.run(id);
  ASSERT_TRUE(world.feed(core::HoldJob{id, test::user(), "", 0}));
  world.end(id, Outcome::kExited, 1);
  EXPECT_EQ(world.job(id).state, JobState::kQueued);
  EXPECT_TRUE(world.job(id).held_by_user);
  world.advance(1h);
  world.plan();
  EXPECT_EQ(world.job(id).state, JobState::kQueued);
}

TEST(Step, AShepherdStoppedByAShutdownLosesItsJobAndMayRetry) {
  World world;
  core::JobId const lost = world.submit(bounded(0s));
  auto spec = bounded(0s);
  spec.retry.max = 1;
  spec.retry.causes = {core::RetryCause::kNodeLost};
  core::JobId const again = world.submit(spec);
  world.plan();
  world.started(lost);
  world.started(again);
  world.end(lost, Outcome::kCancelled);
  world.end(again, Outcome::kCancelled);
  EXPECT_EQ(world.job(lost).state, JobState::kLost);
  EXPECT_EQ(world.job(again).state, JobState::kStarting);
  EXPECT_EQ(world.job(again).attempts.size(), 2U);
}

// Small jobs past their bounds came on and on, and the one that needs the whole machine never ran.
TEST(Step, JobsPastTheirBoundDoNotOvertakeAReservation) {
  World world;
  core::JobId const first = world.submit(bounded(0s, "first"));
  world.run(first);
  auto wide = bounded(0s, "wide");
  wide.resources.cpus = 4;
  core::JobId const whole = world.submit(wide);
  world.plan();
  auto longer = bounded(0s, "longer");
  longer.time_limit = longer.expected_duration = 20h;
  core::JobId const late = world.submit(longer);
  world.plan();
  EXPECT_EQ(world.job(late).state, JobState::kQueued);
  world.end(first, Outcome::kExited, 0);
  world.plan();
  EXPECT_EQ(world.job(whole).state, JobState::kStarting);
}

TEST(Step, AJobReleasedAfterItsBoundIsNotHeldAgain) {
  World world;
  auto blocker = bounded(0s, "blocker");
  blocker.resources.cpus = 4;
  core::JobId const running = world.submit(blocker);
  world.run(running);
  auto spec = bounded(1min);
  spec.carbon.on_missed = core::OnMissed::kHold;
  core::JobId const id = world.submit(spec);
  world.plan();
  world.advance(2min);
  world.feed(core::Tick{});
  ASSERT_TRUE(world.job(id).held_by_admin);
  ASSERT_TRUE(world.feed(core::ReleaseJob{id, test::user(), "", 0}));
  world.plan();
  world.advance(1min);
  world.feed(core::Tick{});
  EXPECT_FALSE(world.job(id).held_by_admin);
  world.end(running, Outcome::kExited, 0);
  world.plan();
  EXPECT_EQ(world.job(id).state, JobState::kStarting);
}

TEST(Step, ARunningJobIsPlannedOnThePoolOfItsGpus) {
  World world;
  world.state.capacity.pools = {{"a", 0, {"GPU-a"}}, {"b", 0, {"GPU-b"}}};
  auto spec = bounded(0s);
  spec.resources.gpus = 1;
  core::JobId const on_a = world.submit(spec);
  core::JobId const on_b = world.submit(spec);
  world.plan();
  ASSERT_EQ(world.job(on_b).attempts.back().gpu_uuids, std::vector<std::string>{"GPU-b"});
  world.end(on_a, Outcome::kExited, 0);
  auto const input = core::snapshot(world.state, world.now);
  ASSERT_EQ(input.running.size(), 1U);
  EXPECT_EQ(input.running[0].lane, 1U);
  world.state.capacity.pools = {{"c", 0, {"GPU-c"}}};
  EXPECT_EQ(core::snapshot(world.state, world.now).running[0].demand.gpus, 0U);
}

TEST(Step, AnInterruptibleJobIsPausedBetweenItsWindows) {
  World world;
  world.now = std::chrono::floor<std::chrono::hours>(world.now);
  world.signal({100, 900, 900, 100, 900, 900, 900, 900, 900, 900});
  auto job = with_checkpoint(bounded(6h));
  job.carbon.interruptible = true;
  job.expected_duration = 2h;
  job.time_limit = 4h;
  core::JobId const id = world.submit(job);
  world.run(id);
  ASSERT_EQ(world.job(id).plan->segments.size(), 2U);
  world.advance(1h);
  world.feed(core::Tick{});
  ASSERT_EQ(world.all<core::StopSegment>().size(), 1U);
  EXPECT_EQ(world.all<core::StopSegment>()[0].kind, core::StopKind::kCheckpoint);
  world.end(id, Outcome::kPaused, 85);
  EXPECT_EQ(world.job(id).state, JobState::kPaused);
  world.plan();
  world.advance(2h);
  world.feed(core::Tick{});
  EXPECT_EQ(world.job(id).state, JobState::kStarting);
}

// Two hours in two segments; the second takes ten minutes longer for the pause before it.
core::JobId run_first_of_two_segments(World& world) {
  world.now = std::chrono::floor<std::chrono::hours>(world.now);
  world.signal({100, 900, 900, 900, 100, 900, 900, 900, 900, 900});
  auto job = with_checkpoint(bounded(6h));
  job.carbon.interruptible = true;
  job.checkpoint->cost = 10min;
  job.expected_duration = 2h;
  job.time_limit = 2h;
  core::JobId const id = world.submit(job);
  world.run(id);
  return id;
}

TEST(Step, AResumedJobTakesLongerByWhatThePauseCosts) {
  World world;
  core::JobId const id = run_first_of_two_segments(world);
  auto const segments = world.job(id).plan->segments;
  ASSERT_EQ(segments.size(), 2U);
  EXPECT_EQ(segments[0].length() + segments[1].length(), 2h + 10min);
  core::Instant const latest = *core::latest_start(world.job(id));
  world.advance(segments[0].length());
  world.feed(core::Tick{});
  world.end(id, Outcome::kPaused, 85);
  core::Span const left = 2h - segments[0].length() + 10min;
  EXPECT_EQ(core::remaining_duration(world.job(id), world.now), left);
  EXPECT_EQ(*core::latest_start(world.job(id)), latest + 2h - left) << "the end that was promised stays";
  world.plan();
  EXPECT_EQ(world.job(id).plan->segments.back(), segments[1]) << "and so does the rest of the plan";
  world.now = segments[1].begin;
  world.feed(core::Tick{});
  world.started(id);
  EXPECT_EQ(world.all<core::StartSegment>().back().launch.time_limit, left) << "a pause is no work";
  world.advance(30min);
  EXPECT_EQ(core::remaining_duration(world.job(id), world.now), left - 30min);
}

TEST(Step, WhatPausesCostIsNoPartOfALength) {
  World world;
  for (int i = 0; i < 5; ++i) {
    core::JobId const id = run_first_of_two_segments(world);
    world.advance(1h);
    world.feed(core::Tick{});
    world.end(id, Outcome::kPaused, 85);
    world.plan();
    world.now = world.job(id).plan->segments.front().begin;
    world.feed(core::Tick{});
    world.started(id);
    world.advance(1h + 10min);
    world.end(id, Outcome::kExited);
    world.advance(24h);
  }
  EXPECT_EQ(core::expected_duration(world.job(run_first_of_two_segments(world))), 2h);
}

TEST(Step, OnMissedDecidesWhenThereIsNoRoomInTime) {
  World world;
  auto big = bounded(0s, "big");
  big.resources.cpus = 4;
  world.run(world.submit(big));
  auto failing = bounded(1h, "failing");
  failing.carbon.on_missed = core::OnMissed::kFail;
  auto holding = bounded(1h, "holding");
  holding.carbon.on_missed = core::OnMissed::kHold;
  core::JobId const fails = world.submit(failing);
  core::JobId const holds = world.submit(holding);
  core::JobId const runs = world.submit(bounded(1h, "running"));
  world.plan();
  world.advance(1h);
  world.feed(core::Tick{});
  EXPECT_EQ(world.job(fails).state, JobState::kFailed);
  EXPECT_EQ(world.job(holds).headline, HoldCode::kHeldByAdmin);
  EXPECT_EQ(world.job(runs).state, JobState::kQueued);
}

TEST(Step, QueuePlaceCountsWaitingJobs) {
  World world;
  world.run(world.submit(bounded(0s)));
  auto held = bounded(0s);
  held.hold = true;
  core::JobId const id = world.submit(held);
  auto const place = core::queue_place(world.state, id);
  EXPECT_EQ(place.position, 1);
  EXPECT_EQ(place.length, 1);
}

TEST(Step, AnUnnamedJobIsNamedAfterItsId) {
  World world;
  auto unnamed = bounded(0s);
  unnamed.name.clear();
  core::JobId const id = world.submit(unnamed);
  EXPECT_EQ(world.job(id).spec->name, "job-" + std::to_string(id));
}

}  // namespace
}  // namespace greenq
