// What one shepherd does with one job. Real processes.
#include <sys/wait.h>

#include <fstream>

#include "exec/inspect.hpp"
#include "tests/exec/support.hpp"

namespace greenq::exec::test {
namespace {

using core::Outcome;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class Shepherd : public ExecTest {};

TEST_F(Shepherd, ReportsExitStatusAndOutput) {
  auto const job = script("echo hello; echo trouble >&2; exit 3");
  auto const end = run(job);
  EXPECT_EQ(end.outcome, Outcome::kExited);
  EXPECT_EQ(end.status, 3);
  EXPECT_EQ(out(job), "hello\n");
  EXPECT_EQ(err(job), "trouble\n");
  EXPECT_EQ(inbox_.starts(job.segment), 1);
  EXPECT_EQ(inbox_.ends(job.segment), 1U);
}

TEST_F(Shepherd, ReportsSuccessAndUsage) {
  auto const job = script("i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done");
  EXPECT_EQ(run(job).status, 0);
  auto const record = exit_record(job);
  EXPECT_GT(record.cpu_us, 0);
  EXPECT_GT(record.max_rss_bytes, 0);
}

TEST_F(Shepherd, ReportsTheSignalThatEndedTheJob) {
  auto const end = run(script("kill -SEGV $$"));
  EXPECT_EQ(end.outcome, Outcome::kSignaled);
  EXPECT_EQ(end.status, SIGSEGV);
}

TEST_F(Shepherd, SaysWhyAProgramCannotRun) {
  auto job = script("");
  job.command = {"/no/such/program"};
  auto const end = run(job);
  EXPECT_EQ(end.outcome, Outcome::kCouldNotStart);
  EXPECT_THAT(end.message, AllOf(HasSubstr("/no/such/program"), HasSubstr("No such file")));
  EXPECT_EQ(inbox_.starts(job.segment), 0);
}

TEST_F(Shepherd, FindsAProgramInThePath) {
  auto job = script("");
  job.command = {"echo", "found"};
  EXPECT_EQ(run(job).status, 0);
  EXPECT_EQ(out(job), "found\n");
}

TEST_F(Shepherd, SaysThatTheWorkingDirectoryIsMissing) {
  auto job = script("true");
  job.workdir = (root() / "gone").string();
  auto const end = run(job);
  EXPECT_EQ(end.outcome, Outcome::kCouldNotStart);
  EXPECT_THAT(end.message, HasSubstr("working directory"));
}

TEST_F(Shepherd, EndsAJobThatIgnoresTermAtItsTimeLimit) {
  auto job = script("trap '' TERM; while :; do sleep 0.05; done");
  job.time_limit = 300ms;
  auto const end = run(job);
  EXPECT_EQ(end.outcome, Outcome::kTimeLimit);
  EXPECT_EQ(end.status, SIGKILL);
}

TEST_F(Shepherd, LetsAJobTidyUpAtItsTimeLimit) {
  auto job = script("trap 'echo tidy; exit 7' TERM; while :; do sleep 0.05; done");
  job.time_limit = 300ms;
  job.stop_grace = 20s;
  auto const end = run(job);
  EXPECT_EQ(end.outcome, Outcome::kTimeLimit);
  EXPECT_EQ(end.status, 7);
  EXPECT_EQ(out(job), "tidy\n");
}

TEST_F(Shepherd, CancelsTheWholeGroup) {
  auto const job = script("sleep 1000 & echo $! > child; wait");
  runner().start(job);
  ASSERT_TRUE(inbox_.wait_started(job.segment));
  pid_t const child = pid_from(work() / "child");
  runner().stop(job.segment, core::StopKind::kTerminate);
  auto const end = inbox_.wait_ended(job.segment);
  ASSERT_TRUE(end);
  EXPECT_EQ(end->outcome, Outcome::kCancelled);
  EXPECT_FALSE(alive(child));
}

TEST_F(Shepherd, RemembersAStopThatComesBeforeTheStart) {
  auto const job = script("sleep 1000");
  runner().start(job);
  runner().stop(job.segment, core::StopKind::kTerminate);
  auto const end = inbox_.wait_ended(job.segment);
  ASSERT_TRUE(end);
  EXPECT_EQ(end->outcome, Outcome::kCancelled);
}

TEST_F(Shepherd, PausesAJobThatTakesTheCheckpointSignal) {
  auto job = script("trap 'echo saved > ckpt; exit 85' USR1; : > ready; while :; do sleep 0.02; done");
  job.checkpoint_signal = SIGUSR1;
  runner().start(job);
  ASSERT_TRUE(eventually([&] { return fs::exists(work() / "ready"); }));
  runner().stop(job.segment, core::StopKind::kCheckpoint);
  auto const end = inbox_.wait_ended(job.segment);
  ASSERT_TRUE(end);
  EXPECT_EQ(end->outcome, Outcome::kPaused);
  EXPECT_EQ(slurp(work() / "ckpt"), "saved\n");
}

TEST_F(Shepherd, TheCheckpointSignalReachesTheProgramBehindAScript) {
  auto job = script(
      "bash -c 'trap \"echo saved > ckpt; exit 85\" USR1; : > ready; while :; do sleep 0.02; done'; "
      "status=$?; "
      "echo after > tail; exit $status");
  job.checkpoint_signal = SIGUSR1;
  runner().start(job);
  ASSERT_TRUE(eventually([&] { return fs::exists(work() / "ready"); }));
  runner().stop(job.segment, core::StopKind::kCheckpoint);
  auto const end = inbox_.wait_ended(job.segment);
  ASSERT_TRUE(end);
  EXPECT_EQ(end->outcome, Outcome::kPaused);
  EXPECT_EQ(slurp(work() / "ckpt"), "saved\n");
  EXPECT_EQ(slurp(work() / "tail"), "after\n");
}

TEST_F(Shepherd, AJobThatCannotSaveIsNotKilledByTheRequest) {
  auto job = script(": > ready; until [ -e go ]; do sleep 0.02; done; exit 3");
  job.checkpoint_signal = SIGUSR1;
  runner().start(job);
  ASSERT_TRUE(eventually([&] { return fs::exists(work() / "ready"); }));
  runner().stop(job.segment, core::StopKind::kCheckpoint);
  std::ofstream{work() / "go"};
  auto const end = inbox_.wait_ended(job.segment);
  ASSERT_TRUE(end);
  EXPECT_EQ(end->outcome, Outcome::kExited);
  EXPECT_EQ(end->status, 3);
}

TEST_F(Shepherd, AnOtherExitStatusAfterTheCheckpointSignalIsAnExit) {
  auto job = script("trap 'exit 4' USR1; : > ready; while :; do sleep 0.02; done");
  job.checkpoint_signal = SIGUSR1;
  runner().start(job);
  ASSERT_TRUE(eventually([&] { return fs::exists(work() / "ready"); }));
  runner().stop(job.segment, core::StopKind::kCheckpoint);
  auto const end = inbox_.wait_ended(job.segment);
  ASSERT_TRUE(end);
  EXPECT_EQ(end->outcome, Outcome::kExited);
  EXPECT_EQ(end->status, 4);
}

TEST_F(Shepherd, TheCheckpointStatusWithoutARequestIsAnExit) {
  auto const end = run(script("exit 85"));
  EXPECT_EQ(end.outcome, Outcome::kExited);
  EXPECT_EQ(end.status, 85);
}

TEST_F(Shepherd, EndsWhatDaemonisedItself) {
  auto const job = script(
      "(setsid sh -c 'echo $$ > orphan; exec sleep 1000' >/dev/null 2>&1 &); "
      "while [ ! -s orphan ]; do sleep 0.01; done; exit 4");
  auto const end = run(job);
  EXPECT_EQ(end.outcome, Outcome::kExited);
  EXPECT_EQ(end.status, 4);
  EXPECT_FALSE(alive(pid_from(work() / "orphan")));
}

TEST_F(Shepherd, KeepsTheLogBelowItsLimitAndSaysSo) {
  auto o = options();
  o.log_limit_bytes = 10'000;
  runner_ = std::make_unique<LocalRunner>(o, clock_, inbox_);
  auto const job = script("head -c 300000 /dev/zero | tr '\\0' 'x'");
  EXPECT_EQ(run(job).status, 0);
  EXPECT_LT(out(job).size(), 10'200U);
  EXPECT_THAT(out(job), HasSubstr("log limit of 10000 bytes is reached"));
  EXPECT_EQ(exit_record(job).dropped_stdout_bytes, 290'000);
  EXPECT_EQ(exit_record(job).dropped_stderr_bytes, 0);
}

TEST_F(Shepherd, WritesTheUsersOutputFileToo) {
  auto job = script("echo one; echo two >&2");
  job.stdout_path = "both.txt";
  job.stderr_path = (work() / "both.txt").string();
  std::ofstream(work() / "both.txt") << "zero\n";
  EXPECT_EQ(run(job).status, 0);
  EXPECT_THAT(slurp(work() / "both.txt"), AllOf(HasSubstr("zero\n"), HasSubstr("one\n"), HasSubstr("two\n")));
  EXPECT_EQ(out(job), "one\n");
}

TEST_F(Shepherd, RefusesAnOutputFileThatIsALink) {
  std::ofstream(root() / "victim") << "precious\n";
  fs::create_symlink(root() / "victim", work() / "out.txt");
  auto job = script("echo attack");
  job.stdout_path = "out.txt";
  auto const end = run(job);
  EXPECT_EQ(end.outcome, Outcome::kCouldNotStart);
  EXPECT_THAT(end.message, HasSubstr("symbolic link"));
  EXPECT_EQ(slurp(root() / "victim"), "precious\n");
}

TEST_F(Shepherd, RefusesAFifoAsOutputFile) {
  ASSERT_EQ(::mkfifo((work() / "fifo").c_str(), 0600), 0);
  auto job = script("true");
  job.stdout_path = "fifo";
  EXPECT_EQ(run(job).outcome, Outcome::kCouldNotStart);
}

TEST_F(Shepherd, GivesTheJobACleanStart) {
  auto job = script(
      "env | sort; ulimit -c; umask; ls -l /proc/self/fd | wc -l; grep SigIgn /proc/self/status; "
      "grep SigBlk /proc/self/status; grep NoNewPrivs /proc/self/status");
  job.env = {{"MINE", "yes"}, {"LD_LIBRARY_PATH", "/opt/lib"}};
  ::setenv("GREENQ_TEST_SECRET", "canary", 1);
  EXPECT_EQ(run(job).status, 0);
  std::string const text = out(job);
  EXPECT_THAT(text,
              AllOf(HasSubstr("MINE=yes\n"), HasSubstr("LD_LIBRARY_PATH=/opt/lib\n"), HasSubstr("HOME="),
                    HasSubstr("USER="), HasSubstr("LOGNAME="), HasSubstr("SHELL="), HasSubstr("PATH=")));
  EXPECT_THAT(text, HasSubstr("GREENQ_RUN_DIR=" + dir(job).string() + "\n"));
  EXPECT_THAT(text, Not(HasSubstr("canary")));
  EXPECT_THAT(text, HasSubstr("\n0\n0077\n5\n"));  // "total" line, 0, 1, 2 and ls's own
  EXPECT_THAT(text, HasSubstr("SigIgn:\t0000000000000000"));
  EXPECT_THAT(text, HasSubstr("SigBlk:\t0000000000000000"));
  EXPECT_THAT(text, HasSubstr("NoNewPrivs:\t1"));
}

TEST_F(Shepherd, JournalsEnergyAndTakesMetrics) {
  auto const job = script("echo '{\"step\":1}' >> \"$GREENQ_METRICS_FILE\"; sleep 0.5");
  EXPECT_EQ(run(job).status, 0);
  EXPECT_EQ(slurp(dir(job) / app::kMetricsFile), "{\"step\":1}\n");
  std::string const journal = slurp(dir(job) / app::kEnergyFile);
  auto const lines = std::count(journal.begin(), journal.end(), '\n');
  EXPECT_GE(lines, 3);  // start, at least one in between, end
  EXPECT_EQ(journal.front(), '{');
  EXPECT_THAT(journal, HasSubstr("job_cpu_us"));
}

TEST_F(Shepherd, ASecondOneEndsSilentlyAndRunsNothing) {
  auto const job = script("echo x >> runs; sleep 0.4");
  runner().start(job);
  ASSERT_TRUE(inbox_.wait_started(job.segment));
  for (int i = 0; i < 3; ++i) {
    auto const pid = spawn_shepherd(GREENQ_SHEPHERD, dir(job).string());
    ASSERT_TRUE(pid);
    int status = -1;
    ASSERT_EQ(::waitpid(*pid, &status, 0), *pid);
    EXPECT_TRUE(WIFEXITED(status));
    EXPECT_EQ(WEXITSTATUS(status), 0);
  }
  ASSERT_TRUE(inbox_.wait_ended(job.segment));
  EXPECT_EQ(slurp(work() / "runs"), "x\n");
}

TEST_F(Shepherd, OneOfManyAtTheSameTimeRunsTheJob) {
  auto const job = script("echo x >> runs");
  write_attempt(job);
  std::vector<pid_t> pids;
  for (int i = 0; i < 8; ++i) pids.push_back(spawn_shepherd(GREENQ_SHEPHERD, dir(job).string()).value());
  for (pid_t const pid : pids) {
    int status = -1;
    ::waitpid(pid, &status, 0);
    EXPECT_EQ(status, 0);
  }
  ASSERT_TRUE(eventually([&] { return fs::exists(dir(job) / app::kExitFile); }));
  EXPECT_EQ(slurp(work() / "runs"), "x\n");
}

TEST_F(Shepherd, ClearsWhatADamagedAttemptMeans) {
  auto const job = script("echo x >> runs");
  fs::create_directories(dir(job));
  for (char const* text : {"", "{", "[]", R"({"version":1})", R"({"version":2})"}) {
    fs::remove_all(dir(job));
    fs::create_directories(dir(job));
    std::ofstream(dir(job) / app::kAttemptFile) << text;
    runner_.reset();
    TestInbox inbox;
    LocalRunner runner(options(), clock_, inbox);
    runner.adopt(job);
    auto const end = inbox.wait_ended(job.segment);
    ASSERT_TRUE(end);
    EXPECT_EQ(end->outcome, Outcome::kCouldNotStart);
    EXPECT_THAT(end->message, HasSubstr("attempt.json is damaged"));
  }
  EXPECT_FALSE(fs::exists(work() / "runs"));
}

TEST_F(Shepherd, StaysSmall) {
  auto const job = script("sleep 1000");
  runner().start(job);
  ASSERT_TRUE(inbox_.wait_started(job.segment));
  std::istringstream rollup(slurp("/proc/" + std::to_string(started(job).shepherd_pid) + "/smaps_rollup"));
  std::int64_t private_kib = 0;
  for (std::string line; std::getline(rollup, line);) {
    std::istringstream in(line);
    std::string key;
    std::int64_t kib = 0;
    in >> key >> kib;
    if (key == "Private_Dirty:" || key == "Private_Clean:") private_kib += kib;
  }
  RecordProperty("private_kib", static_cast<int>(private_kib));
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  EXPECT_LT(private_kib, 3 * 1024);
#endif
  EXPECT_GT(private_kib, 0);
  runner().stop(job.segment, core::StopKind::kTerminate);
  EXPECT_TRUE(inbox_.wait_ended(job.segment));
}

TEST_F(Shepherd, ReportsTooMuchMemoryWhenALimitCanBeSet) {
  auto job = script("exec python3 -c 'x = bytearray(300 << 20); print(len(x))'");
  job.memory_bytes = std::int64_t{64} << 20;
  auto const end = run(job);
  if (!started(job).memory_limited) GTEST_SKIP() << "no writable memory controller on this machine";
  EXPECT_EQ(end.outcome, Outcome::kOom);
  EXPECT_THAT(end.message, HasSubstr("64 MiB"));
}

TEST_F(Shepherd, LeavesNoCgroupBehind) {
  auto const job = script("true");
  EXPECT_EQ(run(job).status, 0);
  for (auto const& cgroup : started(job).cgroups) EXPECT_FALSE(fs::exists(cgroup)) << cgroup;
}

}  // namespace
}  // namespace greenq::exec::test
