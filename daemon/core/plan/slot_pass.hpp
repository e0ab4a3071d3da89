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

// Where the job may be shifted: it fits there, and there is a curve.
LaneSet shift_lanes(PlanInput const& input, Lanes const& lanes, WaitingJob const& job);
// Whether the job has slack on the grid, and somewhere to use it.
bool shifts_on(SlotGrid const& grid, PlanInput const& input, Lanes const& lanes, WaitingJob const& job);

// Indices in the backlog, in queue order.
using JobOrder = std::vector<std::uint32_t>;

class SlotPass {
 public:
  SlotPass(SlotGrid const& grid, PlanInput const& input, Lanes const& lanes,
           std::vector<WaitingJob> const& backlog, QueuePlan& queue);

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
  double at_once(Task const& task, LaneSet lanes) const;
  Slot last_horizon() const;
  std::optional<Place> cheapest_below(Timetable& table, Task const& task, Intensity most) const;
  std::vector<Interval> segments_of(Task const& task, WaitingJob const& waiting);
  Choice const& choose(std::uint32_t index, Task const& task, ChoiceKind kind);
  void book(std::uint32_t index, Choice const& choice);
  Timetable empty_table() const;

  SlotGrid const& grid_;
  PlanInput const& input_;
  Lanes const& lanes_;
  std::vector<WaitingJob> const& backlog_;
  QueuePlan& queue_;
  Slot now_;
  Slot horizon_;     // end of the prices of all sites
  Timetable alone_;  // nothing on it, and waiting costs nothing
};

}  // namespace greenq::core
