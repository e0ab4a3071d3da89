// A planner that is told only what changes: its plans hold together at every moment, whatever comes and goes.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <random>

#include "support/plan_fixture.hpp"

namespace greenq::test {
namespace {

// Sites of 8 cores and 4 GPUs in two pools, and the plan of whoever waits, as far as it was told.
class Cluster {
 public:
  explicit Cluster(std::uint64_t seed, std::uint32_t scale = 1, std::size_t sites = 1) : random_(seed) {
    input_.sites.resize(sites);
    for (core::PlanSite& site : input_.sites) furnish(site, scale);
    input_.rules.min_saving = random_() % 2 == 0 ? 0.01 : 0;
    input_.now = minute(0);
  }

  void submit(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) touch(some_job(next_++));
  }
  // Gone before they ran, or changed.
  void disturb() {
    if (waiting_.empty()) return;
    auto const chosen = std::next(waiting_.begin(), static_cast<std::ptrdiff_t>(random_() % waiting_.size()));
    if (random_() % 2 == 0) {
      core::WaitingJob job = chosen->second;
      job.duration = minutes(1 + static_cast<std::int64_t>(random_() % 200));
      touch(job);
    } else {
      forget(chosen->first);
    }
  }

  std::size_t plan(bool all = false) {
    core::PlanInput input = input_;
    input.changes = planned_ && !all;
    input.gone = input.changes ? gone_ : std::vector<core::JobId>{};
    for (auto const& [id, job] : waiting_) {
      if (!input.changes || touched_.contains(id)) input.waiting.push_back(job);
    }
    core::PlanOutput output = planner_.plan(input);
    for (core::PlannedJob& job : output.jobs) plans_[job.id] = std::move(job);
    touched_.clear();
    gone_.clear();
    planned_ = true;
    return output.jobs.size();
  }

  // What is to start by then starts, what has run its time ends, some of it early.
  void advance(std::int64_t by) {
    input_.now += minutes(by);
    std::erase_if(input_.running, [&](core::RunningJob const& job) {
      return job.expected_end <= input_.now || random_() % 8 == 0;
    });
    std::vector<core::JobId> due;
    for (auto const& [id, planned] : plans_) {
      if (waiting_.contains(id) && planned.plan.segments.front().begin <= input_.now) due.push_back(id);
    }
    for (core::JobId const id : due) start(id);
  }

  // Nothing if all is well.
  std::string fault() const {
    core::PlanInput all = input_;
    core::PlanOutput output;
    for (auto const& [id, job] : waiting_) {
      auto const plan = plans_.find(id);
      if (plan == plans_.end()) return "a job has no plan";
      Span total{0};
      for (Interval const& segment : plan->second.plan.segments) {
        if (segment.begin < std::max(job.ready, input_.now)) return "a segment lies in the past";
        total += segment.length();
      }
      if (total != job.duration) return "segments do not add up";
      all.waiting.push_back(job);
      output.jobs.push_back(plan->second);
    }
    return overbooked(all, output);
  }

  std::size_t late() const {
    return static_cast<std::size_t>(std::count_if(waiting_.begin(), waiting_.end(), [&](auto const& entry) {
      return plans_.at(entry.first).plan.segments.front().begin > entry.second.latest + minutes(10);
    }));
  }

 private:
  void furnish(core::PlanSite& site, std::uint32_t scale) {
    site.capacity = machine(8 * scale, {2 * scale, 2 * scale});
    site.capacity.memory_bytes *= scale;
    std::vector<int> grams;
    for (int hour = 0; hour < 60; ++hour) grams.push_back(static_cast<int>(random_() % 600));
    site.curve = curve_of(grams);
  }

  core::LaneSet some_lanes(bool gpus) {
    bool const both = gpus && random_() % 2 == 0;
    std::uint64_t const chosen = input_.sites.size() > 1 ? 1 + random_() % 3 : 1;
    core::LaneSet lanes;
    for (std::uint32_t site = 0; site < input_.sites.size(); ++site) {
      if ((chosen >> site & 1) == 0) continue;
      if (!gpus || both) lanes.add(2 * site);
      if (gpus) lanes.add(2 * site + 1);
    }
    return lanes;
  }

  core::WaitingJob some_job(core::JobId id) {
    core::WaitingJob job = queued(id, 1 + static_cast<std::uint32_t>(random_() % 3),
                                  1 + static_cast<std::int64_t>(random_() % 240));
    job.submitted = input_.now;
    job.ready = input_.now + minutes(static_cast<std::int64_t>(random_() % 2 * 45));
    job.demand.gpus = static_cast<std::uint32_t>(random_() % 3);
    job.lanes = some_lanes(job.demand.gpus > 0);
    job.shift = random_() % 5 > 0;
    job.latest = job.ready + minutes(static_cast<std::int64_t>(random_() % 2000));
    job.interruptible = random_() % 3 == 0;
    job.priority = random_() % 6 == 0 ? 80 : 50;
    if (random_() % 8 == 0)
      job.max_intensity = core::Intensity{static_cast<std::int64_t>(random_() % 600'000)};
    return job;
  }

  void touch(core::WaitingJob job) {
    touched_.insert(job.id);
    waiting_.insert_or_assign(job.id, std::move(job));
  }
  void forget(core::JobId id) {
    if (touched_.erase(id) == 0 || plans_.contains(id)) gone_.push_back(id);
    waiting_.erase(id);
    plans_.erase(id);
  }

  bool room_for(core::Demand const& demand, std::uint32_t lane) const {
    core::Lanes const lanes{input_.sites};
    core::Capacity const& capacity = input_.sites[lanes.site(lane)].capacity;
    std::uint32_t cpus = demand.cpus;
    std::size_t gpus = demand.gpus;
    for (core::RunningJob const& job : input_.running) {
      cpus += lanes.site(job.lane) == lanes.site(lane) ? job.demand.cpus : 0;
      gpus += job.lane == lane ? job.demand.gpus : 0;
    }
    return cpus <= capacity.cpus && gpus <= capacity.pools[lanes.pool(lane)].uuids.size();
  }

  void start(core::JobId id) {
    auto const& [_, plan, site] = plans_.at(id);
    std::uint32_t const lane = core::Lanes{input_.sites}.of(site, plan.pool);
    core::WaitingJob const& job = waiting_.at(id);
    if (!room_for(job.demand, lane)) return;
    std::vector<Interval> const later{plan.segments.begin() + 1, plan.segments.end()};
    input_.running.push_back({id, job.demand, lane, plan.segments.front().end, later});
    forget(id);
  }

  core::Planner planner_;
  std::mt19937_64 random_;
  core::PlanInput input_;  // without waiting jobs
  bool planned_ = false;
  core::JobId next_ = 1;
  std::map<core::JobId, core::WaitingJob> waiting_;
  std::map<core::JobId, core::PlannedJob> plans_;
  std::set<core::JobId> touched_;
  std::vector<core::JobId> gone_;
};

RC_GTEST_PROP(PlanChanges, PlansHoldTogetherWhateverComesAndGoes, (std::uint64_t seed)) {
  Cluster cluster{seed, 1, 1 + seed % 2};
  std::mt19937_64 random{seed + 1};
  cluster.submit(1 + random() % 20);
  for (int step = 0; step < 12; ++step) {
    cluster.plan();
    RC_ASSERT(cluster.fault() == "");
    cluster.advance(static_cast<std::int64_t>(random() % 70));
    cluster.submit(random() % 4);
    if (random() % 3 == 0) cluster.disturb();
  }
}

RC_GTEST_PROP(PlanChanges, NoMoreBoundsAreMissedThanByPlansFromNothing, (std::uint64_t seed)) {
  Cluster cluster{seed};
  cluster.submit(12);
  cluster.plan();
  cluster.submit(3);
  Cluster whole = cluster;
  cluster.plan();
  whole.plan(true);
  RC_ASSERT(cluster.late() <= whole.late() + 1);
}

// Long queues take another way: no place is looked at again that need not be.
TEST(PlanChanges, OfALongQueueOnlyWhatMovesIsTold) {
  Cluster cluster{7, 400};
  cluster.submit(4000);
  EXPECT_EQ(cluster.plan(), 4000U);
  ASSERT_EQ(cluster.fault(), "");
  for (int step = 0; step < 3; ++step) {
    cluster.advance(7);
    cluster.submit(5);
    cluster.disturb();
    std::size_t const told = cluster.plan();
    EXPECT_LT(told, 2000U) << "step " << step;
    ASSERT_EQ(cluster.fault(), "") << "step " << step;
  }
}

}  // namespace
}  // namespace greenq::test
