// Small builders for planner tests, and a driver that lives through a plan event by event.
#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/plan/planner.hpp"

namespace greenq::test {

using core::Instant;
using core::Interval;
using core::Span;

inline Instant minute(std::int64_t minutes) {
  return Instant{std::chrono::hours{24 * 20000}} + std::chrono::minutes{minutes};
}
inline Span minutes(std::int64_t count) {
  return Span{std::chrono::minutes{count}};
}

// Steps of `step` minutes from minute `from` on; figures in g/kWh.
inline std::shared_ptr<core::Curve const> curve_of(std::vector<int> const& grams, std::int64_t step = 60,
                                                   std::int64_t from = 0) {
  std::vector<core::IntensityPoint> points;
  for (std::size_t i = 0; i < grams.size(); ++i) {
    auto const k = static_cast<std::int64_t>(i);
    points.push_back({{minute(from + k * step), minute(from + (k + 1) * step)},
                      {std::int64_t{grams[i]} * 1000},
                      core::PointState::kForecast});
  }
  return std::make_shared<core::Curve const>(std::move(points));
}

// Any saving is worth any wait: what the planner finds can be worked out by hand.
inline core::PlanRules free_waits() {
  core::PlanRules rules;
  rules.wait_charge = 0;
  rules.min_saving = 0;
  return rules;
}

// A machine with `cpus` cores, 64 GiB and GPU pools of these sizes.
inline core::Capacity machine(std::uint32_t cpus, std::vector<std::size_t> const& pools = {}) {
  core::Capacity capacity{"node", cpus, std::int64_t{64} << 30, {}};
  for (std::size_t p = 0; p < pools.size(); ++p) {
    core::GpuPool pool{"model" + std::to_string(p), std::int64_t{24} << 30, {}};
    for (std::size_t g = 0; g < pools[p]; ++g) {
      pool.uuids.push_back("GPU-" + std::to_string(p) + "-" + std::to_string(g));
    }
    capacity.pools.push_back(std::move(pool));
  }
  return capacity;
}

// A job that takes `cpus` cores for `length` minutes from minute `ready` on, without slack.
inline core::WaitingJob queued(core::JobId id, std::uint32_t cpus, std::int64_t length,
                               std::int64_t ready = 0) {
  core::WaitingJob job;
  job.id = id;
  job.demand = {cpus, 0, 0};
  job.lanes = {0};
  job.duration = minutes(length);
  job.ready = minute(ready);
  job.latest = minute(ready);
  job.submitted = job.ready;
  return job;
}

// The same, free to start until minute `latest`.
inline core::WaitingJob shifting(core::JobId id, std::uint32_t cpus, std::int64_t length, std::int64_t latest,
                                 std::int64_t ready = 0) {
  core::WaitingJob job = queued(id, cpus, length, ready);
  job.latest = minute(latest);
  job.shift = true;
  return job;
}

inline core::PlannedJob const& planned_of(core::PlanOutput const& output, core::JobId id) {
  auto const found =
      std::find_if(output.jobs.begin(), output.jobs.end(), [&](auto const& job) { return job.id == id; });
  if (found == output.jobs.end()) std::abort();
  return *found;
}

inline core::Plan const& plan_of(core::PlanOutput const& output, core::JobId id) {
  return planned_of(output, id).plan;
}

inline Instant start_of(core::PlanOutput const& output, core::JobId id) {
  return plan_of(output, id).segments.front().begin;
}

// Minutes since minute(0).
inline std::int64_t start_minute(core::PlanOutput const& output, core::JobId id) {
  return std::chrono::floor<std::chrono::minutes>(start_of(output, id) - minute(0)).count();
}

// Whether running jobs and all planned segments stay within each site at every moment. Checks the moments
// where usage can rise.
inline std::string overbooked(core::PlanInput const& input, core::PlanOutput const& output) {
  struct Use {
    Interval interval;
    core::Demand demand;
    std::uint32_t lane = 0;
  };
  core::Lanes const lanes{input.sites};
  std::vector<Use> uses;
  for (auto const& job : input.running) {
    uses.push_back({{input.now, std::max(job.expected_end, input.now + Span{1})}, job.demand, job.lane});
  }
  for (auto const& waiting : input.waiting) {
    auto const& [id, plan, site] = planned_of(output, waiting.id);
    std::uint32_t const lane = lanes.of(site, plan.pool);
    for (auto const& segment : plan.segments) uses.push_back({segment, waiting.demand, lane});
  }
  for (Use const& at : uses) {
    std::uint32_t const site = lanes.site(at.lane);
    core::Capacity const& capacity = input.sites[site].capacity;
    std::int64_t cpus = 0;
    std::int64_t memory = 0;
    std::map<std::uint32_t, std::int64_t> gpus;
    for (Use const& use : uses) {
      if (lanes.site(use.lane) != site || !use.interval.contains(at.interval.begin)) continue;
      cpus += use.demand.cpus;
      memory += use.demand.memory_bytes;
      if (use.demand.gpus > 0) gpus[lanes.pool(use.lane)] += use.demand.gpus;
    }
    if (cpus > capacity.cpus) return "CPUs are overbooked";
    if (memory > capacity.memory_bytes) return "memory is overbooked";
    for (auto const& [pool, count] : gpus) {
      if (count > static_cast<std::int64_t>(capacity.pools.at(pool).uuids.size()))
        return "GPUs are overbooked";
    }
  }
  return "";
}

// Lives through plans as the daemon does: plans at each arrival and end, tells the planner what changed,
// starts what is due, moves on to the next event. A job is known from its `ready` on.
class OnlineRun {
 public:
  OnlineRun(core::Capacity capacity, std::shared_ptr<core::Curve const> curve,
            Span min_segment = minutes(30)) {
    input_.sites[0].capacity = std::move(capacity);
    input_.sites[0].curve = std::move(curve);
    input_.rules = free_waits();
    input_.rules.min_segment = min_segment;
  }

  void add(core::WaitingJob job) { arrivals_.emplace(job.ready, std::move(job)); }

  // Segments that were run, by job.
  std::map<core::JobId, std::vector<Interval>> const& run() {
    while (!arrivals_.empty() || !running_.empty() || !waiting_.empty()) {
      advance();
      if (dirty_) plan();
      start_due();
    }
    return ran_;
  }
  std::size_t plans() const { return plans_; }

 private:
  struct Running {
    core::WaitingJob job;
    std::uint32_t pool = 0;
    std::vector<Interval> rest;  // later segments
  };

  void advance() {
    std::optional<Instant> next;
    auto const consider = [&](Instant t) { next = next ? std::min(*next, t) : t; };
    if (!arrivals_.empty()) consider(arrivals_.begin()->first);
    if (!running_.empty()) consider(running_.begin()->first);
    for (auto const& [id, job] : waiting_) {
      auto const plan = plans_of_.find(id);
      if (plan != plans_of_.end()) consider(plan->second.segments.front().begin);
    }
    if (!next) std::abort();
    now_ = *next;
    while (!running_.empty() && running_.begin()->first <= now_) {
      Running ended = std::move(running_.begin()->second);
      running_.erase(running_.begin());
      dirty_ = true;
      if (ended.rest.empty()) continue;
      ended.job.duration = Span{0};
      for (auto const& segment : ended.rest) ended.job.duration += segment.length();
      ended.job.latest = end_bound_.at(ended.job.id) - ended.job.duration;
      ended.job.previous = std::move(ended.rest);
      wait(std::move(ended.job));
    }
    while (!arrivals_.empty() && arrivals_.begin()->first <= now_) {
      core::WaitingJob job = std::move(arrivals_.begin()->second);
      arrivals_.erase(arrivals_.begin());
      end_bound_[job.id] = job.latest + job.duration;
      wait(std::move(job));
      dirty_ = true;
    }
  }

  void wait(core::WaitingJob job) {
    touched_.insert(job.id);
    waiting_.emplace(job.id, std::move(job));
  }

  void plan() {
    input_.now = now_;
    input_.running.clear();
    input_.waiting.clear();
    for (auto const& [end, running] : running_) {
      input_.running.push_back({running.job.id, running.job.demand, running.pool, end, running.rest});
    }
    input_.changes = plans_ > 0;
    for (auto const& [id, job] : waiting_) {
      told_.erase(id);
      if (touched_.contains(id)) input_.waiting.push_back(job);
    }
    touched_.clear();
    input_.gone.assign(told_.begin(), told_.end());
    told_.clear();
    for (auto const& [id, job] : waiting_) told_.insert(id);
    core::PlanOutput output = planner_.plan(input_);
    for (auto& job : output.jobs) {
      waiting_.at(job.id).previous = job.plan.segments;
      waiting_.at(job.id).previous_lane = job.plan.pool;
      plans_of_[job.id] = std::move(job.plan);
    }
    dirty_ = false;
    ++plans_;
  }

  void start_due() {
    for (auto it = waiting_.begin(); it != waiting_.end();) {
      core::Plan const& plan = plans_of_.at(it->first);
      if (plan.segments.front().begin > now_) {
        ++it;
        continue;
      }
      auto& ran = ran_[it->first];
      Interval const segment = plan.segments.front();
      if (!ran.empty() && ran.back().end == segment.begin) {
        ran.back().end = segment.end;
      } else {
        ran.push_back(segment);
      }
      running_.emplace(
          segment.end,
          Running{std::move(it->second), plan.pool, {plan.segments.begin() + 1, plan.segments.end()}});
      it = waiting_.erase(it);
    }
  }

  core::PlanInput input_;
  core::Planner planner_;
  Instant now_{};
  bool dirty_ = false;
  std::size_t plans_ = 0;
  std::set<core::JobId> told_;     // that they wait
  std::set<core::JobId> touched_;  // since
  std::multimap<Instant, core::WaitingJob> arrivals_;
  std::multimap<Instant, Running> running_;
  std::map<core::JobId, core::WaitingJob> waiting_;
  std::map<core::JobId, core::Plan> plans_of_;
  std::map<core::JobId, Instant> end_bound_;
  std::map<core::JobId, std::vector<Interval>> ran_;
};

}  // namespace greenq::test
