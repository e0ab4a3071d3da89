// Policies that give each job one moment at its submit, as if the cluster were empty: then it joins a queue
// of first come, first served with backfill, in the order of these moments.
#pragma once

#include <functional>
#include <memory>
#include <queue>
#include <vector>

#include "sim/easy_queue.hpp"
#include "sim/policy.hpp"

namespace greenq::sim {

class ReleasePolicy : public Policy {
 public:
  void submitted(SimJob const& job, core::Instant now) final { held_.emplace(release_at(job, now), job.id); }
  void ended(core::JobId, core::Instant) final {}
  Decision decide(Machine const& machine, core::Instant now) final {
    while (!held_.empty() && held_.top().first <= now) {
      queue_.push(machine.job(held_.top().second));
      held_.pop();
    }
    Decision decision;
    queue_.dispatch(machine, machine.free(), now, decision.start);
    if (!held_.empty()) decision.wake = held_.top().first;
    return decision;
  }

 protected:
  virtual core::Instant release_at(SimJob const& job, core::Instant now) = 0;

 private:
  using Held = std::pair<core::Instant, core::JobId>;
  std::priority_queue<Held, std::vector<Held>, std::greater<>> held_;
  EasyQueue queue_;
};

}  // namespace greenq::sim
