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

Span stated_duration(JobSpec const& spec) {
  if (spec.expected_duration) return *spec.expected_duration;
  return spec.time_limit.value_or(Span{std::chrono::hours{1}});
}

std::optional<Span> estimate_of(JobSpec const& spec) {
  return spec.duration_assumed ? std::nullopt : spec.expected_duration;
}

Span expected_duration(Job const& job) {
  return job.learned ? job.learned->typical : stated_duration(*job.spec);
}

Span pause_cost(Job const& job) {
  return job.spec->checkpoint ? job.spec->checkpoint->cost : Span{0};
}

Span pauses_cost(Job const& job) {
  if (job.attempts.empty() || job.attempts.back().end) return Span{0};
  auto const& segments = job.attempts.back().segments;
  return pause_cost(job) * std::count_if(segments.begin(), segments.end(),
                                         [](Segment const& segment) { return segment.end.has_value(); });
}

namespace {

constexpr Span kShortest{std::chrono::seconds{1}};

// Of its ended segments; below zero where the next resume costs more than they did.
Span work_done(Job const& job) {
  return job.ran - pauses_cost(job);
}

Span safe_duration(Job const& job) {
  return job.learned ? job.learned->safe : stated_duration(*job.spec);
}

// What is left of an attempt that ran so long: of the first of these lengths that it has not outrun.
Span left_of(Job const& job, Span done, std::initializer_list<Span> lengths) {
  Span const left = length_left(done, lengths);
  Span const most = job.spec->time_limit ? *job.spec->time_limit - done : left;
  return std::max(std::min(left, most), kShortest);
}

// A learned length is no reason to break a bound that the stated one keeps: it moves the latest start to the
// earliest at most.
Instant latest_for_end(Job const& job, Instant end) {
  Span const stated = stated_duration(*job.spec);
  Instant const safe = end - left_of(job, work_done(job), {safe_duration(job), stated});
  if (!job.learned || job.ran > Span{0}) return safe;
  return std::max(safe, std::min(end - stated, job.not_before.value_or(job.submitted_at)));
}

}  // namespace

Span remaining_duration(Job const& job, Instant now) {
  Span done = work_done(job);
  if (!job.attempts.empty() && !job.attempts.back().end && !job.attempts.back().segments.empty()) {
    Segment const& last = job.attempts.back().segments.back();
    if (!last.end && now > last.begin) done += now - last.begin;
  }
  return left_of(job, done, {expected_duration(job), safe_duration(job), stated_duration(*job.spec)});
}

std::optional<Instant> latest_start(Job const& job) {
  auto const& bound = job.spec->carbon.bound;
  if (!bound) return std::nullopt;
  switch (bound->kind) {
    case BoundKind::kFinishBy:
      return latest_for_end(job, bound->at);
    case BoundKind::kStartBy:
      return bound->at + work_done(job);
    case BoundKind::kMaxDelay:
      return job.submitted_at + bound->delay + work_done(job);
  }
  return std::nullopt;
}

std::string made_up_name(JobId id) {
  return "job-" + std::to_string(id);
}

std::string resource_name(Job const& job) {
  return "projects/" + job.spec->project + "/jobs/" + std::to_string(job.id);
}

}  // namespace greenq::core
