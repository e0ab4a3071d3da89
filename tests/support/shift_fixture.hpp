// Small worlds for the planner on slots: one row of GPUs, hourly prices.
#pragma once

#include <gmock/gmock.h>

#include <vector>

#include "core/plan/random.hpp"
#include "core/plan/timetable.hpp"

namespace greenq::test {

inline constexpr core::Slot kShiftNow = 24 * 12 * 20'000;

// Price of hour i from now on.
inline core::SlotPrices hourly(std::vector<double> const& prices) {
  std::vector<double> slots;
  for (double const price : prices) slots.insert(slots.end(), core::kHourSlots, price);
  return {kShiftNow, std::move(slots)};
}

inline core::Timetable gpu_table(std::int64_t gpus, std::vector<double> const& prices) {
  return {kShiftNow, {gpus}, {core::Lane{}}, {hourly(prices)}};
}

// Times in slots from now on.
inline core::Task gpu_task(core::JobId id, std::int32_t gpus, core::Slot work, core::Slot due,
                           bool pausable = false) {
  core::Task task;
  task.id = id;
  task.gpus = gpus;
  task.lanes = {0};
  task.power = static_cast<double>(gpus);
  task.work = work;
  task.ready = kShiftNow;
  task.due = kShiftNow + due;
  task.pausable = pausable;
  return task;
}

inline std::vector<core::Task> some_tasks(core::PlanRandom& random, std::size_t count, std::int32_t gpus,
                                          bool pausable) {
  std::vector<core::Task> tasks;
  for (std::size_t i = 0; i < count; ++i) {
    auto const work = 1 + static_cast<core::Slot>(random() % 40);
    core::Task task = gpu_task(i + 1, 1 + static_cast<std::int32_t>(random() % 2), work,
                               work + static_cast<core::Slot>(random() % 200), pausable);
    task.gpus = std::min(1 + static_cast<std::int32_t>(random() % 3), gpus);
    task.power = static_cast<double>(task.gpus);
    task.share = static_cast<float>(task.gpus) / static_cast<float>(gpus);
    task.ready += static_cast<core::Slot>(random() % 30);
    task.due += 30;
    tasks.push_back(task);
  }
  return tasks;
}

inline std::vector<double> some_prices(core::PlanRandom& random, std::size_t hours) {
  std::vector<double> prices;
  for (std::size_t i = 0; i < hours; ++i) prices.push_back(static_cast<double>(100 + random() % 400));
  return prices;
}

inline double total_cost(core::Timetable const& table, std::vector<core::Task> const& tasks) {
  double sum = 0;
  for (core::Task const& task : tasks) sum += table.cost(task, task.place);
  return sum;
}

// Slots add up, none before ready or now, together never over what there is.
inline void expect_sound(core::Timetable const& table, std::vector<core::Task> const& tasks,
                         std::int64_t gpus) {
  std::map<core::Slot, std::int64_t> taken;
  for (core::Task const& task : tasks) {
    core::Slot total = 0;
    core::Slot last = std::max(task.ready, table.now());
    ASSERT_FALSE(task.place.runs.empty());
    EXPECT_TRUE(task.pausable || task.place.runs.size() == 1);
    for (core::SlotRun const& run : task.place.runs) {
      EXPECT_GE(run.begin, last);
      last = run.end;
      total += run.length();
      for (core::Slot slot = run.begin; slot < run.end; ++slot) taken[slot] += task.gpus;
    }
    EXPECT_EQ(total, task.work);
  }
  for (auto const& [slot, amount] : taken) {
    EXPECT_LE(amount, gpus) << "slot " << slot;
    EXPECT_EQ(amount, table.board().taken(0, slot));
  }
}

}  // namespace greenq::test
