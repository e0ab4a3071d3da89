#include "app/paths.hpp"

#include <cstdlib>
#include <filesystem>

namespace greenq::app {
namespace {

constexpr std::size_t kSocketPathMax = 107;

std::string absolute(std::string const& path, std::string const& cwd) {
  return (std::filesystem::path(cwd) / path).lexically_normal().string();
}

core::Result<std::string> find_state_dir(std::uint32_t uid, Environment const& env) {
  if (uid == 0) return "/var/lib/greenq";
  if (auto const base = env("XDG_STATE_HOME")) return *base + "/greenq";
  if (auto const home = env("HOME")) return *home + "/.local/state/greenq";
  return core::fail(core::ErrorCode::kFailedPrecondition, "NO_HOME",
                    "Neither HOME nor XDG_STATE_HOME is set; say where the state belongs with --state-dir.");
}

}  // namespace

core::Result<Paths> find_paths(std::uint32_t uid, Environment const& env, std::string const& cwd,
                               std::string const& state_dir, std::string const& socket) {
  Paths paths;
  if (state_dir.empty()) {
    auto const found = find_state_dir(uid, env);
    if (!found) return tl::unexpected(found.error());
    paths.state_dir = *found;
  } else {
    paths.state_dir = absolute(state_dir, cwd);
  }
  auto const runtime = env("XDG_RUNTIME_DIR");
  if (!socket.empty()) {
    paths.socket = absolute(socket, cwd);
  } else if (uid == 0) {
    paths.socket = "/run/greenq/greenqd.sock";
  } else if (runtime) {
    paths.socket = *runtime + "/greenq/greenqd.sock";
  } else {
    paths.socket = paths.state_dir + "/greenqd.sock";
    paths.hint = "XDG_RUNTIME_DIR is not set, so clients need: export GREENQ_SOCKET=" + paths.socket;
  }
  if (paths.socket.size() > kSocketPathMax) {
    return core::fail(
        core::ErrorCode::kFailedPrecondition, "SOCKET_PATH_TOO_LONG",
        "The socket path " + paths.socket + " is longer than 107 bytes; choose a shorter one with --socket.");
  }
  return paths;
}

Environment process_environment() {
  return [](std::string const& name) -> std::optional<std::string> {
    auto const* const value = std::getenv(name.c_str());
    if (value == nullptr || *value == '\0') return std::nullopt;
    return value;
  };
}

}  // namespace greenq::app
