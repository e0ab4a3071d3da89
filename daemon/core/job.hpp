// Jobs as the core knows them. Values only; see proto/greenq/v1/job.proto for the wire.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/carbon/signal.hpp"
#include "core/run_lengths.hpp"
#include "core/units.hpp"

namespace greenq::core {

using JobId = std::uint64_t;  // from 1, never reused
using AttemptNo = std::uint32_t;

// Who asks, as the kernel says (SO_PEERCRED). `name` is resolved from uid, for people.
struct Principal {
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::string name;
  bool admin = false;
};

struct Resources {
  std::uint32_t gpus = 0;
  std::vector<std::string> gpu_types{};  // lower case substrings of the model; empty means any
  std::int64_t gpu_memory_bytes = 0;
  std::uint32_t cpus = 1;
  std::int64_t memory_bytes = 0;
};

enum class CarbonMode : std::uint8_t { kNone = 1, kShift = 2, kThreshold = 3 };
enum class OnMissed : std::uint8_t { kRun = 1, kHold = 2, kFail = 3 };
enum class OnStaleFeed : std::uint8_t { kRun = 1, kHold = 2, kUseHistory = 3 };
enum class BoundKind : std::uint8_t { kFinishBy = 1, kStartBy = 2, kMaxDelay = 3 };

struct Bound {
  BoundKind kind = BoundKind::kMaxDelay;
  Instant at{};   // finish_by, start_by
  Span delay{0};  // max_delay
};

struct CarbonPolicy {
  CarbonMode mode = CarbonMode::kShift;
  std::optional<SignalKind> signal{};  // nothing: the site's choice
  std::optional<Bound> bound{};        // filled with the site's default at submission
  Intensity max_intensity{};           // threshold only
  bool interruptible = false;
  OnMissed on_missed = OnMissed::kRun;
  OnStaleFeed on_stale_feed = OnStaleFeed::kUseHistory;
};

struct Checkpoint {
  int signal = 0;
  Span grace{0};
  int exit_code = 85;
  Span cost{0};  // run time that each pause adds: saving, loading, work that is done again
};

enum class RetryCause : std::uint8_t { kNodeLost = 1, kOom = 2, kFailed = 3, kTimeLimit = 4 };

struct Retry {
  std::uint32_t max = 0;
  std::vector<RetryCause> causes{};
  std::vector<int> exit_codes{};
  Span backoff{0};
};

enum class DependencyCondition : std::uint8_t { kSucceeded = 1, kFinished = 2, kFailed = 3, kStarted = 4 };

struct DependencyRequest {
  std::string job;  // id or name
  DependencyCondition condition = DependencyCondition::kSucceeded;
};

struct JobSpec {
  std::string name;  // never empty after submission
  std::string project;
  std::vector<std::string>
      command;      // argv; a `run` script arrives as {"/bin/bash","-euo","pipefail","-c",script}
  std::string run;  // the script as given, for display; empty with command
  std::string workdir;
  std::map<std::string, std::string> env;
  Resources resources;
  std::optional<Span> time_limit;
  std::optional<Span> expected_duration;
  bool duration_assumed = false;  // expected_duration was filled in
  std::optional<Power> expected_power;
  CarbonPolicy carbon;
  std::optional<Checkpoint> checkpoint;
  Retry retry;
  std::vector<DependencyRequest> depends_on;
  std::uint32_t priority = 50;
  bool hold = false;
  std::optional<Instant> not_before;
  std::map<std::string, std::string> labels;
  std::string stdout_path;
  std::string stderr_path;
};

enum class JobState : std::uint8_t {
  kQueued = 1,
  kStarting = 2,
  kRunning = 3,
  kPaused = 4,
  kSucceeded = 5,
  kFailed = 6,
  kCancelled = 7,
  kLost = 8,
};
bool is_terminal(JobState state);
bool is_alive(JobState state);  // holds resources: starting or running
char const* to_string(JobState state);

enum class Outcome : std::uint8_t {
  kExited = 1,
  kSignaled = 2,
  kCouldNotStart = 3,
  kLost = 4,
  kTimeLimit = 5,
  kCancelled = 6,
  kOom = 7,
  kPaused = 8,
};
char const* to_string(Outcome outcome);

// How one running segment ended, as read from its run directory.
struct SegmentEnd {
  Outcome outcome = Outcome::kLost;
  int status = 0;  // exit status or signal number
  Instant at{};
  std::string message{};
};

struct Segment {
  Instant begin{};  // process confirmed
  std::optional<Instant> end{};
};

struct Attempt {
  AttemptNo number = 0;
  std::vector<Segment> segments;
  std::uint32_t launches = 0;  // segments launched so far; names the run directory
  std::vector<std::string> gpu_uuids;
  std::optional<SegmentEnd> end;  // set once the attempt is over
};

enum class HoldCode : std::uint8_t {
  kHeldByUser = 1,
  kHeldByAdmin = 2,
  kDependencyNeverSatisfied = 3,
  kDependency = 4,
  kNotBefore = 5,
  kCarbonWindow = 6,
  kCarbonFeedStale = 7,
  kWaitingForNodes = 8,
  kBehindInQueue = 9,
  kNotYetEvaluated = 10,
  kDaemonHold = 11,
};
char const* to_string(HoldCode code);

struct HoldReason {
  HoldCode code = HoldCode::kNotYetEvaluated;
  std::string message;
  Instant since{};
  std::map<std::string, std::string> evidence{};
  std::optional<Instant> clears_at{};
  std::string action{};
};

// What the planner decided for one job. Re-derivable; kept so that lists and explanations need no planner
// run.
struct Plan {
  std::vector<Interval> segments;        // at least one; more only for interruptible jobs
  std::uint32_t pool = 0;                // GPU pool (see Capacity)
  std::optional<Intensity> mean;         // over the segments; nothing where any of it is not known
  std::optional<Intensity> mean_if_now;  // over the same length from the planning moment
  PointState rung = PointState::kConstant;
  bool shifted = false;             // chose to wait for a cleaner window
  bool waits_for_capacity = false;  // would start earlier with more resources
  std::string note;                 // one sentence
  friend bool operator==(Plan const&, Plan const&) = default;
};

enum class DependencyStatus : std::uint8_t { kPending = 1, kSatisfied = 2, kNever = 3 };

struct Dependency {
  JobId job = 0;
  DependencyCondition condition = DependencyCondition::kSucceeded;
  DependencyStatus status = DependencyStatus::kPending;
};

enum class StopIntent : std::uint8_t { kNone = 0, kCancel = 1, kPause = 2, kPauseAndHold = 3 };

struct Job {
  JobId id = 0;
  std::string uid;  // UUIDv7
  Principal owner;
  std::shared_ptr<JobSpec const> spec;  // immutable after submission, never null
  JobState state = JobState::kQueued;
  Instant submitted_at{};
  Instant updated_at{};
  std::uint64_t version = 1;  // etag
  std::vector<Dependency> dependencies;
  std::vector<Attempt> attempts;
  std::optional<LearnedDuration> learned;  // as known at submission, so that bounds stay where they were told
  std::optional<Plan> plan;
  std::optional<Instant> not_before;  // spec.not_before or the end of a retry backoff
  bool held_by_user = false;
  bool held_by_admin = false;
  bool bound_waived = false;             // released after it missed its bound: runs as soon as there is room
  StopIntent stop = StopIntent::kNone;   // asked of the running segment
  std::optional<Instant> stop_deadline;  // a pause that was not taken by then is given up
  std::optional<Instant> started_at;     // first start
  std::optional<Instant> ended_at;
  int exit_status = 0;                             // 128 + N for a signal
  Span ran{0};                                     // running time of ended segments of the current attempt
  HoldCode headline = HoldCode::kNotYetEvaluated;  // while queued or paused
  Instant headline_since{};
  std::string message;  // one sentence on the last change
  std::string user_reason;
};

// What the file states: expected_duration, else time_limit, else one hour.
Span stated_duration(JobSpec const& spec);
// expected_duration where the file gave it.
std::optional<Span> estimate_of(JobSpec const& spec);
// Expected run time of one whole attempt, for planning: as learned, else as stated. Without pauses.
Span expected_duration(Job const& job);
// What each pause of it costs; none without a checkpoint section.
Span pause_cost(Job const& job);
// What the pauses of the current attempt cost, the resume to come with them. Such time counts neither as work
// nor against the time limit.
Span pauses_cost(Job const& job);
// What is left of it, with what the next resume takes longer. A job that runs longer is expected to take the
// safe length, then the stated one, then a tenth of what it took; never more than its time limit, at least
// one second.
Span remaining_duration(Job const& job, Instant now);
// Latest start that keeps the bound; nothing without a bound. finish_by is judged by the safe length.
std::optional<Instant> latest_start(Job const& job);
std::string made_up_name(JobId id);         // of a job that was given none
std::string resource_name(Job const& job);  // projects/{project}/jobs/{id}

}  // namespace greenq::core
