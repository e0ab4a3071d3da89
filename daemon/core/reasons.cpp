// Why a job waits, in the order of judgment of interfaces section 8.
#include <algorithm>
#include <cstdio>

#include "core/draft.hpp"

namespace greenq::core {
namespace {

std::string grams(Intensity intensity) {
  return std::to_string(divide_half_even(intensity.value, 1000));
}

bool has_dependency(Job const& job, DependencyStatus status) {
  return std::any_of(job.dependencies.begin(), job.dependencies.end(),
                     [&](Dependency const& dependency) { return dependency.status == status; });
}

std::string dependency_list(Job const& job, DependencyStatus status) {
  std::string out;
  for (Dependency const& dependency : job.dependencies) {
    if (dependency.status == status) out += (out.empty() ? "" : ", ") + std::to_string(dependency.job);
  }
  return out;
}

bool waits_for_feed(State const& state, Job const& job, Instant now) {
  if (job.spec->carbon.on_stale_feed != OnStaleFeed::kHold) return false;
  Decision const decision = decide(state.site, state.signals, job.spec->carbon);
  Track const* const track = decision.kind ? state.signals.track(*decision.kind) : nullptr;
  return track != nullptr && track->stale(now);
}

struct Judge {
  State const& state;
  Job const& job;
  Instant now;
  std::vector<HoldReason> out{};

  HoldReason& add(HoldCode code, std::string message) {
    HoldReason reason;
    reason.code = code;
    reason.message = std::move(message);
    reason.since =
        code == job.headline && job.headline_since != Instant{} ? job.headline_since : job.submitted_at;
    out.push_back(std::move(reason));
    return out.back();
  }
  std::string id() const { return std::to_string(job.id); }

  void holds() {
    if (job.held_by_user) {
      std::string const why = job.user_reason.empty() ? "" : ": " + job.user_reason;
      add(HoldCode::kHeldByUser, "held on request" + why).action = "greenq release " + id();
    }
    if (job.held_by_admin) {
      add(HoldCode::kHeldByAdmin, job.message.empty() ? "held by an administrator" : job.message).action =
          "greenq release " + id();
    }
    if (has_dependency(job, DependencyStatus::kNever)) {
      add(HoldCode::kDependencyNeverSatisfied,
          "depends on job " + dependency_list(job, DependencyStatus::kNever) +
              ", which ended in another way than asked for; it will never start")
          .action = "greenq cancel " + id();
    }
    if (has_dependency(job, DependencyStatus::kPending)) {
      add(HoldCode::kDependency, "waits for job " + dependency_list(job, DependencyStatus::kPending));
    }
    if (job.not_before && *job.not_before > now) {
      add(HoldCode::kNotBefore,
          job.attempts.empty() ? "not to start before its not_before time" : "waits before the next attempt")
          .clears_at = job.not_before;
    }
  }

  void carbon() {
    if (!job.plan) return;
    Instant const start = job.plan->segments.front().begin;
    if (start <= now || !job.plan->shifted) return;
    HoldReason& reason = add(HoldCode::kCarbonWindow, job.plan->note);
    reason.clears_at = start;
    Decision const decision = decide(state.site, state.signals, job.spec->carbon);
    if (decision.kind) {
      KindView const view = state.signals.view(*decision.kind, now, state.site.horizon);
      reason.evidence["signal"] = to_string(*decision.kind);
      reason.evidence["source"] = view.source.label;
      IntensityPoint const* here = view.curve ? view.curve->at(now) : nullptr;
      if (here) reason.evidence["now_g_per_kwh"] = grams(here->value);
    }
    if (job.plan->mean) reason.evidence["window_g_per_kwh"] = grams(*job.plan->mean);
    reason.evidence["rung"] = to_string(job.plan->rung);
    reason.action = "submit it with carbon.policy: none";
  }

  void capacity() {
    if (!job.plan) return;
    Instant const start = job.plan->segments.front().begin;
    if (!job.plan->waits_for_capacity && !(start <= now)) return;
    Usage const used = usage(state);
    Resources const& need = job.spec->resources;
    std::size_t gpus = 0;
    for (GpuPool const& pool : state.capacity.pools) gpus += pool.uuids.size();
    std::uint32_t const cpus = state.capacity.cpus - std::min(used.cpus, state.capacity.cpus);
    gpus -= std::min(used.gpu_uuids.size(), gpus);
    std::string text = "needs " + std::to_string(need.cpus) + " CPU cores";
    if (need.gpus > 0) text += " and " + std::to_string(need.gpus) + " GPUs";
    text += "; free now: " + std::to_string(cpus) + " cores";
    if (need.gpus > 0) text += ", " + std::to_string(gpus) + " GPUs";
    if (start > now && need.cpus <= cpus && need.gpus <= gpus)
      text += job.plan->shifted ? "; others hold cheaper hours" : ", but not for as long as it runs";
    HoldReason& reason = add(HoldCode::kWaitingForNodes, text);
    if (start > now) reason.clears_at = start;
  }

  std::vector<HoldReason> run() {
    holds();
    carbon();
    if (waits_for_feed(state, job, now)) {
      add(HoldCode::kCarbonFeedStale, "the intensity feed is out of date and the job asked to wait for it")
          .clears_at = latest_start(job);
    }
    capacity();
    bool const blocked = !out.empty();
    if (job.plan && !blocked) {
      add(HoldCode::kBehindInQueue, "others come first").clears_at = job.plan->segments.front().begin;
    }
    if (!job.plan && !blocked) add(HoldCode::kNotYetEvaluated, "the planner has not looked at it yet");
    return std::move(out);
  }
};

}  // namespace

std::vector<HoldReason> reasons(State const& state, Job const& job, Instant now) {
  if (job.state != JobState::kQueued && job.state != JobState::kPaused) return {};
  return Judge{state, job, now}.run();
}

HoldCode headline(State const& state, Job const& job, Instant now) {
  if (job.held_by_user) return HoldCode::kHeldByUser;
  if (job.held_by_admin) return HoldCode::kHeldByAdmin;
  if (has_dependency(job, DependencyStatus::kNever)) return HoldCode::kDependencyNeverSatisfied;
  if (has_dependency(job, DependencyStatus::kPending)) return HoldCode::kDependency;
  if (job.not_before && *job.not_before > now) return HoldCode::kNotBefore;
  if (job.plan && job.plan->shifted && job.plan->segments.front().begin > now) return HoldCode::kCarbonWindow;
  if (waits_for_feed(state, job, now)) return HoldCode::kCarbonFeedStale;
  if (!job.plan) return HoldCode::kNotYetEvaluated;
  if (job.plan->waits_for_capacity || job.plan->segments.front().begin <= now)
    return HoldCode::kWaitingForNodes;
  return HoldCode::kBehindInQueue;
}

QueuePlace queue_place(State const& state, JobId job) {
  QueuePlace place;
  auto const self = state.jobs.find(job);
  if (self == state.jobs.end() || is_alive(self->second.state)) return place;
  auto const key = [](Job const& other) {
    auto const start = other.plan ? other.plan->segments.front().begin : Instant::max();
    return std::pair{start, other.id};
  };
  auto const own = key(self->second);
  place.position = 1;
  for (auto const& [id, other] : state.jobs) {
    if (is_alive(other.state)) continue;
    place.length += 1;
    if (key(other) < own) place.position += 1;
  }
  return place;
}

}  // namespace greenq::core
