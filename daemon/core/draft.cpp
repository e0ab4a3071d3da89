#include "core/draft.hpp"

#include <algorithm>

#include "core/check.hpp"

namespace greenq::core {

Job const* Draft::find(JobId id) const {
  if (auto const it = edited_.find(id); it != edited_.end()) return &it->second;
  auto const it = base_.jobs.find(id);
  return it == base_.jobs.end() ? nullptr : &it->second;
}

Job& Draft::edit(JobId id) {
  if (auto const it = edited_.find(id); it != edited_.end()) return it->second;
  auto const it = base_.jobs.find(id);
  GREENQ_CHECK(it != base_.jobs.end());
  return edited_.emplace(id, it->second).first->second;
}

Job& Draft::add(Job job) {
  auto const [it, fresh] = edited_.emplace(job.id, std::move(job));
  GREENQ_CHECK(fresh);
  return it->second;
}

std::vector<JobId> Draft::edited() const {
  std::vector<JobId> ids;
  ids.reserve(edited_.size());
  for (auto const& [id, job] : edited_) ids.push_back(id);
  return ids;
}

void Draft::note(Job const& job, JobEventKind kind, std::string message) {
  JobEvent event;
  event.sequence = next_sequence_++;
  event.at = now_;
  event.job = job.id;
  event.project = job.spec->project;
  event.owner_uid = job.owner.uid;
  event.kind = kind;
  event.state = job.state;
  event.reason = job.headline;
  event.message = std::move(message);
  step_.changes.events.push_back(std::move(event));
}

bool Draft::startable(Job const& job) const {
  if (job.state != JobState::kQueued && job.state != JobState::kPaused) return false;
  if (job.held_by_user || job.held_by_admin) return false;
  if (job.not_before && *job.not_before > now_) return false;
  return std::all_of(job.dependencies.begin(), job.dependencies.end(), [](Dependency const& dependency) {
    return dependency.status == DependencyStatus::kSatisfied;
  });
}

Step Draft::finish(Result<std::vector<JobId>> reply) {
  for (auto& [id, job] : edited_) {
    job.updated_at = now_;
    if (base_.jobs.contains(id)) job.version += 1;
    if (job.state == JobState::kQueued || job.state == JobState::kPaused) {
      HoldCode const code = headline(base_, job, now_);
      if (code != job.headline || job.headline_since == Instant{}) {
        bool const first = job.headline_since == Instant{};
        job.headline = code;
        job.headline_since = now_;
        if (!first) note(job, JobEventKind::kReasonChanged, std::string{"waits: "} + to_string(code));
      }
    }
    step_.changes.jobs.push_back(job);
  }
  step_.reply = std::move(reply);
  return std::move(step_);
}

DependencyStatus judge(DependencyCondition condition, JobState state, bool started) {
  bool const ended = is_terminal(state);
  auto const settle = [&](bool satisfied, bool never) {
    if (satisfied) return DependencyStatus::kSatisfied;
    return never ? DependencyStatus::kNever : DependencyStatus::kPending;
  };
  switch (condition) {
    case DependencyCondition::kSucceeded:
      return settle(state == JobState::kSucceeded, ended);
    case DependencyCondition::kFinished:
      return settle(ended, false);
    case DependencyCondition::kFailed:
      return settle(ended && state != JobState::kSucceeded, ended);
    case DependencyCondition::kStarted:
      return settle(started, ended);
  }
  return DependencyStatus::kPending;
}

void tell_dependents(Draft& draft, Job const& job) {
  auto const& dependents = draft.base().dependents;
  bool changed = false;
  for (auto it = dependents.lower_bound({job.id, 0}); it != dependents.end() && it->first == job.id; ++it) {
    JobId const id = it->second;
    if (!draft.find(id)) continue;
    Job& other = draft.edit(id);
    for (Dependency& dependency : other.dependencies) {
      if (dependency.job != job.id || dependency.status != DependencyStatus::kPending) continue;
      dependency.status = judge(dependency.condition, job.state, job.started_at.has_value());
      changed = true;
    }
  }
  if (changed) draft.effect(RequestPlan{});
}

void end_job(Draft& draft, Job& job, JobState state, std::string message) {
  GREENQ_CHECK(is_terminal(state) && !is_terminal(job.state));
  job.state = state;
  job.ended_at = draft.now();
  job.message = std::move(message);
  job.stop = StopIntent::kNone;
  job.stop_deadline.reset();
  job.plan.reset();
  if (!job.attempts.empty() && !job.attempts.back().end) {  // paused: nothing runs that could report
    job.attempts.back().end = SegmentEnd{Outcome::kCancelled, 0, draft.now(), job.message};
    draft.note(job, JobEventKind::kAttemptEnded,
               "attempt " + std::to_string(job.attempts.back().number) + ": " + job.message);
  }
  draft.note(job, JobEventKind::kEnded, job.message);
  tell_dependents(draft, job);
  auto const& meters = draft.base().meters;
  auto const open = meters.lower_bound(SegmentId{job.id, 0, 0});
  if (open == meters.end() || open->first.job != job.id) draft.effect(SettleFootprint{job.id});
}

}  // namespace greenq::core
