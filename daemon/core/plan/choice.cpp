#include "core/plan/choice.hpp"

#include <algorithm>

#include "core/check.hpp"
#include "core/plan/pauses.hpp"

namespace greenq::core {
namespace {

// A last plan this much dearer than the best one is kept: plans that flap help nobody.
constexpr std::int64_t kKeepPerMille = 1005;
// Pauses must save more than this to be worth a checkpoint and a restart.
constexpr std::int64_t kPausePerMille = 980;
// Allowed starts are searched in parts of at least this length, and at most this many.
constexpr Span kPartMin{std::chrono::hours{4}};
constexpr int kPartsMax = 48;

bool within(std::int64_t cost, std::int64_t per_mille, std::int64_t of) {
  return static_cast<__int128>(cost) * 1000 <= static_cast<__int128>(of) * per_mille;
}

bool saves_enough(std::int64_t with_pauses, std::int64_t contiguous) {
  return static_cast<__int128>(with_pauses) * 1000 < static_cast<__int128>(contiguous) * kPausePerMille;
}

Need need_of(WaitingJob const& job, std::uint32_t pool) {
  return {job.demand, pool};
}

}  // namespace

Instant earliest_start(PlanInput const& input, WaitingJob const& job) {
  return std::max(job.ready, input.now);
}

Span duration_of(WaitingJob const& job) {
  return std::max(job.duration, Span{1});
}

void book(Calendar& calendar, WaitingJob const& job, Choice const& choice) {
  for (Interval const& segment : choice.segments) calendar.book(segment, need_of(job, choice.pool));
}

std::optional<Choice> earliest_place(WaitingJob const& job, Calendar const& calendar, Instant not_before) {
  std::optional<Choice> best;
  for (std::uint32_t const pool : job.pools) {
    Need const need = need_of(job, pool);
    if (!calendar.ever_fits(need)) continue;
    Instant const start = calendar.earliest_fit(need, duration_of(job), not_before);
    if (best && best->segments.front().begin <= start) continue;
    best = Choice{ChoiceKind::kQueue, {{start, start + duration_of(job)}}, pool, 0, false, false};
  }
  return best;
}

bool Chooser::cheap_enough(WaitingJob const& job, std::int64_t cost) const {
  if (!job.max_intensity) return true;
  return cost <= static_cast<__int128>(job.max_intensity->value) * duration_of(job).count();
}

// Cuts the allowed starts into parts and sorts them by what their cheapest start would cost on an empty
// machine, so that only the calendar of promising parts is read.
void Chooser::split(WaitingJob const& job) {
  Span const duration = duration_of(job);
  Instant const ready = earliest_start(input_, job);
  Span const range = job.latest - ready;
  Span const length = std::max({kPartMin, duration, range / kPartsMax + Span{1}});
  parts_.clear();
  for (Instant begin = ready; begin <= job.latest; begin += length) {
    starts_.assign(1, {begin, std::min(begin + length, job.latest)});
    parts_.push_back({starts_.front(), *costs_.cheapest(starts_, duration)});
  }
  std::sort(parts_.begin(), parts_.end(), [](Part const& a, Part const& b) { return a.bound < b.bound; });
}

// Starts with room within the closed range.
void Chooser::feasible_starts(WaitingJob const& job, Calendar const& calendar, std::uint32_t pool,
                              Interval range) {
  Span const duration = duration_of(job);
  calendar.free_runs({range.begin, range.end + duration}, need_of(job, pool), runs_);
  starts_.clear();
  for (Interval const& run : runs_) {
    if (run.length() >= duration) starts_.push_back({run.begin, run.end - duration});
  }
}

std::optional<Choice> Chooser::best_window(WaitingJob const& job, Calendar const& calendar) {
  Span const duration = duration_of(job);
  std::optional<Candidate> best;
  std::uint32_t best_pool = 0;
  for (Part const& part : parts_) {
    if (best && *best <= part.bound) break;
    for (std::uint32_t const pool : job.pools) {
      feasible_starts(job, calendar, pool, part.starts);
      auto const found = costs_.cheapest(starts_, duration);
      if (!found || (best && *best <= *found)) continue;
      best = found;
      best_pool = pool;
    }
  }
  if (!best) return std::nullopt;
  Interval const window{best->start, best->start + duration};
  return Choice{ChoiceKind::kWindow, {window}, best_pool, best->cost, false, false};
}

std::optional<Choice> Chooser::best_pauses(WaitingJob const& job, Calendar const& calendar) {
  Span const duration = duration_of(job);
  Interval const range{earliest_start(input_, job), job.latest + duration};
  std::optional<Choice> best;
  for (std::uint32_t const pool : job.pools) {
    calendar.free_runs(range, need_of(job, pool), runs_);
    PausedRun run = cheapest_with_pauses(costs_, runs_, range, duration, input_.min_segment);
    if (run.segments.empty() || (best && best->cost <= run.cost)) continue;
    best = Choice{ChoiceKind::kPaused, std::move(run.segments), pool, run.cost, false, false};
  }
  return best;
}

std::optional<Choice> Chooser::previous(WaitingJob const& job, Calendar const& calendar) const {
  Span const duration = duration_of(job);
  Instant const ready = earliest_start(input_, job);
  std::vector<Interval> segments;
  for (Interval const& segment : job.previous) {
    if (segment.end > ready) segments.push_back(segment);
  }
  if (segments.empty()) return std::nullopt;
  if (segments.size() == 1) {
    Instant const start = std::max(segments.front().begin, ready);
    segments.front() = {start, start + duration};
  }
  Span total{0};
  for (Interval const& segment : segments) total += segment.length();
  if (total != duration || segments.front().begin < ready || segments.back().end > job.latest + duration) {
    return std::nullopt;
  }
  if (segments.size() > 1 && !job.interruptible) return std::nullopt;
  std::int64_t cost = 0;
  for (Interval const& segment : segments) cost += costs_.integral(segment);
  auto const kind = segments.size() > 1 ? ChoiceKind::kPaused : ChoiceKind::kWindow;
  if (!cheap_enough(job, cost)) return std::nullopt;
  auto const room = [&](std::uint32_t pool) {
    return std::all_of(segments.begin(), segments.end(),
                       [&](Interval const& segment) { return calendar.fits(segment, need_of(job, pool)); });
  };
  auto pool = std::find(job.pools.begin(), job.pools.end(), job.previous_pool);
  if (pool == job.pools.end() || !room(*pool)) pool = std::find_if(job.pools.begin(), job.pools.end(), room);
  if (pool == job.pools.end()) return std::nullopt;
  bool const waits = segments.front().begin > ready || segments.size() > 1;
  return Choice{kind, std::move(segments), *pool, cost, waits, false};
}

// The last start with room before the bound, else the first after it.
Choice Chooser::without_cheap_window(WaitingJob const& job, Calendar const& calendar) {
  Instant const ready = earliest_start(input_, job);
  std::optional<Choice> last;
  for (std::uint32_t const pool : job.pools) {
    feasible_starts(job, calendar, pool, {ready, job.latest});
    if (starts_.empty()) continue;
    Instant const start = starts_.back().end;
    if (last && start <= last->segments.front().begin) continue;
    Interval const window{start, start + duration_of(job)};
    last = Choice{ChoiceKind::kLatestStart, {window}, pool, costs_.integral(window), false, false};
  }
  if (last) return *last;
  auto late = earliest_place(job, calendar, ready);
  GREENQ_CHECK(late.has_value());
  late->kind = ChoiceKind::kAfterLatest;
  late->waits_for_capacity = true;
  return *late;
}

Choice Chooser::choose(WaitingJob const& job, Calendar const& calendar) {
  split(job);
  auto const window = best_window(job, calendar);
  std::optional<Choice> best = window;
  if (job.interruptible) {
    auto pauses = best_pauses(job, calendar);
    // Strictly more than 2 % better.
    if (pauses && (!best || saves_enough(pauses->cost, best->cost))) best = std::move(pauses);
  }
  if (best && !cheap_enough(job, best->cost)) best.reset();
  if (!best) return without_cheap_window(job, calendar);
  auto const kept = previous(job, calendar);
  if (kept && within(kept->cost, kKeepPerMille, best->cost)) best = kept;
  Instant const start = best->segments.front().begin;
  best->shifted = best->segments.size() > 1;
  for (std::uint32_t const pool : job.pools) {
    if (best->shifted || start == earliest_start(input_, job)) break;
    best->shifted =
        calendar.earliest_fit(need_of(job, pool), duration_of(job), earliest_start(input_, job)) < start;
  }
  if (window) {
    Candidate const& free = parts_.front().bound;
    best->waits_for_capacity =
        free < Candidate{window->cost, window->segments.front().begin} && free.start < start;
  }
  return *best;
}

}  // namespace greenq::core
