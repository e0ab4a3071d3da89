#include "core/plan/shift_planner.hpp"

#include <algorithm>
#include <iterator>
#include <numeric>
#include <tuple>
#include <utility>

#include "core/check.hpp"
#include "core/plan/bring_forward.hpp"
#include "core/plan/repair.hpp"

namespace greenq::core {
namespace {

// Below this expected share of the cluster nobody needs the room that a task waits for.
constexpr double kIdle = 0.15;
// A longer queue fills the cluster whatever comes.
constexpr std::size_t kMostJudged = 2000;
// A longer queue is not laid out anew to mend it, nor repaired as a whole; then others are pushed out for so
// many tasks.
constexpr std::size_t kMostMended = 5000;
constexpr std::size_t kMostRepaired = 20'000;
constexpr int kMostPushes = 200;
// Waits that are judged again in an hour.
constexpr std::size_t kMostWaits = 2000;
constexpr Slot kDaySlots = 24 * kHourSlots;
// What was said too low counts so much more than other errors.
constexpr double kTooLow = 4;

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
// so that errors to both sides cost it less than hours that turn out dearer than was said, day after day. Of
// average signals it is charged nothing: what may still turn out cheaper is worth as much as the errors cost.
double charged_error(ForecastError const& error, double usual, bool pausable) {
  double const all = error.root_mean_square(usual);
  return pausable ? all / 2 + kTooLow * error.promised_too_low() : all;
}

void add_busy_hours(Slot now, std::vector<ShiftRequest::Fixed> const& others, std::vector<double>& busy) {
  Slot const first = hour_of(now) * kHourSlots;
  Slot const last = first + LookAhead::kHours * kHourSlots;
  for (auto const& fixed : others) {
    for (Slot slot = std::max(fixed.run.begin, now); slot < std::min(fixed.run.end, last); ++slot) {
      busy[static_cast<std::size_t>(hour_of(slot - first))] += fixed.share / kHourSlots;
    }
  }
}

// Those that must start first, of a long queue.
std::vector<std::uint32_t> soonest_due(std::vector<Task> const& tasks) {
  std::vector<std::uint32_t> order(tasks.size());
  std::iota(order.begin(), order.end(), 0U);
  auto const middle = order.begin() + static_cast<std::ptrdiff_t>(std::min(order.size(), kMostWaits));
  std::partial_sort(order.begin(), middle, order.end(), [&](std::uint32_t a, std::uint32_t b) {
    return std::tuple(tasks[a].latest_start(), a) < std::tuple(tasks[b].latest_start(), b);
  });
  order.erase(middle, order.end());
  return order;
}

}  // namespace

ShiftOptions shift_options(SignalKind kind) {
  ShiftOptions options;
  if (kind == SignalKind::kMarginal) {
    options.wait_charge = options.wait_charge_with_pauses = 0.5;
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

void ShiftPlanner::arrived(Instant at, std::vector<SlotNeed> needs, Span duration, double share, Span slack,
                           bool pausable) {
  shadow_.submit(std::max(at, begun_), std::move(needs), duration, share);
  if (at >= begun_) arrivals_.saw(grid_.hours(at - grid_.origin), grid_.hours(duration), share);
  slack_sum_ += grid_.hours(slack);
  jobs_ += 1;
  pausable_ += pausable ? 1 : 0;
}

bool ShiftPlanner::refresh(std::size_t index, std::shared_ptr<Curve const> const& curve, Slot now) {
  if (priced_.size() <= index) priced_.resize(index + 1);
  Priced& priced = priced_[index];
  if (priced.prices && priced.curve == curve && priced.hour == hour_of(now)) return false;
  priced.error.saw(*curve, hour_of(now), grid_);
  Interval const two_days{grid_.begin_of(now), grid_.begin_of(now + 2 * kDaySlots)};
  double const usual = has_spread(*curve) ? options_.usual_error * mean_of(*curve, two_days) : 0;
  bool const pausable = mostly_pausable();
  double const error = charged_error(priced.error, usual, pausable);
  double const charge = pausable ? options_.wait_charge_with_pauses : options_.wait_charge;
  SlotRun const range{now, price_horizon(*curve, now, grid_)};
  priced.prices = wait_prices(*curve, range, charge * error / 24, grid_);
  priced.plain = wait_prices(*curve, range, 0, grid_);
  priced.curve = curve;
  priced.hour = hour_of(now);
  return true;
}

void ShiftPlanner::set_prices(ShiftRequest const& request) {
  bool fresh = !table_->priced();
  for (std::size_t i = 0; i < request.curves.size(); ++i) {
    bool const differs = request.curves[i] && refresh(i, request.curves[i], request.now);
    fresh = fresh || differs;
  }
  stand_in(request);
  if (!fresh) return;
  std::vector<SlotPrices> prices;
  prices.reserve(priced_.size());
  for (Priced const& priced : priced_) prices.push_back(*priced.prices);
  table_->set_prices(std::move(prices));
}

// Where there is no curve nothing is placed: any prices do.
void ShiftPlanner::stand_in(ShiftRequest const& request) {
  auto const known = [](auto const& curve) { return curve != nullptr; };
  auto const first =
      std::find_if(request.curves.begin(), request.curves.end(), known) - request.curves.begin();
  priced_.resize(request.curves.size());
  Priced const& other = priced_[static_cast<std::size_t>(first)];
  for (std::size_t i = 0; i < priced_.size(); ++i) {
    if (request.curves[i]) continue;
    priced_[i].curve = nullptr;
    priced_[i].prices = other.prices;
    priced_[i].plain = other.plain;
  }
}

Task const* ShiftPlanner::find(JobId id) const {
  auto const seat = seats_.find(id);
  return seat ? &tasks_[*seat] : nullptr;
}

// Each on its own: of a long queue not all are placed anew for one that finds no room in time.
void ShiftPlanner::place_one_by_one(Open const& open) {
  int pushes = kMostPushes;
  for (std::uint32_t const index : open) {
    if (tasks_[index].placed()) continue;
    auto const other = pushes-- > 0 ? push_out_for(*table_, tasks_, index) : std::nullopt;
    if (other && moved_) moved_->push_back(tasks_[*other].id);
    if (!other) table_->put_in(tasks_[index], table_->soonest(tasks_[index]));
  }
}

// Whether all had to be placed anew.
bool ShiftPlanner::insert_new(Open const& open, bool anew) {
  bool missing = false;
  for (std::uint32_t const index : open) {
    Task& task = tasks_[index];
    auto place = task.late ? std::optional(table_->soonest(task)) : table_->cheapest(task);
    if (place && place->runs.back().end <= task.due) {
      table_->put_in(task, std::move(*place));
    } else {
      missing = true;
    }
  }
  if (!missing) return false;
  if (tasks_.size() > (anew ? kMostRepaired : kMostMended)) {
    place_one_by_one(open);
    return false;
  }
  repair(*table_, tasks_, random_);
  return true;
}

void ShiftPlanner::allow_late() {
  if (!options_.lateness_limit) return;
  Slot const grace = *options_.lateness_limit * kHourSlots;
  for (Task& task : tasks_) {
    if (task.end() <= task.due) continue;
    task.due = std::max(task.due + (task.late ? 0 : grace), task.end());
    task.late = true;
    extended_[task.id] = task.due;
  }
}

void ShiftPlanner::mend() {
  bool const many = tasks_.size() > kMostMended;
  auto const pausable = [](Task const& task) { return task.pausable; };
  if (!many && std::any_of(tasks_.begin(), tasks_.end(), pausable)) start_over(*table_, tasks_);
  if (tasks_.size() <= kMostRepaired && count_late(tasks_) > 0) repair(*table_, tasks_, random_);
  polish(*table_, tasks_, options_.passes, random_);
  if (!std::all_of(tasks_.begin(), tasks_.end(), pausable))
    shuffle_neighbours(*table_, tasks_, options_.rounds, random_);
}

// In grams, without the price of waiting.
void ShiftPlanner::drop_poor_wait(Task& task, std::vector<SlotPrices> const& plain) {
  if (task.late || task.end() > task.due || task.end() <= table_->earliest(task) + task.work) return;
  Place old = task.place;
  table_->take_out(task);
  Place soon = table_->soonest(task);
  double const before = table_->cost(task, soon, plain);
  double const saved = before - table_->cost(task, old, plain);
  double const grams = saved / 1000 / kHourSlots;  // of W x g/kWh x slots
  double const hours = static_cast<double>(old.runs.back().end - soon.runs.back().end) / kHourSlots;
  bool const little = saved < options_.min_saving * before;
  bool const slow = task.watts && grams < options_.min_grams_per_hour * hours;
  table_->put_in(task, hours > 0 && (little || slow) ? std::move(soon) : std::move(old));
}

// Of all tasks; of a long queue, of some.
void ShiftPlanner::drop_poor_waits(Open const& some) {
  if (options_.min_saving <= 0 && options_.min_grams_per_hour <= 0) return;
  std::vector<SlotPrices> plain;
  plain.reserve(priced_.size());
  for (Priced const& priced : priced_) plain.push_back(*priced.plain);
  if (tasks_.size() <= kMostWaits) {
    for (Task& task : tasks_) drop_poor_wait(task, plain);
    return;
  }
  for (std::size_t i = 0; i < std::min(some.size(), kMostWaits); ++i) drop_poor_wait(tasks_[some[i]], plain);
}

void ShiftPlanner::bring_pulled_forward() {
  auto const expected = arrivals_.expected(static_cast<double>(table_->now()) / kHourSlots);
  if (expected.rate < kIdle || tasks_.size() > kMostJudged) return;
  std::vector<double> busy(LookAhead::kHours);
  for (auto const* list : {&fixed_, &far_}) add_busy_hours(table_->now(), *list, busy);
  look_ahead_.judge(*table_, tasks_, expected, usual_slack(), mostly_pausable(), busy);
  std::vector<std::size_t> order;
  Slot const hour_end = (hour_of(table_->now()) + 1) * kHourSlots;
  for (std::size_t i = 0; i < tasks_.size(); ++i) {
    if (tasks_[i].pull >= static_cast<float>(options_.pull) && tasks_[i].begin() >= hour_end)
      order.push_back(i);
  }
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return tasks_[a].pull > tasks_[b].pull; });
  for (std::size_t const index : order) bring_forward(*table_, tasks_[index]);
}

// Pausable tasks only: starting long runs early to be even costs more than it helps.
void ShiftPlanner::pay_debt(double done) {
  double const limit = std::max(0.0, options_.debt_share * usual_slack() - shadow_.waiting());
  double excess = shadow_.done() - done - limit;
  if (excess <= 0) return;
  std::vector<std::size_t> order(tasks_.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return tasks_[a].latest_start() < tasks_[b].latest_start();
  });
  for (std::size_t const index : order) {
    if (excess <= 0) return;
    Task& task = tasks_[index];
    if (task.pausable) excess -= bring_forward(*table_, task) * static_cast<double>(task.share) / kHourSlots;
  }
}

void ShiftPlanner::settle(ShiftRequest const& request, Open const& open) {
  bool const mixed = insert_new(open, request.improve);
  allow_late();
  shadow_.advance(grid_.begin_of(request.now));
  drop_poor_waits(open);
  bool const polishes = (mixed || request.freed) && !request.improve;
  if (polishes) polish(*table_, tasks_, 1, random_);
  if (mixed || polishes || request.improve || tasks_.size() <= kMostWaits) moved_.reset();
  if (!request.improve || tasks_.empty()) return;
  mend();
  allow_late();
  drop_poor_waits(soonest_due(tasks_));
  bring_pulled_forward();
  if (mostly_pausable()) pay_debt(request.done);
}

std::vector<Task> const& ShiftPlanner::plan(ShiftRequest request) {
  table_.emplace(request.now, capacity_, request.lanes, std::vector<SlotPrices>{});
  set_prices(request);
  tasks_.clear();
  fixed_.clear();
  far_.clear();
  Open open;
  book_anew(fixed_, std::exchange(request.fixed, {}), open);
  book_anew(far_, std::exchange(request.far, {}), open);
  tasks_ = std::exchange(request.tasks, {});
  seats_.assign(tasks_);
  for (std::uint32_t seat = 0; seat < tasks_.size(); ++seat) take_in(seat, open);
  std::erase_if(extended_, [&](auto const& each) { return !seats_.find(each.first); });
  settle(request, open);
  moved_.reset();
  return tasks_;
}

void ShiftPlanner::update(ShiftRequest request, Changes const& changes) {
  GREENQ_CHECK(table_.has_value());
  table_->advance(request.now);
  set_prices(request);
  moved_.emplace();
  forget(changes.gone);
  Open open;
  drop_outdated(open);
  book_anew(fixed_, std::exchange(request.fixed, {}), open);
  if (!changes.far_stands) book_anew(far_, std::exchange(request.far, {}), open);
  take_over(std::exchange(request.tasks, {}), open);
  std::sort(open.begin(), open.end());
  open.erase(std::unique(open.begin(), open.end()), open.end());
  std::erase_if(open, [&](std::uint32_t index) { return tasks_[index].placed(); });
  for (std::uint32_t const index : open) moved_->push_back(tasks_[index].id);
  settle(request, open);
}

}  // namespace greenq::core
