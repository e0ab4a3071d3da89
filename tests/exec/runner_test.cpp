// Adoption, loss and capacity: what survives the daemon, and what a new one finds.
#include <sys/file.h>
#include <sys/wait.h>

#include <cstdio>

#include "tests/exec/support.hpp"
#include "tests/support/low_fd_limit.hpp"

namespace greenq::exec::test {
namespace {

using core::Outcome;
using testing::HasSubstr;
using testing::IsEmpty;

class Runner : public ExecTest {
 protected:
  // A process that owns a runner, starts these jobs, and is killed as soon as all of them run.
  void run_in_a_daemon_that_dies(std::vector<core::Launch> const& jobs) {
    ASSERT_EQ(runner_, nullptr) << "no threads may exist at the fork";
    int ends[2];
    ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    pid_t const daemon = ::fork();
    if (daemon == 0) {
      RealClock clock;
      TestInbox inbox;
      LocalRunner runner(options(), clock, inbox);
      for (auto const& job : jobs) runner.start(job);
      for (auto const& job : jobs) {
        if (!inbox.wait_started(job.segment)) ::_exit(1);
      }
      write_all(ends[1], "1");
      while (true) ::pause();
    }
    ::close(ends[1]);
    char byte = 0;
    ASSERT_EQ(::read(ends[0], &byte, 1), 1);
    ::close(ends[0]);
    ::kill(daemon, SIGKILL);
    ::waitpid(daemon, nullptr, 0);
  }
};

TEST_F(Runner, AdoptsAJobOfADaemonThatWasKilled) {
  auto const job = script("while [ ! -e go ]; do sleep 0.02; done; exit 5");
  run_in_a_daemon_that_dies({job});
  runner().adopt(job);
  ASSERT_TRUE(inbox_.wait_started(job.segment));
  std::ofstream(work() / "go") << "";
  auto const end = inbox_.wait_ended(job.segment);
  ASSERT_TRUE(end);
  EXPECT_EQ(end->outcome, Outcome::kExited);
  EXPECT_EQ(end->status, 5);
}

TEST_F(Runner, FindsTheEndOfAJobThatEndedMeanwhile) {
  auto const job = script("while [ ! -e go ]; do sleep 0.02; done; exit 6");
  run_in_a_daemon_that_dies({job});
  std::ofstream(work() / "go") << "";
  ASSERT_TRUE(eventually([&] { return fs::exists(dir(job) / app::kExitFile); }));
  for (std::size_t times = 1; times <= 2; ++times) {
    runner().adopt(job);
    ASSERT_TRUE(eventually([&] { return inbox_.ends(job.segment) == times; }));
    EXPECT_EQ(inbox_.wait_ended(job.segment)->status, 6);
  }
}

TEST_F(Runner, StartingAgainIsAdopting) {
  auto const job = script("echo x >> runs; sleep 0.3");
  runner().start(job);
  ASSERT_TRUE(inbox_.wait_started(job.segment));
  runner().start(job);
  ASSERT_TRUE(inbox_.wait_started(job.segment, 2));
  ASSERT_TRUE(inbox_.wait_ended(job.segment));
  EXPECT_EQ(inbox_.ends(job.segment), 1U);
  EXPECT_EQ(slurp(work() / "runs"), "x\n");
}

TEST_F(Runner, StartsWhatWasNeverClaimed) {
  auto const bare = script("exit 2");
  runner().adopt(bare);  // not even a directory
  EXPECT_EQ(inbox_.wait_ended(bare.segment).value().status, 2);
  auto const written = script("exit 3");
  write_attempt(written);
  runner().adopt(written);
  EXPECT_EQ(inbox_.wait_ended(written.segment).value().status, 3);
}

// Found by a breaker: a run directory that was removed made a running attempt start once more.
TEST_F(Runner, WhatWasSeenRunningIsNeverStartedAgain) {
  auto job = script("echo x >> runs; exit 2");
  job.seen_running = true;
  runner().adopt(job);
  auto const end = inbox_.wait_ended(job.segment);
  ASSERT_TRUE(end);
  EXPECT_EQ(end->outcome, core::Outcome::kLost);
  EXPECT_FALSE(fs::exists(work() / "runs"));
}

TEST_F(Runner, AdoptsFiftyQuickly) {
  std::vector<core::Launch> jobs;
  for (int i = 0; i < 50; ++i) jobs.push_back(script("while [ ! -e go ]; do sleep 0.2; done; exit 5"));
  run_in_a_daemon_that_dies(jobs);
  auto const begin = std::chrono::steady_clock::now();
  for (auto const& job : jobs) runner().adopt(job);
  for (auto const& job : jobs) ASSERT_TRUE(inbox_.wait_started(job.segment));
  auto const took = std::chrono::steady_clock::now() - begin;
  std::printf("adopted 50 jobs in %.1f ms\n", std::chrono::duration<double, std::milli>(took).count());
  EXPECT_LT(took, 5s);
  std::ofstream(work() / "go") << "";
  for (auto const& job : jobs) EXPECT_EQ(inbox_.wait_ended(job.segment).value().status, 5);
}

TEST_F(Runner, LosesAJobWithItsShepherdAndEndsItsProcesses) {
  auto const job =
      script("(setsid sh -c 'echo $$ > orphan; exec sleep 1000' &); sleep 1000 & echo $! > child; wait");
  runner().start(job);
  ASSERT_TRUE(inbox_.wait_started(job.segment));
  pid_t const child = pid_from(work() / "child");
  pid_t const orphan = pid_from(work() / "orphan");
  auto const record = started(job);
  ::kill(static_cast<pid_t>(record.shepherd_pid), SIGKILL);
  auto const end = inbox_.wait_ended(job.segment);
  ASSERT_TRUE(end);
  EXPECT_EQ(end->outcome, Outcome::kLost);
  EXPECT_THAT(end->message, HasSubstr("shepherd"));
  for (pid_t const pid : {child, orphan, static_cast<pid_t>(record.job_pid)}) EXPECT_FALSE(alive(pid)) << pid;
  for (auto const& cgroup : record.cgroups) EXPECT_FALSE(fs::exists(cgroup)) << cgroup;
}

TEST_F(Runner, EndsLeftoversWithoutCgroupsToo) {
  auto const job =
      script("(setsid sh -c 'echo $$ > orphan; exec sleep 1000' &); sleep 1000 & echo $! > child; wait");
  runner().start(job);
  ASSERT_TRUE(inbox_.wait_started(job.segment));
  pid_t const child = pid_from(work() / "child");
  pid_t const orphan = pid_from(work() / "orphan");
  auto record = started(job);
  runner_.reset();
  ::kill(static_cast<pid_t>(record.shepherd_pid), SIGKILL);
  auto const groups = std::exchange(record.cgroups, {});
  EXPECT_TRUE(kill_leftovers(record, dir(job).string()));
  EXPECT_FALSE(alive(child));
  EXPECT_FALSE(alive(orphan));
  for (auto const& group : groups) EXPECT_TRUE(eventually([&] { return ::rmdir(group.c_str()) == 0; }));
}

TEST_F(Runner, LosesWhatRanBeforeARestartOfTheMachine) {
  auto const job = script("sleep 1000");
  runner().start(job);
  ASSERT_TRUE(inbox_.wait_started(job.segment));
  auto record = started(job);
  runner_.reset();
  auto const real = record;
  record.boot_id = "00000000-0000-0000-0000-000000000000";
  std::ofstream(dir(job) / app::kStartedFile) << to_json(record);
  runner().adopt(job);
  auto const end = inbox_.wait_ended(job.segment);
  ASSERT_TRUE(end);
  EXPECT_EQ(end->outcome, Outcome::kLost);
  EXPECT_THAT(end->message, HasSubstr("restarted"));
  EXPECT_TRUE(alive(static_cast<pid_t>(real.shepherd_pid))) << "pids of another boot name strangers";
  ::kill(static_cast<pid_t>(real.shepherd_pid), SIGTERM);
  EXPECT_TRUE(eventually([&] { return fs::exists(dir(job) / app::kExitFile); }));
}

TEST_F(Runner, TrustsNoPidThatWasUsedAgain) {
  auto const job = script("true");
  fs::create_directories(dir(job));
  write_attempt(job);
  std::ofstream(dir(job) / app::kClaimFile) << "";
  StartedRecord record;
  record.boot_id = boot_id();
  record.shepherd_pid = ::getpid();  // alive, but started at another time
  record.shepherd_start = 1;
  record.job_pid = ::getpid();
  record.job_start = process_info(::getpid())->start + 1'000'000;
  std::ofstream(dir(job) / app::kStartedFile) << to_json(record);
  runner().adopt(job);
  EXPECT_EQ(inbox_.wait_ended(job.segment).value().outcome, Outcome::kLost);
}

TEST_F(Runner, AClaimWithoutAShepherdIsLost) {
  auto const job = script("echo x >> runs");
  write_attempt(job);
  std::ofstream(dir(job) / app::kClaimFile) << "";
  runner().adopt(job);
  EXPECT_EQ(inbox_.wait_ended(job.segment).value().outcome, Outcome::kLost);
  EXPECT_FALSE(fs::exists(work() / "runs"));
}

TEST_F(Runner, WaitsForAShepherdThatIsJustStarting) {
  auto const job = script("true");
  write_attempt(job);
  std::ofstream(dir(job) / app::kClaimFile) << "";
  UniqueFd const dir_fd = open_dir(dir(job).string());
  auto lock = try_lock_at(dir_fd.get());
  ASSERT_TRUE(lock);
  runner().adopt(job);
  std::this_thread::sleep_for(100ms);
  EXPECT_EQ(inbox_.ends(job.segment), 0U);
  lock.reset();  // it died
  EXPECT_EQ(inbox_.wait_ended(job.segment).value().outcome, Outcome::kLost);
}

TEST_F(Runner, ADamagedExitRecordIsLost) {
  auto const job = script("true");
  write_attempt(job);
  std::ofstream(dir(job) / app::kClaimFile) << "";
  std::ofstream(dir(job) / app::kExitFile) << "{\"version\":1,";
  runner().adopt(job);
  auto const end = inbox_.wait_ended(job.segment);
  EXPECT_EQ(end.value().outcome, Outcome::kLost);
  EXPECT_THAT(end->message, HasSubstr("exit.json is damaged"));
}

TEST_F(Runner, SaysThatTheShepherdIsMissing) {
  auto o = options();
  o.shepherd = root() / "greenq-shepherd";
  runner_ = std::make_unique<LocalRunner>(o, clock_, inbox_);
  auto const job = script("exit 3");
  runner_->start(job);
  EXPECT_THAT(inbox_.wait_delayed(job.segment), HasSubstr("/greenq-shepherd: No such file"));
  fs::create_symlink(GREENQ_SHEPHERD, o.shepherd);  // installed again
  EXPECT_EQ(inbox_.wait_ended(job.segment).value().status, 3);
}

TEST_F(Runner, CancelsWhatCouldNotBeLaunchedYet) {
  auto o = options();
  o.shepherd = root() / "greenq-shepherd";
  runner_ = std::make_unique<LocalRunner>(o, clock_, inbox_);
  auto const job = script("exit 3");
  runner_->start(job);
  ASSERT_THAT(inbox_.wait_delayed(job.segment), HasSubstr("tried again"));
  runner_->stop(job.segment, core::StopKind::kTerminate);
  EXPECT_EQ(inbox_.wait_ended(job.segment).value().outcome, Outcome::kCancelled);
}

TEST_F(Runner, LaunchesOnceDescriptorsAreFreeAgain) {
  if (greenq::test::kSanitizerNeedsDescriptors)
    GTEST_SKIP() << "the sanitizer cannot work without descriptors";
  auto const job = script("exit 3");
  runner();
  {
    greenq::test::LowFdLimit const none(0);
    runner().start(job);
    EXPECT_THAT(inbox_.wait_delayed(job.segment), HasSubstr("Too many open files"));
  }
  EXPECT_EQ(inbox_.wait_ended(job.segment).value().status, 3);
}

// Found by a breaker: without a free descriptor a good job looked lost.
TEST_F(Runner, LosesNoJobWhileDescriptorsAreShort) {
  if (greenq::test::kSanitizerNeedsDescriptors)
    GTEST_SKIP() << "the sanitizer cannot work without descriptors";
  auto const job = script("while [ ! -e go ]; do sleep 0.02; done; exit 5");
  runner().start(job);
  ASSERT_TRUE(inbox_.wait_started(job.segment));
  UniqueFd const work_dir = open_dir(work().string());
  {
    greenq::test::LowFdLimit const none(0);
    ASSERT_EQ(::mkdirat(work_dir.get(), "go", 0700), 0);
    EXPECT_THAT(inbox_.wait_delayed(job.segment), HasSubstr("Too many open files"));
    EXPECT_EQ(inbox_.ends(job.segment), 0U);
  }
  auto const end = inbox_.wait_ended(job.segment);
  EXPECT_EQ(end.value().outcome, Outcome::kExited);
  EXPECT_EQ(end->status, 5);
}

TEST_F(Runner, SaysThatTheRunDirectoryCannotBeMade) {
  std::ofstream(state_dir() / "runs") << "a file in the way";
  auto const end = run(script("true"));
  EXPECT_EQ(end.outcome, Outcome::kCouldNotStart);
  EXPECT_THAT(end.message, HasSubstr("could not make"));
}

TEST_F(Runner, KeepsRunDirectoriesPrivate) {
  auto const job = script("true");
  run(job);
  EXPECT_EQ(fs::status(dir(job)).permissions(), fs::perms::owner_all);
  EXPECT_EQ(fs::status(dir(job) / app::kAttemptFile).permissions(),
            fs::perms::owner_read | fs::perms::owner_write);
}

TEST_F(Runner, SpawnIsQuick) {
  std::vector<double> took;
  for (int i = 0; i < 20; ++i) {
    auto const job = script("true");
    auto const begin = std::chrono::steady_clock::now();
    runner().start(job);
    ASSERT_TRUE(inbox_.wait_started(job.segment));
    took.push_back(
        std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count());
    ASSERT_TRUE(inbox_.wait_ended(job.segment));
  }
  std::sort(took.begin(), took.end());
  std::printf("start() to SegmentStarted: p50 %.1f ms, max %.1f ms\n", took[took.size() / 2], took.back());
  EXPECT_LT(took.front(), 2000.0);
}

TEST_F(Runner, KnowsTheMachine) {
  auto o = options();
  o.gpus = {{"GPU-1", "a100", 1}, {"GPU-2", "a100", 1}};
  LocalRunner runner(o, clock_, inbox_);
  auto const capacity = runner.capacity();
  EXPECT_EQ(capacity.node, "test-node");
  EXPECT_GE(capacity.cpus, 1U);
  EXPECT_GT(capacity.memory_bytes, 1 << 20);
  ASSERT_EQ(capacity.pools.size(), 1U);
  EXPECT_EQ(capacity.pools[0].uuids.size(), 2U);
}

TEST_F(Runner, ASelfDaemonRefusesOthers) {
  core::Principal me;
  me.uid = ::geteuid();
  EXPECT_EQ(runner().refuse_owner(me), "");
  core::Principal other;
  other.uid = me.uid + 1;
  EXPECT_THAT(runner().refuse_owner(other), HasSubstr("start your own daemon"));
}

TEST_F(Runner, ASubmitterDaemonRefusesSystemAccounts) {
  auto o = options();
  o.run_as = RunAs::kSubmitter;
  o.own_uid = 0;
  o.listed_uids = {65534};
  LocalRunner runner(o, clock_, inbox_);
  core::Principal who;
  EXPECT_THAT(runner.refuse_owner(who), HasSubstr("root"));
  who.uid = 1;
  EXPECT_THAT(runner.refuse_owner(who), HasSubstr("system account"));
  who.uid = 4'000'000'000;
  EXPECT_THAT(runner.refuse_owner(who), HasSubstr("no user"));
  who.uid = 65534;
  EXPECT_EQ(runner.refuse_owner(who), "");
  o.listed_uids.clear();
  LocalRunner strict(o, clock_, inbox_);
  EXPECT_THAT(strict.refuse_owner(who), HasSubstr("login shell"));
  o.own_uid = 1000;
  LocalRunner weak(o, clock_, inbox_);
  EXPECT_THAT(weak.refuse_owner(who), HasSubstr("run_as: self"));
}

TEST_F(Runner, ChecksPathsBeforeASubmit) {
  core::Principal me;
  me.uid = ::geteuid();
  core::JobSpec spec;
  spec.workdir = work().string();
  spec.command = {"/bin/sh"};
  spec.stdout_path = "out.txt";
  EXPECT_THAT(runner().check(spec, me), IsEmpty());
  spec.workdir = (root() / "gone").string();
  spec.command = {"/no/such/program"};
  spec.stdout_path = "../out.txt";
  spec.stderr_path = "/tmp/../etc/x";
  std::vector<std::string> fields;
  for (auto const& error : runner().check(spec, me)) fields.push_back(error.field);
  EXPECT_THAT(fields, testing::ElementsAre("spec.workdir", "spec.command", "spec.output.stdout",
                                           "spec.output.stderr"));
}

}  // namespace
}  // namespace greenq::exec::test
