// What a ledger holds of a time that is over, so that other policies can be tried on it. Values only.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/job.hpp"

namespace greenq::core {

struct PastJob {
  JobId id = 0;
  std::string user;
  JobState state = JobState::kQueued;
  Instant ready{};           // submitted, or the moment before which it was not to start
  std::vector<JobId> after;  // it waited for these
  bool held = false;         // submitted on hold: nobody knows when it would have been released
  std::uint32_t gpus = 0;
  std::uint32_t cpus = 1;
  Span expected{0};            // running time of an attempt, as it was planned with
  std::vector<Interval> runs;  // segments of all attempts that are over, in order; none of them empty
  bool shifts = false;         // it may wait for a cleaner hour
  bool interruptible = false;
  std::optional<Instant> latest_start{};  // that keeps its bound
  Energy energy{};                        // metered so far, at the computer
};

Span running_time(PastJob const& job);
// Judged at its submission: what a pause or a retry moved is not counted.
PastJob past_job(Job const& job, Energy energy);

struct PastSignal {
  struct Issue {
    Instant issued_at{};
    std::vector<IntensityPoint> points;  // ordered, no overlap
  };
  SignalSource source;
  std::vector<IntensityPoint> actuals;  // newest revisions of what was measured, ordered, no overlap
  std::vector<Issue> issues;            // ordered
};

struct History {
  std::string zone;                          // of the signals; empty: no signal is stored
  std::vector<PastJob> jobs;                 // submitted in the time, in that order
  std::map<SignalKind, PastSignal> signals;  // of each kind that was measured in the time
};

}  // namespace greenq::core
