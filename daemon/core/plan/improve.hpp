// Cheaper plans from a plan: never worse, never later than due.
//
// Work is bounded by counts, not by time, so that the same input gives the same plan on any machine.
#pragma once

#include <vector>

#include "core/plan/random.hpp"
#include "core/plan/timetable.hpp"

namespace greenq::core {

// A new plan from nothing, by latest start, each task on its cheapest place; kept if fewer are late, or as
// many at less cost. For pausable tasks: windows pack badly this way.
void start_over(Timetable& table, std::vector<Task>& tasks);

// Takes tasks out and puts them back if that is cheaper: once by latest start, then in random order; of a
// long queue 2,000 in each pass. A late task moves only forward.
void polish(Timetable& table, std::vector<Task>& tasks, int passes, PlanRandom& random);

// Large neighbourhood search: takes 3 to 14 tasks that are planned close to each other out and puts them back
// in another order.
void shuffle_neighbours(Timetable& table, std::vector<Task>& tasks, int rounds, PlanRandom& random);

}  // namespace greenq::core
