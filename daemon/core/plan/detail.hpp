// A plan in figures: what the chosen window costs beside starting at once and beside the latest start.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/plan/rejected.hpp"
#include "core/state.hpp"

namespace greenq::core {

struct WindowDetail {
  Interval window;
  std::optional<Intensity> mean;
  Energy energy{};  // modelled
  std::optional<Carbon> carbon;
};

struct RejectedDetail {
  WindowDetail window;
  Rejection reason = Rejection::kDearer;
  std::string message;  // one phrase
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
  std::optional<LearnedDuration> learned;  // where it tells the length
  bool duration_assumed = false;           // an hour: neither stated, nor limited, nor learned
  // Only where asked for, and where a curve decides for a job that waits.
  std::vector<RejectedDetail> rejected;  // in time
  std::vector<IntensityPoint> outline;   // of the curve, from now to the end of all windows above
};

inline constexpr std::int64_t kMaxOutline = 96;  // points

// Expected power of a job: expected_power, else the node model at full use of the reserved cores.
Power expected_power(JobSpec const& spec, EnergyModel const& model);
// Requires job.plan.
PlanDetail describe(State const& state, Job const& job, Instant now);
// With `rejected` and `outline`, for which it goes through the curve. `alone`: no other job lives or is
// planned.
PlanDetail describe_choice(State const& state, Job const& job, bool alone, Instant now);

}  // namespace greenq::core
