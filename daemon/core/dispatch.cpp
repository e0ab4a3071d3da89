// From plans and clocks to starts and pauses.
#include <algorithm>

#include "core/draft.hpp"
#include "core/launch.hpp"

namespace greenq::core {
namespace {

// What is free in this step, kept up to date while jobs start.
class Free {
 public:
  explicit Free(Draft const& draft) : capacity_(draft.base().capacity), used_(usage(draft.base())) {
    for (JobId const id : draft.base().alive) {
      Job const* job = draft.find(id);
      if (job && is_alive(job->state)) continue;
      Job const& before = draft.base().jobs.at(id);
      used_.cpus -= before.spec->resources.cpus;
      used_.memory_bytes -= before.spec->resources.memory_bytes;
      for (std::string const& uuid : before.attempts.back().gpu_uuids) used_.gpu_uuids.erase(uuid);
    }
  }

  bool exhausted() const { return used_.cpus >= capacity_.cpus; }

  // Takes what the job needs, from the wanted pool first. Nothing if it does not fit now.
  std::optional<std::vector<std::string>> take(Job const& job) {
    Resources const& need = job.spec->resources;
    if (used_.cpus + need.cpus > capacity_.cpus) return std::nullopt;
    if (need.memory_bytes > 0 && used_.memory_bytes + need.memory_bytes > capacity_.memory_bytes) {
      return std::nullopt;
    }
    std::vector<std::string> chosen;
    if (need.gpus > 0) {
      std::vector<std::uint32_t> pools = eligible_pools(need, capacity_);
      if (job.plan) {
        std::stable_partition(pools.begin(), pools.end(),
                              [&](std::uint32_t pool) { return pool == job.plan->pool; });
      }
      for (std::uint32_t const pool : pools) {
        chosen = free_gpus(pool, need.gpus);
        if (chosen.size() == need.gpus) break;
      }
      if (chosen.size() != need.gpus) return std::nullopt;
    }
    used_.cpus += need.cpus;
    used_.memory_bytes += need.memory_bytes;
    used_.gpu_uuids.insert(chosen.begin(), chosen.end());
    return chosen;
  }

 private:
  Capacity const& capacity_;
  Usage used_;

  std::vector<std::string> free_gpus(std::uint32_t pool, std::uint32_t count) const {
    std::vector<std::string> out;
    for (std::string const& uuid : capacity_.pools.at(pool).uuids) {
      if (out.size() == count) break;
      if (!used_.gpu_uuids.contains(uuid)) out.push_back(uuid);
    }
    return out;
  }
};

void start(Draft& draft, Job& job, std::vector<std::string> gpu_uuids) {
  bool const resumes = !job.attempts.empty() && !job.attempts.back().end;
  if (!resumes) job.attempts.push_back({static_cast<AttemptNo>(job.attempts.size() + 1), {}, 0, {}, {}});
  Attempt& attempt = job.attempts.back();
  attempt.launches += 1;
  attempt.gpu_uuids = std::move(gpu_uuids);
  job.state = JobState::kStarting;
  job.not_before.reset();
  job.message = "released";
  SegmentMeter meter;
  meter.segment = current_segment(job);
  meter.project = job.spec->project;
  meter.job = {job.id, attempt.number, job.spec->resources.cpus, job.spec->resources.memory_bytes,
               attempt.gpu_uuids};
  draft.changes().meters.push_back(std::move(meter));
  draft.note(job, JobEventKind::kReleased,
             job.plan ? "released: " + job.plan->note : "released: its latest start has come");
  draft.effect(StartSegment{make_launch(job, draft.base().stop_grace)});
}

bool bound_passed(Job const& job, Instant now) {
  auto const latest = latest_start(job);
  return job.spec->carbon.mode != CarbonMode::kNone && latest && *latest <= now;
}

// A job past its bound does not overtake those before it: the room that it waits for is theirs.
bool due(Job const& job, Instant now) {
  if (job.plan && job.plan->segments.front().begin <= now) return true;
  return bound_passed(job, now) && !(job.plan && job.plan->waits_for_capacity);
}

void miss(Draft& draft, Job& job) {
  switch (job.spec->carbon.on_missed) {
    case OnMissed::kRun:
      return;
    case OnMissed::kHold:
      job.held_by_admin = true;
      job.plan.reset();
      job.message = "held: its latest start passed without room for it (on_missed: hold)";
      draft.note(job, JobEventKind::kHeld, job.message);
      return;
    case OnMissed::kFail:
      end_job(draft, job, JobState::kFailed, "its latest start passed without room for it (on_missed: fail)");
      return;
  }
}

void start_or_miss(Draft& draft, Free& free, JobId id) {
  Job const& seen = *draft.find(id);
  if (!draft.startable(seen)) return;
  if (due(seen, draft.now())) {
    if (auto gpus = free.take(seen)) return start(draft, draft.edit(id), std::move(*gpus));
  }
  // Only a job that the planner has seen can have missed its bound for want of room.
  bool const judged = seen.plan && seen.spec->carbon.on_missed != OnMissed::kRun && !seen.bound_waived;
  if (judged && bound_passed(seen, draft.now())) miss(draft, draft.edit(id));
}

void tend_running(Draft& draft, JobId id) {
  Job const& seen = *draft.find(id);
  Instant const now = draft.now();
  if (seen.stop_deadline && *seen.stop_deadline <= now) {
    Job& job = draft.edit(id);
    job.stop = StopIntent::kNone;
    job.stop_deadline.reset();
    if (job.plan) job.plan->segments.resize(1);
    job.message = "did not save its work in time; runs on";
    draft.note(job, JobEventKind::kResumed, job.message);
    return;
  }
  bool const pauses = seen.state == JobState::kRunning && seen.stop == StopIntent::kNone && seen.plan &&
                      seen.plan->segments.size() > 1 && seen.plan->segments.front().end <= now;
  if (!pauses) return;
  Job& job = draft.edit(id);
  job.stop = StopIntent::kPause;
  job.stop_deadline = now + job.spec->checkpoint->grace + std::chrono::seconds{5};
  draft.effect(StopSegment{current_segment(job), StopKind::kCheckpoint});
  draft.note(job, JobEventKind::kPausing, "asked to save its work until the next window");
}

// A start that waits for others' ends is an estimate that moves with each of them. It is written down again
// only when it moved by more than a tenth of the wait and five minutes, else a deep queue would rewrite
// itself all day.
bool still_good(Plan const& old, Plan const& fresh, Instant now) {
  bool const same_kind = old.pool == fresh.pool && old.shifted == fresh.shifted &&
                         old.waits_for_capacity == fresh.waits_for_capacity;
  if (!same_kind) return false;
  if (old.segments == fresh.segments) return true;
  Instant const before = old.segments.front().begin;
  Instant const after = fresh.segments.front().begin;
  bool const estimate = !fresh.shifted && fresh.segments.size() == 1 && old.segments.size() == 1;
  if (!estimate || before <= now || after <= now) return false;
  Span const moved = std::chrono::abs(after - before);
  return moved <= std::max((before - now) / 10, Span{std::chrono::minutes{5}});
}

bool queue_before(Job const& a, Job const& b) {
  auto const key = [](Job const& job) {
    // As the planner orders them: who does not shift comes in order of submission.
    auto const bound = job.plan && job.plan->shifted ? latest_start(job) : std::nullopt;
    return std::tuple{-static_cast<int>(job.spec->priority), bound.value_or(job.submitted_at), job.id};
  };
  return key(a) < key(b);
}

}  // namespace

void adopt_plan(Draft& draft, PlanReady const& event) {
  for (PlannedJob const& planned : event.plan.jobs) {
    Job const* seen = draft.find(planned.id);
    if (!seen || planned.plan.segments.empty()) continue;
    bool const waits = seen->state == JobState::kQueued || seen->state == JobState::kPaused;
    if (!waits || seen->held_by_user || seen->held_by_admin) continue;
    Plan const& fresh = planned.plan;
    auto const& old = seen->plan;
    if (old && still_good(*old, fresh, draft.now())) continue;
    bool const moved = !old || old->segments.front().begin != fresh.segments.front().begin;
    Job& job = draft.edit(planned.id);
    job.plan = fresh;
    bool const window = fresh.shifted || fresh.segments.size() > 1;
    if (moved && window && fresh.segments.front().begin > draft.now())
      draft.note(job, JobEventKind::kPlanned, fresh.note);
  }
}

void dispatch(Draft& draft) {
  Instant const now = draft.now();
  std::vector<JobId> waiting;
  std::vector<JobId> running;
  auto const sort_in = [&](JobId id) {
    Job const* job = draft.find(id);
    if (!job || is_terminal(job->state)) return;
    (is_alive(job->state) ? running : waiting).push_back(id);
  };
  for (auto const& [at, id] : draft.base().timers) {
    if (at > now) break;
    sort_in(id);
  }
  for (JobId const id : draft.edited()) sort_in(id);
  std::sort(waiting.begin(), waiting.end());
  waiting.erase(std::unique(waiting.begin(), waiting.end()), waiting.end());
  std::sort(waiting.begin(), waiting.end(),
            [&](JobId a, JobId b) { return queue_before(*draft.find(a), *draft.find(b)); });
  for (JobId const id : running) tend_running(draft, id);
  Free free{draft};
  for (JobId const id : waiting) {
    if (free.exhausted() && draft.find(id)->spec->carbon.on_missed == OnMissed::kRun) continue;
    start_or_miss(draft, free, id);
  }
}

}  // namespace greenq::core
