#include "core/plan/planner.hpp"

#include <algorithm>
#include <numeric>
#include <tuple>

#include "core/check.hpp"
#include "core/plan/choice.hpp"
#include "core/plan/note.hpp"

namespace greenq::core {
namespace {

// A running job past its expected end still holds its resources; it is believed to end this much later.
constexpr Span kOverrun{std::chrono::minutes{1}};
// Where a job that fits nowhere is put, so that it has a plan and is not started.
constexpr Span kNever{std::chrono::hours{24 * 365}};
// Attempts to avoid missed latest starts, fewer for long queues so that a plan stays quick.
constexpr int kRepairs = 3;
constexpr std::size_t kLongQueue = 500;
// With a long queue, bookings of shifting jobs are rounded outwards to whole steps of this length, so that
// the calendar has at most so many breakpoints a day. Never overbooks; may leave up to this much unused.
constexpr Span kLongQueueStep{std::chrono::minutes{5}};

struct Draft {
  Calendar calendar;
  std::vector<Choice> choices;      // by position among the shifting jobs
  std::vector<std::size_t> missed;  // positions, in queue order
};

class Planner {
 public:
  explicit Planner(PlanInput const& input)
      : input_(input), calendar_(input.now, input.capacity), choices_(input.waiting.size()) {
    if (input.curve && !input.curve->empty()) costs_.emplace(*input.curve);
  }

  PlanOutput run() {
    sort();
    for (RunningJob const& job : input_.running) {
      Instant const end = job.expected_end > input_.now ? job.expected_end : input_.now + kOverrun;
      calendar_.book({input_.now, end}, {job.demand, job.pool});
    }
    place_queue();
    if (!shifting_.empty()) place_shifting();
    return output();
  }

 private:
  WaitingJob const& job(std::size_t index) const { return input_.waiting[index]; }

  bool shifts(WaitingJob const& job) const {
    return costs_ && job.shift && job.latest > earliest_start(input_, job);
  }

  void sort() {
    order_.resize(input_.waiting.size());
    std::iota(order_.begin(), order_.end(), std::size_t{0});
    std::sort(order_.begin(), order_.end(), [&](std::size_t a, std::size_t b) {
      WaitingJob const& x = job(a);
      WaitingJob const& y = job(b);
      return std::tuple(y.priority, x.latest, x.id) < std::tuple(x.priority, y.latest, y.id);
    });
    for (std::size_t const index : order_) {
      bool const fits =
          std::any_of(job(index).pools.begin(), job(index).pools.end(), [&](std::uint32_t pool) {
            return calendar_.ever_fits({job(index).demand, pool});
          });
      if (!fits) {
        Instant const start = earliest_start(input_, job(index)) + kNever;
        choices_[index] = {
            ChoiceKind::kNeverFits, {{start, start + duration_of(job(index))}}, 0, 0, false, true};
      } else if (shifts(job(index))) {
        shifting_.push_back(index);
      } else {
        queue_.push_back(index);
      }
    }
  }

  void take(std::size_t index, Choice choice) {
    choice.waits_for_capacity = choice.segments.front().begin > earliest_start(input_, job(index));
    book(calendar_, job(index), choice);
    choices_[index] = std::move(choice);
  }

  bool start_now(std::size_t index) {
    Interval const window{input_.now, input_.now + duration_of(job(index))};
    for (std::uint32_t const pool : job(index).pools) {
      if (!calendar_.fits(window, {job(index).demand, pool})) continue;
      take(index, {ChoiceKind::kQueue, {window}, pool, 0, false, false});
      return true;
    }
    return false;
  }

  // First come, first served with EASY backfill: one reservation, for the first that cannot start. The starts
  // given to the rest are tentative and conservative; they change as jobs end early.
  void place_queue() {
    std::vector<std::size_t> rest;
    bool reserved = false;
    for (std::size_t const index : queue_) {
      if (job(index).ready > input_.now) {
        rest.push_back(index);
      } else if (!start_now(index)) {
        if (reserved) {
          rest.push_back(index);
        } else {
          take(index, *earliest_place(job(index), calendar_, input_.now));
          reserved = true;
        }
      }
    }
    for (std::size_t const index : rest) {
      take(index, *earliest_place(job(index), calendar_, earliest_start(input_, job(index))));
    }
  }

  void book_shifting(Calendar& calendar, WaitingJob const& waiting, Choice const& choice) const;
  Draft draft(std::vector<std::size_t> const& sequence, bool pin) const;
  void place_shifting();
  std::vector<std::size_t> avoidable(std::vector<std::size_t> const& missed) const;
  PlanOutput output() const;

  PlanInput const& input_;
  std::optional<CostTable> costs_;  // nothing: no job is shifted
  Calendar calendar_;
  std::vector<Choice> choices_;        // by index in input_.waiting
  std::vector<std::size_t> order_;     // indices in queue order, as in the two below
  std::vector<std::size_t> queue_;     // not shifting
  std::vector<std::size_t> shifting_;  // "position" means a place in here
};

void Planner::book_shifting(Calendar& calendar, WaitingJob const& waiting, Choice const& choice) const {
  if (shifting_.size() <= kLongQueue) return book(calendar, waiting, choice);
  auto const step = kLongQueueStep.count();
  for (Interval const& segment : choice.segments) {
    Instant const end = from_ms((to_ms(segment.end) + step - 1) / step * step);
    calendar.book({from_ms(to_ms(segment.begin) / step * step), end}, {waiting.demand, choice.pool});
  }
}

// Places all shifting jobs in the order of `sequence` (positions). With `pin`, first all last plans that
// still hold are booked as they are: what was feasible together stays feasible.
Draft Planner::draft(std::vector<std::size_t> const& sequence, bool pin) const {
  Draft draft{calendar_, std::vector<Choice>(shifting_.size()), {}};
  Chooser chooser{input_, *costs_};
  std::vector<bool> done(shifting_.size(), false);
  auto const put = [&](std::size_t position, Choice choice) {
    book_shifting(draft.calendar, job(shifting_[position]), choice);
    draft.choices[position] = std::move(choice);
    done[position] = true;
  };
  if (pin) {
    for (std::size_t const position : sequence) {
      if (auto kept = chooser.previous(job(shifting_[position]), draft.calendar))
        put(position, std::move(*kept));
    }
  }
  for (std::size_t const position : sequence) {
    if (!done[position]) put(position, chooser.choose(job(shifting_[position]), draft.calendar));
  }
  for (std::size_t position = 0; position < shifting_.size(); ++position) {
    if (draft.choices[position].kind == ChoiceKind::kAfterLatest) draft.missed.push_back(position);
  }
  return draft;
}

// Missed jobs that could start in time if the other shifting jobs made room.
std::vector<std::size_t> Planner::avoidable(std::vector<std::size_t> const& missed) const {
  Chooser chooser{input_, *costs_};
  std::vector<std::size_t> out;
  for (std::size_t const position : missed) {
    Choice const alone = chooser.choose(job(shifting_[position]), calendar_);
    if (alone.kind != ChoiceKind::kAfterLatest) out.push_back(position);
  }
  return out;
}

// Tries in turn: each job into its cheapest window; last plans kept; missed jobs first. Fewest missed latest
// starts win, the earlier attempt on ties.
void Planner::place_shifting() {
  std::vector<std::size_t> sequence(shifting_.size());
  std::iota(sequence.begin(), sequence.end(), std::size_t{0});
  Draft best = draft(sequence, false);
  int const repairs = shifting_.size() > kLongQueue ? 1 : kRepairs;
  bool pin = true;
  for (int i = 0; i < repairs && !best.missed.empty(); ++i) {
    auto const first = avoidable(best.missed);
    if (first.empty()) break;
    if (!pin) {
      std::stable_partition(sequence.begin(), sequence.end(), [&](std::size_t position) {
        return std::binary_search(first.begin(), first.end(), position);
      });
    }
    Draft next = draft(sequence, pin);
    pin = false;
    if (next.missed.size() < best.missed.size()) best = std::move(next);
  }
  for (std::size_t position = 0; position < shifting_.size(); ++position) {
    choices_[shifting_[position]] = std::move(best.choices[position]);
  }
}

// Time-weighted; nothing if any of it is not known.
std::optional<Intensity> mean_of(Curve const& curve, std::vector<Interval> const& segments) {
  __int128 sum = 0;
  Span length{0};
  for (Interval const& segment : segments) {
    if (!curve.covered(segment)) return std::nullopt;
    sum += curve.integral(segment);
    length += segment.length();
  }
  return Intensity{divide_half_even(sum, length.count())};
}

PlanOutput Planner::output() const {
  PlanOutput output;
  output.jobs.reserve(order_.size());
  for (std::size_t const index : order_) {
    WaitingJob const& waiting = job(index);
    Choice const& choice = choices_[index];
    Plan plan;
    plan.segments = choice.segments;
    plan.pool = choice.pool;
    plan.shifted = choice.shifted;
    plan.waits_for_capacity = choice.waits_for_capacity;
    if (costs_) {
      plan.rung = PointState::kActual;
      for (Interval const& segment : plan.segments) {
        plan.rung = std::max(plan.rung, input_.curve->worst_state(segment).value_or(PointState::kConstant));
      }
      plan.mean = mean_of(*input_.curve, plan.segments);
      plan.mean_if_now = input_.curve->mean({input_.now, input_.now + duration_of(waiting)});
    }
    plan.note = note_of(input_, waiting, choice.kind, plan);
    output.jobs.push_back({waiting.id, std::move(plan)});
  }
  return output;
}

}  // namespace

PlanOutput make_plan(PlanInput const& input) {
  return Planner(input).run();
}

}  // namespace greenq::core
