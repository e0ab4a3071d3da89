// The jobs that are not shifted: first come, first served with EASY backfill, exact to the millisecond.
#pragma once

#include "core/plan/calendar.hpp"
#include "core/plan/choice.hpp"

namespace greenq::core {

struct Booking {
  Interval interval;
  Demand demand;
  std::uint32_t lane = 0;
};

struct QueuePlan {
  std::vector<Calendar> calendars;  // of each site, with all bookings
  std::vector<Booking> bookings;    // of running jobs and of those placed here
  // Which of the bookings are tentative and of jobs far back in the queue: from, to.
  std::size_t far_begin = 0;
  std::size_t far_end = 0;
  std::vector<Chosen> chosen;

  void book(Lanes const& lanes, Booking const& booking);
  bool fits(Lanes const& lanes, Booking const& booking) const;
};

// Places them in queue order, before_in_queue(), each on the lane where it starts first; of those that let it
// start at once, or as early, on the one where it costs least. Of a long queue the starts after the first
// 1,000 that wait are on slots of the grid.
QueuePlan plan_queue(PlanInput const& input, SlotGrid const& grid, Lanes const& lanes,
                     std::vector<WaitingJob> const& backlog, QueueMembers members);

}  // namespace greenq::core
