#include "core/plan/plain_queue.hpp"

#include <algorithm>
#include <queue>
#include <unordered_map>

#include "core/check.hpp"
#include "core/plan/easy_queue.hpp"
#include "core/plan/lanes.hpp"

namespace greenq::core {
namespace {

constexpr Span kShortest{1};

class PlainQueue {
 public:
  PlainQueue(Capacity const& capacity, std::vector<PlainJob> const& jobs)
      : jobs_(jobs),
        lanes_({{.capacity = capacity}}),
        queue_(lanes_.rows()),
        waits_(jobs.size()),
        runs_(jobs.size()) {
    for (std::size_t i = 0; i < jobs.size(); ++i) index_[jobs[i].id] = i;
    for (std::size_t i = 0; i < jobs.size(); ++i) {
      GREENQ_CHECK(!jobs[i].pools.empty());
      waits_[i].ready = std::max(jobs[i].submitted, jobs[i].ready);
      for (PlainJob::After const& after : jobs[i].after) {
        auto const found = index_.find(after.job);
        if (found == index_.end() || found->second == i) continue;
        auto& told = after.started ? waits_[found->second].told_of_start : waits_[found->second].told_of_end;
        told.push_back(i);
        ++waits_[i].open;
      }
      if (waits_[i].open == 0) arrivals_.emplace(waits_[i].ready, i);
    }
  }

  std::vector<Interval> run() && {
    for (;;) {
      auto const end = queue_.next_end();
      if (!end && arrivals_.empty()) break;
      Instant const now = arrivals_.empty() ? *end
                          : end             ? std::min(*end, arrivals_.top().first)
                                            : arrivals_.top().first;
      for (EasyQueue::Run const& run : queue_.end(now)) tell(waits_[index_.at(run.id)].told_of_end, now);
      arrive(now);
      for (EasyQueue::Run const& run : queue_.dispatch(now)) {
        std::size_t const index = index_.at(run.id);
        runs_[index] = run.interval;
        tell(waits_[index].told_of_start, now);
      }
    }
    return std::move(runs_);
  }

 private:
  struct Wait {
    Instant ready{};
    std::size_t open = 0;  // dependencies that are not met
    std::vector<std::size_t> told_of_start;
    std::vector<std::size_t> told_of_end;
  };
  using Arrival = std::pair<Instant, std::size_t>;

  void tell(std::vector<std::size_t> const& dependents, Instant now) {
    for (std::size_t const dependent : dependents) {
      Wait& wait = waits_[dependent];
      wait.ready = std::max(wait.ready, now);
      if (--wait.open == 0) arrivals_.emplace(wait.ready, dependent);
    }
  }

  void arrive(Instant now) {
    while (!arrivals_.empty() && arrivals_.top().first <= now) {
      PlainJob const& job = jobs_[arrivals_.top().second];
      arrivals_.pop();
      EasyQueue::Job queued{job.id,
                            job.priority,
                            job.submitted,
                            {},
                            std::max(job.planned, kShortest),
                            std::max(job.length, kShortest)};
      queued.needs.reserve(job.pools.size());
      for (std::uint32_t const pool : job.pools) queued.needs.push_back(lanes_.need(job.demand, pool));
      queue_.add(std::move(queued));
    }
  }

  std::vector<PlainJob> const& jobs_;
  Lanes lanes_;  // of one site: pools
  EasyQueue queue_;
  std::unordered_map<JobId, std::size_t> index_;
  std::vector<Wait> waits_;  // by index in jobs_
  std::vector<Interval> runs_;
  std::priority_queue<Arrival, std::vector<Arrival>, std::greater<>> arrivals_;
};

}  // namespace

std::vector<Interval> plain_queue(Capacity const& capacity, std::vector<PlainJob> const& jobs) {
  return PlainQueue(capacity, jobs).run();
}

}  // namespace greenq::core
