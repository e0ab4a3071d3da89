#include "exec/shepherd/supervisor.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <ctime>

#include "app/run_dir.hpp"
#include "exec/common/process.hpp"
#include "exec/shepherd/child.hpp"

namespace greenq::shepherd {
namespace {

using core::ErrorCode;
using core::Outcome;
using exec::errno_text;
using exec::UniqueFd;

constexpr std::int64_t kLongestKillPauseMs = 1000;
constexpr timeval kReadyTimeout{60, 0};

std::int64_t milliseconds(clockid_t clock) {
  timespec t{};
  ::clock_gettime(clock, &t);
  return std::int64_t{t.tv_sec} * 1000 + t.tv_nsec / 1'000'000;
}
std::int64_t boottime() {
  return milliseconds(CLOCK_BOOTTIME);
}
core::Instant wall_time() {
  return core::from_ms(milliseconds(CLOCK_REALTIME));
}

std::int64_t microseconds(timeval const& t) {
  return std::int64_t{t.tv_sec} * 1'000'000 + t.tv_usec;
}

core::Result<void> problem(std::string const& what) {
  return core::fail(ErrorCode::kInternal, "COULD_NOT_START", what + ": " + errno_text(errno));
}

}  // namespace

Supervisor::Supervisor(UniqueFd dir, std::string run_dir, UniqueFd answer, OpenSensors open_sensors)
    : dir_(std::move(dir)),
      run_dir_(std::move(run_dir)),
      answer_(std::move(answer)),
      open_sensors_(std::move(open_sensors)) {}

int Supervisor::run() {
  if (auto started = start(); !started) return could_not_start(started.error().message);
  watch();
  return finish();
}

core::Result<void> Supervisor::start() {
  auto text = exec::read_file_at(dir_.get(), app::kAttemptFile, exec::kRecordLimit);
  if (!text) return tl::unexpected(text.error());
  auto attempt = exec::parse_attempt(*text);
  if (!attempt) return tl::unexpected(attempt.error());
  attempt_ = std::move(*attempt);
  core::Launch const& launch = attempt_.launch;

  auto identity = resolve_identity(launch.owner.uid);
  if (!identity) return tl::unexpected(identity.error());
  auto environment = make_environment(attempt_, *identity, run_dir_);
  UniqueFd const metrics{
      ::openat(dir_.get(), app::kMetricsFile, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600)};
  if (!metrics) return problem("could not create the metrics file");
  if (identity->switch_user && ::fchown(metrics.get(), identity->uid, identity->gid) != 0) {
    return problem("could not hand the metrics file to the job's user");
  }
  Pipes out;
  Pipes err;
  if (auto opened = open_files(); !opened) return opened;
  ChildPlan const plan{launch.command,
                       std::move(environment.entries),
                       launch.env.contains("PATH") ? launch.env.at("PATH") : attempt_.path,
                       std::move(*identity),
                       launch.workdir,
                       launch.stdout_path,
                       launch.stderr_path,
                       run_dir_ + "/" + app::kMetricsFile};
  if (auto forked = fork_job(plan, out, err); !forked) return forked;

  auto files = receive_ready(channel_.get());
  if (!files) return tl::unexpected(files.error());
  for (auto [output, pipes, name, file] : {std::tuple{&out_, &out, app::kStdoutFile, &files->out},
                                           std::tuple{&err_, &err, app::kStderrFile, &files->err}}) {
    UniqueFd log{::openat(dir_.get(), name, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600)};
    if (!log) return problem("could not create the job's log");
    output->emplace(std::move(pipes->read), std::move(log), attempt_.log_limit_bytes);
    (*output)->set_user_file(std::move(*file));
  }
  notice_start(environment.dropped, files->metrics_reachable);
  if (auto recorded = record_start(); !recorded) return recorded;
  journal_line_ = open_sensors_(attempt_);
  sample();
  if (!send_token(channel_.get(), 'G')) return problem("could not start the job's process");
  if (launch.time_limit.count() > 0) limit_at_ = boottime() + launch.time_limit.count();
  return {};
}

core::Result<void> Supervisor::open_files() {
  sigset_t set;
  ::sigemptyset(&set);
  for (int const signal : {SIGCHLD, SIGTERM, SIGUSR1}) ::sigaddset(&set, signal);
  signals_.reset(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  timer_.reset(::timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK));
  energy_.reset(
      ::openat(dir_.get(), app::kEnergyFile, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!signals_ || !timer_ || !energy_) return problem("could not set up the run directory");
  return {};
}

core::Result<void> Supervisor::fork_job(ChildPlan const& plan, Pipes& out, Pipes& err) {
  for (Pipes* pipes : {&out, &err}) {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) return problem("could not make a pipe");
    pipes->read.reset(ends[0]);
    pipes->write.reset(ends[1]);
    ::fcntl(ends[0], F_SETFL, O_NONBLOCK);
  }
  std::array<int, 2> sockets{};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets.data()) != 0) {
    return problem("could not make a socket pair");
  }
  channel_.reset(sockets[0]);
  UniqueFd const theirs{sockets[1]};
  ::setsockopt(channel_.get(), SOL_SOCKET, SO_RCVTIMEO, &kReadyTimeout, sizeof kReadyTimeout);

  job_ = ::fork();
  if (job_ < 0) return problem("could not create the job's process");
  if (job_ == 0) run_child(plan, theirs.get(), out.write.get(), err.write.get());
  out.write.reset();
  err.write.reset();

  auto const& id = attempt_.launch.segment;
  std::string const name = "greenq-" + std::to_string(id.job) + "." + std::to_string(id.attempt) + "." +
                           std::to_string(id.launch) + "-" + std::to_string(::getpid());
  cgroup_ = exec::make_cgroup(name, attempt_.launch.memory_bytes);
  exec::cgroup_join(cgroup_, job_);
  if (!send_token(channel_.get(), 'J')) return problem("the job's process ended early");
  return {};
}

core::Result<void> Supervisor::record_start() {
  auto const self = exec::process_info(::getpid());
  auto const job = exec::process_info(job_);
  if (!self || !job) return core::fail(ErrorCode::kInternal, "COULD_NOT_START", "/proc is not readable");
  exec::StartedRecord const record{exec::boot_id(), self->pid,   self->start,  job->pid,
                                   job->start,      wall_time(), cgroup_.dirs, !cgroup_.memory_dir.empty()};
  return exec::write_durably_at(dir_.get(), app::kStartedFile, exec::to_json(record));
}

void Supervisor::notice_start(std::vector<std::string> const& dropped, bool metrics_reachable) {
  std::string names;
  for (auto const& name : dropped) names += (names.empty() ? "" : ", ") + name;
  if (!names.empty()) err_->note("not passed on to the job, because it runs as another user: " + names);
  if (!metrics_reachable) {
    err_->note(
        "the metrics file cannot be reached by the job; the state directory must be searchable (mode 0711)");
  }
}

void Supervisor::watch() {
  while (true) {
    reap();
    bool const others = [this] {
      auto const children = exec::own_children();
      return std::any_of(children.begin(), children.end(), [this](pid_t pid) { return pid != job_; });
    }();
    if (main_exited_ && !others) return;
    if (main_exited_ && !leftovers_told_) {
      leftovers_told_ = true;
      for (pid_t const pid : exec::descendants(::getpid())) {
        if (pid != job_) ::kill(pid, SIGTERM);
      }
      if (!kill_at_) kill_at_ = boottime() + attempt_.launch.stop_grace.count();
    }
    wait_for_events();
  }
}

void Supervisor::wait_for_events() {
  auto const deadline = next_deadline();
  itimerspec when{};
  if (deadline != INT64_MAX) {
    when.it_value.tv_sec = deadline / 1000;
    when.it_value.tv_nsec = (deadline % 1000) * 1'000'000 + 1;
  }
  ::timerfd_settime(timer_.get(), TFD_TIMER_ABSTIME, &when, nullptr);
  std::array<pollfd, 5> fds{pollfd{signals_.get(), POLLIN, 0}, pollfd{timer_.get(), POLLIN, 0},
                            pollfd{out_->pipe(), POLLIN, 0}, pollfd{err_->pipe(), POLLIN, 0},
                            pollfd{channel_.get(), POLLIN, 0}};
  if (::poll(fds.data(), fds.size(), -1) < 0) return;
  if (fds[4].revents != 0) on_channel();
  if (fds[2].revents != 0) out_->pump();
  if (fds[3].revents != 0) err_->pump();
  if (fds[0].revents != 0) on_signals();
  on_time();
}

void Supervisor::on_channel() {
  start_failure_ = receive_failure(channel_.get());
  channel_.reset();
  if (start_failure_.empty()) answer_parent();
}

void Supervisor::on_signals() {
  signalfd_siginfo info{};
  while (::read(signals_.get(), &info, sizeof info) == sizeof info) {
    if (info.ssi_signo == SIGTERM) begin_stop(Outcome::kCancelled);
    if (info.ssi_signo == SIGUSR1 && !main_exited_ && attempt_.launch.checkpoint_signal > 0) {
      pause_requested_ = true;
      int const signal = attempt_.launch.checkpoint_signal;
      for (pid_t const pid : exec::checkpoint_targets(job_, signal)) ::kill(pid, signal);
    }
  }
}

std::int64_t Supervisor::next_deadline() const {
  std::int64_t next = INT64_MAX;
  for (auto const& deadline : {sample_at_, limit_at_, kill_at_})
    next = std::min(next, deadline.value_or(next));
  return next;
}

void Supervisor::on_time() {
  auto const now = boottime();
  if (sample_at_ && now >= *sample_at_) sample();
  if (limit_at_ && now >= *limit_at_) {
    limit_at_.reset();
    begin_stop(Outcome::kTimeLimit);
  }
  if (kill_at_ && now >= *kill_at_) {
    kill_everything();
    kill_at_ = boottime() + kill_pause_ms_;
    kill_pause_ms_ = std::min(kill_pause_ms_ * 2, kLongestKillPauseMs);
  }
}

void Supervisor::begin_stop(Outcome cause) {
  if (main_exited_ || cause_) return;
  cause_ = cause;
  limit_at_.reset();
  signal_group(SIGTERM);
  signal_group(SIGCONT);  // a stopped job must be able to end
  kill_at_ = boottime() + attempt_.launch.stop_grace.count();
}

void Supervisor::signal_group(int signal) const {
  ::kill(-job_, signal);
}

void Supervisor::kill_everything() {
  killed_by_us_ = true;
  if (!cgroup_.dirs.empty()) exec::cgroup_kill(cgroup_.dirs);
  signal_group(SIGKILL);
  for (pid_t const pid : exec::descendants(::getpid())) ::kill(pid, SIGKILL);
}

void Supervisor::reap() {
  siginfo_t info{};
  if (!main_exited_ && ::waitid(P_PID, static_cast<id_t>(job_), &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
      info.si_pid == job_) {
    main_exited_ = true;
    main_signaled_ = info.si_code != CLD_EXITED;
    main_status_ = info.si_status;
    main_ended_at_ = wall_time();
    limit_at_.reset();
  }
  for (pid_t const pid : exec::own_children()) {
    if (pid != job_) ::waitpid(pid, nullptr, WNOHANG);
  }
}

void Supervisor::sample() {
  std::string const line = journal_line_(cgroup_.cpu_file);
  exec::write_all(energy_.get(), line.ends_with('\n') ? line : line + "\n");
  sample_at_ = boottime() + attempt_.meter_interval.count();
}

int Supervisor::finish() {
  ::waitpid(job_, nullptr, 0);
  if (channel_) on_channel();  // it ended before the loop looked
  if (!start_failure_.empty()) return could_not_start(start_failure_);
  out_->drain();
  err_->drain();
  sample();

  exec::ExitRecord record;
  out_->sync();
  err_->sync();
  record.end = judge(exec::cgroup_oom_kills(cgroup_));
  for (auto const* output : {&*out_, &*err_}) {
    if (!output->user_file_error().empty()) {
      record.end.message += "; its output file could not be written (" + output->user_file_error() + ")";
    }
    if (output->lost_bytes() > 0) {
      record.end.message +=
          "; " + std::to_string(output->lost_bytes()) + " bytes of its output could not be kept";
    }
  }
  rusage usage{};
  ::getrusage(RUSAGE_CHILDREN, &usage);
  record.user_us = microseconds(usage.ru_utime);
  record.system_us = microseconds(usage.ru_stime);
  record.max_rss_bytes = std::int64_t{usage.ru_maxrss} * 1024;
  auto const cpu = exec::cgroup_cpu_us(cgroup_);
  record.cpu_us = cpu >= 0 ? cpu : record.user_us + record.system_us;
  record.dropped_stdout_bytes = out_->dropped_bytes();
  record.dropped_stderr_bytes = err_->dropped_bytes();
  exec::cgroup_remove(cgroup_.dirs);
  ::fsync(energy_.get());
  return write_exit(record);
}

int Supervisor::could_not_start(std::string const& why) {
  if (job_ > 0) {
    ::kill(job_, SIGKILL);
    ::waitpid(job_, nullptr, 0);
  }
  exec::cgroup_remove(cgroup_.dirs);
  exec::ExitRecord record;
  record.end = {Outcome::kCouldNotStart, 127, wall_time(), why};
  return write_exit(record);
}

int Supervisor::write_exit(exec::ExitRecord const& record) {
  auto const write = [this, text = exec::to_json(record)] {
    return exec::write_durably_at(dir_.get(), app::kExitFile, text);
  };
  // A full disk must not lose the end of a job: keep trying, somebody will make room, or remove the
  // directory.
  for (auto written = write(); !written; written = write()) {
    if (written.error().code == ErrorCode::kNotFound) return 1;
    ::sleep(1);
  }
  answer_parent();
  return 0;
}

void Supervisor::answer_parent() {
  if (!answer_) return;
  char const zero = 0;
  exec::write_all(answer_.get(), {&zero, 1});
  answer_.reset();
}

}  // namespace greenq::shepherd
