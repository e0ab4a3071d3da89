// Runs an instance under a policy until every job is done.
//
// Exact to the millisecond, pure and deterministic: the same instance and policy give the same schedule.
// Costs O(log jobs) per event plus a memory move of the queue, beside what the policy takes.
#pragma once

#include <cstdint>

#include "sim/policy.hpp"
#include "sim/schedule.hpp"

namespace greenq::sim {

struct Run {
  Schedule schedule;
  std::uint64_t decisions = 0;
};

// A decision that breaks a rule of Decision, or a policy that lets jobs wait for ever, is a broken invariant.
Run run(Instance const& instance, Policy& policy);

}  // namespace greenq::sim
