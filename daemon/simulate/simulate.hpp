// `greenqd simulate`: policies against one another on the same jobs, GPUs and grid, from files.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

namespace greenq::simulate {

inline constexpr char kSummary[] = "replay jobs and carbon intensity from files under scheduling policies";

// The arguments after `simulate`. Needs no daemon and no network. Exit status: 0; 2 for wrong flags or files,
// with every problem on `err`.
int run(std::vector<std::string> arguments, std::ostream& out, std::ostream& err);

}  // namespace greenq::simulate
