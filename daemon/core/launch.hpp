// From a job to what its shepherd must run.
#pragma once

#include "core/effect.hpp"
#include "core/state.hpp"

namespace greenq::core {

// The segment that is starting or running. Requires at least one attempt.
SegmentId current_segment(Job const& job);
// Requires at least one attempt; its GPUs are chosen already.
Launch make_launch(Job const& job, Span stop_grace);
// %j job, %t attempt, %u user, %n name, %% percent.
std::string expand_path(std::string const& pattern, Job const& job);
// "SIGUSR1" for 10 and so on; "SIG<number>" for what has no common name.
std::string signal_name(int signal);

}  // namespace greenq::core
