#include "exec/inspect.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "app/run_dir.hpp"
#include "exec/common/process.hpp"

namespace greenq::exec {
namespace {

constexpr char kSpawnPath[] = "PATH=/usr/local/bin:/usr/bin:/bin";

RunView unknown(RunView view, std::string message) {
  view.state = RunState::kUnknown;
  view.message = std::move(message);
  return view;
}

// True when the exit record decides: it is there, readable or not, or cannot be read at present.
bool read_exit(int dir, RunView& view) {
  auto text = read_file_at(dir, app::kExitFile, kRecordLimit);
  if (!text && text.error().code == core::ErrorCode::kNotFound) return false;
  if (!text && text.error().code == core::ErrorCode::kUnavailable) {
    view = unknown(std::move(view), text.error().message);
    return true;
  }
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

// False when it cannot be read at present.
bool read_started(int dir, RunView& view) {
  auto text = read_file_at(dir, app::kStartedFile, kRecordLimit);
  if (!text) {
    if (text.error().code != core::ErrorCode::kUnavailable) return true;
    view = unknown(std::move(view), text.error().message);
    return false;
  }
  if (auto record = parse_started(*text)) view.started = std::move(*record);
  return true;
}

bool has_ended(UniqueFd const& pidfd) {
  pollfd one{pidfd.get(), POLLIN, 0};
  return ::poll(&one, 1, 0) > 0;
}

// The pidfd first: what it names cannot change after the start time was compared. False when it cannot be
// told.
bool find_shepherd(RunView& view) {
  auto const pid = static_cast<pid_t>(view.started->shepherd_pid);
  UniqueFd fd = open_pidfd(pid);
  if (!fd) {
    if (errno == ESRCH || errno == EINVAL) return true;
    view = unknown(std::move(view), "its shepherd cannot be looked at: " + errno_text(errno));
    return false;
  }
  auto const info = process_info(pid);
  if (!info && !has_ended(fd)) {
    view = unknown(std::move(view), "/proc cannot be read");
    return false;
  }
  if (info && !info->dead() && info->start == view.started->shepherd_start) view.shepherd = std::move(fd);
  return true;
}

RunView lost(RunView view) {
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

}  // namespace

RunView inspect(std::string const& run_dir, std::string const& this_boot) {
  RunView view;
  UniqueFd const dir = open_dir(run_dir);
  if (!dir && may_pass(errno))
    return unknown(std::move(view), "could not open " + run_dir + ": " + errno_text(errno));
  if (!dir) return view;
  if (!exists_at(dir.get(), app::kClaimFile)) {
    if (!may_pass(errno)) return view;
    return unknown(std::move(view), "could not look for the claim in " + run_dir + ": " + errno_text(errno));
  }
  if (!read_started(dir.get(), view) || read_exit(dir.get(), view)) return view;
  if (view.started) {
    view.same_boot = view.started->boot_id == this_boot;
    if (view.same_boot && !find_shepherd(view)) return view;
    if (view.shepherd) {
      view.state = RunState::kRunning;
      return view;
    }
  } else if (!try_lock_at(dir.get())) {
    // Somebody holds it, or it could not be opened: either way it is not known to be free.
    view.state = RunState::kStarting;
    return view;
  }
  // It may have ended or started since the first look.
  if (!view.started) {
    if (!read_started(dir.get(), view)) return view;
    if (view.started) return inspect(run_dir, this_boot);
  }
  if (read_exit(dir.get(), view)) return view;
  return lost(std::move(view));
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
    std::string const advice = may_pass(error) ? "" : "; reinstall GreenQ";
    return core::fail(core::ErrorCode::kUnavailable, "COULD_NOT_START",
                      "could not start " + program + ": " + errno_text(error) + advice);
  }
  return pid;
}

}  // namespace greenq::exec
