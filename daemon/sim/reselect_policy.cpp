#include "sim/reselect_policy.hpp"

#include <algorithm>
#include <iterator>

namespace greenq::sim {

void ReselectPolicy::ended(core::JobId job, core::Instant) {
  auto const place = std::lower_bound(active_.begin(), active_.end(), job,
                                      [](Active const& a, core::JobId id) { return a.id < id; });
  active_.erase(place);
}

void ReselectPolicy::ask_all(Machine const& machine, core::Instant now) {
  if (now >= change_) change_ = prices_.next_change(now);
  for (Active& active : active_) {
    SimJob const& job = machine.job(active.id);
    core::Span const needs = machine.needs(active.id, now);
    bool const running = machine.is_running(active.id);
    core::Span const pause = running ? machine.instance().resume_overhead : core::Span{0};
    active.must = job.deadline - now <= needs + pause || (running && !job.interruptible);
    if (now < active.ask) continue;
    active.ask = change_;
    active.should = !active.must && should_run(job, needs, now, prices_);
  }
}

void ReselectPolicy::select(Machine const& machine, core::Instant now, Decision& decision) {
  std::uint32_t free = machine.capacity();
  for (Running const& run : machine.running()) {
    if (!machine.job(run.id).interruptible) free -= run.gpus;
  }
  auto const place = [&](Active const& active) {
    SimJob const& job = machine.job(active.id);
    bool const running = machine.is_running(active.id);
    if (running && !job.interruptible) return;
    bool const runs = (active.must || active.should) && job.gpus <= free;
    if (runs) free -= job.gpus;
    if (runs && !running) decision.start.push_back(active.id);
    if (!runs && running) decision.pause.push_back(active.id);
    if (runs || active.must) return;
    core::Span const resume = running ? machine.instance().resume_overhead : core::Span{0};
    core::Instant const latest = job.deadline - machine.needs(active.id, now) - resume;
    if (latest > now) decision.wake = std::min(decision.wake.value_or(latest), latest);
  };
  std::vector<Active> must;
  std::copy_if(active_.begin(), active_.end(), std::back_inserter(must),
               [](Active const& active) { return active.must; });
  if (order_ == MustOrder::kDeadline) {
    std::stable_sort(must.begin(), must.end(), [&](Active const& a, Active const& b) {
      return machine.job(a.id).deadline < machine.job(b.id).deadline;
    });
  }
  for (Active const& active : must) place(active);
  for (Active const& active : active_) {
    if (!active.must) place(active);
  }
}

Decision ReselectPolicy::decide(Machine const& machine, core::Instant now) {
  Decision decision;
  ask_all(machine, now);
  select(machine, now, decision);
  decision.wake = std::min(decision.wake.value_or(change_), change_);
  return decision;
}

}  // namespace greenq::sim
