// What policies are told of run times.
#pragma once

#include <cstdint>

#include "sim/instance.hpp"

namespace greenq::sim {

struct Estimates {
  double factor = 1;
  double sigma = 0;  // of the logarithm of a factor drawn for each job: log-normal, median 1
  std::uint64_t seed = 1;
};

// The instance as policies see it: the job's own estimate where it has one, else its true duration times the
// factors, in whole steps, at least one. Deadlines move along: bounds are latest starts. Estimates{} leaves
// true durations as they are.
Instance told(Instance const& instance, Estimates const& estimates);

}  // namespace greenq::sim
