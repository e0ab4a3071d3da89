// Small cases with answers worked out by hand. Curves are in g/kWh per hour from minute 0 on.
#include <gmock/gmock.h>

#include "support/plan_fixture.hpp"

namespace greenq::test {
namespace {

using core::Intensity;
using core::PlanInput;
using core::PointState;
using testing::ElementsAre;
using testing::HasSubstr;

PlanInput input_with(std::vector<core::WaitingJob> waiting,
                     std::vector<int> const& grams = {500, 400, 100, 300, 200, 600}, std::uint32_t cpus = 4) {
  PlanInput input;
  input.now = minute(0);
  input.sites[0].capacity = machine(cpus);
  input.waiting = std::move(waiting);
  input.sites[0].curve = curve_of(grams);
  input.rules = free_waits();
  return input;
}

TEST(PlanWindow, TakesTheCheapestHour) {
  auto const output = make_plan(input_with({shifting(1, 1, 60, 240)}));
  auto const& plan = plan_of(output, 1);
  EXPECT_THAT(plan.segments, ElementsAre(Interval{minute(120), minute(180)}));
  EXPECT_EQ(plan.mean, Intensity{100'000});
  EXPECT_EQ(plan.mean_if_now, Intensity{500'000});
  EXPECT_EQ(plan.rung, PointState::kForecast);
  EXPECT_TRUE(plan.shifted);
  EXPECT_FALSE(plan.waits_for_capacity);
  EXPECT_THAT(plan.note, HasSubstr("cheapest 1 h window"));
  EXPECT_THAT(plan.note, HasSubstr("100 g/kWh against 500 now"));
}

// 90 minutes: 120..210 costs 100 + 150, 90..180 costs 200 + 100, so the minimum starts at a breakpoint.
TEST(PlanWindow, WindowsNeedNotBeWholeSteps) {
  EXPECT_EQ(start_minute(make_plan(input_with({shifting(1, 1, 90, 240)})), 1), 120);
}

// 150 minutes: a start at 150 would end at the breakpoint 300: 50 + 300 + 200 = 550; a start at 120 costs 100
// + 300 + 100 = 500.
TEST(PlanWindow, LatestStartBoundsTheStart) {
  EXPECT_EQ(start_minute(make_plan(input_with({shifting(1, 1, 150, 240)})), 1), 120);
  EXPECT_EQ(start_minute(make_plan(input_with({shifting(1, 1, 60, 90)})), 1), 90);
  EXPECT_EQ(start_minute(make_plan(input_with({shifting(1, 1, 60, 90, 75)})), 1), 90);
}

TEST(PlanWindow, EarliestWinsTies) {
  EXPECT_EQ(start_minute(make_plan(input_with({shifting(1, 1, 60, 300)}, {300, 200, 300, 200, 300, 200})), 1),
            60);
  EXPECT_EQ(start_minute(make_plan(input_with({shifting(1, 1, 60, 300)}, {300, 300, 300, 300, 300, 300})), 1),
            0);
}

// Both want minute 120; the one with the earlier latest start gets it.
TEST(PlanWindow, TheEarlierLatestStartChoosesFirst) {
  auto const output = make_plan(input_with({shifting(1, 3, 60, 300), shifting(2, 3, 60, 240)}));
  EXPECT_EQ(start_minute(output, 2), 120);
  EXPECT_EQ(start_minute(output, 1), 240);
  EXPECT_EQ(output.jobs.front().id, 2u);
  EXPECT_FALSE(plan_of(output, 2).waits_for_capacity);
  EXPECT_TRUE(plan_of(output, 1).waits_for_capacity);
}

TEST(PlanWindow, PriorityGoesBeforeLatestStart) {
  auto first = shifting(1, 3, 60, 300);
  first.priority = 60;
  auto const output = make_plan(input_with({first, shifting(2, 3, 60, 240)}));
  EXPECT_EQ(start_minute(output, 1), 120);
  EXPECT_EQ(start_minute(output, 2), 240);
}

TEST(PlanWindow, ShiftingJobsDoNotDelayOthers) {
  auto input = input_with({shifting(1, 3, 60, 200), queued(2, 4, 60, 150)});
  EXPECT_EQ(start_minute(make_plan(input), 2), 150);
  // 120..150 is too short for job 1 now; of what is left 90..150 is the cheapest (200 + 50).
  EXPECT_EQ(start_minute(make_plan(input), 1), 90);
}

TEST(PlanWindow, RunningJobsHoldTheirResources) {
  auto input = input_with({shifting(1, 1, 60, 240)});
  input.running.push_back({9, {4, 0, 0}, 0, minute(150)});
  EXPECT_EQ(start_minute(make_plan(input), 1), 150);  // 50 + 150, as cheap as 240..300 and earlier
}

TEST(PlanWindow, ARunningJobPastItsExpectedEndStillHoldsItsResources) {
  auto input = input_with({queued(1, 1, 60)});
  input.running.push_back({9, {4, 0, 0}, 0, minute(-30)});
  EXPECT_GT(start_of(make_plan(input), 1), input.now);
}

TEST(PlanWindow, NothingInTimeMeansTheEarliestRoomAfterIt) {
  auto input = input_with({shifting(1, 1, 60, 100)});
  input.running.push_back({9, {4, 0, 0}, 0, minute(130)});
  auto const output = make_plan(input);
  EXPECT_EQ(start_minute(output, 1), 130);
  EXPECT_TRUE(plan_of(output, 1).waits_for_capacity);
  EXPECT_THAT(plan_of(output, 1).note, HasSubstr("no room before its latest start"));
}

// Greedily job 1 would take the cheap hour in the middle and leave no four hours for job 2 in time.
TEST(PlanWindow, MakesRoomForALatestStartThatCanBeKept) {
  auto const output = make_plan(input_with({shifting(1, 4, 60, 200), shifting(2, 4, 240, 210)}));
  EXPECT_LE(start_minute(output, 1), 200);
  EXPECT_LE(start_minute(output, 2), 210);
}

TEST(PlanWindow, ALatestStartThatHasComeMeansNow) {
  auto const output = make_plan(input_with({shifting(1, 1, 60, 0)}));
  EXPECT_EQ(start_minute(output, 1), 0);
  EXPECT_FALSE(plan_of(output, 1).shifted);
}

TEST(PlanWindow, WithoutACurveNothingIsShifted) {
  auto input = input_with({shifting(1, 1, 60, 240)});
  input.sites[0].curve = nullptr;
  auto const output = make_plan(input);
  EXPECT_EQ(start_minute(output, 1), 0);
  EXPECT_FALSE(plan_of(output, 1).mean.has_value());
  EXPECT_THAT(plan_of(output, 1).note, HasSubstr("no intensity signal"));
  input.sites[0].curve = std::make_shared<core::Curve const>();
  EXPECT_EQ(start_minute(make_plan(input), 1), 0);
}

// The curve ends at minute 360 with 50. What follows may be anything, so the last cheap hours are worth no
// wait for a job that would run out of them.
TEST(PlanWindow, AnHourThatIsNotKnownIsNeverWorthAWait) {
  auto const output = make_plan(input_with({shifting(1, 1, 120, 600)}, {500, 400, 100, 300, 200, 50}));
  EXPECT_EQ(start_minute(output, 1), 240);
  EXPECT_EQ(plan_of(output, 1).mean, Intensity{125'000});
  auto const longer = make_plan(input_with({shifting(1, 1, 600, 600)}, {500, 400, 100, 300, 200, 50}));
  EXPECT_EQ(start_minute(longer, 1), 0);
  EXPECT_FALSE(plan_of(longer, 1).shifted);
  EXPECT_EQ(plan_of(longer, 1).rung, PointState::kConstant);
  EXPECT_EQ(plan_of(longer, 1).mean, std::nullopt);
  EXPECT_EQ(
      plan_of(longer, 1).note,
      "starts now: the intensity of all its 10 h is not known, and an hour that is not known is never worth "
      "a wait");
}

// Known: minutes 0 to 60 with 300 and 120 to 180 with 400; an hour between is missing.
TEST(PlanWindow, AGapIsNeverCheaperThanWhatIsKnown) {
  auto input = input_with({shifting(1, 1, 60, 120)}, {300, 0, 400});
  std::vector<core::IntensityPoint> points = input.sites[0].curve->points();
  points.erase(points.begin() + 1);
  input.sites[0].curve = std::make_shared<core::Curve const>(points);
  EXPECT_EQ(start_minute(make_plan(input), 1), 0);
  EXPECT_EQ(plan_of(make_plan(input), 1).mean, Intensity{300'000});
}

// The curve of a running daemon ends at its horizon, wherever that cuts a point.
TEST(PlanWindow, ACutPointIsNoFastRecording) {
  auto input = input_with({shifting(1, 1, 60, 240)});
  auto points = input.sites[0].curve->points();
  points.back().interval.end = points.back().interval.begin + std::chrono::milliseconds{100};
  input.sites[0].curve = std::make_shared<core::Curve const>(points);
  EXPECT_EQ(start_minute(make_plan(input), 1), 120);
}

// An hour of the recording in two seconds: windows are found to a fraction of a second.
TEST(PlanWindow, ARecordingThatIsPlayedFasterHasShorterSlots) {
  auto input = input_with({});
  std::vector<core::IntensityPoint> points;
  for (int i = 0; i < 40; ++i) {
    Instant const begin = input.now + std::chrono::seconds{2 * i};
    points.push_back(
        {{begin, begin + std::chrono::seconds{2}}, {i == 7 ? 100'000 : 300'000}, PointState::kForecast});
  }
  input.sites[0].curve = std::make_shared<core::Curve const>(points);
  core::WaitingJob job = shifting(1, 1, 1, 1);
  job.duration = Span{2000};
  input.waiting = {job};
  EXPECT_EQ(start_of(make_plan(input), 1), input.now + std::chrono::seconds{14});
}

// The daemon makes its curve anew for each plan.
TEST(PlanWindow, ThePlannerKeepsItsWordAndAPreviewLeavesNoTrace) {
  auto input = input_with({shifting(1, 3, 60, 300), shifting(2, 3, 60, 300), shifting(3, 3, 60, 300)});
  core::Planner planner;
  auto const first = planner.plan(input);
  auto const remember = [&](core::PlanOutput const& output) {
    for (auto& job : input.waiting) job.previous = plan_of(output, job.id).segments;
  };
  remember(first);
  core::Planner copy = planner;
  auto crowd = input;
  for (core::JobId id = 10; id < 40; ++id) crowd.waiting.push_back(shifting(id, 4, 30, 200));
  (void)copy.plan(crowd);
  for (int i = 0; i < 5; ++i) {
    input.now = minute(1 + i);
    input.sites[0].curve = std::make_shared<core::Curve const>(input.sites[0].curve->points());
    auto const next = planner.plan(input);
    for (auto const& job : input.waiting) EXPECT_EQ(start_of(next, job.id), start_of(first, job.id));
    remember(next);
  }
}

// Job 2 may start at minute 32, between two slots; job 1 holds the machine until 33.
TEST(PlanWindow, NobodyStartsBeforeTheSlotThatWasFound) {
  auto input =
      input_with({shifting(1, 4, 33, 10), shifting(2, 4, 20, 300, 32)}, {100, 100, 100, 100, 100, 100});
  EXPECT_EQ(overbooked(input, make_plan(input)), "");
}

TEST(PlanWindow, SegmentsAfterAPauseStayReserved) {
  auto input = input_with({shifting(1, 1, 60, 240)});
  input.running.push_back({9, {4, 0, 0}, 0, minute(30), {{minute(120), minute(180)}}});
  EXPECT_EQ(start_minute(make_plan(input), 1), 240);
}

// Alone it would wait for 100 g; the machine is taken then, and what is left is no reason to speak of carbon.
TEST(PlanWindow, WhatWaitsForRoomIsNotSaidToWaitForTheGrid) {
  auto const output =
      make_plan(input_with({queued(1, 4, 180), shifting(2, 4, 60, 300)}, {100, 100, 100, 300, 300}));
  EXPECT_EQ(start_minute(output, 2), 180);
  EXPECT_FALSE(plan_of(output, 2).shifted);
  EXPECT_TRUE(plan_of(output, 2).waits_for_capacity);
  EXPECT_THAT(plan_of(output, 2).note,
              HasSubstr("starts when other jobs leave room; 300 g/kWh against 100 now"));
}

TEST(PlanWindow, ThresholdTakesOnlyCheapEnoughWindows) {
  auto job = shifting(1, 1, 60, 240);
  job.max_intensity = Intensity{150'000};
  EXPECT_EQ(start_minute(make_plan(input_with({job})), 1), 120);
  job.max_intensity = Intensity{90'000};
  auto const output = make_plan(input_with({job}));
  EXPECT_EQ(start_minute(output, 1), 240);
  EXPECT_THAT(plan_of(output, 1).note, HasSubstr("no window at or below 90 g/kWh"));
  EXPECT_TRUE(plan_of(output, 1).shifted);  // it waits for the grid, not for other jobs
}

TEST(PlanWindow, ThresholdWithABusyLatestStartTakesTheLastRoomBeforeIt) {
  auto job = shifting(1, 1, 60, 240);
  job.max_intensity = Intensity{90'000};
  EXPECT_EQ(start_minute(make_plan(input_with({job, queued(2, 4, 60, 250)})), 1), 190);
}

TEST(PlanWindow, ABoundThatCannotBeKeptIsTold) {
  auto const late = make_plan(input_with({shifting(1, 1, 60, -30)}));
  EXPECT_EQ(start_minute(late, 1), 0);
  EXPECT_THAT(plan_of(late, 1).note, HasSubstr("too late to keep its bound"));
  EXPECT_THAT(plan_of(make_plan(input_with({shifting(1, 1, 60, 0)})), 1).note,
              HasSubstr("its latest start has come"));
}

TEST(PlanWindow, TheLastPlanIsKeptWhenNearlyAsCheap) {
  auto job = shifting(1, 1, 60, 300);
  job.previous = {{minute(180), minute(240)}};
  EXPECT_EQ(start_minute(make_plan(input_with({job}, {500, 400, 1000, 1005, 2000, 900})), 1), 60);
  std::vector<int> const close = {5000, 4000, 1000, 1005, 2000, 9000};
  EXPECT_EQ(start_minute(make_plan(input_with({job}, close)), 1), 180);
  EXPECT_FALSE(plan_of(make_plan(input_with({job}, close)), 1).waits_for_capacity);
  std::vector<int> const worse = {5000, 4000, 1000, 1006, 2000, 9000};
  EXPECT_EQ(start_minute(make_plan(input_with({job}, worse)), 1), 120);
}

TEST(PlanWindow, ALastPlanThatNoLongerFitsIsDropped) {
  auto job = shifting(1, 1, 60, 300);
  job.previous = {{minute(180), minute(240)}};
  EXPECT_EQ(start_minute(
                make_plan(input_with({job, queued(2, 4, 10, 190)}, {5000, 4000, 1000, 1005, 2000, 9000})), 1),
            120);
}

TEST(PlanWindow, AJobThatFitsNowhereIsPutFarAwayAndBlocksNobody) {
  auto job = queued(1, 5, 60);
  auto gone = queued(2, 1, 60);
  gone.lanes = {};
  auto const output = make_plan(input_with({job, gone, queued(3, 4, 60)}));
  EXPECT_GT(start_minute(output, 1), 60 * 24 * 300);
  EXPECT_GT(start_minute(output, 2), 60 * 24 * 300);
  EXPECT_EQ(start_minute(output, 3), 0);
  EXPECT_THAT(plan_of(output, 1).note, HasSubstr("needs more than this machine has"));
}

TEST(PlanWindow, AnyFreePoolServes) {
  auto a = shifting(1, 1, 60, 240);
  auto b = shifting(2, 1, 60, 240);
  for (auto* job : {&a, &b}) {
    job->demand.gpus = 2;
    job->lanes = {0, 1};
  }
  auto input = input_with({a, b});
  input.sites[0].capacity = machine(8, {2, 2});
  auto const output = make_plan(input);
  EXPECT_EQ(start_minute(output, 1), 120);
  EXPECT_EQ(start_minute(output, 2), 120);
  EXPECT_NE(plan_of(output, 1).pool, plan_of(output, 2).pool);
  EXPECT_EQ(overbooked(input, output), "");
}

TEST(PlanWindow, RoomThatAJobLeavesEarlyIsUsedAtOnce) {
  core::Planner planner;
  core::PlanInput input;
  input.now = minute(0);
  input.sites[0].capacity = machine(1);
  input.rules = free_waits();
  input.sites[0].curve = curve_of({100, 100, 300, 300, 300, 300, 300, 300, 300, 300, 300, 300});
  core::WaitingJob second = shifting(2, 1, 60, 600);
  input.waiting = {queued(1, 1, 240), second};
  second.previous = plan_of(planner.plan(input), 2).segments;
  ASSERT_EQ(second.previous.front().begin, minute(240));
  input.now = minute(1);
  input.running = {{1, {1, 0, 0}, 0, minute(240)}};
  input.waiting = {second};
  ASSERT_EQ(start_minute(planner.plan(input), 2), 240);
  input.now = minute(10);
  input.running.clear();
  EXPECT_EQ(start_minute(planner.plan(input), 2), 10);
}

}  // namespace
}  // namespace greenq::test
