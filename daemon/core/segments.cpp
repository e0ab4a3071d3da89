// What shepherds and meters report.
#include <algorithm>

#include "core/check.hpp"
#include "core/draft.hpp"
#include "core/launch.hpp"

namespace greenq::core {
namespace {

// The live job whose current segment this is; null for late or repeated reports.
Job const* owner_of(Draft const& draft, SegmentId const& segment) {
  Job const* job = draft.find(segment.job);
  if (!job || !is_alive(job->state) || job->attempts.empty()) return nullptr;
  return current_segment(*job) == segment ? job : nullptr;
}

RetryCause cause_of(Outcome outcome) {
  switch (outcome) {
    case Outcome::kLost:
      return RetryCause::kNodeLost;
    case Outcome::kOom:
      return RetryCause::kOom;
    case Outcome::kTimeLimit:
      return RetryCause::kTimeLimit;
    case Outcome::kExited:
    case Outcome::kSignaled:
    case Outcome::kCouldNotStart:
    case Outcome::kCancelled:
    case Outcome::kPaused:
      return RetryCause::kFailed;
  }
  return RetryCause::kFailed;
}

bool may_retry(Job const& job, SegmentEnd const& end) {
  Retry const& retry = job.spec->retry;
  if (job.attempts.size() > retry.max) return false;
  if (retry.causes.empty() && retry.exit_codes.empty()) return true;
  auto const& codes = retry.exit_codes;
  bool const code = end.outcome == Outcome::kExited && std::count(codes.begin(), codes.end(), end.status) > 0;
  auto const& causes = retry.causes;
  return code || std::count(causes.begin(), causes.end(), cause_of(end.outcome)) > 0;
}

// The shepherd's own sentence where it wrote one.
std::string describe_end(SegmentEnd const& end) {
  std::string const& told = end.message;
  switch (end.outcome) {
    case Outcome::kCouldNotStart:
      return told.empty() ? "could not start" : "could not start: " + told;
    case Outcome::kLost:
      return "lost: " + (told.empty() ? "nobody saw its end" : told);
    default:  // default: the others need a sentence only where the shepherd wrote none
      break;
  }
  if (!told.empty()) return told;
  switch (end.outcome) {
    case Outcome::kExited:
      return "ended with exit status " + std::to_string(end.status);
    case Outcome::kSignaled:
      return "was ended by " + signal_name(end.status);
    case Outcome::kTimeLimit:
      return "was stopped at its time limit";
    case Outcome::kOom:
      return "was killed: out of memory";
    case Outcome::kPaused:
      return "saved its work and stopped";
    case Outcome::kCouldNotStart:
    case Outcome::kLost:
    case Outcome::kCancelled:
      break;
  }
  return "was stopped on request";
}

// A shepherd that was told to stop by somebody else (a shutdown of the host, an administrator) lost its job.
SegmentEnd as_intended(Job const& job, SegmentEnd end) {
  if (end.outcome != Outcome::kCancelled || job.stop == StopIntent::kCancel) return end;
  end.outcome = Outcome::kLost;
  end.message = "it was stopped from outside GreenQ, as a shutdown of the host does";
  return end;
}

JobState final_state(Job const& job, SegmentEnd const& end) {
  if (end.outcome == Outcome::kExited && end.status == 0) return JobState::kSucceeded;
  if (job.stop == StopIntent::kCancel) return JobState::kCancelled;
  return end.outcome == Outcome::kLost ? JobState::kLost : JobState::kFailed;
}

int exit_status_of(SegmentEnd const& end) {
  switch (end.outcome) {
    case Outcome::kExited:
    case Outcome::kPaused:
      return end.status;
    case Outcome::kSignaled:
      return 128 + end.status;
    case Outcome::kTimeLimit:
    case Outcome::kCancelled:
      return 128 + 15;
    case Outcome::kOom:
      return 128 + 9;
    case Outcome::kCouldNotStart:
      return 127;
    case Outcome::kLost:
      return 255;
  }
  return 255;
}

void pause(Draft& draft, Job& job) {
  job.state = JobState::kPaused;
  job.held_by_user = job.stop == StopIntent::kPauseAndHold;
  job.message = "saved its work; paused";
  if (job.plan) {
    auto& segments = job.plan->segments;
    std::erase_if(segments, [&](Interval const& s) { return s.end <= draft.now(); });
    if (segments.empty() || job.held_by_user) job.plan.reset();
  }
  draft.note(job, JobEventKind::kPaused, job.message);
}

// Names that were made up come once only. What pauses cost is no part of the length.
void keep_run_length(Draft& draft, Job const& job) {
  auto const runs = static_cast<std::int64_t>(job.attempts.back().segments.size());
  Span const length = std::max(job.ran - pause_cost(job) * std::max<std::int64_t>(runs - 1, 0), Span{0});
  PastRun const run{length, estimate_of(*job.spec)};
  auto const keep = [&](std::string const& name) {
    draft.changes().runs.push_back(draft.base().runs.with({job.owner.uid, name}, run, draft.now()));
  };
  if (job.spec->name != made_up_name(job.id)) keep(job.spec->name);
  if (run.stated) keep({});
}

void close_attempt(Draft& draft, Job& job, SegmentEnd const& end) {
  Attempt& attempt = job.attempts.back();
  attempt.end = end;
  attempt.end->message = describe_end(end);
  bool const success = end.outcome == Outcome::kExited && end.status == 0;
  if (success) keep_run_length(draft, job);
  job.ran = Span{0};
  job.exit_status = exit_status_of(end);
  std::string const text = "attempt " + std::to_string(attempt.number) + ": " + attempt.end->message;
  draft.note(job, JobEventKind::kAttemptEnded, text);
  if (!success && job.stop != StopIntent::kCancel && may_retry(job, end)) {
    job.state = JobState::kQueued;
    job.held_by_user = job.held_by_user || job.stop == StopIntent::kPauseAndHold;
    job.stop = StopIntent::kNone;
    job.plan.reset();
    job.not_before = draft.now() + job.spec->retry.backoff;
    job.message = text + "; will be tried again";
    draft.note(job, JobEventKind::kRequeued, job.message);
    return;
  }
  end_job(draft, job, final_state(job, end), describe_end(end));
}

}  // namespace

void segment_started(Draft& draft, SegmentStarted const& event) {
  Job const* seen = owner_of(draft, event.segment);
  if (!seen || seen->state != JobState::kStarting) return;
  Job& job = draft.edit(seen->id);
  bool const resumed = !job.attempts.back().segments.empty();
  job.state = JobState::kRunning;
  job.attempts.back().segments.push_back({event.at, std::nullopt});
  bool const first = !job.started_at;
  if (first) job.started_at = event.at;
  job.message = resumed ? "runs on" : "runs";
  draft.note(job, resumed ? JobEventKind::kResumed : JobEventKind::kStarted, job.message);
  draft.effect(WatchMeter{event.segment, 0});
  if (first) tell_dependents(draft, job);
}

void segment_delayed(Draft& draft, SegmentDelayed const& event) {
  Job const* seen = owner_of(draft, event.segment);
  if (!seen || seen->state != JobState::kStarting || seen->message == event.why) return;
  Job& job = draft.edit(seen->id);
  job.message = event.why;
  draft.note(job, JobEventKind::kReasonChanged, job.message);
}

void segment_ended(Draft& draft, SegmentEnded const& event) {
  Job const* seen = owner_of(draft, event.segment);
  if (!seen) return;
  Job& job = draft.edit(seen->id);
  auto& segments = job.attempts.back().segments;
  if (!segments.empty() && !segments.back().end) {
    segments.back().end =
        std::clamp(event.end.at, segments.back().begin, std::max(draft.now(), segments.back().begin));
    job.ran += segments.back().end.value() - segments.back().begin;
  }
  job.stop_deadline.reset();
  if (auto const meter = draft.base().meters.find(event.segment); meter != draft.base().meters.end()) {
    SegmentMeter ended = meter->second;
    ended.ended = true;
    draft.effect(DrainMeter{event.segment, ended.offset});
    draft.changes().meters.push_back(std::move(ended));
  }
  // Saved work counts even when it came after the pause was given up.
  if (event.end.outcome == Outcome::kPaused && job.stop != StopIntent::kCancel) {
    pause(draft, job);
    job.stop = StopIntent::kNone;
  } else {
    close_attempt(draft, job, as_intended(job, event.end));
  }
  draft.effect(RequestPlan{});
}

void samples_arrived(Draft& draft, SamplesArrived const& event) {
  auto const found = draft.base().meters.find(event.segment);
  if (found == draft.base().meters.end()) return;
  SegmentMeter meter = found->second;
  if (event.from_offset != meter.offset) {
    if (meter.ended) {
      draft.effect(DrainMeter{event.segment, meter.offset});
    } else {
      draft.effect(WatchMeter{event.segment, meter.offset});
    }
    return;
  }
  EnergyModel const& model = draft.base().model;
  auto& slices = draft.changes().slices;
  for (CounterSample const& sample : event.samples)
    take_sample(model, meter.job, meter.interval, sample, slices);
  if (event.final) close_interval(model, meter.job, meter.interval, slices);
  meter.offset = event.to_offset;
  if (!event.final) {
    draft.changes().meters.push_back(std::move(meter));
    return;
  }
  draft.changes().meters_done.push_back(event.segment);
  auto const& meters = draft.base().meters;
  auto const others = std::count_if(meters.lower_bound({event.segment.job, 0, 0}),
                                    meters.lower_bound({event.segment.job + 1, 0, 0}),
                                    [&](auto const& entry) { return entry.first != event.segment; });
  if (!draft.find(event.segment.job) && others == 0) draft.effect(SettleFootprint{event.segment.job});
}

}  // namespace greenq::core
