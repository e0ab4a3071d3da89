// The windows that a waiting job did not get, and why: worked out from the curve that decides when somebody
// asks. A window is told only where all its hours are known.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/plan/planner.hpp"

namespace greenq::core {

enum class Rejection : std::uint8_t {
  kDearer = 1,      // no less carbon than the chosen window
  kNotFree = 2,     // when it was planned; for a start after the chosen one: or not worth the longer wait
  kNotWorthIt = 3,  // less carbon, but not worth a longer wait or a change of the plan
  kAfterBound = 4,  // less carbon, but begins after the latest start
  kAboveMax = 5,    // above max_intensity
};

struct RejectedWindow {
  Interval window;  // in one piece, as long as the job
  Intensity mean;
  Rejection reason = Rejection::kDearer;
  std::string message;  // one phrase; times in UTC
};

// A job with the place that it was given.
struct PlacedJob {
  WaitingJob job;
  std::optional<Bound> bound;    // what the user gave; job.latest comes from it
  std::vector<Interval> chosen;  // not empty
  bool alone = false;            // no other job lives or is planned
  PlanRules rules;
  std::shared_ptr<Curve const> curve;  // the one that decides; not null
};

inline constexpr std::size_t kMaxRejected = 4;

// The best windows beside the chosen one, now and the latest start, in time, none over another. They begin
// a day after the latest start at most. None where an hour of the chosen window is not known.
std::vector<RejectedWindow> rejected_windows(PlacedJob const& placed, Instant now);

}  // namespace greenq::core
