#include "core/plan/slot_pass.hpp"

#include <algorithm>

namespace greenq::core {
namespace {

constexpr std::uint32_t kGpuRows = 2;  // the first
constexpr Slot kMonth = 30 * 24 * kHourSlots;
// Each pause must save this share beside what the job says that it costs: forecasts are never so good that
// less could be told from nothing.
constexpr float kPauseGain = 0.02F;

double part(std::int64_t amount, std::int64_t of) {
  return of > 0 ? static_cast<double>(amount) / static_cast<double>(of) : 0;
}

// Rounded up, as what there is of it: exact where that is in MiB.
std::int64_t mebibytes(std::int64_t bytes) {
  constexpr std::int64_t kMebi = 1 << 20;
  return (bytes + kMebi - 1) / kMebi;
}

SlotRun outwards(SlotGrid const& grid, Interval interval) {
  return {grid.holding(interval.begin), grid.from(interval.end)};
}

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

}  // namespace

std::vector<std::int64_t> board_rows(Capacity const& capacity) {
  std::vector<std::int64_t> rows{capacity.cpus, mebibytes(capacity.memory_bytes)};
  for (GpuPool const& pool : capacity.pools) rows.push_back(static_cast<std::int64_t>(pool.uuids.size()));
  if (capacity.pools.empty()) rows.push_back(0);
  return rows;
}

std::vector<Lane> board_lanes(Capacity const& capacity) {
  std::vector<Lane> lanes;
  for (std::uint32_t pool = 0; pool < std::max<std::size_t>(capacity.pools.size(), 1); ++pool)
    lanes.push_back({0, 1, kGpuRows + pool, 0, 1});
  return lanes;
}

double share_of(Demand const& demand, std::uint32_t pool, Capacity const& capacity) {
  double share = std::max(part(demand.cpus, capacity.cpus), part(demand.memory_bytes, capacity.memory_bytes));
  if (pool < capacity.pools.size())
    share = std::max(share, part(demand.gpus, static_cast<std::int64_t>(capacity.pools[pool].uuids.size())));
  return std::min(share, 1.0);
}

SlotNeed need_of(Demand const& demand, std::uint32_t pool) {
  SlotNeed need;
  need.add(0, demand.cpus);
  need.add(1, mebibytes(demand.memory_bytes));
  need.add(kGpuRows + pool, demand.gpus);
  return need;
}

bool shifts_on(SlotGrid const& grid, PlanInput const& input, WaitingJob const& job) {
  if (!job.shift || !input.curve || input.curve->empty()) return false;
  Instant const ready = earliest_start(input, job);
  return job.latest > ready && grid.holding(job.latest) >= grid.from(ready);
}

bool ever_fits(WaitingJob const& job, std::vector<std::int64_t> const& rows) {
  for (std::uint32_t const pool : job.pools) {
    if (kGpuRows + pool >= rows.size()) continue;
    if (job.demand.cpus <= rows[0] && mebibytes(job.demand.memory_bytes) <= rows[1] &&
        job.demand.gpus <= rows[kGpuRows + pool])
      return true;
  }
  return false;
}

SlotPass::SlotPass(SlotGrid const& grid, PlanInput const& input, std::vector<WaitingJob> const& backlog,
                   QueuePlan& queue)
    : grid_(grid),
      input_(input),
      backlog_(backlog),
      queue_(queue),
      now_(grid.from(input.now)),
      horizon_(price_horizon(*input.curve, now_, grid)),
      alone_(empty_table()) {}

Timetable SlotPass::empty_table() const {
  return {now_,
          board_rows(input_.capacity),
          board_lanes(input_.capacity),
          {wait_prices(*input_.curve, {now_, horizon_}, 0, grid_)}};
}

Place SlotPass::last_place(WaitingJob const& waiting) const {
  Place place;
  place.lane = waiting.previous_pool;
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
  for (std::uint32_t const pool : waiting.pools) {
    if (alone_.board().ever_fits(need_of(waiting.demand, pool))) task.lanes.add(pool);
  }
  double const share = share_of(waiting.demand, task.lanes.front(), input_.capacity);
  task.share = static_cast<float>(share);
  task.watts = waiting.power > 0;
  task.power = task.watts ? waiting.power : share;
  task.work = grid_.slots(duration_of(waiting));
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

void SlotPass::place_thresholds(JobOrder const& jobs) {
  if (jobs.empty()) return;
  Timetable table = empty_table();
  for (Booking const& booking : queue_.bookings)
    table.board().take(outwards(grid_, booking.interval), need_of(booking.need.demand, booking.need.pool));
  for (std::uint32_t const index : jobs) {
    Task task = task_of(job(index));
    task.place = {};
    double const most = static_cast<double>(job(index).max_intensity->value) / 1000 * task.power;
    auto place = table.cheapest(task);
    bool const cheap = place && place->cost <= most * slots_of(task, place->runs, now_);
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
  request.lanes = board_lanes(input_.capacity);
  request.curves = {input_.curve};
  request.tasks.reserve(jobs.size());
  Slot last = horizon_ + kMonth;
  for (std::uint32_t const index : jobs) {
    request.tasks.push_back(task_of(job(index)));
    last = std::max(last, request.tasks.back().due + request.tasks.back().work + kMonth);
  }
  for (std::size_t i = 0; i < queue_.bookings.size(); ++i) {
    auto const& [demand, pool] = queue_.bookings[i].need;
    SlotRun const run = outwards(grid_, queue_.bookings[i].interval);
    if (run.begin >= last) continue;  // tentative, like all that lies so far ahead
    bool const far = queue_.far_begin <= i && i < queue_.far_end;
    (far ? request.far : request.fixed)
        .push_back({{run.begin, std::min(run.end, last)},
                    need_of(demand, pool),
                    share_of(demand, pool, input_.capacity)});
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
  for (Interval const& segment : choice.segments) {
    Need const need{job(index).demand, choice.pool};
    queue_.calendar.book(segment, need);
    queue_.bookings.push_back({segment, need});
  }
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
    if (queue_.calendar.fits(early, {waiting.demand, task.place.lane})) segments.front() = early;
  }
  cut_to(lengths, segments);
  return segments;
}

Choice const& SlotPass::choose(std::uint32_t index, Task const& task, ChoiceKind kind) {
  WaitingJob const& waiting = job(index);
  Choice choice;
  choice.kind = kind;
  choice.pool = task.place.lane;
  choice.segments = segments_of(task, waiting);
  Task wish = task;
  wish.due = bound_of(task, waiting);
  wish.lanes = {task.lanes.front()};  // alone, all cost the same
  auto const free = alone_.cheapest(wish);
  double const cost = alone_.cost(task, task.place);
  bool const waits = task.begin() > task.ready || task.place.runs.size() > 1;
  Place const at_once{task.place.lane, {{task.ready, task.ready + task.work}}, 0};
  bool const saves = cost < alone_.cost(task, at_once) || kind == ChoiceKind::kLatestStart;
  choice.cheapest = !free || free->cost >= (1 - kKeepPlace) * cost;
  choice.shifted = waits && saves && kind != ChoiceKind::kAfterLatest;
  bool const crowded = free && free->runs.front().begin < task.begin() && !choice.cheapest;
  choice.waits_for_capacity = kind == ChoiceKind::kAfterLatest || crowded || (waits && !choice.shifted);
  queue_.chosen.push_back({index, std::move(choice)});
  return queue_.chosen.back().choice;
}

}  // namespace greenq::core
