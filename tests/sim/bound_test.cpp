#include "sim/bound.hpp"

#include "sim/metrics.hpp"
#include "sim/sim_fixture.hpp"

namespace greenq::sim {
namespace {

double fluid(Instance const& instance) {
  return bound_with_pauses_kg(instance,
                              due_times(instance, schedule_by("easy", instance, OutlookKind::kPerfect)));
}
double whole(Instance const& instance) {
  return bound_without_pauses_kg(instance,
                                 due_times(instance, schedule_by("easy", instance, OutlookKind::kPerfect)));
}

TEST(Bound, OneJobTakesItsCheapestHours) {
  Instance instance = world(1, {300, 100, 200, 100, 300});
  instance.power_per_gpu = {1'000'000};
  add(instance, Span{0}, hours{2}, 1, hours{3});
  EXPECT_NEAR(fluid(instance), 0.2, 1e-12);
  EXPECT_NEAR(whole(instance), 0.3, 1e-9);
}

TEST(Bound, CapacityPushesJobsToDearerHours) {
  Instance instance = world(1, {300, 100, 200, 400});
  instance.power_per_gpu = {1'000'000};
  add(instance, Span{0}, hours{1}, 1, hours{2});
  add(instance, Span{0}, hours{1}, 1, hours{3});
  EXPECT_NEAR(fluid(instance), 0.3, 1e-12);
  EXPECT_NEAR(whole(instance), 0.3, 1e-4);
  EXPECT_LE(whole(instance), 0.3 + 1e-9);
}

TEST(Bound, AnEarlierJobGivesWayToOneThatHasNoOtherHour) {
  Instance instance = world(1, {300, 100, 200, 400});
  instance.power_per_gpu = {1'000'000};
  add(instance, Span{0}, hours{1}, 1, hours{3});
  add(instance, hours{1}, hours{1}, 1);
  EXPECT_NEAR(fluid(instance), 0.3, 1e-12);
}

// Due times stay those of the world as it was: more room alone may not cost.
TEST(Bound, MoreRoomNeverMakesItWorse) {
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    Instance const instance = random_world(seed, true);
    auto const due = due_times(instance, schedule_by("easy", instance, OutlookKind::kPerfect));
    double const least = bound_with_pauses_kg(instance, due);
    Instance wider = instance;
    wider.cluster_gpus += 2;
    EXPECT_LE(bound_with_pauses_kg(wider, due), least * (1 + 1e-9)) << "seed " << seed;
    auto later = due;
    for (Instant& at : later) at += hours{6};
    EXPECT_LE(bound_with_pauses_kg(instance, later), least * (1 + 1e-9)) << "seed " << seed;
  }
}

TEST(Bound, NoScheduleInTimeIsBelow) {
  for (std::uint64_t seed = 1; seed <= 16; ++seed) {
    Instance const instance = random_world(seed, seed % 2 == 0);
    auto const due = due_times(instance, schedule_by("easy", instance, OutlookKind::kPerfect));
    double const with_pauses = bound_with_pauses_kg(instance, due);
    double const without = bound_without_pauses_kg(instance, due, 100);
    EXPECT_LE(with_pauses, without * (1 + 1e-2));
    for (std::string_view const name : policy_names()) {
      Schedule const schedule = schedule_by(name, instance, OutlookKind::kPerfect);
      bool in_time = true;
      bool pauses = false;
      for (SimJob const& job : instance.jobs) {
        in_time = in_time && schedule.segments[job.id - 1].back().end <= due[job.id - 1];
        pauses = pauses || schedule.segments[job.id - 1].size() > 1;
      }
      if (!in_time) continue;
      double const kg = emissions_kg(instance, instance.truth, schedule);
      EXPECT_GE(kg, with_pauses * (1 - 1e-9)) << name << " seed " << seed;
      EXPECT_GE(kg, pauses ? 0 : without * (1 - 1e-9)) << name << " seed " << seed;
    }
  }
}

TEST(Metrics, CountWhatAScheduleCosts) {
  Instance instance = world(2, {100, 200, 300});
  instance.power_per_gpu = {1'000'000};
  instance.other = Series{kBegin, hours{1}, grams({300, 200, 100})};
  instance.other_kind = core::SignalKind::kAverage;
  add(instance, Span{0}, hours{1}, 1);
  add(instance, Span{0}, hours{1}, 2, hours{1});
  Schedule const late{{{{kBegin, kBegin + minutes{30}}, {kBegin + hours{2}, kBegin + hours{2} + minutes{30}}},
                       {{kBegin + hours{1}, kBegin + hours{2}}}}};
  Schedule const base{{{{kBegin, kBegin + hours{1}}}, {{kBegin + hours{1}, kBegin + hours{2}}}}};
  Metrics const m = measure(instance, late, base);
  EXPECT_NEAR(m.decided.kg, 0.05 + 0.15 + 0.4, 1e-12);
  EXPECT_NEAR(m.decided.saving_percent, 100 * (1 - 0.6 / 0.5), 1e-9);
  EXPECT_NEAR(m.other->kg, 0.15 + 0.05 + 0.4, 1e-12);
  EXPECT_EQ(m.missed, 1U);
  EXPECT_EQ(m.missed_beyond_baseline, 1U);
  EXPECT_NEAR(m.worst_late_h, 1.5, 1e-12);
  EXPECT_NEAR(m.wait.mean, 1.25, 1e-12);
  EXPECT_EQ(m.pauses, 1U);
  EXPECT_EQ(m.most_starts_5min, 1U);
  EXPECT_NEAR(m.peak_kw, 2, 1e-12);
  EXPECT_NEAR(m.makespan_h, 2.5, 1e-12);
}

TEST(Metrics, AJobsOwnDrawIsWhatItIsChargedFor) {
  Instance instance = world(4, {100, 200});
  instance.power_per_gpu = {1};  // draws in mW
  instance.other = Series{kBegin, hours{1}, grams({300, 300})};
  instance.other_kind = core::SignalKind::kAverage;
  add(instance, Span{0}, hours{1}, 1).own_draw = 50'000;
  add(instance, Span{0}, hours{2}, 3).own_draw = 2'000'000;
  Schedule const both{{{{kBegin, kBegin + hours{1}}}, {{kBegin, kBegin + hours{2}}}}};
  Metrics const m = measure(instance, both, both);
  EXPECT_NEAR(m.decided.kg, 0.05 * 0.1 + 2 * 0.1 + 2 * 0.2, 1e-12);
  EXPECT_NEAR(m.other->kg, 0.05 * 0.3 + 2 * 2 * 0.3, 1e-12);
  EXPECT_NEAR(m.peak_kw, 2.05, 1e-12);
  EXPECT_NEAR(m.mean_kw, 2.025, 1e-12);
}

TEST(Metrics, ADrawOfOneForEachGpuIsTheCommonPower) {
  Instance common = random_world(5, true);
  Instance own = common;
  for (SimJob& job : own.jobs) job.own_draw = job.gpus;
  Schedule const schedule = schedule_by("lowest-window", common, OutlookKind::kPerfect);
  Schedule const base = schedule_by("easy", common, OutlookKind::kPerfect);
  Metrics const a = measure(common, schedule, base);
  Metrics const b = measure(own, schedule, base);
  EXPECT_EQ(a.decided.kg, b.decided.kg);
  EXPECT_EQ(a.peak_kw, b.peak_kw);
  EXPECT_EQ(a.mean_kw, b.mean_kw);
}

}  // namespace
}  // namespace greenq::sim
