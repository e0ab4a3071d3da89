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
  Calendar calendar;                  // with all bookings
  std::vector<Booking> bookings;      // of running jobs and of those placed here
  std::vector<Choice> choices;        // by index in PlanInput::waiting; of shifting jobs without segments
  std::vector<std::size_t> order;     // indices in queue order
  std::vector<std::size_t> shifting;  // indices of those that fit and are left to be placed, in queue order
};

// `shifts`: by index in PlanInput::waiting. Queue order: priority, higher first; latest start; id.
QueuePlan plan_queue(PlanInput const& input, std::vector<bool> const& shifts);

}  // namespace greenq::core
