#include "exec/inspect.hpp"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>

#include "app/run_dir.hpp"
#include "exec/common/process.hpp"

namespace greenq::exec {
namespace {

constexpr char kSpawnPath[] = "PATH=/usr/local/bin:/usr/bin:/bin";

// True when the directory has an exit record, readable or not.
bool read_exit(int dir, RunView& view) {
  auto text = read_file_at(dir, app::kExitFile, kRecordLimit);
  if (!text && text.error().code == core::ErrorCode::kNotFound) return false;
  auto record = text ? parse_exit(*text) : tl::unexpected(text.error());
  if (record) {
    view.state = RunState::kEnded;
    view.exit = std::move(*record);
  } else {
    view.state = RunState::kLost;
    view.message = "its exit record cannot be used: " + record.error().message;
  }
  return true;
}

void read_started(int dir, RunView& view) {
  auto text = read_file_at(dir, app::kStartedFile, kRecordLimit);
  if (!text) return;
  if (auto record = parse_started(*text)) view.started = std::move(*record);
}

// The pidfd first: what it names cannot change after the start time was compared.
UniqueFd open_if_alive(StartedRecord const& started) {
  auto const pid = static_cast<pid_t>(started.shepherd_pid);
  UniqueFd fd = open_pidfd(pid);
  auto const info = process_info(pid);
  if (!fd || !info || info->dead() || info->start != started.shepherd_start) return UniqueFd{};
  return fd;
}

}  // namespace

RunView inspect(std::string const& run_dir, std::string const& this_boot) {
  RunView view;
  UniqueFd const dir = open_dir(run_dir);
  if (!dir || !exists_at(dir.get(), app::kClaimFile)) return view;
  read_started(dir.get(), view);
  if (read_exit(dir.get(), view)) return view;
  if (view.started) {
    view.same_boot = view.started->boot_id == this_boot;
    if (view.same_boot) view.shepherd = open_if_alive(*view.started);
    if (view.shepherd) {
      view.state = RunState::kRunning;
      return view;
    }
  } else if (!try_lock_at(dir.get())) {
    view.state = RunState::kStarting;
    return view;
  }
  // It may have ended or started since the first look.
  if (!view.started) {
    read_started(dir.get(), view);
    if (view.started) return inspect(run_dir, this_boot);
  }
  if (read_exit(dir.get(), view)) return view;
  view.state = RunState::kLost;
  if (!view.started) {
    view.message = "its shepherd ended before the job started";
  } else if (!view.same_boot) {
    view.message = "the machine was restarted while it ran";
  } else {
    view.message = "its shepherd was killed; the job's processes were ended";
  }
  return view;
}

UniqueFd open_pidfd(pid_t pid) {
  return UniqueFd{static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))};
}

core::Result<pid_t> spawn_shepherd(std::string const& program, std::string const& run_dir) {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawnattr_init(&attributes);
  ::posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
  ::posix_spawn_file_actions_adddup2(&actions, 1, 2);
  ::posix_spawn_file_actions_addclosefrom_np(&actions, 3);
  sigset_t signals;
  ::sigemptyset(&signals);
  ::posix_spawnattr_setsigmask(&attributes, &signals);
  ::sigfillset(&signals);
  ::posix_spawnattr_setsigdefault(&attributes, &signals);
  ::posix_spawnattr_setflags(&attributes,
                             POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);

  std::array<char*, 3> arguments{const_cast<char*>(program.c_str()), const_cast<char*>(run_dir.c_str()),
                                 nullptr};
  std::array<char*, 2> environment{const_cast<char*>(kSpawnPath), nullptr};
  pid_t pid = -1;
  int const error =
      ::posix_spawn(&pid, program.c_str(), &actions, &attributes, arguments.data(), environment.data());
  ::posix_spawn_file_actions_destroy(&actions);
  ::posix_spawnattr_destroy(&attributes);
  if (error != 0) {
    return core::fail(core::ErrorCode::kInternal, "COULD_NOT_START",
                      "could not start " + program + ": " + errno_text(error) + "; reinstall GreenQ");
  }
  return pid;
}

}  // namespace greenq::exec
