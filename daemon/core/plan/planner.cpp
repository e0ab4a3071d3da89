#include "core/plan/planner.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

#include "core/fnv.hpp"
#include "core/plan/cost_table.hpp"
#include "core/plan/fast_slots.hpp"
#include "core/plan/note.hpp"
#include "core/plan/slot_pass.hpp"

namespace greenq::core {
namespace {

// With more tasks a new curve, and room that came back, wait for the next hour.
constexpr std::size_t kImproveAtOnce = 500;

// The kind of the first curve.
PlanSite const& deciding(PlanInput const& input) {
  auto const site = std::find_if(input.sites.begin(), input.sites.end(),
                                 [](PlanSite const& each) { return each.curve != nullptr; });
  return site == input.sites.end() ? input.sites.front() : *site;
}

// The finest of all sites.
SlotGrid grid_of(PlanInput const& input) {
  SlotGrid finest;
  for (PlanSite const& site : input.sites) {
    SlotGrid const grid = grid_for(site.curve.get());
    if (grid.slot < finest.slot) finest = grid;
  }
  return finest;
}

ShiftOptions options_of(PlanInput const& input) {
  PlanRules const& rules = input.rules;
  ShiftOptions options = shift_options(deciding(input).kind);
  options.keep = kKeepPlace;
  options.usual_load = 0;  // nothing is expected that was never seen
  options.min_saving = rules.min_saving;
  options.min_grams_per_hour = rules.min_grams_per_hour;
  if (rules.wait_charge) options.wait_charge = options.wait_charge_with_pauses = *rules.wait_charge;
  options.lateness_limit =
      static_cast<int>(std::chrono::ceil<std::chrono::hours>(rules.lateness_limit).count());
  return options;
}

// Of what curves say of the day after this hour: they are made anew for each plan, and their ends move with
// time.
std::uint64_t print_of(PlanInput const& input, SlotGrid const& grid, Slot hour) {
  Interval const day{grid.begin_of((hour + 1) * kHourSlots), grid.begin_of((hour + 25) * kHourSlots)};
  std::string text;
  for (PlanSite const& site : input.sites) {
    text += site.name + ' ';
    if (!site.has_curve()) continue;
    for (IntensityPoint const& point : site.curve->points()) {
      if (point.interval.begin < day.begin || point.interval.end > day.end) continue;
      text += std::to_string(to_ms(point.interval.begin)) + ' ' + std::to_string(point.value.value) + ' ';
    }
  }
  return fnv1a(text);
}

Plan plan_of(PlanInput const& input, Lanes const& lanes, WaitingJob const& waiting, Choice const& choice) {
  PlanSite const& site = input.sites[lanes.site(choice.lane)];
  Plan plan;
  plan.segments = choice.segments;
  plan.pool = lanes.pool(choice.lane);
  plan.shifted = choice.shifted;
  plan.waits_for_capacity = choice.waits_for_capacity;
  if (site.has_curve()) {
    plan.rung = PointState::kActual;
    for (Interval const& segment : plan.segments) {
      plan.rung = std::max(plan.rung, site.curve->worst_state(segment).value_or(PointState::kConstant));
    }
    plan.mean = mean_of(*site.curve, plan.segments);
    plan.mean_if_now = site.curve->mean({input.now, input.now + duration_of(waiting)});
  }
  plan.note = note_of(input, lanes, waiting, choice, plan);
  return plan;
}

}  // namespace

bool Planner::prepare(PlanInput const& input) {
  SlotGrid grid = grid_of(input);
  Lanes lanes{input.sites};
  PlanSite const& leading = deciding(input);
  // Once a recording was seen to run fast, its steps stay the measure.
  if (shift_ && shift_->grid().slot <= grid.slot) grid = shift_->grid();
  bool const kind_kept = kind_ == leading.kind || !leading.curve;
  bool const same = shift_ && shift_->grid() == grid && lanes_ == lanes && kind_kept;
  if (same && rules_ == input.rules) return false;
  if (shift_) remember_places();
  shift_.emplace(grid, lanes.rows(), options_of(input), input.now);
  rules_ = input.rules;
  lanes_ = std::move(lanes);
  kind_ = leading.kind;
  backlog_.forget_loads();
  running_.clear();
  ended_ = 0;
  improved_.reset();
  return true;
}

void Planner::remember_places() {
  SlotGrid const& grid = shift_->grid();
  for (Task const& task : shift_->tasks()) {
    std::vector<Interval> segments;
    for (SlotRun const& run : task.place.runs)
      segments.push_back({grid.begin_of(run.begin), grid.begin_of(run.end)});
    backlog_.set_previous(task.id, std::move(segments), task.place.lane);
  }
}

bool Planner::learn(PlanInput const& input) {
  Instant const soon = input.now + shift_->grid().slot;
  std::map<JobId, Running> const before = std::exchange(running_, {});
  std::map<JobId, JobLoad> left;
  for (Backlog::Gone const& gone : backlog_.gone()) {
    if (gone.load) left[gone.id] = *gone.load;
  }
  for (RunningJob const& job : input.running) {
    auto const ran = before.find(job.id);
    auto const waited = left.find(job.id);
    if (ran != before.end()) running_[job.id] = {ran->second.load, job.expected_end};
    if (waited != left.end()) running_[job.id] = {waited->second, job.expected_end};
    left.erase(job.id);
  }
  std::vector<std::uint32_t> fresh;
  for (std::uint32_t const index : backlog_.touched()) {
    WaitingJob const& job = backlog_.jobs()[index];
    auto const ran = before.find(job.id);
    if (backlog_.load(index) || job.lanes.empty() || !lanes_->known(job.lanes.front())) continue;
    if (ran != before.end()) {
      backlog_.set_load(index, ran->second.load);
    } else {
      fresh.push_back(index);
    }
  }
  bool early = false;
  auto const ended = [&](JobLoad const& load) { ended_ += double{load.hours} * double{load.share}; };
  for (auto const& [id, load] : left) ended(load);
  for (auto const& [id, running] : before) {
    if (running_.contains(id) || backlog_.find(id)) continue;
    ended(running.load);
    early = early || running.end >= soon;
  }
  meet(input, std::move(fresh));
  return early;
}

// What it may take on any site; within one its first pool stands for all.
std::vector<SlotNeed> Planner::needs_of(WaitingJob const& job) const {
  std::vector<SlotNeed> needs;
  if (lanes_->sites() > 1) {
    for (std::uint32_t const lane : lanes_->fitting(job.demand, job.lanes))
      needs.push_back(lanes_->need(job.demand, lane));
  }
  if (needs.empty()) needs.push_back(lanes_->need(job.demand, job.lanes.front()));
  return needs;
}

void Planner::meet(PlanInput const& input, std::vector<std::uint32_t> fresh) {
  std::vector<WaitingJob> const& jobs = backlog_.jobs();
  std::stable_sort(fresh.begin(), fresh.end(), [&](std::uint32_t a, std::uint32_t b) {
    return std::tuple(jobs[a].submitted, jobs[a].id) < std::tuple(jobs[b].submitted, jobs[b].id);
  });
  for (std::uint32_t const index : fresh) {
    WaitingJob const& job = jobs[index];
    std::uint32_t const lane = job.lanes.front();
    double const share = lanes_->share(job.demand, lane);
    Span const slack = std::max(job.latest - earliest_start(input, job), Span{0});
    shift_->arrived(job.submitted, needs_of(job), job.duration, share, slack, job.interruptible);
    double const hours = shift_->grid().hours(job.duration);
    backlog_.set_load(index, {static_cast<float>(hours), static_cast<float>(share)});
  }
}

double Planner::done(PlanInput const& input) const {
  double sum = ended_;
  auto const add = [&](JobLoad const& load, Span left) {
    sum += std::max(0.0, double{load.hours} - shift_->grid().hours(left)) * double{load.share};
  };
  for (RunningJob const& job : input.running) {
    auto const known = running_.find(job.id);
    if (known != running_.end()) add(known->second.load, std::max(job.expected_end - input.now, Span{0}));
  }
  for (std::uint32_t i = 0; i < backlog_.jobs().size(); ++i) {
    if (backlog_.load(i)) add(*backlog_.load(i), backlog_.jobs()[i].duration);
  }
  return sum;
}

bool Planner::worth_improving(PlanInput const& input, std::size_t tasks) {
  Slot const hour = hour_of(shift_->grid().from(input.now));
  std::uint64_t const curve = print_of(input, shift_->grid(), hour);
  bool const same = improved_ == hour && (improved_with_ == curve || tasks > kImproveAtOnce);
  if (same) return false;
  improved_ = hour;
  improved_with_ = curve;
  return true;
}

Planner::Groups Planner::groups(PlanInput const& input, bool anew) const {
  Groups out;
  std::vector<WaitingJob> const& jobs = backlog_.jobs();
  std::vector<bool> touched(jobs.size(), anew);
  for (std::uint32_t const index : backlog_.touched()) touched[index] = true;
  for (std::uint32_t i = 0; i < jobs.size(); ++i) {
    WaitingJob const& job = jobs[i];
    if (!shifts_on(shift_->grid(), input, *lanes_, job)) {
      out.queue.jobs.push_back(i);
      if (touched[i]) out.queue.fresh.push_back(i);
    } else if (job.max_intensity) {
      out.thresholds.push_back(i);
    } else {
      out.tasks += 1;
      if (touched[i]) out.fresh.push_back(i);
    }
  }
  auto const in_order = [&](std::uint32_t a, std::uint32_t b) { return before_in_queue(jobs[a], jobs[b]); };
  std::sort(out.thresholds.begin(), out.thresholds.end(), in_order);
  std::sort(out.fresh.begin(), out.fresh.end(), in_order);
  return out;
}

void Planner::place_tasks(PlanInput const& input, Groups const& groups, bool anew, bool early,
                          SlotPass& slots) {
  ShiftRequest request = slots.request(groups.fresh);
  request.done = done(input);
  request.improve = worth_improving(input, groups.tasks);
  request.freed = early && groups.tasks <= kImproveAtOnce;
  if (anew) {
    shift_->plan(std::move(request));
    backlog_.forget_previous();
  } else {
    ShiftPlanner::Changes changes;
    for (Backlog::Gone const& gone : backlog_.gone()) changes.gone.push_back(gone.id);
    // Those whose slack is used up.
    for (std::uint32_t const index : groups.queue.jobs) changes.gone.push_back(backlog_.jobs()[index].id);
    changes.far_stands = groups.queue.head_only;
    shift_->update(std::move(request), changes);
  }
}

// Jobs that got a place, in queue order.
std::vector<std::uint32_t> Planner::moved() const {
  std::vector<std::uint32_t> out;
  auto const add = [&](JobId id) {
    if (auto const index = backlog_.find(id)) out.push_back(*index);
  };
  if (shift_->moved()) {
    std::for_each(shift_->moved()->begin(), shift_->moved()->end(), add);
  } else {
    out.reserve(shift_->tasks().size());
    for (Task const& task : shift_->tasks()) add(task.id);
  }
  std::sort(out.begin(), out.end(), [&](std::uint32_t a, std::uint32_t b) {
    return before_in_queue(backlog_.jobs()[a], backlog_.jobs()[b]);
  });
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

PlanOutput Planner::plan(PlanInput const& input) {
  bool const reset = prepare(input);
  backlog_.merge(input);
  bool const early = learn(input);
  bool const anew = reset || !input.changes || !laid_out_;
  Groups groups = this->groups(input, anew);
  Slot const hour = hour_of(shift_->grid().from(input.now));
  groups.queue.head_only = !reset && input.changes && far_placed_ == hour;
  far_placed_ = hour;
  QueuePlan queue = plan_queue(input, shift_->grid(), *lanes_, backlog_.jobs(), groups.queue);
  laid_out_ = groups.tasks + groups.thresholds.size() > 0;
  if (laid_out_) {
    SlotPass slots{shift_->grid(), input, *lanes_, backlog_.jobs(), queue};
    slots.place_thresholds(groups.thresholds);
    place_tasks(input, groups, anew, early, slots);
    for (std::uint32_t const index : anew ? groups.fresh : moved())
      slots.take(index, *shift_->find(backlog_.jobs()[index].id));
  }
  return written(input, std::move(queue));
}

PlanOutput Planner::written(PlanInput const& input, QueuePlan queue) const {
  auto const in_order = [&](Chosen const& a, Chosen const& b) {
    return before_in_queue(backlog_.jobs()[a.job], backlog_.jobs()[b.job]);
  };
  if (!std::is_sorted(queue.chosen.begin(), queue.chosen.end(), in_order))
    std::sort(queue.chosen.begin(), queue.chosen.end(), in_order);
  PlanOutput output;
  output.jobs.reserve(queue.chosen.size());
  for (auto const& [index, choice] : queue.chosen) {
    WaitingJob const& waiting = backlog_.jobs()[index];
    output.jobs.push_back({waiting.id, plan_of(input, *lanes_, waiting, choice), lanes_->site(choice.lane)});
  }
  return output;
}

PlanOutput make_plan(PlanInput const& input) {
  return Planner{}.plan(input);
}

}  // namespace greenq::core
