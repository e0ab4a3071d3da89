#include "core/job.hpp"

#include <algorithm>

namespace greenq::core {

bool is_terminal(JobState state) {
  return state >= JobState::kSucceeded;
}
bool is_alive(JobState state) {
  return state == JobState::kStarting || state == JobState::kRunning;
}

char const* to_string(JobState state) {
  switch (state) {
    case JobState::kQueued:
      return "queued";
    case JobState::kStarting:
      return "starting";
    case JobState::kRunning:
      return "running";
    case JobState::kPaused:
      return "paused";
    case JobState::kSucceeded:
      return "succeeded";
    case JobState::kFailed:
      return "failed";
    case JobState::kCancelled:
      return "cancelled";
    case JobState::kLost:
      return "lost";
  }
  return "?";
}

char const* to_string(Outcome outcome) {
  switch (outcome) {
    case Outcome::kExited:
      return "exited";
    case Outcome::kSignaled:
      return "signaled";
    case Outcome::kCouldNotStart:
      return "could_not_start";
    case Outcome::kLost:
      return "lost";
    case Outcome::kTimeLimit:
      return "time_limit";
    case Outcome::kCancelled:
      return "cancelled";
    case Outcome::kOom:
      return "oom";
    case Outcome::kPaused:
      return "paused";
  }
  return "?";
}

char const* to_string(HoldCode code) {
  switch (code) {
    case HoldCode::kHeldByUser:
      return "HELD_BY_USER";
    case HoldCode::kHeldByAdmin:
      return "HELD_BY_ADMIN";
    case HoldCode::kDependencyNeverSatisfied:
      return "DEPENDENCY_NEVER_SATISFIED";
    case HoldCode::kDependency:
      return "DEPENDENCY";
    case HoldCode::kNotBefore:
      return "NOT_BEFORE";
    case HoldCode::kCarbonWindow:
      return "CARBON_WINDOW";
    case HoldCode::kCarbonFeedStale:
      return "CARBON_FEED_STALE";
    case HoldCode::kWaitingForNodes:
      return "WAITING_FOR_NODES";
    case HoldCode::kBehindInQueue:
      return "BEHIND_IN_QUEUE";
    case HoldCode::kNotYetEvaluated:
      return "NOT_YET_EVALUATED";
    case HoldCode::kDaemonHold:
      return "DAEMON_HOLD";
  }
  return "?";
}

Span planned_duration(JobSpec const& spec) {
  if (spec.expected_duration) return *spec.expected_duration;
  return spec.time_limit.value_or(Span{std::chrono::hours{1}});
}

Span expected_duration(Job const& job) {
  return planned_duration(*job.spec);
}

Span remaining_duration(Job const& job, Instant now) {
  Span done = job.ran;
  if (!job.attempts.empty() && !job.attempts.back().end && !job.attempts.back().segments.empty()) {
    Segment const& last = job.attempts.back().segments.back();
    if (!last.end && now > last.begin) done += now - last.begin;
  }
  return std::max(expected_duration(job) - done, Span{std::chrono::seconds{1}});
}

std::optional<Instant> latest_start(Job const& job) {
  auto const& bound = job.spec->carbon.bound;
  if (!bound) return std::nullopt;
  Span const expected = expected_duration(job);
  Span const left = std::max(expected - job.ran, Span{std::chrono::seconds{1}});
  switch (bound->kind) {
    case BoundKind::kFinishBy:
      return bound->at - left;
    case BoundKind::kStartBy:
      return bound->at + expected - left;
    case BoundKind::kMaxDelay:
      return job.submitted_at + bound->delay + expected - left;
  }
  return std::nullopt;
}

std::string resource_name(Job const& job) {
  return "projects/" + job.spec->project + "/jobs/" + std::to_string(job.id);
}

}  // namespace greenq::core
