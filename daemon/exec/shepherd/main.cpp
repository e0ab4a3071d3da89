// greenq-shepherd RUN_DIR: runs the one job described there and outlives whoever started it.
//
// The started process is a launcher: it answers (exit status 0) once the job runs, once its end is on record,
// or when another shepherd already has this directory. 1: the directory cannot be used. 2: wrong usage.
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <memory>
#include <string>

#include "app/run_dir.hpp"
#include "exec/common/files.hpp"
#include "exec/shepherd/supervisor.hpp"
#include "meter/journal.hpp"
#include "meter/sampler.hpp"

namespace {

using greenq::exec::UniqueFd;

enum class Claim { kMine, kTaken, kFailed };

// Another shepherd may hold the lock for a moment before it has claimed, or a daemon may be testing it.
Claim claim(int dir, UniqueFd& lock) {
  constexpr int kTries = 100;
  constexpr useconds_t kPause = 10'000;
  for (int i = 0; i < kTries && !lock; ++i) {
    if (greenq::exec::exists_at(dir, greenq::app::kClaimFile)) return Claim::kTaken;
    if (auto taken = greenq::exec::try_lock_at(dir)) {
      lock = std::move(*taken);
    } else {
      ::usleep(kPause);
    }
  }
  if (!lock) return Claim::kFailed;
  UniqueFd const file{
      ::openat(dir, greenq::app::kClaimFile, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600)};
  if (file) return Claim::kMine;  // made durable together with started.json, before the job runs
  return errno == EEXIST ? Claim::kTaken : Claim::kFailed;
}

void prepare_process() {
  ::umask(077);
  for (int fd = ::open("/dev/null", O_RDWR); fd >= 0 && fd <= 2;) fd = ::open("/dev/null", O_RDWR);
  ::close_range(3, ~0U, 0);
  sigset_t set;
  ::sigemptyset(&set);
  for (int const signal : {SIGCHLD, SIGTERM, SIGUSR1}) ::sigaddset(&set, signal);
  ::sigprocmask(SIG_BLOCK, &set, nullptr);
  ::signal(SIGCHLD, SIG_DFL);
  for (int const signal : {SIGINT, SIGHUP, SIGPIPE, SIGUSR2}) ::signal(signal, SIG_IGN);
}

// The only place where running and metering meet.
greenq::shepherd::JournalLine open_sensors(greenq::exec::AttemptRecord const& attempt) {
  using greenq::meter::Sampler;
  greenq::meter::SamplerOptions const roots{attempt.sysfs_root, attempt.procfs_root, attempt.nvml_library};
  auto const sampler = std::make_shared<Sampler>(roots, attempt.launch.gpu_uuids);
  return [sampler](std::string const& cpu_file) {
    return greenq::meter::to_journal_line(sampler->sample(::getpid(), cpu_file));
  };
}

int shepherd(UniqueFd dir, std::string const& path, UniqueFd answer) {
  if (::setsid() < 0 || ::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0 || ::chdir("/") != 0) return 1;
  try {
    return greenq::shepherd::Supervisor(std::move(dir), path, std::move(answer), open_sensors).run();
  } catch (std::exception const&) {
    return 1;  // out of memory; the daemon finds the lock free and no exit record: lost
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("usage: greenq-shepherd RUN_DIR\n", stderr);
    return 2;
  }
  prepare_process();
  std::array<char, PATH_MAX> resolved{};
  if (::realpath(argv[1], resolved.data()) == nullptr) return 1;
  std::string const path = resolved.data();
  UniqueFd dir = greenq::exec::open_dir(path);
  if (!dir) return 1;
  UniqueFd lock;
  switch (claim(dir.get(), lock)) {
    case Claim::kTaken:
      return 0;
    case Claim::kFailed:
      return 1;
    case Claim::kMine:
      break;
  }
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return 1;
  UniqueFd read_end{ends[0]};
  UniqueFd write_end{ends[1]};
  pid_t const child = ::fork();
  if (child < 0) return 1;
  if (child == 0) {
    read_end.reset();
    // _exit: a sensor's thread may hang and must not keep this process. The lock goes with it.
    ::_exit(shepherd(std::move(dir), path, std::move(write_end)));
  }
  write_end.reset();
  char byte = 1;
  ssize_t n = 0;
  do {
    n = ::read(read_end.get(), &byte, 1);
  } while (n < 0 && errno == EINTR);
  ::_exit(n == 1 && byte == 0 ? 0 : 1);
}
