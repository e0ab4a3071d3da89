#include "exec/worker.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "app/run_dir.hpp"
#include "core/check.hpp"
#include "exec/common/process.hpp"

namespace greenq::exec {
namespace {

constexpr std::uint64_t kWakeupToken = 0;
constexpr core::Span kStartingPause{20};  // a shepherd that is just starting
constexpr core::Span kDelayPause{1000};

bool make_dir(std::string const& path, mode_t mode) {
  if (::mkdir(path.c_str(), mode) != 0 && errno != EEXIST) return false;
  return ::chmod(path.c_str(), mode) == 0;
}

core::Result<void> path_failed(std::string const& verb, std::string const& path) {
  int const error = errno;
  return core::fail(may_pass(error) ? core::ErrorCode::kUnavailable : core::ErrorCode::kInternal,
                    "COULD_NOT_START", "could not " + verb + ' ' + path + ": " + errno_text(error));
}

core::SegmentEnd could_not_start(app::Clock& clock, std::string message) {
  return {core::Outcome::kCouldNotStart, 127, clock.now(), std::move(message)};
}

}  // namespace

LocalRunner::Worker::Worker(LocalRunnerOptions const& options, app::Clock& clock, app::Inbox& inbox)
    : options_(options),
      clock_(clock),
      inbox_(inbox),
      boot_id_(boot_id()),
      epoll_(::epoll_create1(EPOLL_CLOEXEC)),
      wakeup_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  GREENQ_CHECK(epoll_ && wakeup_);
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = kWakeupToken;
  GREENQ_CHECK(::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, wakeup_.get(), &event) == 0);
  thread_ = std::thread([this] { loop(); });
}

LocalRunner::Worker::~Worker() {
  stopping_ = true;
  wake();
  thread_.join();
}

void LocalRunner::Worker::put(core::Launch const& launch) {
  {
    std::lock_guard const lock(mutex_);
    commands_.emplace_back(launch);
  }
  wake();
}

void LocalRunner::Worker::put(core::StopSegment stop) {
  {
    std::lock_guard const lock(mutex_);
    commands_.emplace_back(stop);
  }
  wake();
}

void LocalRunner::Worker::wake() const {
  std::uint64_t const one = 1;
  [[maybe_unused]] ssize_t const written = ::write(wakeup_.get(), &one, sizeof one);
}

void LocalRunner::Worker::loop() {
  std::array<epoll_event, 64> events{};
  while (!stopping_) {
    int const n = ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), next_timeout());
    for (int i = 0; i < n; ++i) {
      auto const token = events.at(static_cast<std::size_t>(i)).data.u64;
      if (token == kWakeupToken) {
        take_commands();
      } else {
        on_readable(token);
      }
    }
    std::vector<core::SegmentId> due;
    for (auto const& [segment, entry] : entries_) {
      if (entry.phase == Phase::kWaiting && entry.look_at <= clock_.steady()) due.push_back(segment);
    }
    for (auto const& segment : due) advance(segment);
  }
}

int LocalRunner::Worker::next_timeout() const {
  auto next = core::Span::max();
  for (auto const& [segment, entry] : entries_) {
    if (entry.phase == Phase::kWaiting) next = std::min(next, entry.look_at);
  }
  if (next == core::Span::max()) return -1;
  return static_cast<int>(std::max<std::int64_t>(0, (next - clock_.steady()).count()));
}

void LocalRunner::Worker::look_again_in(Entry& entry, core::Span pause) const {
  entry.phase = Phase::kWaiting;
  entry.look_at = clock_.steady() + pause;
}

void LocalRunner::Worker::delay(Entry& entry, std::string why) {
  look_again_in(entry, kDelayPause);
  why = "not launched yet: " + why + "; tried again every second";
  if (entry.delay == why) return;
  entry.delay = why;
  inbox_.post(core::SegmentDelayed{entry.launch.segment, std::move(why)});
}

void LocalRunner::Worker::take_commands() {
  std::uint64_t count = 0;
  [[maybe_unused]] ssize_t const got = ::read(wakeup_.get(), &count, sizeof count);
  std::deque<Command> commands;
  {
    std::lock_guard const lock(mutex_);
    commands.swap(commands_);
  }
  for (auto const& command : commands) {
    if (stopping_) return;
    if (auto const* launch = std::get_if<core::Launch>(&command)) {
      on_launch(*launch);
    } else {
      on_stop(std::get<core::StopSegment>(command));
    }
  }
}

void LocalRunner::Worker::on_launch(core::Launch const& launch) {
  auto const [at, fresh] = entries_.try_emplace(launch.segment);
  Entry& entry = at->second;
  if (!fresh) {
    // Known already: only say again that it runs.
    if (entry.phase == Phase::kRunning) {
      entry.told_started = false;
      advance(launch.segment);
    }
    return;
  }
  entry.launch = launch;
  entry.dir = app::run_dir(options_.state_dir, launch.segment).string();
  advance(launch.segment);
}

void LocalRunner::Worker::on_stop(core::StopSegment const& stop) {
  auto const at = entries_.find(stop.segment);
  if (at == entries_.end()) return;  // its end is in the Inbox
  Entry& entry = at->second;
  (stop.kind == core::StopKind::kTerminate ? entry.terminate : entry.checkpoint) = true;
  if (entry.phase == Phase::kRunning) deliver_stops(entry);
  if (entry.phase == Phase::kWaiting) advance(stop.segment);
}

void LocalRunner::Worker::on_readable(std::uint64_t token) {
  auto const at = tokens_.find(token);
  if (at == tokens_.end()) return;  // an older event of this round replaced it
  core::SegmentId const segment = at->second;
  Entry& entry = entries_.at(segment);
  tokens_.erase(at);
  entry.fd.reset();
  look_again_in(entry, kStartingPause);
  advance(segment);
}

bool LocalRunner::Worker::launcher_lives(Entry& entry) const {
  if (entry.launcher > 0 && ::waitpid(entry.launcher, nullptr, WNOHANG) == 0) return true;
  entry.launcher = -1;
  return false;
}

void LocalRunner::Worker::advance(core::SegmentId segment) {
  Entry& entry = entries_.at(segment);
  bool const launching = launcher_lives(entry);
  RunView view = inspect(entry.dir, boot_id_);
  switch (view.state) {
    case RunState::kUnclaimed:
      if (launching) return look_again_in(entry, kStartingPause);
      if (entry.told_started || entry.launch.seen_running) {
        kill_leftovers({}, entry.dir);
        end(segment, {core::Outcome::kLost, 0, clock_.now(), "its run directory was removed while it ran"});
        return;
      }
      if (entry.terminate) {
        end(segment, {core::Outcome::kCancelled, 0, clock_.now(), "it had not been launched"});
        return;
      }
      launch(entry);
      return;
    case RunState::kStarting:
      return look_again_in(entry, kStartingPause);
    case RunState::kUnknown:
      return delay(entry, view.message);
    case RunState::kRunning:
      tell_started(entry, view);
      if (entry.phase != Phase::kRunning) watch(entry, Phase::kRunning, std::move(view.shepherd));
      if (entry.phase == Phase::kRunning) deliver_stops(entry);
      return;
    case RunState::kEnded:
      if (view.exit->end.outcome != core::Outcome::kCouldNotStart) tell_started(entry, view);
      end(segment, view.exit->end);
      return;
    case RunState::kLost:
      if (view.started && view.same_boot && !kill_leftovers(*view.started, entry.dir)) {
        view.message += ", but some of them cannot be ended";
      }
      end(segment, {core::Outcome::kLost, 0, clock_.now(), view.message});
      return;
  }
}

void LocalRunner::Worker::launch(Entry& entry) {
  if (std::exchange(entry.spawned, false)) {
    return delay(entry, "the shepherd could not use " + entry.dir + " (is the disk full?)");
  }
  if (auto written = write_attempt(entry); !written) {
    if (written.error().code == core::ErrorCode::kUnavailable) return delay(entry, written.error().message);
    end(entry.launch.segment, could_not_start(clock_, written.error().message));
    return;
  }
  auto pid = spawn_shepherd(options_.shepherd.string(), entry.dir);
  if (!pid) return delay(entry, pid.error().message);
  entry.spawned = true;
  entry.launcher = *pid;
  watch(entry, Phase::kLaunching, open_pidfd(*pid));
}

core::Result<void> LocalRunner::Worker::write_attempt(Entry const& entry) const {
  // Another user's job must be able to walk to its metrics file; nobody but us may list or write a directory.
  mode_t const mode = options_.run_as == RunAs::kSubmitter ? 0711 : 0700;
  auto const job = app::job_dir(options_.state_dir, entry.launch.segment.job);
  for (auto const& dir :
       {options_.state_dir / "runs", job.parent_path(), job, std::filesystem::path(entry.dir)}) {
    if (!make_dir(dir.string(), mode)) return path_failed("make", dir.string());
  }
  UniqueFd const dir = open_dir(entry.dir);
  if (!dir) return path_failed("open", entry.dir);
  if (exists_at(dir.get(), app::kAttemptFile)) return {};
  AttemptRecord const record{
      entry.launch,        options_.path,        options_.log_limit_bytes, options_.meter_interval,
      options_.sysfs_root, options_.procfs_root, options_.nvml_library};
  // Should a crash take it away again, it was not claimed either and is written anew.
  return write_whole_at(dir.get(), app::kAttemptFile, to_json(record));
}

void LocalRunner::Worker::watch(Entry& entry, Phase phase, UniqueFd fd) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = next_token_;
  if (!fd || ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd.get(), &event) != 0) {
    return look_again_in(entry,
                         kDelayPause);  // no descriptor or no memory for a watch: look from time to time
  }
  entry.phase = phase;
  entry.fd = std::move(fd);
  entry.token = next_token_++;
  tokens_[entry.token] = entry.launch.segment;
}

void LocalRunner::Worker::deliver_stops(Entry& entry) const {
  auto const send = [&](int signal) { ::syscall(SYS_pidfd_send_signal, entry.fd.get(), signal, nullptr, 0); };
  if (std::exchange(entry.checkpoint, false)) send(SIGUSR1);
  if (std::exchange(entry.terminate, false)) send(SIGTERM);
}

void LocalRunner::Worker::tell_started(Entry& entry, RunView const& view) {
  if (!view.started || std::exchange(entry.told_started, true)) return;
  inbox_.post(core::SegmentStarted{entry.launch.segment, view.started->started_at});
}

void LocalRunner::Worker::end(core::SegmentId segment, core::SegmentEnd end) {
  auto const at = entries_.find(segment);
  tokens_.erase(at->second.token);
  entries_.erase(at);
  inbox_.post(core::SegmentEnded{segment, std::move(end)});
}

}  // namespace greenq::exec
