// calendar: jobs reserve in the order of their submit, each its cheapest window before its deadline in which
// the GPUs are still free for the whole run, else the earliest place; reservations never move. "Let's Wait
// Awhile" with a capacity calendar: reference "planning", 4.3.
#include <functional>
#include <queue>

#include "core/plan/calendar.hpp"
#include "sim/policies.hpp"
#include "sim/prices.hpp"

namespace greenq::sim {
namespace {

core::Capacity gpus_only(std::uint32_t gpus) {
  core::Capacity out;
  out.pools.push_back({"", 0, std::vector<std::string>(gpus)});
  return out;
}

class CalendarPolicy final : public Policy {
 public:
  CalendarPolicy(Instance const& instance, std::shared_ptr<Outlook> const& outlook)
      : prices_(outlook), calendar_(instance.begin(), gpus_only(instance.cluster_gpus)) {}

  void submitted(SimJob const& job, core::Instant now) override {
    core::Need const need{{0, 0, job.gpus}, 0};
    core::Instant const start =
        cheapest(job, need, now).value_or(calendar_.earliest_fit(need, job.duration, now));
    calendar_.book({start, start + job.duration}, need);
    reserved_.emplace(start, job.id);
  }

  void ended(core::JobId, core::Instant) override {}

  Decision decide(Machine const& machine, core::Instant now) override {
    Decision decision;
    for (; !reserved_.empty() && reserved_.top().first <= now; reserved_.pop())
      due_.push_back(reserved_.top().second);
    std::uint32_t free = machine.free();
    std::erase_if(due_, [&](core::JobId id) {
      if (machine.job(id).gpus > free) return false;
      free -= machine.job(id).gpus;
      decision.start.push_back(id);
      return true;
    });
    if (!reserved_.empty()) decision.wake = reserved_.top().first;
    return decision;
  }

 private:
  std::optional<core::Instant> cheapest(SimJob const& job, core::Need const& need, core::Instant now) {
    if (job.deadline <= now) return std::nullopt;
    calendar_.free_runs({now, job.deadline}, need, runs_);
    std::vector<core::Interval> starts;
    for (core::Interval const& run : runs_) {
      if (run.length() >= job.duration) starts.push_back({run.begin, run.end - job.duration});
    }
    if (starts.empty()) return std::nullopt;
    auto const best = prices_.at(now).cheapest(starts, job.duration);
    return best ? std::optional(best->start) : std::nullopt;
  }

  using Reserved = std::pair<core::Instant, core::JobId>;
  Prices prices_;
  core::Calendar calendar_;
  std::priority_queue<Reserved, std::vector<Reserved>, std::greater<>> reserved_;
  std::vector<core::JobId> due_;  // that find their GPUs taken by jobs that run longer than told
  std::vector<core::Interval> runs_;
};

}  // namespace

std::unique_ptr<Policy> make_calendar(Instance const& instance, std::shared_ptr<Outlook> const& outlook,
                                      PolicyOptions const&) {
  return std::make_unique<CalendarPolicy>(instance, outlook);
}

}  // namespace greenq::sim
