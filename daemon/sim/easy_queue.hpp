// First come, first served with EASY backfill, as a part for policies.
//
// The first jobs start while they fit. The first that does not gets a reservation at the earliest moment at
// which enough GPUs are free; later jobs may start now if they end by then or use GPUs the reservation leaves
// over. Source of the rule: Lifka, "The ANL/IBM SP scheduling system" (1995); durations are those that
// policies are told.
#pragma once

#include <limits>
#include <utility>
#include <vector>

#include "sim/machine.hpp"

namespace greenq::sim {

enum class Backfill : bool { kNo, kYes };

class EasyQueue {
 public:
  explicit EasyQueue(Backfill backfill = Backfill::kYes) : backfill_(backfill) {}

  struct Entry {
    core::JobId id = 0;
    std::uint32_t gpus = 0;
    core::Span duration{0};
  };
  // The queue is ordered by submit, whenever jobs join it.
  void push(SimJob const& job);
  bool empty() const { return queue_.empty(); }
  std::vector<Entry> const& entries() const { return queue_; }

  // Takes the jobs that start now off the queue and appends them to `out`. `free`: GPUs that the caller has
  // not given away at this moment already. `at_most`: how many of them may be given away now; room that is
  // free but may not be used is kept for the first job that waits for it.
  void dispatch(Machine const& machine, std::uint32_t free, core::Instant now, std::vector<core::JobId>& out,
                std::uint32_t at_most = std::numeric_limits<std::uint32_t>::max());

 private:
  struct Reservation {
    core::Instant at{};
    std::uint32_t spare = 0;  // GPUs free from then on beside the head
  };
  Reservation reserve(Machine const& machine, std::uint32_t free);
  void launch(Entry const& entry, core::Instant now, std::vector<core::JobId>& out);

  Backfill backfill_;
  std::vector<Entry> queue_;
  std::vector<std::pair<core::Instant, std::uint32_t>> ends_;  // of what started now
};

}  // namespace greenq::sim
