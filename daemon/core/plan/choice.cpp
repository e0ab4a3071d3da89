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

std::optional<Choice> Chooser::best_window(WaitingJob const& job, Calendar const& calendar) {
  Span const duration = duration_of(job);
  Instant const ready = earliest_start(input_, job);
  std::optional<Choice> best;
  first_feasible_.reset();
  last_feasible_.reset();
  for (std::uint32_t const pool : job.pools) {
    calendar.free_runs({ready, job.latest + duration}, need_of(job, pool), runs_);
    starts_.clear();
    for (Interval const& run : runs_) {
      if (run.length() >= duration) starts_.push_back({run.begin, run.end - duration});
    }
    auto const found = costs_.cheapest(starts_, duration);
    if (!found) continue;
    if (!first_feasible_ || starts_.front().begin < *first_feasible_) first_feasible_ = starts_.front().begin;
    Instant const last = starts_.back().end;
    if (!last_feasible_ || last > last_feasible_->segments.front().begin) {
      Interval const window{last, last + duration};
      last_feasible_ =
          Choice{ChoiceKind::kLatestStart, {window}, pool, costs_.integral(window), false, false};
    }
    if (best && Candidate{best->cost, best->segments.front().begin} <= *found) continue;
    best = Choice{
        ChoiceKind::kWindow, {{found->start, found->start + duration}}, pool, found->cost, false, false};
  }
  return best;
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

Choice Chooser::without_cheap_window(WaitingJob const& job, Calendar const& calendar) {
  if (last_feasible_) {
    last_feasible_->shifted = *first_feasible_ < last_feasible_->segments.front().begin;
    return *last_feasible_;
  }
  auto late = earliest_place(job, calendar, earliest_start(input_, job));
  GREENQ_CHECK(late.has_value());
  late->kind = ChoiceKind::kAfterLatest;
  late->waits_for_capacity = true;
  return *late;
}

Choice Chooser::choose(WaitingJob const& job, Calendar const& calendar) {
  Instant const ready = earliest_start(input_, job);
  auto const window = best_window(job, calendar);
  std::optional<Choice> best = window;
  if (job.interruptible) {
    auto pauses = best_pauses(job, calendar);
    if (pauses && (!best || saves_enough(pauses->cost, best->cost))) best = std::move(pauses);
  }
  if (best && !cheap_enough(job, best->cost)) best.reset();
  if (!best) return without_cheap_window(job, calendar);
  auto const kept = previous(job, calendar);
  if (kept && within(kept->cost, kKeepPerMille, best->cost)) best = kept;
  best->shifted =
      best->segments.size() > 1 || !first_feasible_ || *first_feasible_ < best->segments.front().begin;
  if (window) {
    starts_.assign(1, Interval{ready, job.latest});
    auto const free = costs_.cheapest(starts_, duration_of(job));
    best->waits_for_capacity = *free < Candidate{window->cost, window->segments.front().begin} &&
                               free->start < best->segments.front().begin;
  }
  return *best;
}

}  // namespace greenq::core
