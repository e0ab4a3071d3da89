// What must hold for the windows that were not chosen, whatever the planner chose.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "core/plan/cost_table.hpp"
#include "core/plan/rejected.hpp"
#include "core/plan/slots.hpp"
#include "support/plan_fixture.hpp"

namespace greenq::test {
namespace {

using core::PlacedJob;
using core::Rejection;

std::int64_t pick(std::int64_t least, std::int64_t most) {
  return *rc::gen::inRange<std::int64_t>(least, most + 1);
}

// Half-hours, some of them not known.
std::shared_ptr<core::Curve const> some_curve() {
  std::vector<core::IntensityPoint> points;
  auto const count = pick(1, 120);
  for (std::int64_t i = 0; i < count; ++i) {
    if (pick(0, 20) == 0) continue;
    points.push_back(
        {{minute(30 * i), minute(30 * i + 30)}, {pick(0, 600'000)}, core::PointState::kForecast});
  }
  if (points.empty()) points.push_back({{minute(0), minute(30)}, {1}, core::PointState::kForecast});
  return std::make_shared<core::Curve const>(std::move(points));
}

// Lengths are whole multiples of `step` minutes.
core::PlanInput some_input(std::int64_t most_jobs, std::int64_t step = 1) {
  core::PlanInput input;
  input.now = minute(0);
  input.sites[0].capacity = machine(4);
  input.sites[0].curve = some_curve();
  input.rules = free_waits();
  input.rules.min_saving = *rc::gen::element(0.0, 0.01, 0.2);
  auto const jobs = pick(1, most_jobs);
  for (std::int64_t i = 1; i <= jobs; ++i) {
    auto job = shifting(static_cast<core::JobId>(i), static_cast<std::uint32_t>(pick(1, 4)),
                        step * pick(1, 300 / step), pick(10, 2000), pick(0, 120));
    job.interruptible = pick(0, 3) == 0;
    if (pick(0, 4) == 0) job.max_intensity = core::Intensity{pick(0, 600'000)};
    input.waiting.push_back(std::move(job));
  }
  return input;
}

PlacedJob placed_in(core::PlanInput const& input, core::PlanOutput const& output,
                    core::WaitingJob const& job) {
  PlacedJob placed;
  placed.job = job;
  placed.bound = core::Bound{core::BoundKind::kMaxDelay, {}, job.latest - job.submitted};
  placed.chosen = plan_of(output, job.id).segments;
  placed.alone = input.waiting.size() == 1;
  placed.rules = input.rules;
  placed.curve = input.sites[0].curve;
  return placed;
}

void check_shape(PlacedJob const& placed, std::vector<core::RejectedWindow> const& windows, Instant now) {
  RC_ASSERT(windows.size() <= core::kMaxRejected);
  for (std::size_t i = 0; i < windows.size(); ++i) {
    auto const& window = windows[i].window;
    // RC_ASSERT evaluates both sides of ||.
    if (i > 0) RC_ASSERT(windows[i - 1].window.end <= window.begin);
    RC_ASSERT(window.length() == placed.job.duration);
    RC_ASSERT(window.begin >= std::max(now, placed.job.ready));
    RC_ASSERT(placed.curve->mean(window) == windows[i].mean);
    RC_ASSERT(placed.chosen.size() > 1 || window != placed.chosen.front());
    RC_ASSERT(!windows[i].message.empty());
  }
}

// What the reasons say is so.
void check_reason(PlacedJob const& placed, core::RejectedWindow const& one) {
  auto const chosen = *core::mean_of(*placed.curve, placed.chosen);
  bool const late = placed.chosen.front().begin > placed.job.latest;
  bool const after = one.window.begin > placed.job.latest;
  RC_ASSERT(after == (one.reason == Rejection::kAfterBound));
  switch (one.reason) {
    case Rejection::kDearer:
      RC_ASSERT(one.mean >= chosen);
      break;
    case Rejection::kNotFree:
      RC_ASSERT(late || one.mean < chosen);
      RC_ASSERT(!placed.alone);
      break;
    case Rejection::kNotWorthIt:
      RC_ASSERT(one.mean < chosen);
      break;
    case Rejection::kAfterBound:
      RC_ASSERT(!late && one.mean < chosen);
      RC_ASSERT(static_cast<double>(one.mean.value) <=
                static_cast<double>(chosen.value) * (1 - placed.rules.min_saving) + 1);
      break;
    case Rejection::kAboveMax:
      RC_ASSERT(one.mean > *placed.job.max_intensity);
      break;
  }
}

RC_GTEST_PROP(PlanRejectedProperty, WindowsAreDistinctKnownAndRejectedForWhatIsSaid, ()) {
  auto const input = some_input(8);
  auto const output = make_plan(input);
  for (auto const& job : input.waiting) {
    auto const placed = placed_in(input, output, job);
    auto const windows = core::rejected_windows(placed, input.now);
    RC_ASSERT(windows.empty() || core::mean_of(*input.sites[0].curve, placed.chosen));
    check_shape(placed, windows, input.now);
    for (auto const& one : windows) check_reason(placed, one);
  }
}

Interval on_slots(Interval run) {
  core::SlotGrid const grid;
  return {grid.begin_of(grid.holding(run.begin)), grid.begin_of(grid.from(run.end))};
}

// Everybody where the planner put them, on whole slots, but this job in that window.
core::PlanOutput instead(core::PlanOutput output, core::JobId id, Interval window) {
  for (auto& job : output.jobs) {
    if (job.id == id) job.plan.segments = {window};
    for (auto& segment : job.plan.segments) segment = on_slots(segment);
  }
  return output;
}

// Beside jobs that do not shift; among several that do, one may move away after the other was placed.
RC_GTEST_PROP(PlanRejectedProperty, WhatIsSaidToBeTakenIsTaken, ()) {
  auto input = some_input(1);
  input.rules = free_waits();
  auto const others = pick(1, 8);
  for (std::int64_t i = 2; i < 2 + others; ++i) {
    input.waiting.push_back(queued(static_cast<core::JobId>(i), static_cast<std::uint32_t>(pick(1, 4)),
                                   pick(1, 600), pick(0, 60)));
  }
  auto const& job = input.waiting.front();
  auto const output = make_plan(input);
  for (auto const& one : core::rejected_windows(placed_in(input, output, job), input.now)) {
    if (!one.message.ends_with("not free when it was planned")) continue;
    RC_ASSERT(overbooked(input, instead(output, job.id, one.window)) != "");
  }
}

bool mostly(Interval a, Interval b) {
  return intersect(a, b).length() * 4 > a.length() * 3;
}

// No window within the bound that is much cheaper than the chosen one is kept back.
RC_GTEST_PROP(PlanRejectedProperty, TheCheapestIsTold, ()) {
  auto input = some_input(8, 5);
  input.rules.min_saving = 0.01;
  auto const output = make_plan(input);
  for (auto const& job : input.waiting) {
    auto const placed = placed_in(input, output, job);
    auto const chosen = core::mean_of(*input.sites[0].curve, placed.chosen);
    if (!chosen || placed.alone || job.max_intensity) continue;
    Instant const first = std::chrono::ceil<std::chrono::duration<int, std::ratio<300>>>(job.ready);
    std::optional<std::pair<core::Intensity, Interval>> least;
    for (Instant at = first; at <= job.latest; at += minutes(5)) {
      auto const mean = input.sites[0].curve->mean({at, at + job.duration});
      if (mean && (!least || *mean < least->first)) least = {*mean, {at, at + job.duration}};
    }
    if (!least || static_cast<double>(least->first.value) > 0.95 * static_cast<double>(chosen->value))
      continue;
    bool const shown = mostly(least->second, {input.now, input.now + job.duration}) ||
                       mostly(least->second, {job.latest, job.latest + job.duration});
    auto const windows = core::rejected_windows(placed, input.now);
    bool const told = std::any_of(windows.begin(), windows.end(), [&](auto const& one) {
      return one.mean <= least->first || one.reason == Rejection::kAfterBound;
    });
    RC_ASSERT(shown || told);
  }
}

}  // namespace
}  // namespace greenq::test
