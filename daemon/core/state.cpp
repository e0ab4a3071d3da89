#include "core/state.hpp"

#include <algorithm>

namespace greenq::core {
namespace {

bool waits(Job const& job) {
  return job.state == JobState::kQueued || job.state == JobState::kPaused;
}

void forget(State& state, Job const& job) {
  state.alive.erase(job.id);
  if (auto const timer = next_timer(job)) state.timers.erase({*timer, job.id});
  for (Dependency const& dependency : job.dependencies) state.dependents.erase({dependency.job, job.id});
}

void index(State& state, Job const& job) {
  if (is_alive(job.state)) state.alive.insert(job.id);
  if (auto const timer = next_timer(job)) state.timers.insert({*timer, job.id});
  if (!waits(job)) return;
  for (Dependency const& dependency : job.dependencies) state.dependents.insert({dependency.job, job.id});
}

void put(State& state, Job const& job) {
  auto const found = state.jobs.find(job.id);
  if (found != state.jobs.end()) forget(state, found->second);
  state.next_job = std::max(state.next_job, job.id + 1);
  if (is_terminal(job.state)) {
    if (found != state.jobs.end()) state.jobs.erase(found);
    return;
  }
  index(state, job);
  state.jobs.insert_or_assign(job.id, job);
}

std::optional<Instant> earlier(std::optional<Instant> a, std::optional<Instant> b) {
  if (!a) return b;
  if (!b) return a;
  return std::min(*a, *b);
}

}  // namespace

std::optional<Instant> next_timer(Job const& job) {
  if (is_alive(job.state)) {
    std::optional<Instant> next = job.stop_deadline;
    bool const pauses = job.state == JobState::kRunning && job.stop == StopIntent::kNone && job.plan &&
                        job.plan->segments.size() > 1;
    return pauses ? earlier(next, job.plan->segments.front().end) : next;
  }
  if (!waits(job) || job.held_by_user || job.held_by_admin) return std::nullopt;
  for (Dependency const& dependency : job.dependencies) {
    if (dependency.status != DependencyStatus::kSatisfied) return std::nullopt;
  }
  std::optional<Instant> start = job.plan ? std::optional{job.plan->segments.front().begin} : std::nullopt;
  bool const bounded = job.spec->carbon.mode != CarbonMode::kNone;
  start = earlier(start, bounded ? latest_start(job) : std::nullopt);
  if (!job.not_before) return start;
  return start ? std::max(*start, *job.not_before) : *job.not_before;
}

bool Changes::empty() const {
  return jobs.empty() && events.empty() && slices.empty() && meters.empty() && meters_done.empty() &&
         requests.empty() && signals.empty() && forecasters.empty() && own_forecasts.empty() &&
         footprints.empty() && runs.empty();
}

SiteSignals& signals_of(State& state, std::string const& zone) {
  return zone == state.site.zone ? state.signals : state.elsewhere[zone];
}

SiteSignals const* find_signals(State const& state, std::string const& zone) {
  if (zone == state.site.zone) return &state.signals;
  auto const found = state.elsewhere.find(zone);
  return found == state.elsewhere.end() ? nullptr : &found->second;
}

void apply(State& state, Changes const& changes) {
  for (Job const& job : changes.jobs) put(state, job);
  for (JobEvent const& event : changes.events) {
    state.next_sequence = std::max(state.next_sequence, event.sequence + 1);
  }
  for (SegmentMeter const& meter : changes.meters) state.meters.insert_or_assign(meter.segment, meter);
  for (SegmentId const& id : changes.meters_done) state.meters.erase(id);
  for (auto const& [rank, signal] : changes.signals) signals_of(state, signal.source.zone).put(rank, signal);
  for (StoredForecaster const& stored : changes.forecasters) {
    signals_of(state, stored.zone).note_stored(stored.kind, stored.next);
  }
  for (Signal const& told : changes.own_forecasts) {
    signals_of(state, told.source.zone).note_told(told.source.kind, told.issued_at);
  }
  for (RunLengths const& lengths : changes.runs) state.runs.put(lengths);
}

std::optional<LearnedDuration> learned_duration(State const& state, Principal const& owner,
                                                JobSpec const& spec) {
  return state.runs.learned({owner.uid, spec.name}, estimate_of(spec), spec.time_limit);
}

void derive(State& state) {
  state.dependents.clear();
  state.alive.clear();
  state.timers.clear();
  for (auto const& [id, job] : state.jobs) index(state, job);
}

Usage usage(State const& state) {
  Usage used;
  for (JobId const id : state.alive) {
    Job const& job = state.jobs.at(id);
    used.cpus += job.spec->resources.cpus;
    used.memory_bytes += job.spec->resources.memory_bytes;
    used.gpu_uuids.insert(job.attempts.back().gpu_uuids.begin(), job.attempts.back().gpu_uuids.end());
  }
  return used;
}

}  // namespace greenq::core
