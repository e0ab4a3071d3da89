#include "sim/engine.hpp"

#include <algorithm>

#include "core/check.hpp"

namespace greenq::sim {
namespace {

class Engine {
 public:
  Engine(Instance const& instance, Instance const& told, Policy& policy)
      : told_(told), policy_(policy), machine_(instance, told) {}

  Run run() {
    while (auto const now = next_moment()) step(*now);
    GREENQ_CHECK(machine_.waiting().empty());
    return {machine_.take_schedule(), decisions_};
  }

 private:
  // The wake alone counts only while something waits for it.
  std::optional<core::Instant> next_moment() const {
    std::optional<core::Instant> at;
    auto const earlier = [&](core::Instant t) { at = at ? std::min(*at, t) : t; };
    if (arrived_ < told_.jobs.size()) earlier(told_.jobs[arrived_].submit);
    if (auto const end = machine_.next_end()) earlier(*end);
    if (wake_ && (at || !machine_.waiting().empty())) earlier(*wake_);
    return at;
  }

  void step(core::Instant now) {
    machine_.finish(now, ended_);
    std::sort(ended_.begin(), ended_.end());
    for (core::JobId const id : ended_) policy_.ended(id, now);
    for (; arrived_ < told_.jobs.size() && told_.jobs[arrived_].submit <= now; ++arrived_) {
      SimJob const& job = told_.jobs[arrived_];
      GREENQ_CHECK(job.submit == now);
      machine_.submit(job.id);
      policy_.submitted(job, now);
    }
    if (wake_ && *wake_ <= now) wake_.reset();
    Decision const decision = policy_.decide(machine_, now);
    ++decisions_;
    for (core::JobId const id : decision.pause) machine_.pause(id, now);
    for (core::JobId const id : decision.start) machine_.start(id, now);
    GREENQ_CHECK(!decision.wake || *decision.wake > now);
    if (decision.wake) wake_ = decision.wake;
  }

  Instance const& told_;
  Policy& policy_;
  Machine machine_;
  std::size_t arrived_ = 0;
  std::optional<core::Instant> wake_;
  std::vector<core::JobId> ended_;
  std::uint64_t decisions_ = 0;
};

}  // namespace

Run run(Instance const& instance, Instance const& told, Policy& policy) {
  return Engine{instance, told, policy}.run();
}

}  // namespace greenq::sim
