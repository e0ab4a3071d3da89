// Interruptible jobs, by hand. Curves are in g/kWh per hour from minute 0 on.
#include <gmock/gmock.h>

#include "support/plan_fixture.hpp"

namespace greenq::test {
namespace {

using core::Intensity;
using core::PlanInput;
using testing::ElementsAre;
using testing::HasSubstr;

core::WaitingJob pausable(core::JobId id, std::uint32_t cpus, std::int64_t length, std::int64_t latest) {
  auto job = shifting(id, cpus, length, latest);
  job.interruptible = true;
  return job;
}

PlanInput input_with(std::vector<core::WaitingJob> waiting, std::vector<int> const& grams) {
  PlanInput input;
  input.now = minute(0);
  input.sites[0].capacity = machine(4);
  input.waiting = std::move(waiting);
  input.sites[0].curve = curve_of(grams);
  input.rules = free_waits();
  return input;
}

TEST(PlanPauses, RunsInTheTwoCheapHours) {
  auto const output = make_plan(input_with({pausable(1, 1, 120, 240)}, {500, 100, 500, 500, 100, 500}));
  auto const& plan = plan_of(output, 1);
  EXPECT_THAT(plan.segments,
              ElementsAre(Interval{minute(60), minute(120)}, Interval{minute(240), minute(300)}));
  EXPECT_EQ(plan.mean, Intensity{100'000});
  EXPECT_TRUE(plan.shifted);
  EXPECT_THAT(plan.note, HasSubstr("a pause keeps no resources"));
}

TEST(PlanPauses, NotForTwoPerCentOrLess) {
  // 60..180 costs 100 + 104 = 204; the two hours at 100 cost 200: 1.96 % less.
  EXPECT_EQ(plan_of(make_plan(input_with({pausable(1, 1, 120, 240)}, {500, 100, 104, 500, 100, 500})), 1)
                .segments.size(),
            1u);
  // 205 against 200: 2.4 % less.
  EXPECT_EQ(plan_of(make_plan(input_with({pausable(1, 1, 120, 240)}, {500, 100, 105, 500, 100, 500})), 1)
                .segments.size(),
            2u);
}

TEST(PlanPauses, SegmentsAreAtLeastTheMinimum) {
  auto input = input_with({pausable(1, 1, 120, 240)}, {500, 100, 500, 500, 100, 500});
  input.rules.min_segment = minutes(61);
  EXPECT_EQ(plan_of(make_plan(input), 1).segments.size(), 1u);
}

// 95 minutes: 60 in one cheap hour, 35 at the end or start of the other, not both hours whole.
TEST(PlanPauses, LengthsAddUpExactly) {
  auto const plan =
      plan_of(make_plan(input_with({pausable(1, 1, 95, 300)}, {500, 100, 500, 500, 100, 500})), 1);
  ASSERT_EQ(plan.segments.size(), 2u);
  EXPECT_EQ(plan.segments[0].length() + plan.segments[1].length(), minutes(95));
  EXPECT_EQ(plan.mean, Intensity{100'000});
  // 97 minutes do not lie on a grid of five.
  auto const odd =
      plan_of(make_plan(input_with({pausable(1, 1, 97, 300)}, {500, 100, 500, 500, 100, 500})), 1);
  ASSERT_EQ(odd.segments.size(), 2u);
  EXPECT_EQ(odd.segments[0].length() + odd.segments[1].length(), minutes(97));
  EXPECT_EQ(odd.mean, Intensity{100'000});
}

TEST(PlanPauses, EndsInTimeAndRespectsCapacity) {
  auto const output =
      make_plan(input_with({pausable(1, 1, 120, 239), queued(2, 4, 30, 60)}, {500, 100, 300, 500, 100, 500}));
  auto const& plan = plan_of(output, 1);
  for (auto const& segment : plan.segments) EXPECT_FALSE(segment.overlaps({minute(60), minute(90)}));
  EXPECT_LE(plan.segments.back().end, minute(359));
}

TEST(PlanPauses, OthersMayRunInThePause) {
  auto const input =
      input_with({pausable(1, 4, 120, 240), queued(2, 4, 120, 120)}, {500, 100, 500, 500, 100, 500});
  auto const output = make_plan(input);
  EXPECT_EQ(plan_of(output, 1).segments.size(), 2u);
  EXPECT_EQ(start_minute(output, 2), 120);
  EXPECT_EQ(overbooked(input, output), "");
}

// Job 2 can be in time only around job 9; job 1 goes first and would take the hour it needs.
TEST(PlanPauses, MakesRoomForALatestStartThatOnlyPausesCanKeep) {
  auto first = shifting(1, 4, 60, 240);
  first.priority = 80;
  auto const output = make_plan(
      input_with({first, pausable(2, 4, 120, 60), queued(9, 4, 60, 60)}, {100, 500, 500, 500, 500}));
  EXPECT_THAT(plan_of(output, 2).segments,
              ElementsAre(Interval{minute(0), minute(60)}, Interval{minute(120), minute(180)}));
  EXPECT_EQ(start_minute(output, 1), 180);
}

TEST(PlanPauses, AThresholdMayBeMetByPauses) {
  auto job = pausable(1, 1, 120, 240);
  job.max_intensity = Intensity{100'000};
  std::vector<int> const grams{500, 100, 500, 500, 100, 500};
  auto const output = make_plan(input_with({job}, grams));
  EXPECT_THAT(plan_of(output, 1).segments,
              ElementsAre(Interval{minute(60), minute(120)}, Interval{minute(240), minute(300)}));
  job.max_intensity = Intensity{90'000};
  EXPECT_THAT(plan_of(make_plan(input_with({job}, grams)), 1).segments,
              ElementsAre(Interval{minute(240), minute(360)}));
}

// Nothing is known after the curve; a threshold that is not met waits for its latest start all the same.
TEST(PlanPauses, AThresholdThatIsNeverMetWaitsForItsLatestStart) {
  auto job = shifting(1, 1, 60, 20 * 24 * 60);
  job.max_intensity = Intensity{10'000};
  EXPECT_EQ(start_minute(make_plan(input_with({job}, {500, 100, 500})), 1), 20 * 24 * 60);
}

TEST(PlanPauses, KeepsTheRestOfItsLastPlan) {
  auto job = pausable(1, 1, 120, 240);
  job.previous = {{minute(60), minute(120)}, {minute(240), minute(300)}};
  auto const curve = std::vector<int>{1000, 200, 1000, 1000, 200, 199, 1000};
  job.latest = minute(300);
  auto const plan = plan_of(make_plan(input_with({job}, curve)), 1);
  EXPECT_THAT(plan.segments,
              ElementsAre(Interval{minute(60), minute(120)}, Interval{minute(240), minute(300)}));
}

}  // namespace
}  // namespace greenq::test
