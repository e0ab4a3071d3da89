// Processes as /proc shows them. A process is named by pid and start time, because pids are used again.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "exec/common/record.hpp"

namespace greenq::exec {

struct ProcessInfo {
  pid_t pid = 0;
  pid_t parent = 0;
  pid_t session = 0;
  char state = '?';
  std::int64_t start = 0;  // clock ticks since boot
  bool dead() const { return state == 'Z' || state == 'X'; }
};

std::string boot_id();  // empty when unreadable
std::optional<ProcessInfo> process_info(pid_t pid);
std::vector<ProcessInfo> all_processes();

// Direct children of the calling process, zombies included.
std::vector<pid_t> own_children();
// Everything below `root`, without it.
std::vector<pid_t> descendants(pid_t root);

// Who gets a checkpoint request: `main` if it handles the signal, else its nearest descendants that do (the
// program behind a shell script or a launcher). A process without a handler would die of it, and its work
// with it.
std::vector<pid_t> checkpoint_targets(pid_t main, int signal);

// Kills what a job left behind when its shepherd is gone: members of its cgroups, its session while the
// leader is still the same process, and processes that carry this run directory in their environment. Waits
// up to two seconds for them to go and removes the cgroups. True when nothing is left.
bool kill_leftovers(StartedRecord const& started, std::string const& run_dir);

}  // namespace greenq::exec
