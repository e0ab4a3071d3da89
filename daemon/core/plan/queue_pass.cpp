#include "core/plan/queue_pass.hpp"

#include <algorithm>
#include <numeric>
#include <tuple>

#include "core/plan/easy_queue.hpp"

namespace greenq::core {
namespace {

// Where a job that fits nowhere is put, so that it has a plan and is not started.
constexpr Span kNever{std::chrono::hours{24 * 365}};

class QueuePass {
 public:
  QueuePass(PlanInput const& input, std::vector<bool> const& shifts)
      : input_(input),
        plan_{Calendar{input.now, input.capacity}, {}, std::vector<Choice>(input.waiting.size()), {}, {}} {
    for (RunningJob const& job : input.running) {
      Instant const end = job.expected_end > input.now ? job.expected_end : input.now + kOverrun;
      book({input.now, end}, {job.demand, job.pool});
      for (Interval const& segment : job.later) book(segment, {job.demand, job.pool});
    }
    sort(shifts);
    place();
  }

  QueuePlan take() && { return std::move(plan_); }

 private:
  WaitingJob const& job(std::size_t index) const { return input_.waiting[index]; }

  void book(Interval interval, Need const& need) {
    plan_.calendar.book(interval, need);
    plan_.bookings.push_back({interval, need});
  }

  bool fits_ever(WaitingJob const& waiting) const {
    return std::any_of(waiting.pools.begin(), waiting.pools.end(), [&](std::uint32_t pool) {
      return plan_.calendar.ever_fits({waiting.demand, pool});
    });
  }

  void sort(std::vector<bool> const& shifts) {
    plan_.order.resize(input_.waiting.size());
    std::iota(plan_.order.begin(), plan_.order.end(), std::size_t{0});
    std::sort(plan_.order.begin(), plan_.order.end(), [&](std::size_t a, std::size_t b) {
      WaitingJob const& x = job(a);
      WaitingJob const& y = job(b);
      return std::tuple(y.priority, x.latest, x.id) < std::tuple(x.priority, y.latest, y.id);
    });
    for (std::size_t const index : plan_.order) {
      if (!fits_ever(job(index))) {
        Instant const start = earliest_start(input_, job(index)) + kNever;
        plan_.choices[index] = {
            ChoiceKind::kNeverFits, {{start, start + duration_of(job(index))}}, 0, false, true};
      } else if (shifts[index]) {
        plan_.shifting.push_back(index);
      } else {
        queue_.push_back(index);
      }
    }
  }

  void take(std::size_t index, Instant start, std::uint32_t pool) {
    Interval const window{start, start + duration_of(job(index))};
    book(window, {job(index).demand, pool});
    bool const waits = start > earliest_start(input_, job(index));
    plan_.choices[index] = {ChoiceKind::kQueue, {window}, pool, false, waits};
  }

  bool start_now(std::size_t index) {
    Interval const window{input_.now, input_.now + duration_of(job(index))};
    for (std::uint32_t const pool : job(index).pools) {
      if (!plan_.calendar.fits(window, {job(index).demand, pool})) continue;
      take(index, input_.now, pool);
      return true;
    }
    return false;
  }

  // The earliest start over all pools, the first pool on ties.
  void take_earliest(std::size_t index) {
    std::optional<std::pair<Instant, std::uint32_t>> best;
    for (std::uint32_t const pool : job(index).pools) {
      Need const need{job(index).demand, pool};
      if (!plan_.calendar.ever_fits(need)) continue;
      Instant const ready = earliest_start(input_, job(index));
      Instant const start = plan_.calendar.earliest_fit(need, duration_of(job(index)), ready);
      if (!best || start < best->first) best = {start, pool};
    }
    take(index, best->first, best->second);
  }

  // One reservation, for the first that cannot start. The starts given to the rest are tentative and
  // conservative; they change as jobs end early.
  void place() {
    std::vector<std::size_t> rest;
    bool reserved = false;
    for (std::size_t const index : queue_) {
      if (job(index).ready > input_.now) {
        rest.push_back(index);
      } else if (!start_now(index)) {
        if (reserved) {
          rest.push_back(index);
        } else {
          take_earliest(index);
          reserved = true;
        }
      }
    }
    for (std::size_t const index : rest) take_earliest(index);
  }

  PlanInput const& input_;
  QueuePlan plan_;
  std::vector<std::size_t> queue_;
};

}  // namespace

QueuePlan plan_queue(PlanInput const& input, std::vector<bool> const& shifts) {
  return QueuePass(input, shifts).take();
}

}  // namespace greenq::core
