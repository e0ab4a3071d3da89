#include "core/plan/shift_planner.hpp"

#include <algorithm>
#include <numeric>

#include "core/plan/bring_forward.hpp"
#include "core/plan/repair.hpp"

namespace greenq::core {
namespace {

// Below this expected share of the cluster nobody needs the room that a task waits for.
constexpr double kIdle = 0.15;
// A longer queue fills the cluster whatever comes.
constexpr std::size_t kMostJudged = 2000;
constexpr Slot kDaySlots = 24 * kHourSlots;
// What was said too low counts so much more than other errors.
constexpr double kTooLow = 4;

bool complete(Task const& task) {
  Slot total = 0;
  for (SlotRun const& run : task.place.runs) total += run.length();
  return total == task.work;
}

bool lane_allowed(Task const& task) {
  return std::find(task.lanes.begin(), task.lanes.end(), task.place.lane) != task.lanes.end();
}

// Without a spread a curve is taken at its word until its own record says otherwise.
bool has_spread(Curve const& curve) {
  return std::any_of(curve.points().begin(), curve.points().end(),
                     [](IntensityPoint const& point) { return point.spread.has_value(); });
}

double mean_of(Curve const& curve, Interval range) {
  if (auto const mean = curve.mean(range)) return static_cast<double>(mean->value) / 1000;
  double sum = 0;
  for (IntensityPoint const& point : curve.points()) sum += static_cast<double>(point.value.value) / 1000;
  return sum / static_cast<double>(curve.points().size());
}

// A start in one piece cannot be taken back: every error is charged. A plan with pauses is mended each hour,
// so that errors to both sides cost it less than hours that turn out dearer than was said, day after day.
double charged_error(ForecastError const& error, double usual, bool pausable) {
  double const all = error.root_mean_square(usual);
  return pausable ? all / 2 + kTooLow * error.promised_too_low() : all;
}

std::vector<double> busy_hours(Slot now, std::vector<ShiftRequest::Fixed> const& others) {
  std::vector<double> busy(LookAhead::kHours);
  Slot const first = hour_of(now) * kHourSlots;
  Slot const last = first + LookAhead::kHours * kHourSlots;
  for (auto const& fixed : others) {
    for (Slot slot = std::max(fixed.run.begin, now); slot < std::min(fixed.run.end, last); ++slot) {
      busy[static_cast<std::size_t>(hour_of(slot - first))] += fixed.share / kHourSlots;
    }
  }
  return busy;
}

}  // namespace

ShiftOptions shift_options(SignalKind kind) {
  ShiftOptions options;
  if (kind == SignalKind::kMarginal) {
    options.wait_charge = 0.5;
    options.usual_error = 0.3;
  }
  return options;
}

ShiftPlanner::ShiftPlanner(SlotGrid const& grid, std::vector<std::int64_t> capacity,
                           ShiftOptions const& options, Instant begun)
    : grid_(grid),
      capacity_(std::move(capacity)),
      options_(options),
      begun_(begun),
      arrivals_(options.usual_load),
      shadow_(capacity_, grid),
      random_(options.seed) {}

void ShiftPlanner::arrived(Instant at, SlotNeed const& need, Span duration, double share, Span slack,
                           bool pausable) {
  shadow_.submit(std::max(at, begun_), need, duration, share);
  if (at >= begun_) arrivals_.saw(grid_.hours(at - grid_.origin), grid_.hours(duration), share);
  slack_sum_ += grid_.hours(slack);
  jobs_ += 1;
  pausable_ += pausable ? 1 : 0;
}

SlotPrices const& ShiftPlanner::price(std::size_t index, std::shared_ptr<Curve const> const& curve,
                                      Slot now) {
  if (priced_.size() <= index) priced_.resize(index + 1);
  Priced& priced = priced_[index];
  if (priced.prices && priced.curve == curve && priced.hour == hour_of(now)) return *priced.prices;
  priced.error.saw(*curve, hour_of(now), grid_);
  Interval const two_days{grid_.begin_of(now), grid_.begin_of(now + 2 * kDaySlots)};
  double const usual = has_spread(*curve) ? options_.usual_error * mean_of(*curve, two_days) : 0;
  double const error = charged_error(priced.error, usual, mostly_pausable());
  SlotRun const range{now, price_horizon(*curve, now, grid_)};
  priced.prices = wait_prices(*curve, range, options_.wait_charge * error / 24, grid_);
  priced.plain = wait_prices(*curve, range, 0, grid_);
  priced.curve = curve;
  priced.hour = hour_of(now);
  return *priced.prices;
}

Timetable ShiftPlanner::lay_out(ShiftRequest const& request) {
  std::vector<SlotPrices> prices;
  prices.reserve(request.curves.size());
  for (std::size_t i = 0; i < request.curves.size(); ++i) {
    prices.push_back(price(i, request.curves[i], request.now));
  }
  Timetable table{request.now, capacity_, request.lanes, std::move(prices)};
  for (auto const& fixed : request.fixed) table.board().take(fixed.run, fixed.need);
  return table;
}

void ShiftPlanner::forget_gone(std::vector<Task> const& tasks) {
  if (extended_.empty()) return;
  std::map<JobId, Slot> kept;
  for (Task const& task : tasks) {
    if (auto const known = extended_.find(task.id); known != extended_.end()) kept.insert(*known);
  }
  extended_ = std::move(kept);
}

// What still holds of the last plan is booked first: what was feasible together stays feasible.
void ShiftPlanner::adopt(Timetable& table, std::vector<Task>& tasks) const {
  for (Task& task : tasks) {
    auto const known = extended_.find(task.id);
    if (known != extended_.end()) {
      task.due = std::max(task.due, known->second);
      task.late = true;
    }
    Place place = std::exchange(task.place, {});
    std::erase_if(place.runs, [&](SlotRun const& run) { return run.end <= table.now(); });
    if (!place.runs.empty()) place.runs.front().begin = std::max(place.runs.front().begin, table.now());
    task.place.lane = place.lane;
    task.place.runs = place.runs;
    bool const holds = !place.runs.empty() && complete(task) && lane_allowed(task);
    task.place.runs.clear();
    if (!holds || !table.fits(task, place)) continue;
    task.keep = options_.keep;
    table.put_in(task, std::move(place));
  }
}

// Whether all had to be placed anew.
bool ShiftPlanner::insert_new(Timetable& table, std::vector<Task>& tasks) {
  bool missing = false;
  for (Task& task : tasks) {
    if (!task.place.runs.empty()) continue;
    auto place = task.late ? std::optional(table.soonest(task)) : table.cheapest(task);
    if (place && place->runs.back().end <= task.due) {
      table.put_in(task, std::move(*place));
    } else {
      missing = true;
    }
  }
  if (missing) repair(table, tasks, random_);
  return missing;
}

void ShiftPlanner::allow_late(std::vector<Task>& tasks) {
  if (!options_.lateness_limit) return;
  Slot const grace = *options_.lateness_limit * kHourSlots;
  for (Task& task : tasks) {
    if (task.end() <= task.due) continue;
    task.due = std::max(task.due + (task.late ? 0 : grace), task.end());
    task.late = true;
    extended_[task.id] = task.due;
  }
}

void ShiftPlanner::mend(Timetable& table, std::vector<Task>& tasks) {
  bool const pausable =
      std::any_of(tasks.begin(), tasks.end(), [](Task const& task) { return task.pausable; });
  if (pausable) start_over(table, tasks);
  if (count_late(tasks) > 0) repair(table, tasks, random_);
  polish(table, tasks, options_.passes, random_);
  if (!std::all_of(tasks.begin(), tasks.end(), [](Task const& task) { return task.pausable; })) {
    shuffle_neighbours(table, tasks, options_.rounds, random_);
  }
}

// In grams, without the price of waiting.
void ShiftPlanner::drop_poor_waits(Timetable& table, std::vector<Task>& tasks) const {
  if (options_.min_saving <= 0 && options_.min_grams_per_hour <= 0) return;
  std::vector<SlotPrices> plain;
  plain.reserve(priced_.size());
  for (Priced const& priced : priced_) plain.push_back(*priced.plain);
  for (Task& task : tasks) {
    if (task.late || task.end() > task.due || task.end() <= table.earliest(task) + task.work) continue;
    Place old = task.place;
    table.take_out(task);
    Place soon = table.soonest(task);
    double const before = table.cost(task, soon, plain);
    double const saved = before - table.cost(task, old, plain);
    double const grams = saved / 1000 / kHourSlots;  // of W x g/kWh x slots
    double const hours = static_cast<double>(old.runs.back().end - soon.runs.back().end) / kHourSlots;
    bool const little = saved < options_.min_saving * before;
    bool const slow = task.watts && grams < options_.min_grams_per_hour * hours;
    table.put_in(task, hours > 0 && (little || slow) ? std::move(soon) : std::move(old));
  }
}

void ShiftPlanner::bring_pulled_forward(Timetable& table, std::vector<Task>& tasks,
                                        std::vector<ShiftRequest::Fixed> const& others) {
  auto const expected = arrivals_.expected(static_cast<double>(table.now()) / kHourSlots);
  if (expected.rate < kIdle || tasks.size() > kMostJudged) return;
  look_ahead_.judge(table, tasks, expected, usual_slack(), mostly_pausable(),
                    busy_hours(table.now(), others));
  std::vector<std::size_t> order;
  Slot const hour_end = (hour_of(table.now()) + 1) * kHourSlots;
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    if (tasks[i].pull >= options_.pull && tasks[i].begin() >= hour_end) order.push_back(i);
  }
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return tasks[a].pull > tasks[b].pull; });
  for (std::size_t const index : order) bring_forward(table, tasks[index]);
}

// Pausable tasks only: starting long runs early to be even costs more than it helps.
void ShiftPlanner::pay_debt(Timetable& table, std::vector<Task>& tasks, double done) {
  double const limit = std::max(0.0, options_.debt_share * usual_slack() - shadow_.waiting());
  double excess = shadow_.done() - done - limit;
  if (excess <= 0) return;
  std::vector<std::size_t> order(tasks.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return tasks[a].latest_start() < tasks[b].latest_start();
  });
  for (std::size_t const index : order) {
    if (excess <= 0) return;
    Task& task = tasks[index];
    if (task.pausable) excess -= bring_forward(table, task) * task.share / kHourSlots;
  }
}

std::vector<Task> ShiftPlanner::plan(ShiftRequest request) {
  Timetable table = lay_out(request);
  std::vector<Task>& tasks = request.tasks;
  forget_gone(tasks);
  adopt(table, tasks);
  bool const mixed = insert_new(table, tasks);
  allow_late(tasks);
  shadow_.advance(grid_.begin_of(request.now));
  drop_poor_waits(table, tasks);
  if ((mixed || request.freed) && !request.improve) polish(table, tasks, 1, random_);
  if (!request.improve || tasks.empty()) return std::move(tasks);
  mend(table, tasks);
  allow_late(tasks);
  drop_poor_waits(table, tasks);
  bring_pulled_forward(table, tasks, request.fixed);
  if (mostly_pausable()) pay_debt(table, tasks, request.done);
  return std::move(tasks);
}

}  // namespace greenq::core
