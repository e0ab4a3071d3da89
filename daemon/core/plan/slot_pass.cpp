#include "core/plan/slot_pass.hpp"

#include <algorithm>
#include <limits>

namespace greenq::core {
namespace {

constexpr Slot kMonth = 30 * 24 * kHourSlots;
// Each pause must save this share beside what the job says that it costs: forecasts are never so good that
// less could be told from nothing.
constexpr float kPauseGain = 0.02F;

ChoiceKind kind_of(Task const& task) {
  return task.place.runs.size() > 1 ? ChoiceKind::kPaused : ChoiceKind::kWindow;
}

struct Lengths {
  Span work{0};
  Span least{0};  // work of a segment
  Span cost{0};   // of each segment but the first
};

// Slots are whole, durations are not: the rest is cut where the segment stays long enough, the last if none.
void cut_to(Lengths const& lengths, std::vector<Interval>& segments) {
  auto const work_of = [&](std::size_t i) { return segments[i].length() - (i > 0 ? lengths.cost : Span{0}); };
  Span surplus = -lengths.work;
  for (std::size_t i = 0; i < segments.size(); ++i) surplus += work_of(i);
  for (std::size_t i = segments.size(); i-- > 0 && surplus.count() > 0;) {
    if (work_of(i) - surplus < lengths.least) continue;
    segments[i].end -= surplus;
    surplus = Span{0};
  }
  while (surplus.count() > 0) {
    std::size_t const last = segments.size() - 1;
    Span const cut = std::min(surplus, work_of(last));
    segments.back().end -= cut;
    surplus -= cut;
    if (work_of(last) <= Span{0}) segments.pop_back();
  }
}

Slot pause_slots(SlotGrid const& grid, WaitingJob const& waiting) {
  return waiting.pause_cost > Span{0} ? grid.slots(waiting.pause_cost) : 0;
}

// What the grid makes a pause too long; it is cut from the end of the segment after it.
Span pause_surplus(SlotGrid const& grid, WaitingJob const& waiting) {
  return grid.span(pause_slots(grid, waiting)) - waiting.pause_cost;
}

void cut_pauses(Span surplus, std::vector<Interval>& segments) {
  for (std::size_t i = 1; i < segments.size(); ++i) segments[i].end -= surplus;
}

bool shifts_there(PlanInput const& input, Lanes const& lanes, WaitingJob const& job, std::uint32_t lane) {
  return lanes.fits(job.demand, lane) && input.sites[lanes.site(lane)].has_curve();
}

}  // namespace

LaneSet shift_lanes(PlanInput const& input, Lanes const& lanes, WaitingJob const& job) {
  bool const stays = job.move_energy > 0 && job.power <= 0;
  LaneSet out;
  LaneSet home;
  for (std::uint32_t const lane : job.lanes) {
    if (!shifts_there(input, lanes, job, lane)) continue;
    out.add(lane);
    if (lanes.site(lane) == job.home) home.add(lane);
  }
  return stays && !home.empty() ? home : out;
}

bool shifts_on(SlotGrid const& grid, PlanInput const& input, Lanes const& lanes, WaitingJob const& job) {
  if (!job.shift) return false;
  Instant const ready = earliest_start(input, job);
  if (job.latest <= ready || grid.holding(job.latest) < grid.from(ready)) return false;
  return std::any_of(job.lanes.begin(), job.lanes.end(),
                     [&](std::uint32_t lane) { return shifts_there(input, lanes, job, lane); });
}

SlotPass::SlotPass(SlotGrid const& grid, PlanInput const& input, Lanes const& lanes,
                   std::vector<WaitingJob> const& backlog, QueuePlan& queue)
    : grid_(grid),
      input_(input),
      lanes_(lanes),
      backlog_(backlog),
      queue_(queue),
      now_(grid.from(input.now)),
      horizon_(last_horizon()),
      alone_(empty_table()) {}

Slot SlotPass::last_horizon() const {
  Slot last = now_;
  for (PlanSite const& site : input_.sites) {
    if (site.has_curve()) last = std::max(last, price_horizon(*site.curve, now_, grid_));
  }
  return last;
}

// Where there is no curve nothing is placed: any prices do.
Timetable SlotPass::empty_table() const {
  std::vector<SlotPrices> prices;
  for (PlanSite const& site : input_.sites) {
    if (site.has_curve()) {
      SlotRun const range{now_, price_horizon(*site.curve, now_, grid_)};
      prices.push_back(wait_prices(*site.curve, range, 0, grid_));
    } else {
      prices.push_back({now_, {0}});
    }
  }
  return {now_, lanes_.rows(), lanes_.all(), std::move(prices)};
}

Place SlotPass::last_place(WaitingJob const& waiting) const {
  Place place;
  place.lane = waiting.previous_lane;
  Span const cut = pause_surplus(grid_, waiting);
  for (Interval const& segment : waiting.previous) {
    if (segment.end <= grid_.origin) continue;
    Instant const end = segment.end + (place.runs.empty() ? Span{0} : cut);
    SlotRun const run{grid_.from(std::max(segment.begin, grid_.origin)), grid_.from(end)};
    if (run.length() > 0) place.runs.push_back(run);
  }
  return place;
}

// After the horizon nothing is known that could be worth a wait.
Slot SlotPass::bound_of(Task const& task, WaitingJob const& waiting) const {
  return std::min(grid_.holding(waiting.latest), std::max(horizon_, task.ready)) + task.work;
}

Task SlotPass::task_of(WaitingJob const& waiting) const {
  Task task;
  task.id = waiting.id;
  task.cpus = static_cast<std::int32_t>(waiting.demand.cpus);
  task.memory = static_cast<std::int32_t>(mebibytes(waiting.demand.memory_bytes));
  task.gpus = static_cast<std::int32_t>(waiting.demand.gpus);
  task.lanes = shift_lanes(input_, lanes_, waiting);
  double const share = lanes_.share(waiting.demand, task.lanes.front());
  task.share = static_cast<float>(share);
  task.watts = waiting.power > 0;
  task.power = task.watts ? waiting.power : share;
  task.work = grid_.slots(duration_of(waiting));
  task.home = waiting.home;
  task.move = waiting.move_energy * kHourSlots / static_cast<float>(task.work);
  task.ready = grid_.from(earliest_start(input_, waiting));
  task.due = bound_of(task, waiting);
  Span const duration = duration_of(waiting);
  Span const least = input_.rules.min_segment;
  task.pausable = waiting.interruptible && duration >= 2 * least;
  // Long enough that what is too much can be cut from any run.
  task.shortest_run = grid_.slots(least + (grid_.span(task.work) - duration));
  task.pause_cost = pause_slots(grid_, waiting);
  task.pause_gain = kPauseGain;
  task.place = last_place(waiting);
  return task;
}

// The threshold is about the intensity alone, the choice about cost.
std::optional<Place> SlotPass::cheapest_below(Timetable& table, Task const& task, Intensity most) const {
  std::optional<Place> best;
  Task alone = task;
  for (std::uint32_t const lane : lanes_.unlike(task.lanes)) {
    alone.lanes = {};
    for (std::uint32_t const other : task.lanes) {
      if (lanes_.alike(lane, other)) alone.lanes.add(other);
    }
    auto place = table.cheapest(alone);
    if (!place) continue;
    double sum = 0;
    for (SlotRun const& run : place->runs) sum += table.prices(lane).sum(run);
    bool const low = sum <= static_cast<double>(most.value) / 1000 * slots_of(task, place->runs, now_);
    if (low && (!best || place->cost < best->cost)) best = std::move(place);
  }
  return best;
}

void SlotPass::place_thresholds(JobOrder const& jobs) {
  if (jobs.empty()) return;
  Timetable table = empty_table();
  for (Booking const& booking : queue_.bookings)
    table.board().take(grid_.covering(booking.interval), lanes_.need(booking.demand, booking.lane));
  for (std::uint32_t const index : jobs) {
    Task task = task_of(job(index));
    task.place = {};
    auto place = cheapest_below(table, task, *job(index).max_intensity);
    bool const cheap = place.has_value();
    if (!cheap) {
      task.due = grid_.holding(job(index).latest) + task.work;
      place = table.latest(task);
    }
    ChoiceKind const dear = place ? ChoiceKind::kLatestStart : ChoiceKind::kAfterLatest;
    table.put_in(task, place ? std::move(*place) : table.soonest(task));
    book(index, choose(index, task, cheap ? kind_of(task) : dear));
  }
}

ShiftRequest SlotPass::request(JobOrder const& jobs) const {
  ShiftRequest request;
  request.now = now_;
  request.lanes = lanes_.all();
  for (PlanSite const& site : input_.sites) request.curves.push_back(site.has_curve() ? site.curve : nullptr);
  request.tasks.reserve(jobs.size());
  Slot last = horizon_ + kMonth;
  for (std::uint32_t const index : jobs) {
    request.tasks.push_back(task_of(job(index)));
    last = std::max(last, request.tasks.back().due + request.tasks.back().work + kMonth);
  }
  for (std::size_t i = 0; i < queue_.bookings.size(); ++i) {
    auto const& [interval, demand, lane] = queue_.bookings[i];
    SlotRun const run = grid_.covering(interval);
    if (run.begin >= last) continue;  // tentative, like all that lies so far ahead
    bool const far = queue_.far_begin <= i && i < queue_.far_end;
    (far ? request.far : request.fixed)
        .push_back(
            {{run.begin, std::min(run.end, last)}, lanes_.need(demand, lane), lanes_.share(demand, lane)});
  }
  return request;
}

void SlotPass::take(std::uint32_t index, Task const& task) {
  bool const late = task.end() > grid_.holding(job(index).latest) + task.work;
  Choice const& choice = choose(index, task, late ? ChoiceKind::kAfterLatest : kind_of(task));
  // Starts before the first slot are known to the calendar only.
  if (choice.segments.front().begin < grid_.begin_of(now_)) book(index, choice);
}

void SlotPass::book(std::uint32_t index, Choice const& choice) {
  for (Interval const& segment : choice.segments)
    queue_.book(lanes_, {segment, job(index).demand, choice.lane});
}

std::vector<Interval> SlotPass::segments_of(Task const& task, WaitingJob const& waiting) {
  std::vector<Interval> segments;
  for (SlotRun const& run : task.place.runs)
    segments.push_back({grid_.begin_of(run.begin), grid_.begin_of(run.end)});
  Lengths const lengths{duration_of(waiting), input_.rules.min_segment, waiting.pause_cost};
  cut_pauses(pause_surplus(grid_, waiting), segments);
  cut_to(lengths, segments);
  // Before the first slot only the calendar holds bookings.
  Instant const now = input_.now;
  if (task.begin() == now_ && waiting.ready <= now && now < segments.front().begin) {
    Interval early = segments.front();
    early.begin = now;
    if (segments.size() == 1) early.end = now + duration_of(waiting);
    if (queue_.fits(lanes_, {early, waiting.demand, task.place.lane})) segments.front() = early;
  }
  cut_to(lengths, segments);
  return segments;
}

// What a start at once would cost, were nobody else there.
double SlotPass::at_once(Task const& task, LaneSet lanes) const {
  double least = std::numeric_limits<double>::max();
  for (std::uint32_t const lane : lanes)
    least = std::min(least, alone_.cost(task, {lane, {{task.ready, task.ready + task.work}}, 0}));
  return least;
}

Choice const& SlotPass::choose(std::uint32_t index, Task const& task, ChoiceKind kind) {
  WaitingJob const& waiting = job(index);
  Choice choice;
  choice.kind = kind;
  choice.lane = task.place.lane;
  choice.segments = segments_of(task, waiting);
  Task wish = task;
  wish.due = bound_of(task, waiting);
  wish.lanes = lanes_.unlike(task.lanes);  // alone, others cost the same
  auto const free = alone_.cheapest(wish);
  double const cost = alone_.cost(task, task.place);
  bool const waits = task.begin() > task.ready || task.place.runs.size() > 1;
  bool const saves = cost < at_once(task, wish.lanes) || kind == ChoiceKind::kLatestStart;
  choice.cheapest = !free || free->cost >= (1 - kKeepPlace) * cost;
  choice.shifted = waits && saves && kind != ChoiceKind::kAfterLatest;
  bool const crowded = free && free->runs.front().begin < task.begin() && !choice.cheapest;
  choice.waits_for_capacity = kind == ChoiceKind::kAfterLatest || crowded || (waits && !choice.shifted);
  queue_.chosen.push_back({index, std::move(choice)});
  return queue_.chosen.back().choice;
}

}  // namespace greenq::core
