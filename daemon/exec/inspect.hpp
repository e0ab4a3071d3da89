// What a run directory says about its segment, and spawning a shepherd for it.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

#include "exec/common/files.hpp"
#include "exec/common/record.hpp"

namespace greenq::exec {

enum class RunState {
  kUnclaimed,  // no shepherd ever took it
  kStarting,   // claimed and locked, the job does not run yet
  kRunning,
  kEnded,    // exit.json is there
  kLost,     // claimed, and the shepherd is gone without an exit record
  kUnknown,  // it could not be looked at now (descriptors, disk); look again later
};

struct RunView {
  RunState state = RunState::kUnclaimed;
  std::optional<StartedRecord> started;
  std::optional<ExitRecord> exit;
  bool same_boot = true;  // of started
  UniqueFd shepherd;      // pidfd while running
  std::string message;    // why it is lost or unknown
};

// `this_boot`: the running kernel's boot id. Only looks; kills nothing.
RunView inspect(std::string const& run_dir, std::string const& this_boot);

// posix_spawn of the shepherd with /dev/null as stdio, an own session, default signals and no inherited
// descriptors. kUnavailable: not now (descriptors, memory, the program is missing); nothing was started.
core::Result<pid_t> spawn_shepherd(std::string const& program, std::string const& run_dir);
UniqueFd open_pidfd(pid_t pid);

}  // namespace greenq::exec
