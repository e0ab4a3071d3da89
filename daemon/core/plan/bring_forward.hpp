// Moves work of a task into the current hour.
#pragma once

#include "core/plan/timetable.hpp"

namespace greenq::core {

// A pausable task gives its dearest, latest slots for free ones of this hour; another starts at once, if it
// can. Returns how many slots of work moved.
Slot bring_forward(Timetable& table, Task& task);

}  // namespace greenq::core
