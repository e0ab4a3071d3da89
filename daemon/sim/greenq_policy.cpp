// GreenQ's own planner: it plans on the grid of slots, inserts what came since at each slot, and improves the
// whole plan each hour. Unlike the daemon it expects a load of 60 % before it has seen any, takes every
// saving and every pause, keeps no place for less than a gain, and plans interruptible jobs anew while they
// run.
#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "core/plan/fast_slots.hpp"
#include "core/plan/shift_planner.hpp"
#include "sim/learned_lengths.hpp"
#include "sim/policies.hpp"

namespace greenq::sim {
namespace {

using core::Instant;
using core::JobId;
using core::Slot;
using core::Span;

class GreenqPolicy final : public Policy {
 public:
  GreenqPolicy(Instance const& instance, std::shared_ptr<Outlook> outlook, core::ShiftOptions options)
      : instance_(instance),
        outlook_(std::move(outlook)),
        grid_(core::grid_for(instance.truth.step(), instance.begin())),
        planner_(grid_, {static_cast<std::int64_t>(instance.cluster_gpus)}, options) {}

  void submitted(SimJob const& job, Instant) override {
    lengths_.submitted(job);
    planner_.arrived(job.submit, need(job), lengths_.typical(job), share(job), slack(job), job.interruptible);
    alive_.insert(job.id);
    fresh_ = true;
  }

  void ended(JobId id, Instant now) override {
    ended_work_ += grid_.hours(lengths_.typical(instance_.job(id))) * share(instance_.job(id));
    ended_.push_back(id);
    alive_.erase(id);
    freed_ = freed_ || planned_end(id) > grid_.from(now);
    places_.erase(id);
    fixed_ends_.erase(id);
  }

  Decision decide(Machine const& machine, Instant now) override {
    for (JobId const id : std::exchange(ended_, {}))
      lengths_.ended(instance_.job(id), machine.worked(id, now), now);
    Slot const slot = grid_.from(now);
    Decision decision;
    if (grid_.begin_of(slot) != now) {
      if (!alive_.empty()) decision.wake = grid_.begin_of(slot);
      return decision;
    }
    bool const new_hour = core::hour_of(slot) != improved_;
    if (!alive_.empty() && (fresh_ || freed_ || new_hour)) plan(machine, now, new_hour);
    fresh_ = freed_ = false;
    follow(machine, slot, decision);
    if (!alive_.empty()) decision.wake = fresh_ ? grid_.begin_of(slot + 1) : next_wake(slot);
    return decision;
  }

 private:
  double share(SimJob const& job) const {
    return static_cast<double>(job.gpus) / static_cast<double>(instance_.cluster_gpus);
  }
  static Span slack(SimJob const& job) { return job.deadline - job.submit - job.duration; }
  static core::SlotNeed need(SimJob const& job) {
    core::SlotNeed need;
    need.add(0, job.gpus);
    return need;
  }

  core::Task task(Machine const& machine, SimJob const& job, Instant now) const {
    core::Task task;
    task.id = job.id;
    task.gpus = static_cast<std::int32_t>(job.gpus);
    task.lanes = {0};
    task.power = job.gpus;
    task.share = static_cast<float>(share(job));
    Span const needs = this->needs(machine, job, now);
    task.work = grid_.slots(needs);
    task.ready = grid_.from(job.submit);
    // A bound that the grid alone would break is met as well as the grid can.
    task.due =
        std::max(grid_.holding(bound(machine, job, now)), task.ready + grid_.slots(lengths_.typical(job)));
    task.pausable = job.interruptible;
    task.running = machine.is_running(job.id);
    if (instance_.resume_overhead > Span{0}) task.pause_cost = grid_.slots(instance_.resume_overhead);
    if (auto const known = places_.find(job.id); known != places_.end()) task.place = known->second;
    return task;
  }

  // How long it holds its GPUs from now on.
  Span needs(Machine const& machine, SimJob const& job, Instant now) const {
    auto const left = lengths_.left(job, machine.worked(job.id, now));
    if (!left) return machine.needs(job.id, now);
    return *left + (machine.paused(job.id) ? instance_.resume_overhead : Span{0});
  }

  // It may stand still for as long as its slack, however long it runs.
  Instant bound(Machine const& machine, SimJob const& job, Instant now) const {
    Span const worked = machine.worked(job.id, now);
    auto const left = lengths_.left(job, worked);
    return left ? job.submit + slack(job) + worked + *left : job.deadline;
  }

  void plan(Machine const& machine, Instant now, bool improve) {
    core::ShiftRequest request;
    request.now = grid_.from(now);
    request.lanes = {core::Lane{}};
    request.curves = {outlook_->at(now)};
    request.improve = improve;
    request.freed = freed_;
    request.done = ended_work_;
    for (JobId const id : alive_) {
      SimJob const& job = machine.job(id);
      request.done +=
          grid_.hours(std::max(lengths_.typical(job) - needs(machine, job, now), Span{0})) * share(job);
      if (job.interruptible || !machine.is_running(id)) request.tasks.push_back(task(machine, job, now));
    }
    for (Running const& running : machine.running()) {
      SimJob const& job = machine.job(running.id);
      if (job.interruptible) continue;
      Instant const end = now + needs(machine, job, now);
      request.fixed.push_back({{request.now, grid_.from(end)}, need(job), share(job)});
    }
    places_.clear();
    for (core::Task const& task : planner_.plan(std::move(request))) places_[task.id] = task.place;
    if (improve) improved_ = core::hour_of(grid_.from(now));
  }

  Slot planned_end(JobId id) const {
    if (auto const fixed = fixed_ends_.find(id); fixed != fixed_ends_.end()) return fixed->second;
    auto const place = places_.find(id);
    return place == places_.end() || place->second.runs.empty() ? 0 : place->second.runs.back().end;
  }

  static bool runs_at(core::Place const& place, Slot now) {
    return !place.runs.empty() && place.runs.front().begin <= now;
  }

  // Runs over by now are dropped from the plan. Where run times differ from what was told, a job may be left
  // without a run or find its GPUs taken: the next slot plans anew.
  void follow(Machine const& machine, Slot now, Decision& decision) {
    std::uint32_t free = machine.free();
    for (auto& [id, place] : places_) {
      place.runs.erase_if([&](core::SlotRun const& run) { return run.end <= now; });
      fresh_ = fresh_ || place.runs.empty();
      if (!machine.is_running(id) || place.runs.empty() || runs_at(place, now)) continue;
      decision.pause.push_back(id);
      free += machine.job(id).gpus;
    }
    for (auto it = places_.begin(); it != places_.end();) {
      auto& [id, place] = *it;
      SimJob const& job = machine.job(id);
      bool const due = runs_at(place, now) && !machine.is_running(id);
      bool const starts = due && job.gpus <= free;
      fresh_ = fresh_ || (due && !starts);
      if (starts) free -= job.gpus;
      if (starts) decision.start.push_back(id);
      bool const fixed = starts && !job.interruptible;
      if (fixed) fixed_ends_[id] = place.runs.back().end;
      it = fixed ? places_.erase(it) : std::next(it);
    }
  }

  Instant next_wake(Slot now) const {
    Slot next = (core::hour_of(now) + 1) * core::kHourSlots;
    for (auto const& [id, place] : places_) {
      for (core::SlotRun const& run : place.runs) {
        if (run.begin > now) next = std::min(next, run.begin);
        next = std::min(next, run.end);
      }
    }
    return grid_.begin_of(next);
  }

  Instance const& instance_;
  std::shared_ptr<Outlook> outlook_;
  core::SlotGrid grid_;
  core::ShiftPlanner planner_;
  LearnedLengths lengths_;
  std::vector<JobId> ended_;             // since the last decision
  std::set<JobId> alive_;                // submitted, not ended
  std::map<JobId, core::Place> places_;  // of what waits or may be paused
  std::map<JobId, Slot> fixed_ends_;     // of what runs and may not be paused
  double ended_work_ = 0;                // cluster-hours
  bool fresh_ = false;
  bool freed_ = false;  // a job ended before it was told to
  Slot improved_ = -1;  // hour
};

}  // namespace

std::unique_ptr<Policy> make_greenq(Instance const& instance, std::shared_ptr<Outlook> const& outlook,
                                    PolicyOptions const& options) {
  core::ShiftOptions shift = core::shift_options(instance.kind);
  if (options.wait_charge) shift.wait_charge = shift.wait_charge_with_pauses = *options.wait_charge;
  if (options.lateness_limit) shift.lateness_limit = options.lateness_limit;
  if (options.lateness_limit.value_or(0) < 0) shift.lateness_limit.reset();
  return std::make_unique<GreenqPolicy>(instance, outlook, shift);
}

}  // namespace greenq::sim
