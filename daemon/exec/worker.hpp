// The runner's thread: an epoll loop over queued commands, launchers and shepherds.
#pragma once

#include <atomic>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <variant>

#include "exec/inspect.hpp"
#include "exec/local_runner.hpp"

namespace greenq::exec {

class LocalRunner::Worker {
 public:
  Worker(LocalRunnerOptions const& options, app::Clock& clock, app::Inbox& inbox);
  ~Worker();
  Worker(Worker const&) = delete;
  Worker& operator=(Worker const&) = delete;

  void put(core::Launch const& launch);  // start or adopt
  void put(core::StopSegment stop);

 private:
  enum class Phase { kLaunching, kWaiting, kRunning };
  struct Entry {
    core::Launch launch;
    std::string dir;
    std::uint64_t token = 0;  // names `fd` in the epoll set
    Phase phase = Phase::kWaiting;
    UniqueFd fd;            // pidfd of the launcher or of the shepherd
    pid_t launcher = -1;    // until it was reaped
    core::Span look_at{0};  // steady time, kWaiting
    std::string delay;      // told last
    bool spawned = false;
    bool told_started = false;
    bool terminate = false;  // asked for, not delivered yet
    bool checkpoint = false;
  };
  using Command = std::variant<core::Launch, core::StopSegment>;

  void loop();
  void wake() const;
  void take_commands();
  void on_launch(core::Launch const& launch);
  void on_stop(core::StopSegment const& stop);
  void on_readable(std::uint64_t token);
  // Looks at the run directory and does what is due. The entry may be gone afterwards.
  void advance(core::SegmentId segment);
  void launch(Entry& entry);
  bool launcher_lives(Entry& entry) const;
  int next_timeout() const;  // milliseconds, -1: none
  void look_again_in(Entry& entry, core::Span pause) const;
  // Something of the machine is in the way: says so and looks again later.
  void delay(Entry& entry, std::string why);
  core::Result<void> write_attempt(Entry const& entry) const;
  void watch(Entry& entry, Phase phase, UniqueFd fd);
  void deliver_stops(Entry& entry) const;
  void tell_started(Entry& entry, RunView const& view);
  void end(core::SegmentId segment, core::SegmentEnd end);

  LocalRunnerOptions options_;
  app::Clock& clock_;
  app::Inbox& inbox_;
  std::string boot_id_;
  UniqueFd epoll_;
  UniqueFd wakeup_;
  std::mutex mutex_;
  std::deque<Command>
      commands_;  // guarded by mutex_; bounded by the machine's capacity, which the engine books
  std::atomic<bool> stopping_ = false;
  // Only on the thread.
  std::map<core::SegmentId, Entry> entries_;
  std::map<std::uint64_t, core::SegmentId> tokens_;
  std::uint64_t next_token_ = 1;
  std::thread thread_;
};

}  // namespace greenq::exec
