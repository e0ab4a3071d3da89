// Where the daemon keeps its state and where clients find it, when nobody says otherwise.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "core/result.hpp"

namespace greenq::app {

// Value of an environment variable; nothing when unset or empty.
using Environment = std::function<std::optional<std::string>(std::string const&)>;

struct Paths {
  std::string state_dir;  // absolute
  std::string socket;     // absolute
  std::string hint;       // what a client must be told; empty when it finds the socket by itself
};

// Root: /var/lib/greenq and /run/greenq/greenqd.sock. Others: $XDG_STATE_HOME/greenq (else
// ~/.local/state/greenq) and $XDG_RUNTIME_DIR/greenq/greenqd.sock (else STATE/greenqd.sock, which clients
// find only by GREENQ_SOCKET). Given values win; relative ones count from `cwd`. kFailedPrecondition NO_HOME
// when there is neither HOME nor XDG_STATE_HOME, and SOCKET_PATH_TOO_LONG beyond the 107 bytes that the
// kernel takes.
core::Result<Paths> find_paths(std::uint32_t uid, Environment const& env, std::string const& cwd,
                               std::string const& state_dir, std::string const& socket);

// The real environment.
Environment process_environment();

}  // namespace greenq::app
