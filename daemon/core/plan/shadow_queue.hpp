// The same submissions under first come, first served with EASY backfill: how much work the plain queue would
// have done by now, and how much would wait in it. Exact to the millisecond; durations are the expected ones.
//
// Rule: Lifka, "The ANL/IBM SP scheduling system" (1995).
#pragma once

#include <cstdint>
#include <vector>

#include "core/plan/board.hpp"
#include "core/units.hpp"

namespace greenq::core {

class ShadowQueue {
 public:
  // What comes with an instant before one that was told counts as come then. Every job takes of the first
  // row.
  ShadowQueue(std::vector<std::int64_t> capacity, SlotGrid const& grid)
      : grid_(grid), free_(std::move(capacity)) {}

  // `share` of the cluster that the job holds.
  void submit(Instant at, SlotNeed const& need, Span duration, double share);
  void advance(Instant now);
  // Cluster-hours of the grid.
  double done() const { return done_; }
  double waiting() const;

 private:
  struct Job {
    SlotNeed need;
    Span duration{0};
    double share = 0;
    Instant end{};  // while it runs
  };
  void start(Job job);
  void dispatch();

  SlotGrid grid_;
  std::vector<std::int64_t> free_;
  std::vector<Job> running_;  // a heap: the first to end in front
  std::vector<Job> queue_;
  Instant now_{};
  double busy_ = 0;  // share
  double done_ = 0;
};

}  // namespace greenq::core
