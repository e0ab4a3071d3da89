#include "sim/reselect_policy.hpp"

#include <algorithm>

namespace greenq::sim {

void ReselectPolicy::ended(core::JobId job, core::Instant) {
  auto const place = std::lower_bound(active_.begin(), active_.end(), job,
                                      [](Active const& a, core::JobId id) { return a.id < id; });
  active_.erase(place);
}

void ReselectPolicy::ask_all(Machine const& machine, core::Instant now) {
  if (now >= change_) {
    change_ = prices_.next_change(now);
    prepare(now, prices_);
  }
  for (Active& active : active_) {
    SimJob const& job = machine.job(active.id);
    core::Span const needs = machine.needs(active.id, now);
    active.must = job.deadline - now <= needs || (machine.is_running(active.id) && !job.interruptible);
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
  };
  for (Active const& active : active_) {
    if (active.must) place(active);
  }
  for (Active const& active : active_) {
    if (!active.must) place(active);
    if (machine.is_running(active.id) || active.must) continue;
    core::Instant const latest = machine.job(active.id).deadline - machine.needs(active.id, now);
    decision.wake = std::min(decision.wake.value_or(latest), latest);
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
