// The rule of the plain queue: first come, first served with EASY backfill.
//
// Queue order: priority, higher first; submission; id; who came first. Heads start while they fit. The first
// that does not is promised the earliest moment at which the believed ends of running jobs leave room for it;
// later ones start if they are believed to end by then or take only what it leaves over. Exact to the
// millisecond; the true lengths are known to nobody but the owner, who tells of time. Not thread-safe.
//
// Rule: Lifka, "The ANL/IBM SP scheduling system" (1995).
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "core/job.hpp"
#include "core/plan/board.hpp"
#include "core/units.hpp"

namespace greenq::core {

// A running job past its expected end still holds its resources; it is believed to end this much later.
inline constexpr Span kOverrun{std::chrono::minutes{1}};

class EasyQueue {
 public:
  struct Job {
    JobId id = 0;
    std::uint32_t priority = 0;
    Instant submitted{};
    std::vector<SlotNeed> needs;  // what it may take, the preferred one first; at least one
    Span planned{0};              // what others are told
    Span length{0};               // what it takes; both at least a millisecond
    double share = 0;             // of the cluster, for sums of the owner
  };
  struct Run {
    JobId id = 0;
    Interval interval;
    double share = 0;
  };

  // Every job fits into the empty machine.
  explicit EasyQueue(std::vector<std::int64_t> capacity) : free_(std::move(capacity)) {}

  void add(Job job);
  // Frees what jobs that end by `now` held; returns them.
  std::vector<Run> end(Instant now);
  // Starts what may start; returns it. Everything that ends by `now` must have been ended.
  std::vector<Run> dispatch(Instant now);
  std::optional<Instant> next_end() const;
  std::deque<Job> const& waiting() const { return waiting_; }  // in queue order

 private:
  struct Running {
    Run run;
    SlotNeed need;
    Instant believed{};
  };
  // What is promised to the head, and what it leaves over then.
  struct Promise {
    Instant at{};
    std::vector<std::int64_t> spare;
  };
  Promise promise(Job const& head, Instant now) const;
  void start(Job const& job, SlotNeed const& need, Instant now, std::vector<Run>& started);
  bool start_free(Job const& job, Instant now, std::vector<Run>& started);
  bool backfill(Job const& job, Instant now, Promise& promise, std::vector<Run>& started);

  bool nothing_free() const;

  std::vector<std::int64_t> free_;
  std::vector<std::uint32_t> leading_;  // rows: each need that came takes of one of them, sorted
  std::vector<Running> running_;        // a heap: the first to end in front
  std::deque<Job> waiting_;
};

}  // namespace greenq::core
