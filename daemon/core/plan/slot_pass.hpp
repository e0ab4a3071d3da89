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

// The slots of plans over that curve, or without one (null). A recording that is played faster has shorter
// steps than any provider.
SlotGrid grid_for(Curve const* curve);

// Rows of the board: CPUs, memory, GPUs of each pool. One lane for each pool.
std::vector<std::int64_t> board_rows(Capacity const& capacity);
std::vector<Lane> board_lanes(Capacity const& capacity);
// Share of the scarcest resource that the demand takes from its pool.
double share_of(Demand const& demand, std::uint32_t pool, Capacity const& capacity);
SlotNeed need_of(Demand const& demand, std::uint32_t pool);

// Whether the job has slack on the grid.
bool shifts_on(SlotGrid const& grid, PlanInput const& input, WaitingJob const& job);

class SlotPass {
 public:
  SlotPass(SlotGrid const& grid, PlanInput const& input, QueuePlan& queue);

  // Threshold jobs: the cheapest place where its mean is low enough, else the last one in time.
  void place_thresholds();
  // Of all others that shift. Without `done` and `improve`.
  ShiftRequest request() const;
  // Writes the choices. `tasks` as ShiftPlanner::plan(request()) gave them.
  void take(std::vector<Task> const& tasks);

 private:
  WaitingJob const& job(std::size_t index) const { return input_.waiting[index]; }
  Task task_of(WaitingJob const& waiting) const;
  Slot bound_of(Task const& task, WaitingJob const& waiting) const;
  Place last_place(WaitingJob const& waiting) const;
  std::vector<Interval> segments_of(Task const& task, WaitingJob const& waiting);
  void choose(std::size_t index, Task const& task, ChoiceKind kind);
  void book(std::size_t index);
  Timetable empty_table() const;

  SlotGrid const& grid_;
  PlanInput const& input_;
  QueuePlan& queue_;
  Slot now_;
  Slot horizon_;                    // end of the prices
  Timetable alone_;                 // nothing on it, and waiting costs nothing
  std::vector<std::size_t> tasks_;  // indices of waiting jobs, in the order of request().tasks
};

}  // namespace greenq::core
