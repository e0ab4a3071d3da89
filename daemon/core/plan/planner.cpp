#include "core/plan/planner.hpp"

#include <algorithm>

#include "core/fnv.hpp"
#include "core/plan/cost_table.hpp"
#include "core/plan/fast_slots.hpp"
#include "core/plan/note.hpp"
#include "core/plan/slot_pass.hpp"

namespace greenq::core {
namespace {

// With more tasks a new curve, and room that came back, wait for the next hour.
constexpr std::size_t kImproveAtOnce = 500;

ShiftOptions options_of(PlanInput const& input) {
  PlanRules const& rules = input.rules;
  ShiftOptions options = shift_options(input.kind);
  options.keep = kKeepPlace;
  options.usual_load = 0;  // nothing is expected that was never seen
  options.min_saving = rules.min_saving;
  options.min_grams_per_hour = rules.min_grams_per_hour;
  options.wait_charge = rules.wait_charge.value_or(options.wait_charge);
  options.lateness_limit =
      static_cast<int>(std::chrono::ceil<std::chrono::hours>(rules.lateness_limit).count());
  return options;
}

// Of what a curve says of the day after this hour: it is made anew for each plan, and its ends move with
// time.
std::uint64_t print_of(Curve const& curve, SlotGrid const& grid, Slot hour) {
  Interval const day{grid.begin_of((hour + 1) * kHourSlots), grid.begin_of((hour + 25) * kHourSlots)};
  std::string text;
  for (IntensityPoint const& point : curve.points()) {
    if (point.interval.begin < day.begin || point.interval.end > day.end) continue;
    text += std::to_string(to_ms(point.interval.begin)) + ' ' + std::to_string(point.value.value) + ' ';
  }
  return fnv1a(text);
}

Plan plan_of(PlanInput const& input, WaitingJob const& waiting, Choice const& choice) {
  Plan plan;
  plan.segments = choice.segments;
  plan.pool = choice.pool;
  plan.shifted = choice.shifted;
  plan.waits_for_capacity = choice.waits_for_capacity;
  if (input.curve && !input.curve->empty()) {
    plan.rung = PointState::kActual;
    for (Interval const& segment : plan.segments) {
      plan.rung = std::max(plan.rung, input.curve->worst_state(segment).value_or(PointState::kConstant));
    }
    plan.mean = mean_of(*input.curve, plan.segments);
    plan.mean_if_now = input.curve->mean({input.now, input.now + duration_of(waiting)});
  }
  plan.note = note_of(input, waiting, choice, plan);
  return plan;
}

}  // namespace

void Planner::prepare(PlanInput const& input) {
  SlotGrid grid = grid_for(input.curve.get());
  auto rows = board_rows(input.capacity);
  // Once a recording was seen to run fast, its steps stay the measure.
  if (shift_ && shift_->grid().slot <= grid.slot) grid = shift_->grid();
  bool const kind_kept = kind_ == input.kind || !input.curve;
  bool const same = shift_ && shift_->grid() == grid && rows_ == rows && kind_kept;
  if (same && rules_ == input.rules) return;
  shift_.emplace(grid, rows, options_of(input), input.now);
  rules_ = input.rules;
  rows_ = std::move(rows);
  kind_ = input.kind;
  known_.clear();
  ended_ = 0;
  improved_.reset();
}

bool Planner::learn(PlanInput const& input) {
  std::map<JobId, Known> here;
  for (RunningJob const& job : input.running) {
    auto const known = known_.find(job.id);
    if (known != known_.end()) here[job.id] = {known->second.hours, known->second.share, job.expected_end};
  }
  std::vector<WaitingJob const*> fresh;
  for (WaitingJob const& job : input.waiting) {
    auto const known = known_.find(job.id);
    if (known != known_.end()) {
      here[job.id] = {known->second.hours, known->second.share, {}};
    } else if (!job.pools.empty()) {
      fresh.push_back(&job);
    }
  }
  bool early = false;
  for (auto const& [id, known] : known_) {
    if (here.contains(id)) continue;
    ended_ += known.hours * known.share;
    early = early || known.end >= input.now + shift_->grid().slot;
  }
  std::stable_sort(fresh.begin(), fresh.end(),
                   [](WaitingJob const* a, WaitingJob const* b) { return a->submitted < b->submitted; });
  SlotGrid const& grid = shift_->grid();
  for (WaitingJob const* job : fresh) {
    std::uint32_t const pool = job->pools.front();
    double const share = share_of(job->demand, pool, input.capacity);
    Span const slack = std::max(job->latest - job->ready, Span{0});
    shift_->arrived(job->submitted, need_of(job->demand, pool), job->duration, share, slack,
                    job->interruptible);
    here[job->id] = {grid.hours(job->duration), share, {}};
  }
  known_ = std::move(here);
  return early;
}

double Planner::done(PlanInput const& input) const {
  double sum = ended_;
  auto const add = [&](JobId id, Span left) {
    auto const known = known_.find(id);
    if (known == known_.end()) return;
    sum += std::max(0.0, known->second.hours - shift_->grid().hours(left)) * known->second.share;
  };
  for (RunningJob const& job : input.running) add(job.id, std::max(job.expected_end - input.now, Span{0}));
  for (WaitingJob const& job : input.waiting) add(job.id, job.duration);
  return sum;
}

bool Planner::worth_improving(PlanInput const& input, std::size_t tasks) {
  Slot const hour = hour_of(shift_->grid().from(input.now));
  std::uint64_t const curve = print_of(*input.curve, shift_->grid(), hour);
  bool const same = improved_ == hour && (improved_with_ == curve || tasks > kImproveAtOnce);
  if (same) return false;
  improved_ = hour;
  improved_with_ = curve;
  return true;
}

PlanOutput Planner::plan(PlanInput const& input) {
  prepare(input);
  bool const early = learn(input);
  SlotGrid const& grid = shift_->grid();
  std::vector<bool> shifts;
  shifts.reserve(input.waiting.size());
  for (WaitingJob const& job : input.waiting) shifts.push_back(shifts_on(grid, input, job));
  QueuePlan queue = plan_queue(input, shifts);
  if (!queue.shifting.empty()) {
    SlotPass slots{grid, input, queue};
    slots.place_thresholds();
    ShiftRequest request = slots.request();
    request.done = done(input);
    request.improve = worth_improving(input, request.tasks.size());
    request.freed = early && request.tasks.size() <= kImproveAtOnce;
    slots.take(shift_->plan(std::move(request)));
  }
  PlanOutput output;
  output.jobs.reserve(queue.order.size());
  for (std::size_t const index : queue.order) {
    WaitingJob const& waiting = input.waiting[index];
    output.jobs.push_back({waiting.id, plan_of(input, waiting, queue.choices[index])});
  }
  return output;
}

PlanOutput make_plan(PlanInput const& input) {
  return Planner{}.plan(input);
}

}  // namespace greenq::core
