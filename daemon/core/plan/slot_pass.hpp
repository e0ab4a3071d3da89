// Between times and slots: what waits as tasks for the planner on slots, and its places as segments.
//
// Bookings of others are rounded outwards, runs of tasks too, so that nothing is ever promised twice. A task
// in the first slot starts at once where the exact calendar has room, and never runs longer than it needs.
#pragma once

#include "core/plan/queue_pass.hpp"
#include "core/plan/shift_planner.hpp"

namespace greenq::core {

// Of the cost of a promised place: plans that flap help nobody.
inline constexpr double kKeepPlace = 0.005;

// Rows of the board: CPUs, MiB of memory, GPUs of each pool. One lane for each pool.
std::vector<std::int64_t> board_rows(Capacity const& capacity);
std::vector<Lane> board_lanes(Capacity const& capacity);
// Share of the scarcest resource that the demand takes from its pool.
double share_of(Demand const& demand, std::uint32_t pool, Capacity const& capacity);
SlotNeed need_of(Demand const& demand, std::uint32_t pool);

// Whether the job fits in the rows at all.
bool ever_fits(WaitingJob const& job, std::vector<std::int64_t> const& rows);
// Whether the job has slack on the grid.
bool shifts_on(SlotGrid const& grid, PlanInput const& input, WaitingJob const& job);

// Indices in the backlog, in queue order.
using JobOrder = std::vector<std::uint32_t>;

class SlotPass {
 public:
  SlotPass(SlotGrid const& grid, PlanInput const& input, std::vector<WaitingJob> const& backlog,
           QueuePlan& queue);

  // Threshold jobs: the cheapest place where its mean is low enough, else the last one in time.
  void place_thresholds(JobOrder const& jobs);
  // For these jobs. Says of itself neither whether to improve nor what is gone.
  ShiftRequest request(JobOrder const& jobs) const;
  // Writes the choice for a job that got this place.
  void take(std::uint32_t index, Task const& task);

 private:
  WaitingJob const& job(std::uint32_t index) const { return backlog_[index]; }
  Task task_of(WaitingJob const& waiting) const;
  Slot bound_of(Task const& task, WaitingJob const& waiting) const;
  Place last_place(WaitingJob const& waiting) const;
  std::vector<Interval> segments_of(Task const& task, WaitingJob const& waiting);
  Choice const& choose(std::uint32_t index, Task const& task, ChoiceKind kind);
  void book(std::uint32_t index, Choice const& choice);
  Timetable empty_table() const;

  SlotGrid const& grid_;
  PlanInput const& input_;
  std::vector<WaitingJob> const& backlog_;
  QueuePlan& queue_;
  Slot now_;
  Slot horizon_;     // end of the prices
  Timetable alone_;  // nothing on it, and waiting costs nothing
};

}  // namespace greenq::core
