// Runs an instance under a policy until every job is done.
//
// Exact to the millisecond, pure and deterministic: the same instance and policy give the same schedule.
// Costs O(running jobs) per event plus a memory move of the queue, beside what the policy takes.
#pragma once

#include <cstdint>

#include "sim/policy.hpp"
#include "sim/schedule.hpp"

namespace greenq::sim {

struct Run {
  Schedule schedule;
  std::uint64_t decisions = 0;
};

// `told`: see Machine. A decision that breaks a rule of Decision, or a policy that lets jobs wait for ever,
// is a broken invariant.
Run run(Instance const& instance, Instance const& told, Policy& policy);
inline Run run(Instance const& instance, Policy& policy) {
  return run(instance, instance, policy);
}

}  // namespace greenq::sim
