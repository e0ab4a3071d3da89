// `greenqd simulate`: policies against one another on the same jobs, GPUs and grid, from files or the
// daemon's ledger.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

#include "simulate/history.hpp"

namespace greenq::simulate {

inline constexpr char kSummary[] =
    "replay jobs and carbon intensity from files, or from the daemon's own history, under scheduling "
    "policies";

// The arguments after `simulate`. Needs no daemon and no network. Exit status: 0; 2 for wrong flags, files or
// a history that cannot be simulated, with every problem on `err`; 1 where a file cannot be written.
int run(std::vector<std::string> arguments, std::ostream& out, std::ostream& err,
        HistorySource const& history = {});

}  // namespace greenq::simulate
