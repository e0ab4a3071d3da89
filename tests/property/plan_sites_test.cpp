// What must hold for every snapshot of several sites.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <random>

#include "support/plan_fixture.hpp"

namespace greenq::test {
namespace {

using core::PlanInput;

class Maker {
 public:
  explicit Maker(std::uint64_t seed) : random_(seed) {}

  std::int64_t pick(std::int64_t least, std::int64_t most) {
    return least + static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(most - least + 1));
  }

  // Two pools each, of which one may be empty.
  core::PlanSite site() {
    core::PlanSite out;
    out.name = "s" + std::to_string(names_++);
    out.capacity = machine(static_cast<std::uint32_t>(pick(2, 8)),
                           {static_cast<std::size_t>(pick(0, 3)), static_cast<std::size_t>(pick(1, 3))});
    out.pue = 1 + 0.001 * static_cast<double>(pick(0, 800));
    out.pool_energy = {1, 1 + 0.001 * static_cast<double>(pick(-300, 300))};
    if (pick(0, 5) == 0) return out;
    std::vector<int> grams;
    for (std::int64_t i = pick(1, 40); i > 0; --i) grams.push_back(static_cast<int>(pick(0, 600)));
    out.curve = curve_of(grams);
    return out;
  }

  core::WaitingJob job(core::JobId id, std::uint32_t lanes) {
    core::WaitingJob job = queued(id, static_cast<std::uint32_t>(pick(1, 4)), pick(1, 300), pick(-20, 60));
    job.demand.gpus = static_cast<std::uint32_t>(pick(0, 2));
    job.lanes = {static_cast<std::uint32_t>(pick(0, lanes - 1))};
    for (std::uint32_t lane = 0; lane < lanes; ++lane)
      if (pick(0, 1) == 0) job.lanes.add(lane);
    job.power = static_cast<double>(pick(0, 3) * 100);
    job.home = static_cast<std::uint8_t>(pick(0, lanes / 2 - 1));
    job.move_energy = static_cast<float>(pick(0, 2) * 50);
    job.latest = minute(pick(-60, 900));
    job.shift = pick(0, 3) > 0;
    job.interruptible = pick(0, 1) == 0;
    if (pick(0, 5) == 0) job.max_intensity = core::Intensity{pick(0, 600'000)};
    return job;
  }

  PlanInput input() {
    PlanInput input;
    input.now = minute(pick(0, 4));
    input.rules = free_waits();
    input.sites.clear();
    for (std::int64_t i = pick(2, 3); i > 0; --i) input.sites.push_back(site());
    auto const lanes = static_cast<std::uint32_t>(2 * input.sites.size());
    for (std::uint32_t lane = 0; lane < lanes; lane += 2)
      if (pick(0, 1) == 0) input.running.push_back({900 + lane, {1, 0, 0}, lane, minute(pick(-10, 200)), {}});
    for (std::int64_t i = pick(0, 25); i > 0; --i)
      input.waiting.push_back(job(static_cast<core::JobId>(i), lanes));
    return input;
  }

 private:
  std::mt19937_64 random_;
  int names_ = 0;
};

// Sites in the opposite order, with all that names them.
PlanInput reversed(PlanInput input) {
  auto const last = static_cast<std::uint32_t>(input.sites.size() - 1);
  auto const turned = [&](std::uint32_t lane) { return 2 * (last - lane / 2) + lane % 2; };
  std::reverse(input.sites.begin(), input.sites.end());
  for (core::RunningJob& job : input.running) job.lane = turned(job.lane);
  for (core::WaitingJob& job : input.waiting) {
    core::LaneSet lanes;
    for (std::uint32_t const lane : job.lanes) lanes.add(turned(lane));
    job.lanes = lanes;
    job.home = static_cast<std::uint8_t>(last - job.home);
  }
  return input;
}

std::size_t missed(PlanInput const& input, core::PlanOutput const& output) {
  return static_cast<std::size_t>(
      std::count_if(input.waiting.begin(), input.waiting.end(), [&](core::WaitingJob const& job) {
        return start_of(output, job.id) > std::max({job.latest, job.ready, input.now});
      }));
}

RC_GTEST_PROP(PlanSites, NoSiteIsOverbookedAndJobsRunWhereTheyMay, (std::uint64_t seed)) {
  PlanInput const input = Maker{seed}.input();
  auto const output = make_plan(input);
  core::Lanes const lanes{input.sites};
  PlanInput fits = input;
  std::erase_if(fits.waiting, [&](auto const& job) { return lanes.fitting(job.demand, job.lanes).empty(); });
  RC_ASSERT(overbooked(fits, output) == "");
  RC_ASSERT(output.jobs.size() == input.waiting.size());
  for (auto const& job : fits.waiting) {
    auto const& [id, plan, site] = planned_of(output, job.id);
    RC_ASSERT(job.lanes.contains(lanes.of(site, plan.pool)));
    Span total{0};
    for (Interval const& segment : plan.segments) total += segment.length();
    RC_ASSERT(total == job.duration);
    RC_ASSERT(plan.segments.front().begin >= std::max(job.ready, input.now));
    if (!input.sites[site].curve) RC_ASSERT(!plan.shifted);
  }
}

// Starts, that is; the same site where two cost the same is not promised.
RC_GTEST_PROP(PlanSites, TheOrderOfSitesOfOneJobDoesNotMatter, (std::uint64_t seed)) {
  PlanInput input = Maker{seed}.input();
  if (input.waiting.size() > 1) input.waiting.resize(1);
  PlanInput const other = reversed(input);
  auto const a = make_plan(input);
  auto const b = make_plan(other);
  for (auto const& job : input.waiting) RC_ASSERT(plan_of(a, job.id).segments == plan_of(b, job.id).segments);
}

// What fits on one half fits on the whole, which has the same prices everywhere.
RC_GTEST_PROP(PlanSites, ASecondSiteOfTheSameKindMissesNoMoreBounds, (std::uint64_t seed)) {
  Maker maker{seed};
  PlanInput input = maker.input();
  input.sites.resize(1);
  input.running.clear();
  std::erase_if(input.waiting,
                [](auto const& job) { return !job.lanes.contains(0) && !job.lanes.contains(1); });
  PlanInput twice = input;
  twice.sites.push_back(input.sites.front());
  for (core::WaitingJob& job : input.waiting) {
    job.home = 0;
    job.max_intensity.reset();
  }
  twice.waiting = input.waiting;
  for (std::size_t i = 0; i < input.waiting.size(); ++i) {
    core::LaneSet one;
    core::LaneSet both;
    for (std::uint32_t const lane : {0U, 1U}) {
      if (!input.waiting[i].lanes.contains(lane)) continue;
      one.add(lane);
      both.add(lane);
      both.add(lane + 2);
    }
    input.waiting[i].lanes = one;
    twice.waiting[i].lanes = both;
  }
  RC_ASSERT(missed(twice, make_plan(twice)) <= missed(input, make_plan(input)));
}

}  // namespace
}  // namespace greenq::test
