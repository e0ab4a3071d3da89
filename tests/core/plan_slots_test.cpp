// Placing, repairing and improving on one board.
#include "core/plan/bring_forward.hpp"
#include "core/plan/improve.hpp"
#include "core/plan/repair.hpp"
#include "support/shift_fixture.hpp"

namespace greenq::test {
namespace {

using core::Place;
using core::Slot;
using core::SlotRun;
using core::Task;
using core::Timetable;
using testing::ElementsAre;

SlotRun run(Slot begin, Slot end) {
  return {kShiftNow + begin, kShiftNow + end};
}

void put_cheapest(Timetable& table, std::vector<Task>& tasks) {
  for (Task& task : tasks) {
    auto place = table.cheapest(task);
    table.put_in(task, place ? *place : table.soonest(task));
  }
}

// Every window is tried: the search that skips hours finds the cheapest, the earliest of equal ones.
TEST(Timetable, TheCheapestWindowIsTheOneOfAPlainSearch) {
  core::PlanRandom random{23};
  for (int round = 0; round < 300; ++round) {
    std::vector<double> prices;
    for (int slot = 0; slot < 600; ++slot)
      prices.push_back(static_cast<double>(random() % (round % 2 == 0 ? 9 : 900)));
    core::SlotPrices const price{kShiftNow, prices};
    core::Timetable table{kShiftNow, {4}, {core::Lane{}}, {price}};
    for (int i = 0; i < 60; ++i) {
      auto const begin = kShiftNow + static_cast<core::Slot>(random() % 700);
      core::SlotNeed some;
      some.add(0, 1 + static_cast<std::int64_t>(random() % 2));
      table.board().take({begin, begin + 1 + static_cast<core::Slot>(random() % 50)}, some);
    }
    auto const work = 1 + static_cast<core::Slot>(random() % 70);
    core::Task task = gpu_task(1, 1 + static_cast<std::int32_t>(random() % 3), work,
                               work + static_cast<core::Slot>(random() % 800));
    task.ready += static_cast<core::Slot>(random() % 30);
    std::optional<core::SlotRun> best;
    double least = 0;
    for (core::Slot begin = task.ready; begin + work <= task.due; ++begin) {
      core::SlotRun const run{begin, begin + work};
      double const cost = task.power * price.sum(run);
      if (!table.fits(task, {0, {run}, 0}) || (best && cost >= least - 1e-6)) continue;
      best = run;
      least = cost;
    }
    auto const found = table.cheapest(task);
    ASSERT_EQ(found.has_value(), best.has_value()) << round;
    if (best) {
      EXPECT_EQ(found->runs.front(), *best) << round;
    }
  }
}

TEST(Timetable, FindsTheCheapestWindowAndTheEarlierOneOfEquals) {
  Timetable table = gpu_table(2, {300, 100, 100, 200, 100, 100, 300});
  auto const place = table.cheapest(gpu_task(1, 1, 18, 84));
  ASSERT_TRUE(place);
  EXPECT_THAT(place->runs, ElementsAre(run(12, 30)));
  EXPECT_DOUBLE_EQ(place->cost, 1800);
}

TEST(Timetable, AWindowEndsWhenItIsDue) {
  Timetable table = gpu_table(2, {300, 200, 100});
  auto const place = table.cheapest(gpu_task(1, 1, 12, 20));
  ASSERT_TRUE(place);
  EXPECT_THAT(place->runs, ElementsAre(run(8, 20)));
  EXPECT_FALSE(table.cheapest(gpu_task(1, 1, 12, 11)));
}

TEST(Timetable, PausesOverDearHours) {
  Timetable table = gpu_table(1, {300, 100, 300, 50, 300});
  auto const place = table.cheapest(gpu_task(1, 1, 20, 60, true));
  ASSERT_TRUE(place);
  EXPECT_THAT(place->runs, ElementsAre(run(12, 20), run(36, 48)));
}

TEST(Timetable, DifferentTasksShareOneBoard) {
  Timetable table = gpu_table(2, {300, 100, 300});
  Task first = gpu_task(1, 2, 12, 36);
  table.put_in(first, *table.cheapest(first));
  auto const second = table.cheapest(gpu_task(2, 1, 12, 36));
  ASSERT_TRUE(second);
  EXPECT_THAT(second->runs, ElementsAre(run(0, 12)));
}

TEST(Timetable, TakesTheLaneThatCostsLess) {
  core::Lane dear;
  dear.factor = 1.5;
  core::Lane cheap;
  cheap.gpus = cheap.cpus = cheap.memory = 1;
  Timetable table{kShiftNow, {2, 2}, {dear, cheap}, {hourly({100, 100})}};
  Task task = gpu_task(1, 1, 12, 24);
  task.lanes = {0, 1};
  EXPECT_EQ(table.cheapest(task)->lane, 1U);
  Task blocker = gpu_task(2, 2, 24, 24);
  blocker.lanes = {1};
  table.put_in(blocker, *table.cheapest(blocker));
  EXPECT_EQ(table.cheapest(task)->lane, 0U);
}

// Against trying every start.
TEST(Repair, GivesUpTheLargestTaskToSaveSmallerOnes) {
  core::PlanRandom random{1};
  Timetable table = gpu_table(1, {100});
  std::vector<Task> tasks{gpu_task(1, 1, 20, 22), gpu_task(2, 1, 10, 31), gpu_task(3, 1, 10, 24)};
  core::repair(table, tasks, random);
  expect_sound(table, tasks, 1);
  EXPECT_EQ(core::count_late(tasks), 1U);
  EXPECT_GT(tasks[0].end(), tasks[0].due);
}

TEST(Repair, KeepsAPlanThatIsNotWorse) {
  core::PlanRandom random{1};
  Timetable table = gpu_table(2, {300, 100, 300});
  std::vector<Task> tasks{gpu_task(1, 1, 12, 36), gpu_task(2, 1, 12, 36)};
  put_cheapest(table, tasks);
  core::repair(table, tasks, random);
  EXPECT_THAT(tasks[0].place.runs, ElementsAre(run(12, 24)));
}

class Improvement : public testing::TestWithParam<bool> {};
INSTANTIATE_TEST_SUITE_P(Modes, Improvement, testing::Bool());

TEST_P(Improvement, IsSoundAndNeverDearerNorLater) {
  core::PlanRandom random{11};
  for (int round = 0; round < 30; ++round) {
    Timetable table = gpu_table(4, some_prices(random, 30));
    auto tasks = some_tasks(random, 25, 4, GetParam());
    core::repair(table, tasks, random);
    auto const late = core::count_late(tasks);
    double cost = total_cost(table, tasks);
    auto const step = [&](auto improve) {
      improve();
      expect_sound(table, tasks, 4);
      EXPECT_LE(core::count_late(tasks), late);
      if (late == 0) {
        EXPECT_LE(total_cost(table, tasks), cost + 1e-6);
      }
      cost = total_cost(table, tasks);
    };
    step([&] { core::start_over(table, tasks); });
    step([&] { core::polish(table, tasks, 2, random); });
    step([&] { core::shuffle_neighbours(table, tasks, 20, random); });
  }
}

TEST(BringForward, StartsATaskAtOnceIfItFits) {
  Timetable table = gpu_table(1, {300, 100});
  std::vector<Task> tasks{gpu_task(1, 1, 6, 24)};
  put_cheapest(table, tasks);
  ASSERT_THAT(tasks[0].place.runs, ElementsAre(run(12, 18)));
  EXPECT_EQ(core::bring_forward(table, tasks[0]), 6);
  EXPECT_THAT(tasks[0].place.runs, ElementsAre(run(0, 6)));
  EXPECT_EQ(core::bring_forward(table, tasks[0]), 0);
}

TEST(BringForward, APausableTaskGivesItsDearestSlotsForThisHour) {
  Timetable table = gpu_table(1, {300, 100, 200});
  std::vector<Task> tasks{gpu_task(1, 1, 16, 36, true)};
  put_cheapest(table, tasks);
  ASSERT_THAT(tasks[0].place.runs, ElementsAre(run(12, 28)));
  EXPECT_EQ(core::bring_forward(table, tasks[0]), 12);
  expect_sound(table, tasks, 1);
  EXPECT_THAT(tasks[0].place.runs, ElementsAre(run(0, 16)));
}

TEST(BringForward, LeavesATaskThatDoesNotFitWhereItWas) {
  Timetable table = gpu_table(1, {100, 300, 100});
  std::vector<Task> tasks{gpu_task(1, 1, 12, 12), gpu_task(2, 1, 12, 36)};
  put_cheapest(table, tasks);
  EXPECT_EQ(core::bring_forward(table, tasks[1]), 0);
  EXPECT_THAT(tasks[1].place.runs, ElementsAre(run(24, 36)));
}

}  // namespace
}  // namespace greenq::test
