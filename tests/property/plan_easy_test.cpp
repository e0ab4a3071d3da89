// Zero slack equals first come, first served with EASY backfill, start by start, against a simulator of its
// own.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "support/plan_fixture.hpp"

namespace greenq::test {
namespace {

using Pools = core::LaneSet;

std::int64_t pick(std::int64_t least, std::int64_t most) {
  return *rc::gen::inRange<std::int64_t>(least, most + 1);
}

// Free amounts of a machine; knows nothing of calendars.
struct Free {
  std::int64_t cpus = 0;
  std::int64_t memory = 0;
  std::vector<std::int64_t> gpus;

  bool holds(core::Demand const& demand, std::uint32_t pool) const {
    return demand.cpus <= cpus && demand.memory_bytes <= memory &&
           (demand.gpus == 0 || demand.gpus <= gpus.at(pool));
  }
  void change(core::Demand const& demand, std::uint32_t pool, std::int64_t sign) {
    cpus += sign * demand.cpus;
    memory += sign * demand.memory_bytes;
    if (demand.gpus > 0) gpus.at(pool) += sign * demand.gpus;
  }
};

// By the book: at each moment ends first, then arrivals; start queue heads while they fit; the first that
// does not fit gets a reservation; later ones start now if they end by then or use only what the reservation
// leaves over.
class EasySimulator {
 public:
  EasySimulator(Free free, std::vector<core::WaitingJob> jobs)
      : free_(std::move(free)), jobs_(std::move(jobs)) {
    std::sort(jobs_.begin(), jobs_.end(),
              [](auto const& a, auto const& b) { return std::tie(a.ready, a.id) < std::tie(b.ready, b.id); });
  }

  std::map<core::JobId, Instant> run() {
    while (next_ < jobs_.size() || !waiting_.empty()) {
      Instant now = Instant::max();
      if (next_ < jobs_.size()) now = jobs_[next_].ready;
      if (!running_.empty()) now = std::min(now, running_.begin()->first);
      while (!running_.empty() && running_.begin()->first <= now) {
        auto const& [job, pool] = running_.begin()->second;
        free_.change(job.demand, pool, 1);
        running_.erase(running_.begin());
      }
      while (next_ < jobs_.size() && jobs_[next_].ready <= now) waiting_.push_back(jobs_[next_++]);
      std::stable_sort(waiting_.begin(), waiting_.end(),
                       [](auto const& a, auto const& b) { return a.priority > b.priority; });
      start(now);
    }
    return starts_;
  }

 private:
  void launch(core::WaitingJob const& job, std::uint32_t pool, Instant now) {
    free_.change(job.demand, pool, -1);
    running_.emplace(now + job.duration, std::pair{job, pool});
    starts_[job.id] = now;
  }

  bool launch_if_free(core::WaitingJob const& job, Instant now) {
    for (std::uint32_t const pool : job.lanes) {
      if (!free_.holds(job.demand, pool)) continue;
      launch(job, pool, now);
      return true;
    }
    return false;
  }

  void start(Instant now) {
    while (!waiting_.empty() && launch_if_free(waiting_.front(), now)) waiting_.erase(waiting_.begin());
    if (waiting_.empty()) return;
    core::WaitingJob const head = waiting_.front();
    Instant shadow = Instant::max();
    Free spare;
    for (std::uint32_t const pool : head.lanes) {
      Free then = free_;
      for (auto it = running_.begin(); it != running_.end();) {
        Instant const end = it->first;
        for (; it != running_.end() && it->first == end; ++it)
          then.change(it->second.first.demand, it->second.second, 1);
        if (!then.holds(head.demand, pool)) continue;
        if (end < shadow) {
          shadow = end;
          spare = then;
          spare.change(head.demand, pool, -1);
        }
        break;
      }
    }
    std::vector<core::WaitingJob> kept{head};
    for (std::size_t i = 1; i < waiting_.size(); ++i) {
      if (!backfill(waiting_[i], now, shadow, spare)) kept.push_back(waiting_[i]);
    }
    waiting_ = std::move(kept);
  }

  bool backfill(core::WaitingJob const& job, Instant now, Instant shadow, Free& spare) {
    for (std::uint32_t const pool : job.lanes) {
      if (!free_.holds(job.demand, pool)) continue;
      bool const in_time = now + job.duration <= shadow;
      if (!in_time && !spare.holds(job.demand, pool)) continue;
      if (!in_time) spare.change(job.demand, pool, -1);
      launch(job, pool, now);
      return true;
    }
    return false;
  }

  Free free_;
  std::vector<core::WaitingJob> jobs_;
  std::size_t next_ = 0;
  std::vector<core::WaitingJob> waiting_;
  std::multimap<Instant, std::pair<core::WaitingJob, std::uint32_t>> running_;
  std::map<core::JobId, Instant> starts_;
};

RC_GTEST_PROP(PlanEasy, ZeroSlackIsFirstComeFirstServedWithBackfill, ()) {
  bool const two_pools = *rc::gen::arbitrary<bool>();
  core::Capacity const capacity = two_pools ? machine(8, {2, 3}) : machine(8, {4});
  Free free{8, capacity.memory_bytes, {}};
  for (auto const& pool : capacity.pools) free.gpus.push_back(static_cast<std::int64_t>(pool.uuids.size()));
  std::vector<core::WaitingJob> jobs;
  std::int64_t const count = pick(1, 60);
  bool const priorities = *rc::gen::arbitrary<bool>();
  for (std::int64_t i = 1; i <= count; ++i) {
    auto job = queued(static_cast<core::JobId>(i), static_cast<std::uint32_t>(pick(1, 8)), pick(1, 90),
                      pick(0, 400));
    job.demand.memory_bytes = pick(0, 64) << 30;
    job.demand.gpus = static_cast<std::uint32_t>(pick(0, 2));
    if (two_pools && job.demand.gpus > 0) {
      job.lanes = *rc::gen::element(Pools{0}, Pools{1}, Pools{0, 1});
    }
    if (priorities) job.priority = *rc::gen::element(20u, 50u, 50u, 90u);
    jobs.push_back(job);
  }
  // A curve is there: jobs without slack must not look at it.
  OnlineRun online{capacity, curve_of({500, 100, 300, 50, 700, 20, 900, 10}, 60)};
  for (auto job : jobs) {
    job.shift = *rc::gen::arbitrary<bool>();  // zero slack: latest is the moment of arrival
    online.add(job);
  }
  auto const expected = EasySimulator{free, jobs}.run();
  auto const& ran = online.run();
  RC_ASSERT(ran.size() == jobs.size());
  for (auto const& [id, segments] : ran) {
    RC_ASSERT(segments.size() == 1u);
    RC_ASSERT(segments.front().begin == expected.at(id));
  }
}

}  // namespace
}  // namespace greenq::test
