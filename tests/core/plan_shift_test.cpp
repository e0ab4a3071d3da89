// The planner over hours: what it learns and what it promises.
#include "core/plan/shift_planner.hpp"

#include "support/shift_fixture.hpp"

namespace greenq::test {
namespace {

using core::Instant;
using core::JobId;
using core::ShiftOptions;
using core::ShiftPlanner;
using core::ShiftRequest;
using core::Slot;
using core::Span;
using core::Task;
using std::chrono::hours;
using std::chrono::minutes;
using testing::DoubleNear;

constexpr core::SlotGrid kGrid{};
Instant const kNow = kGrid.begin_of(kShiftNow);

// With `spread`, as a forecast has one; without it is taken at its word.
std::shared_ptr<core::Curve const> curve(std::vector<int> const& grams, bool spread = false) {
  std::vector<core::IntensityPoint> points;
  for (std::size_t i = 0; i < grams.size(); ++i) {
    Instant const begin = kNow + hours{i};
    points.push_back(
        {{begin, begin + hours{1}}, core::Intensity{grams[i] * 1000}, core::PointState::kForecast});
    if (spread) points.back().spread = core::IntensitySpread{{0}, core::Intensity{grams[i] * 2000}};
  }
  return std::make_shared<core::Curve const>(std::move(points));
}

ShiftRequest request_of(std::vector<int> const& grams, std::vector<Task> tasks) {
  ShiftRequest request;
  request.now = kShiftNow;
  request.lanes = {core::Lane{}};
  request.curves = {curve(grams)};
  request.tasks = std::move(tasks);
  return request;
}

core::SlotNeed gpus(std::int64_t count) {
  core::SlotNeed need;
  need.add(0, count);
  return need;
}

// Free of look-ahead and debt, which have tests of their own.
ShiftOptions plain() {
  ShiftOptions options;
  options.wait_charge = 0;
  options.pull = 2;
  options.debt_share = 1e9;
  return options;
}

TEST(ShiftPlanner, WaitsForTheCheapestHours) {
  ShiftPlanner planner{kGrid, {1}, plain()};
  auto const tasks = planner.plan(request_of({300, 200, 100, 300}, {gpu_task(1, 1, 12, 48)}));
  EXPECT_EQ(tasks[0].begin(), kShiftNow + 24);
}

TEST(ShiftPlanner, DoesNotWaitForLessThanTheForecastMayErr) {
  ShiftOptions options = plain();
  options.wait_charge = 1;
  ShiftPlanner planner{kGrid, {1}, options};
  ShiftRequest request = request_of({}, {gpu_task(1, 1, 12, 48)});
  request.curves = {curve({300, 300, 299, 300}, true)};
  EXPECT_EQ(planner.plan(request)[0].begin(), kShiftNow);
  ShiftPlanner trusting{kGrid, {1}, options};
  auto const tasks = trusting.plan(request_of({300, 300, 299, 300}, {gpu_task(1, 1, 12, 48)}));
  EXPECT_EQ(tasks[0].begin(), kShiftNow + 24);
}

TEST(ShiftPlanner, AWaitMustBeWorthIt) {
  auto const start = [](double share, double grams) {
    ShiftOptions options = plain();
    options.min_saving = share;
    options.min_grams_per_hour = grams;
    ShiftPlanner planner{kGrid, {1}, options};
    Task task = gpu_task(1, 1, 12, 48);
    task.power = 1000;
    task.watts = true;
    return planner.plan(request_of({300, 300, 270, 300}, {task}))[0].begin() - kShiftNow;
  };
  EXPECT_EQ(start(0.09, 0), 24);
  EXPECT_EQ(start(0.11, 0), 0);
  EXPECT_EQ(start(0, 14), 24);  // 30 g in two hours
  EXPECT_EQ(start(0, 16), 0);
}

TEST(ShiftPlanner, PlansAroundWhatStays) {
  ShiftPlanner planner{kGrid, {2}, plain()};
  ShiftRequest request = request_of({300, 100, 300, 300}, {gpu_task(1, 1, 12, 48)});
  request.fixed.push_back({{kShiftNow, kShiftNow + 24}, gpus(2), 1});
  EXPECT_EQ(planner.plan(std::move(request))[0].begin(), kShiftNow + 24);
}

TEST(ShiftPlanner, KeepsThePlanOfTasksThatAreNotNew) {
  ShiftPlanner planner{kGrid, {1}, plain()};
  auto tasks = planner.plan(request_of({300, 100, 300}, {gpu_task(1, 1, 12, 36)}));
  tasks.push_back(gpu_task(2, 1, 12, 36));
  ShiftRequest request = request_of({300, 100, 300}, tasks);
  request.improve = false;
  auto const next = planner.plan(std::move(request));
  EXPECT_EQ(next[0].begin(), kShiftNow + 12);
  EXPECT_EQ(next[1].begin(), kShiftNow);
}

TEST(ShiftPlanner, ALateTaskGetsANewBoundThatHolds) {
  ShiftOptions options = plain();
  options.lateness_limit = 2;
  ShiftPlanner planner{kGrid, {1}, options};
  auto tasks = planner.plan(request_of({100}, {gpu_task(1, 1, 24, 26), gpu_task(2, 1, 12, 13)}));
  EXPECT_EQ(tasks[1].end(), kShiftNow + 12);
  EXPECT_TRUE(tasks[0].late);
  EXPECT_EQ(tasks[0].due, kShiftNow + 26 + 24);
  // Others that come do not put it off beyond that.
  for (JobId id = 3; id < 10; ++id) tasks.push_back(gpu_task(id, 1, 4, 40));
  tasks[0].due = kShiftNow + 26;
  auto const next = planner.plan(request_of({100}, tasks));
  EXPECT_LE(next[0].end(), kShiftNow + 50);
}

TEST(ShiftPlanner, RunsMoreWhenItHasPutOffTooMuch) {
  ShiftOptions options = plain();
  options.debt_share = 0;
  ShiftPlanner planner{kGrid, {4}, options};
  planner.arrived(kNow - hours{3}, gpus(2), hours{4}, 0.5, hours{24}, true);
  Task task = gpu_task(1, 2, 48, 400, true);
  task.share = 0.5;
  std::vector<int> grams(40, 300);
  grams[20] = grams[21] = grams[22] = grams[23] = 100;
  auto const tasks = planner.plan(request_of(grams, {task}));
  EXPECT_EQ(tasks[0].begin(), kShiftNow);
}

TEST(ShiftPlanner, LeavesRoomForLoadThatIsToBeExpected) {
  ShiftOptions options = plain();
  options.pull = 0.2;
  ShiftPlanner planner{kGrid, {1}, options};
  // As much work as the machine can do, with little slack.
  for (int i = 0; i < 200; ++i) planner.arrived(kNow - hours{200 - i}, gpus(1), hours{1}, 1, hours{2}, false);
  std::vector<int> grams(160, 300);
  grams[3] = 290;
  Task task = gpu_task(1, 1, 12, 60);
  auto const tasks = planner.plan(request_of(grams, {task}));
  EXPECT_EQ(tasks[0].begin(), kShiftNow);
}

std::vector<Task> planned(bool pausable, JobId first_id) {
  core::PlanRandom random{5};
  ShiftPlanner planner{kGrid, {4}, ShiftOptions{}};
  auto tasks = some_tasks(random, 40, 4, pausable);
  for (Task& task : tasks) {
    task.id += first_id;
    planner.arrived(kNow, gpus(task.gpus), kGrid.span(task.work), task.share, hours{10}, pausable);
  }
  std::vector<int> grams;
  for (int i = 0; i < 60; ++i) grams.push_back(100 + static_cast<int>(random() % 400));
  return planner.plan(request_of(grams, std::move(tasks)));
}

TEST(ShiftPlanner, IsDeterministicAndBlindToIds) {
  for (bool const pausable : {false, true}) {
    auto const a = planned(pausable, 0);
    auto const b = planned(pausable, 1000);
    for (std::size_t i = 0; i < a.size(); ++i) EXPECT_EQ(a[i].place.runs, b[i].place.runs);
    core::Timetable table = gpu_table(4, {1});
    for (Task const& task : a) {
      for (core::SlotRun const& run : task.place.runs) table.board().take(run, gpus(task.gpus));
    }
    expect_sound(table, a, 4);
  }
}

TEST(ShadowQueue, BackfillsWithoutDelayingTheHead) {
  core::ShadowQueue queue{{4}, kGrid};
  queue.submit(kNow, {gpus(3)}, hours{4}, 0.75);
  queue.submit(kNow, {gpus(2)}, hours{1}, 0.5);   // head, from hour 4
  queue.submit(kNow, {gpus(1)}, hours{4}, 0.25);  // fits before
  queue.submit(kNow, {gpus(1)}, hours{8}, 0.25);  // no GPU free any more
  queue.advance(kNow + hours{4});
  EXPECT_THAT(queue.done(), DoubleNear(4 * 0.75 + 4 * 0.25, 1e-9));
  EXPECT_THAT(queue.waiting(), DoubleNear(0, 1e-9));
  queue.advance(kNow + hours{20});
  EXPECT_THAT(queue.done(), DoubleNear(4 + 0.5 + 2, 1e-9));
}

TEST(ShadowQueue, ALongJobMayNotUseWhatTheHeadNeeds) {
  core::ShadowQueue queue{{4}, kGrid};
  queue.submit(kNow, {gpus(3)}, hours{4}, 0.75);
  queue.submit(kNow, {gpus(4)}, hours{1}, 1);
  queue.submit(kNow, {gpus(1)}, hours{5}, 0.25);
  queue.advance(kNow + hours{5});
  EXPECT_THAT(queue.done(), DoubleNear(3 + 1, 1e-9));
  EXPECT_THAT(queue.waiting(), DoubleNear(0, 1e-9));
}

TEST(ShadowQueue, WhatIsToldLateCountsAsComeNow) {
  core::ShadowQueue queue{{4}, kGrid};
  queue.submit(kNow, {gpus(2)}, hours{4}, 0.5);
  queue.advance(kNow + hours{2});
  queue.submit(kNow - hours{24}, {gpus(2)}, hours{1}, 0.5);
  EXPECT_THAT(queue.done(), DoubleNear(1, 1e-9));
  queue.advance(kNow + hours{3});
  EXPECT_THAT(queue.done(), DoubleNear(2, 1e-9));
}

TEST(SlotGrid, TimesBeforeItsOriginAndFarAhead) {
  core::SlotGrid const grid{Span{100}, kNow};
  EXPECT_EQ(grid.holding(kNow - Span{1}), -1);
  EXPECT_EQ(grid.from(kNow - Span{1}), 0);
  EXPECT_EQ(grid.from(kNow + Span{1}), 1);
  EXPECT_EQ(core::hour_of(-1), -1);
  EXPECT_GT(grid.holding(kNow + hours{24 * 365 * 100}), 900'000'000);
}

TEST(Arrivals, StartFromTheUsualLoadAndLearn) {
  core::Arrivals arrivals{0.6};
  EXPECT_THAT(arrivals.expected(100).rate, DoubleNear(0.6, 1e-9));
  for (int i = 0; i < 48; ++i) arrivals.saw(100 + i, 2, 0.1);
  EXPECT_THAT(arrivals.expected(148).rate, DoubleNear((48 * 0.2 + 0.6 * 48) / 96, 1e-9));
}

TEST(Arrivals, DurationsStandForEqualShares) {
  core::Arrivals arrivals{0.6};
  for (int i = 0; i < 10; ++i) arrivals.saw(0, 1, 0.1);
  arrivals.saw(0, 10, 0.1);
  arrivals.saw(0, 20, 0.05);
  EXPECT_THAT(arrivals.expected(0).durations, testing::ElementsAre(1, 10, 20));
}

TEST(ForecastError, MeasuresWhatCurvesSaidADayBefore) {
  core::ForecastError error;
  EXPECT_NEAR(error.root_mean_square(10),
              10 * (4 - std::exp(-2.0) - std::exp(-3.0) - std::exp(-4.0) - std::exp(-6.0)) / 4, 1e-9);
  std::vector<core::IntensityPoint> points;
  for (int hour = 0; hour < 2000; ++hour) {
    // The curve of each hour says 300 for the future and 200 for the hour under way.
    Instant const now = kNow + hours{hour};
    core::Curve const said{
        {{{now, now + hours{1}}, core::Intensity{200'000}, core::PointState::kActual},
         {{now + hours{1}, now + hours{60}}, core::Intensity{300'000}, core::PointState::kForecast}}};
    error.saw(said, core::hour_of(kShiftNow) + hour, kGrid);
  }
  EXPECT_NEAR(error.root_mean_square(10), 100, 2);
}

TEST(ForecastError, WhatWasSaidTooLowIsForgottenInDays) {
  core::ForecastError error;
  EXPECT_EQ(error.promised_too_low(), 0);
  auto const see = [&](int from, int to, std::int64_t ahead) {
    for (int hour = from; hour < to; ++hour) {
      Instant const now = kNow + hours{hour};
      core::Curve const said{
          {{{now, now + hours{1}}, core::Intensity{200'000}, core::PointState::kActual},
           {{now + hours{1}, now + hours{60}}, core::Intensity{ahead}, core::PointState::kForecast}}};
      error.saw(said, core::hour_of(kShiftNow) + hour, kGrid);
    }
  };
  see(0, 12, 120'000);
  EXPECT_EQ(error.promised_too_low(), 0) << "the first of those hours has not come";
  see(12, 400, 120'000);
  EXPECT_NEAR(error.promised_too_low(), 80 * 52.4 / (52.4 + 48), 1);
  see(400, 700, 200'000);
  EXPECT_LT(error.promised_too_low(), 1);
  see(700, 800, 300'000);
  EXPECT_EQ(error.promised_too_low(), 0) << "too high is nothing against waits";
}

}  // namespace
}  // namespace greenq::test
