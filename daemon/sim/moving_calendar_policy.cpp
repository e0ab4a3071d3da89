// calendar-pauses and calendar-replan: as calendar, but a job that may be paused reserves the cheapest free
// time before its deadline in parts. calendar-pauses never moves a reservation. calendar-replan drops those
// of all jobs that can still move with each new outlook and reserves anew, by latest start; what comes in
// between reserves on top. "Let's Wait Awhile" (Wiesner et al., Middleware 2021) with a capacity calendar;
// the peers lwa_int_book, and replan_np and replan_int, of the shared instances.
#include <algorithm>
#include <map>

#include "sim/gpu_calendar.hpp"
#include "sim/policies.hpp"

namespace greenq::sim {
namespace {

using core::Instant;
using core::Interval;
using core::JobId;

enum class Moves : bool { kNo, kYes };

class MovingCalendarPolicy final : public Policy {
 public:
  MovingCalendarPolicy(Instance const& instance, std::shared_ptr<Outlook> const& outlook, Moves moves)
      : moves_(moves), calendar_(instance.begin(), instance.cluster_gpus, outlook) {}

  void submitted(SimJob const& job, Instant) override { fresh_.push_back(job.id); }
  void ended(JobId id, Instant) override { plans_.erase(id); }

  Decision decide(Machine const& machine, Instant now) override {
    forget_past(machine, now);
    if (moves_ == Moves::kYes && now >= change_) {
      change_ = calendar_.next_change(now);
      reserve_anew(machine, now);
    } else {
      for (JobId const id : fresh_) reserve(machine, id, now);
    }
    fresh_.clear();
    return follow(machine, now);
  }

 private:
  // A job that found its GPUs taken by one that runs longer than told may have lost all its reservations.
  void forget_past(Machine const& machine, Instant now) {
    for (auto& [id, runs] : plans_) {
      std::erase_if(runs, [&](Interval const& run) { return run.end <= now; });
      if (runs.empty() && !machine.is_running(id)) fresh_.push_back(id);
    }
  }

  void reserve_anew(Machine const& machine, Instant now) {
    calendar_.clear(now);
    std::vector<std::pair<Instant, JobId>> order;
    for (JobId const id : fresh_) plans_[id];
    for (auto& [id, runs] : plans_) {
      SimJob const& job = machine.job(id);
      core::Span const needs = machine.needs(id, now);
      if (machine.is_running(id) && !job.interruptible) {
        runs = {{now, now + needs}};
        calendar_.book(runs.front(), job.gpus);
      } else {
        order.emplace_back(job.deadline - needs, id);
      }
    }
    std::sort(order.begin(), order.end());
    for (auto const& [latest, id] : order) reserve(machine, id, now);
  }

  void reserve(Machine const& machine, JobId id, Instant now) {
    SimJob const& job = machine.job(id);
    core::Span const needs = machine.needs(id, now);
    plans_[id] = job.interruptible ? calendar_.book_parts(job, needs, now, machine.instance().resume_overhead,
                                                          machine.is_running(id))
                                   : std::vector<Interval>{calendar_.book_whole(job, needs, now)};
  }

  static bool due(std::vector<Interval> const& runs, Instant now) {
    return !runs.empty() && runs.front().begin <= now;
  }

  Decision follow(Machine const& machine, Instant now) const {
    Decision decision;
    auto const wake = [&](Instant at) {
      if (at > now) decision.wake = std::min(decision.wake.value_or(at), at);
    };
    if (moves_ == Moves::kYes) wake(change_);
    std::uint32_t free = machine.free();
    for (auto const& [id, runs] : plans_) {
      for (Interval const& run : runs) {
        wake(run.begin);
        wake(run.end);
      }
      bool const stops = machine.is_running(id) && machine.job(id).interruptible && !runs.empty();
      if (!stops || due(runs, now)) continue;
      decision.pause.push_back(id);
      free += machine.job(id).gpus;
    }
    for (auto const& [id, runs] : plans_) {
      std::uint32_t const gpus = machine.job(id).gpus;
      if (machine.is_running(id) || !due(runs, now) || gpus > free) continue;
      free -= gpus;
      decision.start.push_back(id);
    }
    return decision;
  }

  Moves moves_;
  GpuCalendar calendar_;
  Instant change_{};                              // when all is reserved anew
  std::map<JobId, std::vector<Interval>> plans_;  // of what has not ended
  std::vector<JobId> fresh_;                      // without a reservation
};

}  // namespace

std::unique_ptr<Policy> make_calendar_pauses(Instance const& instance,
                                             std::shared_ptr<Outlook> const& outlook, PolicyOptions const&) {
  return std::make_unique<MovingCalendarPolicy>(instance, outlook, Moves::kNo);
}

std::unique_ptr<Policy> make_calendar_replan(Instance const& instance,
                                             std::shared_ptr<Outlook> const& outlook, PolicyOptions const&) {
  return std::make_unique<MovingCalendarPolicy>(instance, outlook, Moves::kYes);
}

}  // namespace greenq::sim
