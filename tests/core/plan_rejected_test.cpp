// Windows that were not chosen, by hand. Curves are in g/kWh per hour from minute 0 on.
#include "core/plan/rejected.hpp"

#include <gmock/gmock.h>

#include "core/carbon/utc_text.hpp"
#include "support/plan_fixture.hpp"

namespace greenq::test {
namespace {

using core::Intensity;
using core::PlacedJob;
using testing::ElementsAre;
using testing::IsEmpty;

std::vector<int> const kTwoDips{500, 400, 100, 300, 200, 600};

// An hour, submitted now with a delay until `latest`, planned at `start`, among others.
PlacedJob placed(std::int64_t latest, std::int64_t start, std::vector<int> const& grams = kTwoDips) {
  PlacedJob out;
  out.job = shifting(1, 1, 60, latest);
  out.bound = core::Bound{core::BoundKind::kMaxDelay, {}, minutes(latest)};
  out.chosen = {{minute(start), minute(start + 60)}};
  out.rules = free_waits();
  out.curve = curve_of(grams);
  return out;
}

// "120-180 dearer: 50 % more carbon"
std::vector<std::string> told(PlacedJob const& job, std::int64_t now = 0) {
  static std::vector<std::string> const kReasons{"",          "dearer",      "not free",
                                                 "not worth", "after bound", "above max"};
  std::vector<std::string> out;
  for (auto const& one : core::rejected_windows(job, minute(now))) {
    auto const at = [](Instant t) { return std::to_string((t - minute(0)) / minutes(1)); };
    out.push_back(at(one.window.begin) + '-' + at(one.window.end) + ' ' +
                  kReasons.at(static_cast<std::size_t>(one.reason)) + ": " + one.message);
  }
  return out;
}

TEST(PlanRejected, TheNextBestDipCostsMore) {
  auto const windows = core::rejected_windows(placed(290, 120), minute(0));
  ASSERT_EQ(windows.size(), 1u);
  EXPECT_EQ(windows[0].window, (Interval{minute(240), minute(300)}));
  EXPECT_EQ(windows[0].mean, Intensity{200'000});
  EXPECT_THAT(told(placed(290, 120)), ElementsAre("240-300 dearer: 100 % more carbon"));
}

TEST(PlanRejected, NowAndTheLatestStartAreNotRepeated) {
  EXPECT_THAT(told(placed(240, 120)), IsEmpty());
  EXPECT_THAT(told(placed(250, 120)), ElementsAre("240-300 dearer: 100 % more carbon"))
      << "ten minutes later it would cost a third more: not the same window";
  EXPECT_THAT(told(placed(290, 120, {100, 400, 90, 400, 400, 400})), IsEmpty());
}

TEST(PlanRejected, ACheaperOneBeforeTheChosenWasNotFree) {
  PlacedJob job = placed(290, 240);
  EXPECT_THAT(told(job), ElementsAre("120-180 not free: 50 % less carbon, not free when it was planned"));
  job.alone = true;
  EXPECT_THAT(told(job), IsEmpty()) << "the figures are newer than the plan";
}

TEST(PlanRejected, ACheaperOneAfterTheChosenMayNotBeWorthTheWait) {
  PlacedJob job = placed(290, 0);
  EXPECT_THAT(told(job),
              ElementsAre("120-180 not free: 80 % less carbon, not free or not worth the longer wait",
                          "240-300 not free: 60 % less carbon, not free or not worth the longer wait"));
  job.rules.min_saving = 0.7;
  EXPECT_THAT(told(job),
              ElementsAre("120-180 not free: 80 % less carbon, not free or not worth the longer wait",
                          "240-300 not worth: 60 % less carbon, and planner.min_saving is 70 %"));
  job.rules.min_saving = 0;
  job.alone = true;
  EXPECT_THAT(told(job), ElementsAre("120-180 not worth: 80 % less carbon, not worth the longer wait",
                                     "240-300 not worth: 60 % less carbon, not worth the longer wait"));
}

// A kilowatt for an hour saves 400 g in two hours and 300 g in four.
TEST(PlanRejected, GramsForEachHourOfWaitingAreCounted) {
  PlacedJob job = placed(290, 0);
  job.job.power = 1000;
  job.rules.min_grams_per_hour = 100;
  EXPECT_THAT(told(job),
              ElementsAre("120-180 not free: 80 % less carbon, not free or not worth the longer wait",
                          "240-300 not worth: 60 % less carbon, too little for each hour of waiting"));
}

TEST(PlanRejected, AWiderBoundIsNamedAsTheUserGaveIt) {
  PlacedJob job = placed(60, 60);
  EXPECT_THAT(told(job), ElementsAre("120-180 after bound: 75 % less carbon, begins after the latest start; "
                                     "max_delay: 2h would allow it"))
      << "the cheapest of them only";
  job.bound = core::Bound{core::BoundKind::kFinishBy, minute(120), {}};
  EXPECT_THAT(told(job), ElementsAre("120-180 after bound: 75 % less carbon, begins after the latest start; "
                                     "finish_by: " +
                                     core::utc_text(minute(180)) + " would allow it"));
  job.bound = core::Bound{core::BoundKind::kStartBy, minute(60), {}};
  EXPECT_THAT(told(job), ElementsAre(testing::HasSubstr("start_by: " + core::utc_text(minute(120)))));
  job.rules.min_saving = 0.8;
  EXPECT_THAT(told(job), IsEmpty());
}

TEST(PlanRejected, AThresholdNamesItself) {
  PlacedJob job = placed(300, 300);
  job.job.max_intensity = Intensity{150'000};
  EXPECT_THAT(told(job), ElementsAre("120-180 not free: 83 % less carbon, not free when it was planned",
                                     "240-300 above max: above max_intensity: 150 g/kWh"));
  job.job.max_intensity = Intensity{50'000};
  EXPECT_THAT(told(job), ElementsAre("120-180 above max: above max_intensity: 50 g/kWh",
                                     "240-300 above max: above max_intensity: 50 g/kWh"));
}

TEST(PlanRejected, BeforeAMissedBoundNothingWasFree) {
  EXPECT_THAT(told(placed(290, 300)),
              ElementsAre("120-180 not free: 83 % less carbon, not free when it was planned",
                          "240-300 not free: 67 % less carbon, not free when it was planned"));
}

TEST(PlanRejected, UnknownHoursAreNeverTold) {
  PlacedJob job = placed(290, 120);
  auto points = job.curve->points();
  points.erase(points.begin() + 4);
  job.curve = std::make_shared<core::Curve const>(points);
  EXPECT_THAT(told(job), IsEmpty());
  job.chosen = {{minute(240), minute(300)}};
  EXPECT_THAT(told(job), IsEmpty()) << "beside a mean that is not known nothing is dearer or cheaper";
}

TEST(PlanRejected, APlanIsNotChangedForNextToNothing) {
  EXPECT_THAT(told(placed(290, 240, {5000, 4000, 998, 3000, 1000, 6000})),
              ElementsAre("120-180 not worth: 0.2 % less carbon, too little to change the plan for"));
}

TEST(PlanRejected, NoiseIsNoDip) {
  EXPECT_THAT(told(placed(500, 120, {500, 400, 100, 300, 299, 301, 298, 300, 301})), IsEmpty());
}

TEST(PlanRejected, FourAtMostTheBestInTime) {
  auto const windows =
      told(placed(1000, 60, {500, 100, 500, 350, 500, 200, 500, 300, 500, 250, 500, 150, 500, 400, 500}));
  EXPECT_THAT(windows, ElementsAre("300-360 dearer: 100 % more carbon", "420-480 dearer: 200 % more carbon",
                                   "540-600 dearer: 150 % more carbon", "660-720 dearer: 50 % more carbon"));
}

// 100 and 200 in two parts cost 150; in one piece 150 minutes are dearer.
TEST(PlanRejected, BesideAPlanWithPausesOnePieceIsTold) {
  PlacedJob job = placed(200, 120);
  job.job.duration = minutes(120);
  job.job.interruptible = true;
  job.chosen = {{minute(120), minute(180)}, {minute(240), minute(300)}};
  EXPECT_THAT(told(job), ElementsAre("120-240 dearer: 33 % more carbon in one piece"));
}

}  // namespace
}  // namespace greenq::test
