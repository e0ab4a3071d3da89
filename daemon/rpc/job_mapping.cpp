#include "rpc/job_mapping.hpp"

#include <algorithm>

#include "rpc/carbon_mapping.hpp"
#include "rpc/spec_mapping.hpp"
#include "rpc/time_mapping.hpp"

namespace greenq::rpc {
namespace {

// The numbers of the core's enums are those of the wire; the last value of each is checked here, all in
// tests.
static_assert(static_cast<int>(core::JobState::kLost) == v1::Job::STATE_LOST);
static_assert(static_cast<int>(core::HoldCode::kDaemonHold) == v1::HoldReason::CODE_DAEMON_HOLD);
static_assert(static_cast<int>(core::JobEventKind::kCancelRequested) == v1::JobEvent::KIND_CANCEL_REQUESTED);
static_assert(static_cast<int>(core::Outcome::kOom) == v1::Attempt::OUTCOME_OOM);
static_assert(static_cast<int>(core::CarbonMode::kThreshold) == v1::CarbonPolicy::MODE_THRESHOLD);
static_assert(static_cast<int>(core::OnMissed::kFail) == v1::CarbonPolicy::ON_MISSED_FAIL);
static_assert(static_cast<int>(core::OnStaleFeed::kUseHistory) ==
              v1::CarbonPolicy::ON_STALE_FEED_USE_HISTORY);
static_assert(static_cast<int>(core::RetryCause::kTimeLimit) == v1::Retry::CAUSE_TIME_LIMIT);
static_assert(static_cast<int>(core::Rejection::kAboveMax) == v1::RejectedWindow::REASON_ABOVE_MAX_INTENSITY);
static_assert(static_cast<int>(core::DependencyCondition::kStarted) == v1::Dependency::CONDITION_STARTED);

v1::Attempt::Outcome outcome_to_wire(core::Outcome outcome) {
  // A pause ends a segment, not an attempt.
  if (outcome == core::Outcome::kPaused) return v1::Attempt::OUTCOME_UNSPECIFIED;
  return static_cast<v1::Attempt::Outcome>(outcome);
}

void attempt_to_wire(core::Attempt const& attempt, bool redacted, v1::Attempt& wire) {
  wire.set_number(static_cast<std::int32_t>(attempt.number));
  if (!attempt.segments.empty()) set_time(*wire.mutable_start_time(), attempt.segments.front().begin);
  wire.set_segments(static_cast<std::int32_t>(attempt.segments.size()));
  for (auto const& uuid : attempt.gpu_uuids) wire.add_gpu_uuids(uuid);
  if (!attempt.end) return;
  set_time(*wire.mutable_end_time(), attempt.end->at);
  wire.set_outcome(outcome_to_wire(attempt.end->outcome));
  wire.set_exit_status(attempt.end->status);
  if (!redacted) wire.set_message(attempt.end->message);
}

void window_to_wire(core::WindowDetail const& window, v1::PlannedWindow& wire) {
  set_time(*wire.mutable_start_time(), window.window.begin);
  set_time(*wire.mutable_end_time(), window.window.end);
  wire.set_energy_mj(window.energy.value);
  wire.set_known(window.mean.has_value() && window.carbon.has_value());
  if (window.mean) wire.set_mean_mg_per_kwh(window.mean->value);
  if (window.carbon) wire.set_carbon_mg(window.carbon->value);
}

bool waits(core::JobState state) {
  return state == core::JobState::kQueued || state == core::JobState::kPaused;
}

}  // namespace

namespace {

// No clock starts it: somebody must release or cancel it.
bool waits_for_people(core::Job const& job) {
  return job.held_by_user || job.held_by_admin ||
         std::any_of(job.dependencies.begin(), job.dependencies.end(),
                     [](core::Dependency const& dependency) {
                       return dependency.status == core::DependencyStatus::kNever;
                     });
}

}  // namespace

std::string job_name(std::string const& project, core::JobId id) {
  return "projects/" + project + "/jobs/" + std::to_string(id);
}

void job_to_wire(core::Job const& job, bool redacted, v1::Job& wire) {
  if (job.id != 0) wire.set_name(job_name(job.spec->project, job.id));
  wire.set_uid(job.uid);
  wire.set_etag(std::to_string(job.version));
  spec_to_wire(*job.spec, redacted, *wire.mutable_spec());
  wire.set_owner(job.owner.name);
  wire.set_state(static_cast<v1::Job::State>(job.state));
  set_time(*wire.mutable_create_time(), job.submitted_at);
  set_time(*wire.mutable_update_time(), job.updated_at);
  if (job.started_at) set_time(*wire.mutable_start_time(), *job.started_at);
  if (job.ended_at) set_time(*wire.mutable_end_time(), *job.ended_at);
  if (waits(job.state)) {
    wire.set_reason(static_cast<v1::HoldReason::Code>(job.headline));
    if (job.plan && !job.plan->segments.empty()) {
      set_time(*wire.mutable_planned_start_time(), job.plan->segments.front().begin);
    }
    auto const latest = core::latest_start(job);
    if (latest && !waits_for_people(job)) set_time(*wire.mutable_latest_start_time(), *latest);
  }
  for (auto const& attempt : job.attempts) attempt_to_wire(attempt, redacted, *wire.add_attempts());
  wire.set_exit_status(job.exit_status);
  if (redacted) return;
  wire.set_message(job.message);
  wire.set_user_reason(job.user_reason);
}

void plan_to_wire(core::PlanDetail const& plan, v1::Plan& wire) {
  window_to_wire(plan.chosen, *wire.mutable_chosen());
  window_to_wire(plan.now, *wire.mutable_now());
  if (plan.latest) window_to_wire(*plan.latest, *wire.mutable_latest());
  for (auto const& segment : plan.segments) window_to_wire(segment, *wire.add_segments());
  if (!plan.source.provider.empty()) {
    source_to_wire(plan.source, *wire.mutable_source());
    if (plan.issued_at != core::Instant{})
      set_time(*wire.mutable_source()->mutable_issue_time(), plan.issued_at);
  }
  for (auto const& rejected : plan.rejected) {
    auto& entry = *wire.add_rejected();
    window_to_wire(rejected.window, *entry.mutable_window());
    entry.set_reason(static_cast<v1::RejectedWindow::Reason>(rejected.reason));
    entry.set_message(rejected.message);
  }
  for (auto const& point : plan.outline) point_to_wire(point, *wire.add_curve());
  wire.set_not_shifted_reason(plan.not_shifted_reason);
  wire.set_note(plan.note);
  wire.set_duration_assumed(plan.duration_assumed);
  if (!plan.learned) return;
  wire.set_learned_runs(static_cast<std::int32_t>(plan.learned->runs));
  wire.set_learned_part(static_cast<double>(plan.learned->part_permille) / 1000);
  wire.set_learned_of_all_names(plan.learned->any_name);
}

void reason_to_wire(core::HoldReason const& reason, v1::HoldReason& wire) {
  wire.set_code(static_cast<v1::HoldReason::Code>(reason.code));
  wire.set_message(reason.message);
  set_time(*wire.mutable_since(), reason.since);
  for (auto const& [key, value] : reason.evidence) (*wire.mutable_evidence())[key] = value;
  if (reason.clears_at) set_time(*wire.mutable_clears_time(), *reason.clears_at);
  wire.set_action(reason.action);
}

void event_to_wire(core::JobEvent const& event, bool redacted, v1::JobEvent& wire) {
  wire.set_sequence(event.sequence);
  set_time(*wire.mutable_time(), event.at);
  wire.set_job(job_name(event.project, event.job));
  wire.set_kind(static_cast<v1::JobEvent::Kind>(event.kind));
  wire.set_state(static_cast<v1::Job::State>(event.state));
  if (waits(event.state)) wire.set_reason(static_cast<v1::HoldReason::Code>(event.reason));
  if (!redacted) wire.set_message(event.message);
}

void snapshot_to_wire(core::Job const& job, bool redacted, v1::JobEvent& wire) {
  set_time(*wire.mutable_time(), job.updated_at);
  wire.set_job(job_name(job.spec->project, job.id));
  wire.set_state(static_cast<v1::Job::State>(job.state));
  if (waits(job.state)) wire.set_reason(static_cast<v1::HoldReason::Code>(job.headline));
  if (!redacted) wire.set_message(job.message);
}

}  // namespace greenq::rpc
