// What people ask for: submit, cancel, hold, release.
#include "core/draft.hpp"
#include "core/launch.hpp"

namespace greenq::core {
namespace {

Job make_job(Draft& draft, SubmitJobs const& command, std::size_t index, JobId first_id) {
  NewJob const& fresh = command.jobs[index];
  Job job;
  job.id = first_id + index;
  job.uid = fresh.uid;
  job.owner = command.owner;
  job.spec = fresh.spec;
  if (job.spec->name.empty()) {
    auto named = std::make_shared<JobSpec>(*job.spec);
    named->name = made_up_name(job.id);
    job.spec = std::move(named);
  }
  job.learned = learned_duration(draft.base(), job.owner, *job.spec);
  job.submitted_at = draft.now();
  job.held_by_user = job.spec->hold;
  job.not_before = job.spec->not_before;
  job.message = "submitted";
  for (NewDependency const& wanted : fresh.dependencies) {
    Dependency dependency;
    dependency.condition = wanted.condition;
    dependency.job = wanted.job != 0 ? wanted.job : first_id + wanted.batch_index;
    if (Job const* live = draft.find(dependency.job)) {
      dependency.status = judge(wanted.condition, live->state, live->started_at.has_value());
    } else if (wanted.known_state) {
      dependency.status = judge(wanted.condition, *wanted.known_state, wanted.known_started);
    }
    job.dependencies.push_back(dependency);
  }
  return job;
}

Result<Job*> editable(Draft& draft, JobId id, std::uint64_t version) {
  Job const* job = draft.find(id);
  if (!job) {
    return fail(ErrorCode::kFailedPrecondition, "JOB_ENDED",
                "job " + std::to_string(id) + " has already ended; nothing was changed");
  }
  if (version != 0 && version != job->version) {
    return fail(ErrorCode::kAborted, "ETAG_MISMATCH",
                "job " + std::to_string(id) + " has changed since you read it; read it again and retry");
  }
  return &draft.edit(id);
}

void ask_to_pause(Draft& draft, Job& job, StopIntent intent) {
  job.stop = intent;
  job.stop_deadline = draft.now() + job.spec->checkpoint->grace + std::chrono::seconds{5};
  draft.effect(StopSegment{current_segment(job), StopKind::kCheckpoint});
  draft.note(job, JobEventKind::kPausing, "asked to save its work");
}

}  // namespace

Result<std::vector<JobId>> submit(Draft& draft, SubmitJobs const& command) {
  JobId const first_id = draft.base().next_job;
  std::vector<JobId> ids;
  for (std::size_t i = 0; i < command.jobs.size(); ++i) {
    Job& job = draft.add(make_job(draft, command, i, first_id));
    ids.push_back(job.id);
    draft.note(job, JobEventKind::kSubmitted, "submitted by " + command.owner.name);
  }
  if (!command.request_id.empty()) {
    draft.changes().requests.push_back(
        {command.owner.uid, command.request_id, command.request_hash, ids, draft.now()});
  }
  draft.effect(RequestPlan{});
  return ids;
}

Result<std::vector<JobId>> cancel(Draft& draft, CancelJob const& command) {
  auto const found = editable(draft, command.job, command.version);
  if (!found) return tl::unexpected(found.error());
  Job& job = **found;
  job.user_reason = command.reason;
  std::string const who = "cancelled by " + command.actor.name;
  if (!is_alive(job.state)) {
    end_job(draft, job, JobState::kCancelled, who);
    draft.effect(RequestPlan{});
    return std::vector{job.id};
  }
  if (job.stop != StopIntent::kCancel) {
    job.stop = StopIntent::kCancel;
    job.stop_deadline.reset();
    job.message = who + "; stopping";
    draft.note(job, JobEventKind::kCancelRequested, job.message);
  }
  draft.effect(StopSegment{current_segment(job), StopKind::kTerminate});
  return std::vector{job.id};
}

Result<std::vector<JobId>> hold(Draft& draft, HoldJob const& command) {
  auto const found = editable(draft, command.job, command.version);
  if (!found) return tl::unexpected(found.error());
  Job& job = **found;
  std::string const message = "held by " + command.actor.name;
  if (is_alive(job.state)) {
    if (!job.spec->checkpoint) {
      return fail(ErrorCode::kFailedPrecondition, "NO_CHECKPOINT",
                  "job " + std::to_string(job.id) +
                      " is running and has no checkpoint section, so it cannot be paused; cancel it instead");
    }
    if (job.state == JobState::kStarting) {
      return fail(ErrorCode::kFailedPrecondition, "JOB_STARTING",
                  "job " + std::to_string(job.id) + " is just starting; hold it again in a moment");
    }
    if (job.stop == StopIntent::kCancel) {
      return fail(ErrorCode::kFailedPrecondition, "JOB_STOPPING",
                  "job " + std::to_string(job.id) + " is being cancelled");
    }
    job.user_reason = command.reason;
    ask_to_pause(draft, job, StopIntent::kPauseAndHold);
    return std::vector{job.id};
  }
  job.user_reason = command.reason;
  if (!job.held_by_user) {
    job.held_by_user = true;
    job.plan.reset();
    job.message = message;
    draft.note(job, JobEventKind::kHeld, message);
    draft.effect(RequestPlan{});
  }
  return std::vector{job.id};
}

Result<std::vector<JobId>> release(Draft& draft, ReleaseJob const& command) {
  auto const found = editable(draft, command.job, command.version);
  if (!found) return tl::unexpected(found.error());
  Job& job = **found;
  if (job.held_by_admin && !command.actor.admin && job.owner.uid != command.actor.uid) {
    return fail(ErrorCode::kPermissionDenied, "HELD_BY_ADMIN", "only an administrator may release this job");
  }
  job.user_reason = command.reason;
  if (job.held_by_user || job.held_by_admin) {
    auto const latest = latest_start(job);
    job.bound_waived = job.bound_waived || (latest && *latest <= draft.now());
    job.held_by_user = false;
    job.held_by_admin = false;
    job.message = "released by " + command.actor.name;
    draft.note(job, JobEventKind::kUnheld, job.message);
    draft.effect(RequestPlan{});
  } else if (job.stop == StopIntent::kPauseAndHold) {
    job.stop = StopIntent::kPause;
  } else {
    return fail(ErrorCode::kFailedPrecondition, "NOT_HELD",
                "job " + std::to_string(job.id) + " is not held; `greenq explain " + std::to_string(job.id) +
                    "` tells what it waits for");
  }
  return std::vector{job.id};
}

}  // namespace greenq::core
