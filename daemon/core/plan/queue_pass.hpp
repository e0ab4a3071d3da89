// The jobs that are not shifted: first come, first served with EASY backfill, exact to the millisecond.
#pragma once

#include "core/plan/calendar.hpp"
#include "core/plan/choice.hpp"

namespace greenq::core {

struct Booking {
  Interval interval;
  Need need;
};

struct QueuePlan {
  Calendar calendar;              // with all bookings
  std::vector<Booking> bookings;  // of running jobs and of those placed here
  // Which of the bookings are tentative and of jobs far back in the queue: from, to.
  std::size_t far_begin = 0;
  std::size_t far_end = 0;
  std::vector<Chosen> chosen;
};

// Places them in queue order: before_in_queue().
QueuePlan plan_queue(PlanInput const& input, std::vector<WaitingJob> const& backlog, QueueMembers members);

}  // namespace greenq::core
