// A plan in figures: what the chosen window costs beside starting at once and beside the latest start.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/state.hpp"

namespace greenq::core {

struct WindowDetail {
  Interval window;
  std::optional<Intensity> mean;
  Energy energy{};  // modelled
  std::optional<Carbon> carbon;
};

struct PlanDetail {
  WindowDetail chosen;
  WindowDetail now;
  std::optional<WindowDetail> latest;
  std::vector<WindowDetail> segments;
  SignalSource source;  // empty provider: no signal
  Instant issued_at{};
  std::string not_shifted_reason;
  std::string note;
  std::uint32_t learned_runs = 0;  // that tell the length; 0: as stated
};

// Expected power of a job: expected_power, else the node model at full use of the reserved cores.
Power expected_power(JobSpec const& spec, EnergyModel const& model);
// Requires job.plan.
PlanDetail describe(State const& state, Job const& job, Instant now);

}  // namespace greenq::core
