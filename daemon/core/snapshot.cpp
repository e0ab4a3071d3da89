// What the planner sees of the state.
#include <algorithm>

#include "core/plan/detail.hpp"
#include "core/step.hpp"

namespace greenq::core {
namespace {

// A yearly factor prices hours but says nothing about which one is better.
std::shared_ptr<Curve const> without_constants(std::shared_ptr<Curve const> const& curve) {
  if (!curve) return curve;
  auto points = curve->points();
  auto const constant = [](IntensityPoint const& point) { return point.state == PointState::kConstant; };
  if (std::erase_if(points, constant) == 0) return curve;
  return points.empty() ? nullptr : std::make_shared<Curve const>(std::move(points));
}

// Decisions and curves are the same for most jobs of a snapshot: worked out once per signal choice.
class Outlook {
 public:
  Outlook(State const& state, Instant now) : state_(state), now_(now) {}

  struct View {
    std::optional<SignalKind> kind;
    KindView seen;
    std::shared_ptr<Curve const> curve;  // what the planner may follow
  };
  View const& of(std::optional<SignalKind> asked) {
    auto const known = views_.find(asked);
    if (known != views_.end()) return known->second;
    CarbonPolicy policy;
    policy.signal = asked;
    View view;
    view.kind = decide(state_.site, state_.signals, policy).kind;
    if (view.kind) view.seen = state_.signals.view(*view.kind, now_, state_.site.horizon);
    view.curve = without_constants(view.seen.curve);
    return views_.emplace(asked, std::move(view)).first->second;
  }

 private:
  State const& state_;
  Instant now_;
  std::map<std::optional<SignalKind>, View> views_;
};

std::optional<std::uint32_t> pool_of(std::vector<std::string> const& uuids, Capacity const& capacity) {
  if (uuids.empty()) return std::nullopt;
  for (std::size_t pool = 0; pool < capacity.pools.size(); ++pool) {
    auto const& here = capacity.pools[pool].uuids;
    if (std::find(here.begin(), here.end(), uuids.front()) != here.end())
      return static_cast<std::uint32_t>(pool);
  }
  return std::nullopt;
}

bool plannable(Job const& job) {
  if (job.state != JobState::kQueued && job.state != JobState::kPaused) return false;
  if (job.held_by_user || job.held_by_admin) return false;
  return std::all_of(job.dependencies.begin(), job.dependencies.end(), [](Dependency const& dependency) {
    return dependency.status == DependencyStatus::kSatisfied;
  });
}

WaitingJob waiting_job(State const& state, Job const& job, Instant now, Outlook::View const& view) {
  CarbonPolicy const& policy = job.spec->carbon;
  WaitingJob out;
  out.id = job.id;
  out.demand = demand_of(job.spec->resources);
  for (std::uint32_t const pool : eligible_pools(job.spec->resources, state.capacity)) out.lanes.add(pool);
  out.duration = remaining_duration(job, now);
  out.pause_cost = pause_cost(job);
  out.ready = std::max(now, job.not_before.value_or(now));
  out.priority = job.spec->priority;
  out.submitted = job.submitted_at;
  out.latest = job.submitted_at;
  out.power = static_cast<double>(expected_power(*job.spec, state.model).value) / 1000;
  if (job.plan) {
    out.previous = job.plan->segments;
    out.previous_lane = job.plan->pool;
  }
  auto const latest = latest_start(job);
  bool const stale = view.seen.feed_stale;
  bool const runs_now = stale && policy.on_stale_feed == OnStaleFeed::kRun;
  if (policy.mode == CarbonMode::kNone || !view.kind || !latest || runs_now) return out;
  out.latest = *latest;
  out.shift = *latest > out.ready;
  out.interruptible = policy.interruptible;
  if (policy.mode == CarbonMode::kThreshold) out.max_intensity = policy.max_intensity;
  if (stale && policy.on_stale_feed == OnStaleFeed::kHold) out.ready = std::max(out.ready, *latest);
  return out;
}

RunningJob running_job(State const& state, Job const& job, Instant now) {
  RunningJob running;
  running.id = job.id;
  running.demand = demand_of(job.spec->resources);
  // GPUs that are not here any more take nothing from those that are.
  auto const pool = pool_of(job.attempts.back().gpu_uuids, state.capacity);
  running.lane = pool.value_or(0);
  if (!pool) running.demand.gpus = 0;
  Span const left = remaining_duration(job, now);
  bool const pauses = job.plan && job.plan->segments.size() > 1;
  running.expected_end =
      pauses ? std::max(job.plan->segments.front().end, now + std::chrono::seconds{1}) : now + left;
  if (pauses) running.later.assign(job.plan->segments.begin() + 1, job.plan->segments.end());
  return running;
}

class Snapshot {
 public:
  Snapshot(State const& state, Instant now, Told& told)
      : state_(state), now_(now), told_(told), outlook_(state, now) {
    input_.now = now;
    input_.sites.front().capacity = state.capacity;
    input_.rules = state.rules;
    for (JobId const id : state.alive) input_.running.push_back(running_job(state, state.jobs.at(id), now));
  }

  void add_all() {
    told_ = {};
    for (auto const& [id, job] : state_.jobs) add(job);
  }

  // Nothing that is decided for all jobs may have changed.
  void add_touched() {
    input_.changes = true;
    for (JobId const id : told_.touched) {
      auto const known = state_.jobs.find(id);
      if (known == state_.jobs.end() || !add(known->second)) input_.gone.push_back(id);
    }
  }

  bool same_world() {
    return told_.any && told_.capacity == print(state_.capacity) &&
           std::all_of(told_.signals.begin(), told_.signals.end(),
                       [&](auto const& known) { return signal(known.first) == known.second; });
  }

  bool add(Job const& job) {
    if (!plannable(job)) return false;
    auto const& asked = job.spec->carbon.signal;
    Outlook::View const& view = outlook_.of(asked);
    told_.signals[asked] = signal(asked);
    if (view.kind && !told_.leading) told_.leading = asked;
    input_.waiting.push_back(waiting_job(state_, job, now_, view));
    return true;
  }

  PlanInput take() && {
    if (told_.leading) {
      Outlook::View const& view = outlook_.of(*told_.leading);
      input_.sites.front().curve = view.curve;
      input_.sites.front().kind = *view.kind;
    }
    told_.any = true;
    told_.capacity = print(state_.capacity);
    told_.touched.clear();
    return std::move(input_);
  }

 private:
  Told::Signal signal(std::optional<SignalKind> asked) {
    Outlook::View const& view = outlook_.of(asked);
    return {view.kind, view.seen.feed_stale, view.curve && !view.curve->empty()};
  }

  static std::string print(Capacity const& capacity) {
    std::string text = std::to_string(capacity.cpus) + ' ' + std::to_string(capacity.memory_bytes);
    for (GpuPool const& pool : capacity.pools)
      text += ' ' + pool.model + ' ' + std::to_string(pool.memory_bytes) + ' ' +
              std::to_string(pool.uuids.size());
    return text;
  }

  State const& state_;
  Instant now_;
  Told& told_;
  Outlook outlook_;
  PlanInput input_;
};

}  // namespace

void touch(Told& told, Event const& event, Changes const& changes) {
  bool const own = std::holds_alternative<PlanReady>(event);
  for (Job const& job : changes.jobs) {
    bool const waits = job.state == JobState::kQueued || job.state == JobState::kPaused;
    if (!own || !waits || job.held_by_admin) told.touched.insert(job.id);
  }
}

PlanInput snapshot(State const& state, Instant now) {
  Told nothing;
  return snapshot(state, now, nothing);
}

PlanInput snapshot(State const& state, Instant now, Told& told, std::vector<Job> const& extra) {
  Snapshot snapshot{state, now, told};
  if (snapshot.same_world()) {
    snapshot.add_touched();
  } else {
    snapshot.add_all();
  }
  for (Job const& job : extra) snapshot.add(job);
  return std::move(snapshot).take();
}

std::optional<PlacedJob> placed_job(State const& state, Job const& job, Instant now) {
  if (!job.plan || !plannable(job)) return std::nullopt;
  Outlook outlook{state, now};
  Outlook::View const& view = outlook.of(job.spec->carbon.signal);
  PlacedJob out;
  out.job = waiting_job(state, job, now, view);
  out.bound = job.spec->carbon.bound;
  out.chosen = job.plan->segments;
  out.rules = state.rules;
  out.curve = view.curve;
  if (!out.job.shift || !out.curve || out.curve->empty()) return std::nullopt;
  return out;
}

}  // namespace greenq::core
