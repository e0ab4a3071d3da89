#include "core/plan/queue_pass.hpp"

#include <algorithm>

#include "core/plan/easy_queue.hpp"

namespace greenq::core {
namespace {

// Where a job that fits nowhere is put, so that it has a plan and is not started.
constexpr Span kNever{std::chrono::hours{24 * 365}};
// Tentative starts that are worked out anew in every plan.
constexpr std::size_t kHead = 1000;

class QueuePass {
 public:
  QueuePass(PlanInput const& input, std::vector<WaitingJob> const& backlog, QueueMembers members)
      : input_(input),
        backlog_(backlog),
        members_(std::move(members)),
        plan_{Calendar{input.now, input.capacity}, {}, 0, 0, {}} {
    for (RunningJob const& job : input.running) {
      Instant const end = job.expected_end > input.now ? job.expected_end : input.now + kOverrun;
      book({input.now, end}, {job.demand, job.pool});
      for (Interval const& segment : job.later) book(segment, {job.demand, job.pool});
    }
    sort();
    place();
  }

  QueuePlan take() && { return std::move(plan_); }

 private:
  WaitingJob const& job(std::uint32_t index) const { return backlog_[index]; }

  void book(Interval interval, Need const& need) {
    plan_.calendar.book(interval, need);
    plan_.bookings.push_back({interval, need});
  }

  bool fits_ever(WaitingJob const& waiting) const {
    return std::any_of(waiting.pools.begin(), waiting.pools.end(), [&](std::uint32_t pool) {
      return plan_.calendar.ever_fits({waiting.demand, pool});
    });
  }

  void sort() {
    auto const never = std::partition(members_.jobs.begin(), members_.jobs.end(),
                                      [&](std::uint32_t index) { return fits_ever(job(index)); });
    for (auto it = never; it != members_.jobs.end(); ++it) {
      Instant const start = earliest_start(input_, job(*it)) + kNever;
      plan_.chosen.push_back(
          {*it, {ChoiceKind::kNeverFits, {{start, start + duration_of(job(*it))}}, 0, false, true}});
    }
    members_.jobs.erase(never, members_.jobs.end());
    std::sort(members_.jobs.begin(), members_.jobs.end(),
              [&](std::uint32_t a, std::uint32_t b) { return before_in_queue(job(a), job(b)); });
  }

  void take(std::uint32_t index, Instant start, std::uint32_t pool) {
    Interval const window{start, start + duration_of(job(index))};
    book(window, {job(index).demand, pool});
    bool const waits = start > earliest_start(input_, job(index));
    plan_.chosen.push_back({index, {ChoiceKind::kQueue, {window}, pool, false, waits}});
  }

  bool start_now(std::uint32_t index) {
    Interval const window{input_.now, input_.now + duration_of(job(index))};
    for (std::uint32_t const pool : job(index).pools) {
      if (!plan_.calendar.fits(window, {job(index).demand, pool})) continue;
      take(index, input_.now, pool);
      return true;
    }
    return false;
  }

  // The earliest start over all pools, the first pool on ties.
  void take_earliest(std::uint32_t index) {
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
    std::vector<std::uint32_t> rest;
    bool reserved = false;
    for (std::uint32_t const index : members_.jobs) {
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
    for (std::size_t i = 0; i < rest.size(); ++i) {
      if (i == kHead) plan_.far_begin = plan_.bookings.size();
      bool const stands = members_.head_only && i >= kHead &&
                          !std::binary_search(members_.fresh.begin(), members_.fresh.end(), rest[i]);
      if (!stands) take_earliest(rest[i]);
    }
    plan_.far_end = rest.size() > kHead ? plan_.bookings.size() : 0;
  }

  PlanInput const& input_;
  std::vector<WaitingJob> const& backlog_;
  QueueMembers members_;
  QueuePlan plan_;
};

}  // namespace

QueuePlan plan_queue(PlanInput const& input, std::vector<WaitingJob> const& backlog, QueueMembers members) {
  return QueuePass(input, backlog, std::move(members)).take();
}

}  // namespace greenq::core
