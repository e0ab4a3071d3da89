// How long one plan takes, by queue length and curve. Budgets: 1,000 waiting jobs under 100 ms and 10,000
// well under 2 s on one core, for an hourly week.
#include <benchmark/benchmark.h>

#include <random>

#include "core/plan/planner.hpp"

namespace {

using namespace greenq::core;

constexpr std::int64_t kHour = 3'600'000;

Instant at(std::int64_t ms) {
  return from_ms(1'700'000'000'000 / kHour * kHour + ms);
}

std::shared_ptr<Curve const> week(std::int64_t step_minutes) {
  std::mt19937 random{11};
  std::vector<IntensityPoint> points;
  std::int64_t const step = step_minutes * 60'000;
  std::int64_t value = 300'000;
  for (std::int64_t t = 0; t < 7 * 24 * kHour; t += step) {
    value = std::clamp<std::int64_t>(value + static_cast<std::int64_t>(random() % 40'001) - 20'000, 20'000,
                                     900'000);
    points.push_back({{at(t), at(t + step)}, {value}, PointState::kForecast});
  }
  return std::make_shared<Curve const>(std::move(points));
}

enum class Mix : int { kShifting = 0, kQueue = 1, kPauses = 2 };

// A cluster that the jobs fill for about five of the seven days.
PlanInput snapshot(std::int64_t jobs, std::int64_t step_minutes, Mix mix, std::int64_t slack_hours) {
  std::mt19937 random{5};
  auto const pick = [&](std::uint32_t least, std::uint32_t most) {
    return least + static_cast<std::uint32_t>(random() % (most - least + 1));
  };
  PlanInput input;
  input.now = at(0);
  input.capacity = {"node", static_cast<std::uint32_t>(jobs), std::int64_t{4} << 40, {}};
  for (std::size_t p = 0; p < 2; ++p) {
    GpuPool pool{"model", std::int64_t{80} << 30, {}};
    pool.uuids.resize(static_cast<std::size_t>(jobs) / 20 + 4);
    input.capacity.pools.push_back(std::move(pool));
  }
  for (std::int64_t i = 1; i <= jobs; ++i) {
    WaitingJob job;
    job.id = static_cast<JobId>(i);
    job.demand = {pick(1, 8), std::int64_t{pick(1, 32)} << 30, pick(1, 4)};
    job.pools = {0, 1};
    job.duration = Span{std::int64_t{pick(300, 8 * 3600)} * 1000};
    job.ready = input.now;
    job.latest = at((slack_hours - 12) * kHour + std::int64_t{pick(0, 12 * 3600)} * 1000);
    job.shift = mix != Mix::kQueue;
    job.interruptible = mix == Mix::kPauses;
    if (mix == Mix::kQueue) job.latest = at((i - jobs) * 1000);
    input.waiting.push_back(std::move(job));
  }
  input.curve = week(step_minutes);
  return input;
}

void plan(benchmark::State& state) {
  PlanInput const input =
      snapshot(state.range(0), state.range(1), static_cast<Mix>(state.range(2)), state.range(3));
  std::size_t late = 0;
  for (auto _ : state) {
    PlanOutput const output = make_plan(input);
    late = 0;
    for (std::size_t i = 0; i < output.jobs.size(); ++i) {
      late += output.jobs[i].plan.note.find("no room before") != std::string::npos ? 1U : 0U;
    }
    benchmark::DoNotOptimize(output);
  }
  state.counters["late"] = static_cast<double>(late);
}

BENCHMARK(plan)
    ->ArgNames({"jobs", "step_min", "mix", "slack_h"})
    ->Args({1'000, 60, 0, 24})
    ->Args({1'000, 60, 0, 168})
    ->Args({1'000, 5, 0, 168})
    ->Args({1'000, 60, 1, 0})
    ->Args({1'000, 60, 2, 24})
    ->Args({1'000, 60, 2, 168})
    ->Args({10'000, 60, 0, 24})
    ->Args({10'000, 60, 0, 168})
    ->Args({10'000, 5, 0, 168})
    ->Args({10'000, 60, 1, 0})
    ->Args({10'000, 60, 2, 168})
    ->Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();
