// What a pause costs, in slots and in segments. Twelve slots are an hour.
#include <gmock/gmock.h>

#include "core/plan/bring_forward.hpp"
#include "support/plan_fixture.hpp"
#include "support/shift_fixture.hpp"

namespace greenq::test {
namespace {

using core::Place;
using core::Slot;
using core::SlotRun;
using core::Task;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

Task costly(Slot work, Slot due, Slot cost, bool running = false) {
  Task task = gpu_task(1, 1, work, due, true);
  task.pause_cost = cost;
  task.running = running;
  return task;
}

std::vector<SlotRun> runs_of(std::optional<Place> const& place) {
  std::vector<SlotRun> runs;
  if (!place) return runs;
  for (SlotRun const& run : place->runs) runs.push_back({run.begin - kShiftNow, run.end - kShiftNow});
  return runs;
}

TEST(PauseCost, IsPaidInSlotsBeforeTheWorkGoesOn) {
  auto table = gpu_table(1, {600, 100, 600, 500, 100, 600});
  // 18 slots in the second run: half an hour at 500 loads what was saved.
  EXPECT_THAT(runs_of(table.cheapest(costly(24, 72, 6))), ElementsAre(SlotRun{12, 24}, SlotRun{42, 60}));
  EXPECT_DOUBLE_EQ(table.cheapest(costly(24, 72, 6))->cost, 24 * 100 + 6 * 500);
}

TEST(PauseCost, MustBeSavedByThePause) {
  auto table = gpu_table(1, {500, 100, 300, 500, 100, 500});
  EXPECT_EQ(table.cheapest(costly(24, 72, 0))->runs.size(), 2U);
  // One piece costs 2400 more than two at 100; seven slots at 300 cost 2100, eight 2400.
  EXPECT_EQ(table.cheapest(costly(24, 72, 7))->runs.size(), 2U);
  EXPECT_EQ(table.cheapest(costly(24, 72, 8))->runs.size(), 1U);
}

TEST(PauseCost, EachPauseMustSaveTheLeastGain) {
  auto table = gpu_table(1, {100, 130, 100, 130, 100, 130});
  Task task = costly(36, 72, 0);
  // 3960 in one piece, 3600 in three: 4.5 % for each pause.
  task.pause_gain = 0.04F;
  EXPECT_EQ(table.cheapest(task)->runs.size(), 3U);
  task.pause_gain = 0.05F;
  EXPECT_EQ(table.cheapest(task)->runs.size(), 1U);
}

TEST(PauseCost, OfCellsLongerThanItIsCutOff) {
  std::vector<double> prices(48, 500);
  prices[3] = prices[40] = 100;
  auto table = gpu_table(1, prices);
  auto const place = table.cheapest(costly(24, 48 * 12, 1));
  EXPECT_THAT(runs_of(place), ElementsAre(SlotRun{36, 48}, SlotRun{479, 492}));
}

TEST(PauseCost, IsPaidByARunningTaskThatDoesNotGoOn) {
  auto table = gpu_table(1, {300, 200, 300});
  EXPECT_THAT(runs_of(table.cheapest(costly(12, 36, 1, true))), ElementsAre(SlotRun{11, 24}));
  EXPECT_THAT(runs_of(table.cheapest(costly(12, 36, 6, true))), ElementsAre(SlotRun{0, 12}));
  EXPECT_THAT(runs_of(table.cheapest(costly(12, 36, 6))), ElementsAre(SlotRun{12, 24}));
}

TEST(PauseCost, IsNoReasonToEndLater) {
  auto table = gpu_table(1, {100, 100, 100});
  table.board().take({kShiftNow + 3, kShiftNow + 9}, table.need(costly(1, 1, 0), 0));
  EXPECT_THAT(runs_of(table.soonest(costly(12, 36, 0))), ElementsAre(SlotRun{0, 3}, SlotRun{9, 18}));
  EXPECT_THAT(runs_of(table.soonest(costly(12, 36, 2))), ElementsAre(SlotRun{0, 3}, SlotRun{9, 20}));
  EXPECT_THAT(runs_of(table.soonest(costly(12, 36, 3))), ElementsAre(SlotRun{9, 21}));
  EXPECT_THAT(runs_of(table.soonest(costly(12, 36, 4))), ElementsAre(SlotRun{9, 21}));
  // What runs pays for the pause either way.
  EXPECT_THAT(runs_of(table.soonest(costly(12, 36, 4, true))), ElementsAre(SlotRun{0, 3}, SlotRun{9, 22}));
}

TEST(PauseCost, ATaskBroughtForwardStaysWhole) {
  auto table = gpu_table(1, {300, 300, 100, 300, 100});
  Task task = costly(24, 60, 2);
  table.put_in(task, *table.cheapest(task));
  ASSERT_THAT(runs_of(task.place), ElementsAre(SlotRun{22, 36}, SlotRun{48, 60}));
  EXPECT_EQ(bring_forward(table, task), 14);
  EXPECT_THAT(runs_of(task.place), ElementsAre(SlotRun{0, 14}, SlotRun{48, 60}));
  EXPECT_EQ(bring_forward(table, task), 0);
}

core::PlanInput lone(std::int64_t length, Span cost, std::vector<int> const& grams) {
  core::PlanInput input;
  input.now = minute(0);
  input.sites[0].capacity = machine(4);
  auto job = shifting(1, 1, length, 240);
  job.interruptible = true;
  job.pause_cost = cost;
  input.waiting = {job};
  input.sites[0].curve = curve_of(grams);
  input.rules = free_waits();
  return input;
}

TEST(PauseCost, IsPartOfTheSegmentToTheMillisecond) {
  Span const cost = minutes(7) + Span{321};
  auto const plan = plan_of(make_plan(lone(97, cost, {500, 100, 500, 500, 100, 500})), 1);
  ASSERT_EQ(plan.segments.size(), 2U);
  EXPECT_EQ(plan.segments[0].length() + plan.segments[1].length(), minutes(97) + cost);
  EXPECT_THAT(plan.note, HasSubstr("a pause keeps no resources and costs 7 min"));
}

TEST(PauseCost, IsNamedWhereNoPausePays) {
  auto const plan = plan_of(make_plan(lone(120, minutes(50), {500, 100, 300, 500, 100, 500})), 1);
  ASSERT_EQ(plan.segments.size(), 1U);
  EXPECT_THAT(plan.note, HasSubstr("no pause saves enough, at 50 min each"));
  auto const free = plan_of(make_plan(lone(120, minutes(0), {100, 100, 100, 100, 100, 100})), 1);
  EXPECT_THAT(free.note, Not(HasSubstr("no pause")));
}

// Found where the first segment began before its slot: what that gained was cut from it, not from the last
// one.
TEST(PauseCost, TheLastSegmentEndsInTimeWhenTheFirstBeginsBeforeItsSlot) {
  auto input = lone(102, minutes(0), {100, 500, 500, 500, 101, 500});
  input.now = minute(2);
  input.rules.min_segment = minutes(45);
  input.waiting[0].latest = minute(185);
  auto const plan = plan_of(make_plan(input), 1);
  ASSERT_EQ(plan.segments.size(), 2U);
  EXPECT_EQ(plan.segments.front().begin, minute(2));
  EXPECT_LE(plan.segments.back().end, minute(287));
  EXPECT_EQ(plan.segments[0].length() + plan.segments[1].length(), minutes(102));
}

}  // namespace
}  // namespace greenq::test
