// One plain sentence per plan. Times are UTC.
#pragma once

#include <string>

#include "core/plan/choice.hpp"

namespace greenq::core {

// With several sites it names the one.
std::string note_of(PlanInput const& input, Lanes const& lanes, WaitingJob const& job, Choice const& choice,
                    Plan const& plan);

}  // namespace greenq::core
