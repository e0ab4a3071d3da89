// Fewest missed bounds: a plan from nothing, each task as early as possible in order of its latest start.
//
// A task that cannot be in time may push out one with more work left, if that saves it; who is pushed out is
// placed last. Nobody is pushed out twice. This minimises how many are late, not how late they are: a late
// task gets a new bound, `grace` after its old one or the end it was promised, which counts like any other
// from then on.
#pragma once

#include <vector>

#include "core/plan/random.hpp"
#include "core/plan/timetable.hpp"

namespace greenq::core {

// Places every task anew, in several orders while some are late, for fewest late ones: who was late comes
// earlier in the next. What there was is kept where that helps nobody; then what has no place gets the
// soonest.
void repair(Timetable& table, std::vector<Task>& tasks, PlanRandom& random);

// Gives a task that has no place one in time, for which one with more work left moves to another place in
// time. Returns that one; nothing if there is none, then nothing changes.
std::optional<std::uint32_t> push_out_for(Timetable& table, std::vector<Task>& tasks, std::uint32_t index);

std::size_t count_late(std::vector<Task> const& tasks);

}  // namespace greenq::core
