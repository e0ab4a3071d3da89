// The job's process between fork and exec, and the channel it talks through.
//
// Protocol over a SOCK_SEQPACKET pair, both ends close-on-exec:
//   shepherd -> job  'J'            you are in your cgroup
//   job -> shepherd  'R' + mask     ready; descriptors of the user's output files attached (bit 0 stdout, bit
//   1 stderr) shepherd -> job  'G'            started.json is durable: exec job -> shepherd  'E' + text why
//   the job cannot start; end of file means that exec succeeded
#pragma once

#include <string>
#include <vector>

#include "core/result.hpp"
#include "exec/common/files.hpp"
#include "exec/shepherd/identity.hpp"

namespace greenq::shepherd {

struct ChildPlan {
  std::vector<std::string> command;
  std::vector<std::string> environment;
  std::string path;
  Identity identity;
  std::string workdir;
  std::string stdout_path;  // empty: none
  std::string stderr_path;
  std::string metrics_path;
};

struct UserFiles {
  exec::UniqueFd out;
  exec::UniqueFd err;
  bool metrics_reachable = true;
};

// Never returns: exec or _exit(127). Order of the steps: daemon/exec/README.md.
[[noreturn]] void run_child(ChildPlan const& plan, int channel, int stdout_pipe, int stderr_pipe);

// The shepherd's side. The waits are bounded.
bool send_token(int channel, char token);
core::Result<UserFiles> receive_ready(int channel);
// The text of an 'E' message; empty at end of file.
std::string receive_failure(int channel);

}  // namespace greenq::shepherd
