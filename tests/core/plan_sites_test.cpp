// Site and start are chosen together. By hand.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/plan_fixture.hpp"

namespace greenq::test {
namespace {

using core::PlanInput;
using core::PlanOutput;
using core::PlanSite;
using testing::ElementsAre;
using testing::HasSubstr;

PlanSite site(std::string name, std::vector<int> const& grams, std::vector<std::size_t> const& pools = {}) {
  PlanSite out;
  out.name = std::move(name);
  out.capacity = machine(4, pools);
  if (!grams.empty()) out.curve = curve_of(grams);
  return out;
}

PlanInput with(std::vector<PlanSite> sites) {
  PlanInput input;
  input.now = minute(0);
  input.sites = std::move(sites);
  input.rules = free_waits();
  return input;
}

// An hour of 100 W that may start until minute `latest`.
core::WaitingJob hour_of_work(core::JobId id, core::LaneSet lanes, std::int64_t latest,
                              std::uint32_t cpus = 1) {
  core::WaitingJob job = shifting(id, cpus, 60, latest);
  job.lanes = lanes;
  job.power = 100;
  return job;
}

core::PlannedJob planned(PlanInput const& input, core::JobId id = 1) {
  return planned_of(make_plan(input), id);
}

std::int64_t start(core::PlannedJob const& job) {
  return std::chrono::floor<std::chrono::minutes>(job.plan.segments.front().begin - minute(0)).count();
}

TEST(PlanSites, AJobGoesToTheCleanerSite) {
  PlanInput input = with({site("north", {300, 300, 300}), site("south", {100, 100, 100})});
  input.waiting = {hour_of_work(1, {0, 1}, 60)};
  core::PlannedJob const job = planned(input);
  EXPECT_EQ(job.site, 1U);
  EXPECT_EQ(job.plan.pool, 0U);
  EXPECT_EQ(start(job), 0);
  EXPECT_EQ(job.plan.mean, core::Intensity{100'000});
  EXPECT_THAT(job.plan.note, HasSubstr("on south"));
}

TEST(PlanSites, OneSiteIsNotNamed) {
  PlanInput input = with({site("north", {300, 100, 300})});
  input.waiting = {hour_of_work(1, {0}, 60)};
  EXPECT_THAT(planned(input).plan.note, testing::Not(HasSubstr("north")));
}

// Curves that run against each other.
TEST(PlanSites, SiteAndStartAreChosenTogether) {
  PlanInput input = with({site("north", {200, 90, 300, 300}), site("south", {100, 300, 50, 300})});
  input.waiting = {hour_of_work(1, {0, 1}, 0 + 30), hour_of_work(2, {0, 1}, 60),
                   hour_of_work(3, {0, 1}, 120)};
  PlanOutput const output = make_plan(input);
  EXPECT_EQ(planned_of(output, 1).site, 1U);
  EXPECT_EQ(start_minute(output, 1), 0);
  EXPECT_EQ(planned_of(output, 2).site, 0U);
  EXPECT_EQ(start_minute(output, 2), 60);
  EXPECT_EQ(planned_of(output, 3).site, 1U);
  EXPECT_EQ(start_minute(output, 3), 120);
}

TEST(PlanSites, PueTurnsTheChoice) {
  PlanInput input = with({site("north", {300, 300}), site("south", {250, 250})});
  input.waiting = {hour_of_work(1, {0, 1}, 30)};
  input.sites[1].pue = 1.3;
  EXPECT_EQ(planned(input).site, 0U);
  input.sites[1].pue = 1.1;
  EXPECT_EQ(planned(input).site, 1U);
}

// 100 Wh at 300 g/kWh, or more at 100: 200 Wh may be moved for it.
TEST(PlanSites, AMoveMustBeWorthIt) {
  PlanInput input = with({site("north", {300, 300}), site("south", {100, 100})});
  input.waiting = {hour_of_work(1, {0, 1}, 30)};
  input.waiting[0].move_energy = 210;
  EXPECT_EQ(planned(input).site, 0U);
  input.waiting[0].move_energy = 190;
  EXPECT_EQ(planned(input).site, 1U);
  input.waiting[0].home = 1;
  input.waiting[0].move_energy = 1e6F;
  EXPECT_EQ(planned(input).site, 1U);
}

TEST(PlanSites, AMoveIsNotWeighedAgainstPowerThatIsNotKnown) {
  PlanInput input = with({site("north", {300, 300}), site("south", {100, 100})});
  input.waiting = {hour_of_work(1, {0, 1}, 30)};
  input.waiting[0].power = 0;
  EXPECT_EQ(planned(input).site, 1U);
  input.waiting[0].move_energy = 1;
  EXPECT_EQ(planned(input).site, 0U);
}

TEST(PlanSites, OnlyAcceptedGpusAreUsed) {
  PlanInput input = with({site("north", {300, 300}, {2}), site("south", {100, 100}, {2, 2})});
  input.waiting = {hour_of_work(1, {0, 2}, 30), hour_of_work(2, {0}, 30)};
  for (core::WaitingJob& job : input.waiting) job.demand.gpus = 2;
  PlanOutput const output = make_plan(input);
  EXPECT_EQ(planned_of(output, 1).site, 1U);
  EXPECT_EQ(planned_of(output, 1).plan.pool, 1U);
  EXPECT_EQ(planned_of(output, 2).site, 0U);
}

TEST(PlanSites, GpusThatNeedLessEnergyAreTaken) {
  PlanInput input = with({site("north", {300, 300}, {2, 2})});
  input.sites[0].pool_energy = {1, 0.5};
  input.waiting = {hour_of_work(1, {0, 1}, 30)};
  input.waiting[0].demand.gpus = 1;
  EXPECT_EQ(planned(input).plan.pool, 1U);
  input.waiting[0].shift = false;
  EXPECT_EQ(planned(input).plan.pool, 1U);
}

TEST(PlanSites, AFullSitePushesToTheOther) {
  PlanInput input = with({site("north", {300, 300, 300, 300}), site("south", {100, 100, 100, 100})});
  input.running = {{90, {4, 0, 0}, 1, minute(180), {}}};
  input.waiting = {hour_of_work(1, {0, 1}, 60), hour_of_work(2, {0, 1}, 180)};
  PlanOutput const output = make_plan(input);
  EXPECT_EQ(planned_of(output, 1).site, 0U);
  EXPECT_EQ(planned_of(output, 2).site, 1U);
  EXPECT_EQ(start_minute(output, 2), 180);
  EXPECT_EQ(overbooked(input, output), "");
}

TEST(PlanSites, WithoutACurveNothingIsShiftedThere) {
  PlanInput input = with({site("north", {300, 300, 200, 300}), site("south", {})});
  input.waiting = {hour_of_work(1, {0, 1}, 120), hour_of_work(2, {1}, 120)};
  PlanOutput const output = make_plan(input);
  EXPECT_EQ(planned_of(output, 1).site, 0U);
  EXPECT_EQ(start_minute(output, 1), 120);
  EXPECT_EQ(planned_of(output, 2).site, 1U);
  EXPECT_EQ(start_minute(output, 2), 0);
  EXPECT_THAT(plan_of(output, 2).note, HasSubstr("no intensity signal is known"));
  EXPECT_FALSE(plan_of(output, 2).mean);
}

TEST(PlanSites, TheFirstSiteMayBeTheOneWithoutACurve) {
  PlanInput input = with({site("north", {}), site("south", {300, 300, 200, 300})});
  input.waiting = {hour_of_work(1, {0, 1}, 120)};
  EXPECT_EQ(planned(input).site, 1U);
  EXPECT_EQ(start(planned(input)), 120);
}

TEST(PlanSites, SegmentsStayOnOneSite) {
  PlanInput input = with({site("north", {100, 500, 100, 500}), site("south", {600, 90, 600, 90})});
  input.waiting = {hour_of_work(1, {0, 1}, 120)};
  input.waiting[0].duration = minutes(120);
  input.waiting[0].interruptible = true;
  core::PlannedJob const job = planned(input);
  EXPECT_EQ(job.site, 1U);
  EXPECT_THAT(job.plan.segments,
              ElementsAre(Interval{minute(60), minute(120)}, Interval{minute(180), minute(240)}));
}

// A threshold is about the intensity, the choice among what it allows about carbon.
TEST(PlanSites, AThresholdIsMetWhereItCanBe) {
  PlanInput input = with({site("north", {300, 300, 300}), site("south", {250, 250, 250})});
  input.sites[1].pue = 1.5;
  input.waiting = {hour_of_work(1, {0, 1}, 60)};
  input.waiting[0].max_intensity = core::Intensity{260'000};
  EXPECT_EQ(planned(input).site, 1U);
  input.waiting[0].max_intensity = core::Intensity{310'000};
  EXPECT_EQ(planned(input).site, 0U);
}

TEST(PlanSites, WithoutSlackTheCleanestSiteThatIsFreeFirst) {
  PlanInput input = with({site("north", {300, 300, 300}), site("south", {100, 100, 100})});
  input.waiting = {queued(1, 4, 60), queued(2, 4, 30), queued(3, 4, 60)};
  for (core::WaitingJob& job : input.waiting) job.lanes = {0, 1};
  PlanOutput const output = make_plan(input);
  EXPECT_EQ(planned_of(output, 1).site, 1U);
  EXPECT_EQ(start_minute(output, 1), 0);
  EXPECT_EQ(planned_of(output, 2).site, 0U);
  EXPECT_EQ(start_minute(output, 2), 0);
  EXPECT_EQ(planned_of(output, 3).site, 0U);
  EXPECT_EQ(start_minute(output, 3), 30);
}

TEST(PlanSites, WhatFitsNowhereSaysSo) {
  PlanInput input = with({site("north", {300}), site("south", {100})});
  input.waiting = {hour_of_work(1, {0, 1}, 60, 9)};
  EXPECT_THAT(planned(input).plan.note, HasSubstr("needs more than any site has"));
}

// Before the first slot only the calendar of the site knows what is free.
TEST(PlanSites, AnEarlyStartLooksAtTheCalendarOfItsSite) {
  PlanInput input = with({site("north", {300, 300, 300}), site("south", {100, 100, 100})});
  input.now = minute(2);
  input.running = {{90, {4, 0, 0}, 0, minute(200), {}}};
  input.waiting = {hour_of_work(1, {0, 1}, 60)};
  core::PlannedJob const job = planned(input);
  EXPECT_EQ(job.site, 1U);
  EXPECT_EQ(start(job), 2);
}

}  // namespace
}  // namespace greenq::test
