// Who the job runs as and what its environment holds.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "core/result.hpp"
#include "exec/common/record.hpp"

namespace greenq::shepherd {

struct Identity {
  bool switch_user = false;  // false: the job runs as the shepherd's own user
  uid_t uid = 0;
  gid_t gid = 0;
  std::vector<gid_t> groups;  // from the system's user database, never from a request
  std::string name;
  std::string home;
  std::string shell;
};

// kPermissionDenied for root as a target and for a switch without root; kNotFound for an unknown user.
core::Result<Identity> resolve_identity(uid_t uid);

// Names that change how loaders, shells and interpreters start; not passed to another user's job.
bool is_dangerous_name(std::string const& name);

struct Environment {
  std::vector<std::string> entries;  // NAME=value
  std::vector<std::string> dropped;
};
Environment make_environment(exec::AttemptRecord const& attempt, Identity const& identity,
                             std::string const& run_dir);

}  // namespace greenq::shepherd
