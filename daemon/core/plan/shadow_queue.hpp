// The same submissions in the plain queue (easy_queue.hpp): how much work it would have done by now, and how
// much would wait in it. Durations are the expected ones. Backfill looks at the first 5,000 that wait; those
// behind them stand in a line that takes little memory.
#pragma once

#include <deque>
#include <vector>

#include "core/plan/easy_queue.hpp"

namespace greenq::core {

class ShadowQueue {
 public:
  // What comes with an instant before one that was told counts as come then.
  ShadowQueue(std::vector<std::int64_t> capacity, SlotGrid const& grid)
      : grid_(grid), queue_(std::move(capacity)) {}

  // `share` of the cluster that the job holds. `needs` as of EasyQueue::Job.
  void submit(Instant at, std::vector<SlotNeed> needs, Span duration, double share);
  void advance(Instant now);
  // As of the last advance(), in cluster-hours of the grid.
  double done() const { return done_; }
  double waiting() const;

 private:
  struct InLine {
    SlotNeed need;
    float share = 0;
    Span length{0};
    std::vector<SlotNeed> others;
  };
  void dispatch();
  void move_to(Instant now);
  void let_in();
  double work_of(InLine const& job) const { return grid_.hours(job.length) * double{job.share}; }

  SlotGrid grid_;
  EasyQueue queue_;
  std::deque<InLine> line_;
  double in_line_ = 0;  // cluster-hours
  Instant now_{};
  bool came_ = false;  // jobs at now_ that were not looked at yet
  double busy_ = 0;    // share
  double done_ = 0;
};

}  // namespace greenq::core
