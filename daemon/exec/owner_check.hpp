// Questions about a job's owner, asked before anything runs.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "exec/local_runner.hpp"

namespace greenq::exec {

// Empty: this owner may run jobs here; else why not and what to do.
std::string refuse(LocalRunnerOptions const& options, core::Principal const& owner);

// May the owner use `path` with these access(2) bits, judged by the mode bits of every directory on the way?
// A file with an access list is given the benefit of the doubt: the job's own open decides.
bool owner_may(core::Principal const& owner, std::uint32_t own_uid, std::string const& path, unsigned bits);

// Absolute, or relative without any "..".
bool is_safe_output_path(std::string const& path);

}  // namespace greenq::exec
