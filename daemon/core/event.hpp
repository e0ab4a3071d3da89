// Everything that can happen to the core. Produced by adapters and by the engine's timer; values only.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "core/capacity.hpp"
#include "core/carbon/site.hpp"
#include "core/energy/footprint.hpp"
#include "core/energy/slice.hpp"
#include "core/job.hpp"
#include "core/plan/planner.hpp"

namespace greenq::core {

// One running segment of one attempt: the unit that a shepherd runs. Names the run directory.
struct SegmentId {
  JobId job = 0;
  AttemptNo attempt = 0;
  std::uint32_t launch = 0;
  friend auto operator<=>(SegmentId const&, SegmentId const&) = default;
};

struct NewDependency {
  JobId job = 0;  // 0: the job at batch_index of the same submission
  std::size_t batch_index = 0;
  DependencyCondition condition = DependencyCondition::kSucceeded;
  std::optional<JobState> known_state{};  // of a job that is no longer live
  bool known_started = false;
};

struct NewJob {
  std::shared_ptr<JobSpec const> spec;
  std::string uid;
  std::vector<NewDependency> dependencies;
};

// All jobs or none. Specs are already validated (core/validate.hpp).
struct SubmitJobs {
  Principal owner;
  std::vector<NewJob> jobs;
  std::string request_id{};  // empty: none
  std::string request_hash{};
};

struct CancelJob {
  JobId job = 0;
  Principal actor;
  std::string reason;
  std::uint64_t version = 0;  // 0: any
};
struct HoldJob {
  JobId job = 0;
  Principal actor;
  std::string reason;
  std::uint64_t version = 0;
};
struct ReleaseJob {
  JobId job = 0;
  Principal actor;
  std::string reason;
  std::uint64_t version = 0;
};

struct PlanReady {
  PlanOutput plan;
  bool more = false;  // the rest of the plan follows
};
struct SegmentStarted {
  SegmentId segment;
  Instant at{};
};
struct SegmentEnded {
  SegmentId segment;
  SegmentEnd end;
};
// Something of the machine is in the way (descriptors, disk, a missing program); the runner goes on trying.
struct SegmentDelayed {
  SegmentId segment;
  std::string why;
};
struct SignalReceived {
  int rank = 0;
  Signal signal;
};
// Samples of a run directory's energy journal, in order. Repeats are recognised by from_offset and ignored.
struct SamplesArrived {
  SegmentId segment;
  std::int64_t from_offset = 0;
  std::int64_t to_offset = 0;
  std::vector<CounterSample> samples;
  bool final = false;  // the segment has ended and its journal is read to the end
};
struct FootprintSettled {
  JobId job = 0;
  std::string project;
  Footprint footprint;
};
// The timer fired, or the engine wants a look at the clock.
struct Tick {};

using Event =
    std::variant<SubmitJobs, CancelJob, HoldJob, ReleaseJob, PlanReady, SegmentStarted, SegmentEnded,
                 SegmentDelayed, SignalReceived, SamplesArrived, FootprintSettled, Tick>;

// What is told to watchers and kept in the event table. Sequence numbers have no gaps.
enum class JobEventKind : std::uint8_t {
  kSubmitted = 1,
  kPlanned = 2,
  kReasonChanged = 3,
  kReleased = 4,
  kStarted = 5,
  kPausing = 6,
  kPaused = 7,
  kResumed = 8,
  kAttemptEnded = 9,
  kRequeued = 10,
  kEnded = 11,
  kHeld = 12,
  kUnheld = 13,
  kCancelRequested = 14,
};

struct JobEvent {
  std::int64_t sequence = 0;
  Instant at{};
  JobId job = 0;
  std::string project;
  std::uint32_t owner_uid = 0;
  JobEventKind kind = JobEventKind::kSubmitted;
  JobState state = JobState::kQueued;
  HoldCode reason = HoldCode::kNotYetEvaluated;
  std::string message;
};

}  // namespace greenq::core
