#include "core/plan/detail.hpp"

#include <gmock/gmock.h>

#include "support/plan_fixture.hpp"

namespace greenq::test {
namespace {

using core::Carbon;
using core::Energy;
using core::Intensity;
using core::Power;

core::EnergyModel model() {
  core::EnergyModel model;
  model.node_cpus = 8;
  model.cpu_tdp = Power{80'000};
  model.memory_per_gib = Power{400};
  return model;
}

// A marginal feed with 500, 100, 300, 200 g/kWh for the first four hours.
core::State state_with_feed() {
  core::State state;
  state.site.zone = "GB";
  state.site.pue_milli = 1500;
  state.model = model();
  core::Signal signal;
  signal.source = {"GB", core::SignalKind::kMarginal, core::SignalBasis::kDirect, "test", "test feed"};
  signal.issued_at = minute(0);
  signal.received_at = minute(0);
  signal.points = curve_of({500, 100, 300, 200})->points();
  state.signals.put(0, signal);
  return state;
}

core::Job job_of(core::JobSpec spec) {
  core::Job job;
  job.id = 1;
  job.submitted_at = minute(0);
  job.spec = std::make_shared<core::JobSpec const>(std::move(spec));
  return job;
}

core::JobSpec one_hour_at_a_kilowatt() {
  core::JobSpec spec;
  spec.expected_duration = minutes(60);
  spec.time_limit = minutes(60);
  spec.expected_power = Power{1'000'000};
  spec.carbon.bound = core::Bound{core::BoundKind::kMaxDelay, {}, minutes(120)};
  return spec;
}

TEST(PlanDetail, ExpectedPowerIsTheUsersOrTheModelAtFullUse) {
  core::JobSpec spec;
  spec.resources.cpus = 2;
  spec.resources.memory_bytes = std::int64_t{10} << 30;
  EXPECT_EQ(core::expected_power(spec, model()), Power{20'000 + 4'000});
  spec.expected_power = Power{123};
  EXPECT_EQ(core::expected_power(spec, model()), Power{123});
}

// 1 kWh at 100 g/kWh and PUE 1.5 is 150 g; now it would be 750 g, at the latest start 450 g.
TEST(PlanDetail, PricesTheWindowBesideNowAndLatest) {
  core::Job job = job_of(one_hour_at_a_kilowatt());
  job.plan = core::Plan{};
  job.plan->segments = {{minute(60), minute(120)}};
  job.plan->note = "a note";
  auto const detail = core::describe(state_with_feed(), job, minute(0));
  EXPECT_EQ(detail.chosen.energy, Energy{core::kMillijoulePerKwh});
  EXPECT_EQ(detail.chosen.mean, Intensity{100'000});
  EXPECT_EQ(detail.chosen.carbon, Carbon{150'000});
  EXPECT_EQ(detail.now.carbon, Carbon{750'000});
  ASSERT_TRUE(detail.latest.has_value());
  EXPECT_EQ(detail.latest->window.begin, minute(120));
  EXPECT_EQ(detail.latest->carbon, Carbon{450'000});
  EXPECT_EQ(detail.source.provider, "test");
  EXPECT_EQ(detail.issued_at, minute(0));
  EXPECT_EQ(detail.not_shifted_reason, "");
  EXPECT_EQ(detail.note, "a note");
}

TEST(PlanDetail, SegmentsAddUp) {
  core::Job job = job_of(one_hour_at_a_kilowatt());
  job.plan = core::Plan{};
  job.plan->segments = {{minute(60), minute(90)}, {minute(180), minute(210)}};
  auto const detail = core::describe(state_with_feed(), job, minute(0));
  ASSERT_EQ(detail.segments.size(), 2u);
  EXPECT_EQ(detail.segments[1].carbon, Carbon{150'000});
  EXPECT_EQ(detail.chosen.window, (Interval{minute(60), minute(210)}));
  EXPECT_EQ(detail.chosen.energy, Energy{core::kMillijoulePerKwh});
  EXPECT_EQ(detail.chosen.mean, Intensity{150'000});
  EXPECT_EQ(detail.chosen.carbon, Carbon{75'000 + 150'000});
}

TEST(PlanDetail, WithoutASignalGramsAreUnknownNotZero) {
  core::Job job = job_of(one_hour_at_a_kilowatt());
  job.plan = core::Plan{};
  job.plan->segments = {{minute(0), minute(60)}};
  core::State state;
  state.model = model();
  auto const detail = core::describe(state, job, minute(0));
  EXPECT_FALSE(detail.chosen.mean.has_value());
  EXPECT_FALSE(detail.chosen.carbon.has_value());
  EXPECT_EQ(detail.chosen.energy, Energy{core::kMillijoulePerKwh});
  EXPECT_EQ(detail.source.provider, "");
  EXPECT_NE(detail.not_shifted_reason, "");
}

TEST(PlanDetail, AnHourIsAssumedWhereNothingWasStatedLimitedOrLearned) {
  core::State const state = state_with_feed();
  core::JobSpec spec;
  spec.expected_duration = std::chrono::hours{1};
  spec.time_limit = std::chrono::hours{24};
  auto const assumed = [&](core::JobSpec const& of, bool learned = false) {
    core::Job job = job_of(of);
    job.plan = core::Plan{};
    job.plan->segments = {{minute(0), minute(60)}};
    if (learned) job.learned = core::LearnedDuration{minutes(5), minutes(9), 6, 0};
    return core::describe(state, job, minute(0)).duration_assumed;
  };
  EXPECT_FALSE(assumed(spec)) << "stated";
  spec.duration_assumed = true;
  EXPECT_TRUE(assumed(spec));
  EXPECT_FALSE(assumed(spec, true)) << "learned";
  spec.time_limit = std::chrono::hours{1};
  EXPECT_FALSE(assumed(spec)) << "limited";
}

}  // namespace
}  // namespace greenq::test
