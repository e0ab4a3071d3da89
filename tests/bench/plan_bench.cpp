// How long one plan takes and what memory, by queue length, curve, slack, GPU pools and sites; and one more
// plan after a job came. Targets of the design: 100,000 jobs, a week in five-minute steps and 4 pools under 1
// s, after one more job under 20 ms, less than 300 bytes a job.
#include <benchmark/benchmark.h>
#include <malloc.h>

#include <algorithm>
#include <cstdlib>
#include <new>
#include <random>

#include "core/plan/planner.hpp"

namespace {

std::size_t in_use = 0;
std::size_t most_in_use = 0;

// Not inlined: the compiler would take malloc and delete for a mismatch.
[[gnu::noinline]] void* take(std::size_t size) {
  void* const block = std::malloc(size);
  if (block == nullptr) throw std::bad_alloc{};
  in_use += malloc_usable_size(block);
  most_in_use = std::max(most_in_use, in_use);
  return block;
}

[[gnu::noinline]] void give(void* block) {
  in_use -= malloc_usable_size(block);
  std::free(block);
}

}  // namespace

void* operator new(std::size_t size) {
  return take(size);
}

void operator delete(void* block) noexcept {
  give(block);
}

void operator delete(void* block, std::size_t) noexcept {
  give(block);
}

namespace {

using namespace greenq::core;

constexpr std::int64_t kHour = 3'600'000;

Instant at(std::int64_t ms) {
  return from_ms(1'700'000'000'000 / kHour * kHour + ms);
}

std::shared_ptr<Curve const> week(std::int64_t step_minutes, unsigned seed) {
  std::mt19937 random{seed};
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

// Some of a cluster that the jobs fill for about five of the seven days.
PlanSite site(std::int64_t jobs, std::size_t pools, std::size_t sites) {
  auto const parts = static_cast<std::int64_t>(sites);
  PlanSite site;
  std::int64_t const memory = (std::int64_t{4} << 40) * std::max<std::int64_t>(jobs, 10'000) / 10'000;
  site.capacity = {"node", static_cast<std::uint32_t>(jobs / parts), memory / parts, {}};
  for (std::size_t p = 0; p < pools; ++p) {
    GpuPool pool{"model", std::int64_t{80} << 30, {}};
    pool.uuids.resize(static_cast<std::size_t>(jobs) / (10 * pools * sites) + 4);
    site.capacity.pools.push_back(std::move(pool));
  }
  return site;
}

PlanInput snapshot(std::int64_t jobs, std::int64_t step_minutes, Mix mix, std::int64_t slack_hours,
                   std::size_t pools, std::size_t sites) {
  std::mt19937 random{5};
  auto const pick = [&](std::uint32_t least, std::uint32_t most) {
    return least + static_cast<std::uint32_t>(random() % (most - least + 1));
  };
  PlanInput input;
  input.now = at(0);
  input.sites.assign(sites, site(jobs, pools, sites));
  for (std::size_t k = 0; k < sites; ++k) {
    input.sites[k].name = "site" + std::to_string(k);
    input.sites[k].curve = week(step_minutes, static_cast<unsigned>(11 + k));
    if (sites > 1) input.sites[k].pue = 1.1 + 0.1 * static_cast<double>(k);
  }
  LaneSet all;
  for (std::uint32_t lane = 0; lane < pools * sites; ++lane) all.add(lane);
  for (std::int64_t i = 1; i <= jobs; ++i) {
    WaitingJob job;
    job.id = static_cast<JobId>(i);
    job.demand = {pick(1, 8), std::int64_t{pick(1, 32)} << 30, pick(1, 4)};
    job.lanes = all;
    job.duration = Span{std::int64_t{pick(300, 8 * 3600)} * 1000};
    job.ready = input.now;
    job.latest = at((slack_hours - 12) * kHour + std::int64_t{pick(0, 12 * 3600)} * 1000);
    job.shift = mix != Mix::kQueue;
    job.interruptible = mix == Mix::kPauses;
    if (mix == Mix::kQueue) job.latest = at((i - jobs) * 1000);
    input.waiting.push_back(std::move(job));
  }
  return input;
}

PlanInput snapshot(benchmark::State const& state) {
  return snapshot(state.range(0), state.range(1), static_cast<Mix>(state.range(2)), state.range(3),
                  static_cast<std::size_t>(state.range(4)), static_cast<std::size_t>(state.range(5)));
}

void plan(benchmark::State& state) {
  PlanInput const input = snapshot(state);
  std::size_t late = 0;
  std::size_t const before = in_use;
  most_in_use = in_use;
  for (auto _ : state) {
    PlanOutput const output = make_plan(input);
    late = 0;
    for (std::size_t i = 0; i < output.jobs.size(); ++i) {
      late += output.jobs[i].plan.note.find("no room before") != std::string::npos ? 1U : 0U;
    }
    benchmark::DoNotOptimize(output);
  }
  state.counters["late"] = static_cast<double>(late);
  state.counters["bytes_a_job"] =
      static_cast<double>(most_in_use - before) / static_cast<double>(state.range(0));
}

// The queue is planned already; one more job comes, the one before is taken back.
void one_more(benchmark::State& state) {
  PlanInput input = snapshot(state);
  Planner planner;
  std::size_t const before = in_use;
  planner.plan(input);
  auto const jobs = static_cast<double>(state.range(0));
  state.counters["bytes_a_job"] = static_cast<double>(in_use - before) / jobs;
  input.waiting = {input.waiting.back()};
  input.changes = true;
  for (auto _ : state) {
    input.gone = {input.waiting.front().id++};
    benchmark::DoNotOptimize(planner.plan(input));
  }
}

BENCHMARK(plan)
    ->ArgNames({"jobs", "step_min", "mix", "slack_h", "pools", "sites"})
    ->Args({1'000, 60, 0, 24, 2, 1})
    ->Args({1'000, 60, 0, 168, 2, 1})
    ->Args({1'000, 5, 0, 168, 2, 1})
    ->Args({1'000, 5, 0, 168, 4, 1})
    ->Args({1'000, 60, 1, 0, 2, 1})
    ->Args({1'000, 60, 2, 24, 2, 1})
    ->Args({1'000, 60, 2, 168, 2, 1})
    ->Args({3'000, 5, 0, 168, 4, 1})
    ->Args({10'000, 60, 0, 24, 2, 1})
    ->Args({10'000, 60, 0, 168, 2, 1})
    ->Args({10'000, 30, 0, 168, 2, 1})
    ->Args({10'000, 15, 0, 168, 2, 1})
    ->Args({10'000, 5, 0, 168, 1, 1})
    ->Args({10'000, 5, 0, 168, 2, 1})
    ->Args({10'000, 5, 0, 168, 4, 1})
    ->Args({10'000, 5, 0, 168, 8, 1})
    ->Args({10'000, 5, 0, 168, 16, 1})
    ->Args({10'000, 60, 1, 0, 2, 1})
    ->Args({10'000, 60, 2, 168, 2, 1})
    ->Args({30'000, 5, 0, 168, 4, 1})
    ->Args({100'000, 60, 0, 24, 4, 1})
    ->Args({100'000, 5, 0, 168, 4, 1})
    ->Args({100'000, 5, 2, 168, 4, 1})
    ->Args({10'000, 5, 0, 168, 1, 4})
    ->Args({100'000, 5, 0, 168, 1, 4})
    ->Args({1'000'000, 5, 0, 168, 4, 1})
    ->Unit(benchmark::kMillisecond);

BENCHMARK(one_more)
    ->ArgNames({"jobs", "step_min", "mix", "slack_h", "pools", "sites"})
    ->Args({1'000, 5, 0, 168, 4, 1})
    ->Args({10'000, 5, 0, 168, 4, 1})
    ->Args({100'000, 5, 0, 168, 4, 1})
    ->Args({100'000, 60, 1, 0, 4, 1})
    ->Args({10'000, 5, 0, 168, 1, 4})
    ->Args({100'000, 5, 0, 168, 1, 4})
    ->Args({1'000'000, 5, 0, 168, 4, 1})
    ->Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();
