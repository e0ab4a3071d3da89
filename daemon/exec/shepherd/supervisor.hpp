// Runs and watches one job, from attempt.json to exit.json. One thread, one poll loop.
//
// The job's main process stays unreaped until everything else of the job is gone: its pid, and with it the
// number of its process group, cannot be used again while signals may still be sent to it.
#pragma once

#include <sys/resource.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "exec/common/cgroup.hpp"
#include "exec/common/files.hpp"
#include "exec/common/record.hpp"
#include "exec/shepherd/output.hpp"

namespace greenq::shepherd {

// One line of the energy journal as of now; of a job in this cgroup CPU file, or without one of this
// process's children.
using JournalLine = std::function<std::string(std::string const& cpu_file)>;
// Opens the sensors that the attempt names. What meters is chosen where the program is put together.
using OpenSensors = std::function<JournalLine(exec::AttemptRecord const& attempt)>;

class Supervisor {
 public:
  // `dir`: the run directory, claimed and locked. `run_dir`: its absolute path. `answer`: one zero byte is
  // written to it once the job runs or its end is on record. SIGCHLD, SIGTERM and SIGUSR1 must be blocked.
  Supervisor(exec::UniqueFd dir, std::string run_dir, exec::UniqueFd answer, OpenSensors open_sensors);
  // 0 when exit.json is on disk.
  int run();

 private:
  struct Pipes {
    exec::UniqueFd read;
    exec::UniqueFd write;
  };

  core::Result<void> start();
  core::Result<void> open_files();
  core::Result<void> fork_job(struct ChildPlan const& plan, Pipes& out, Pipes& err);
  core::Result<void> record_start();
  void notice_start(std::vector<std::string> const& dropped, bool metrics_reachable);
  void watch();
  void wait_for_events();
  void on_channel();
  void on_signals();
  void on_time();
  std::int64_t next_deadline() const;
  void reap();
  void begin_stop(core::Outcome cause);
  void signal_group(int signal) const;
  void kill_everything();
  void sample();
  core::SegmentEnd judge(std::int64_t oom_kills) const;
  std::string sentence(core::Outcome outcome, int status) const;
  int finish();
  int could_not_start(std::string const& why);
  int write_exit(exec::ExitRecord const& record);
  void answer_parent();

  exec::UniqueFd dir_;
  std::string run_dir_;
  exec::UniqueFd answer_;
  exec::AttemptRecord attempt_;
  exec::JobCgroup cgroup_;
  exec::UniqueFd signals_;
  exec::UniqueFd timer_;
  exec::UniqueFd channel_;
  exec::UniqueFd energy_;
  std::optional<Output> out_;
  std::optional<Output> err_;
  OpenSensors open_sensors_;
  JournalLine journal_line_;
  std::string start_failure_;  // of exec

  pid_t job_ = -1;
  bool main_exited_ = false;
  int main_status_ = 0;  // as siginfo says: exit status or signal
  bool main_signaled_ = false;
  core::Instant main_ended_at_{};
  bool leftovers_told_ = false;
  bool pause_requested_ = false;
  bool killed_by_us_ = false;
  std::optional<core::Outcome> cause_;  // kCancelled or kTimeLimit
  // CLOCK_BOOTTIME, ms; nothing when not set.
  std::optional<std::int64_t> sample_at_;
  std::optional<std::int64_t> limit_at_;
  std::optional<std::int64_t> kill_at_;
  std::int64_t kill_pause_ms_ = 10;
};

}  // namespace greenq::shepherd
