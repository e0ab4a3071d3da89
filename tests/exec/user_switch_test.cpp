// Running a job as another user. Needs root; uses nobody, listed explicitly because it has no login shell.
#include <pwd.h>
#include <sys/wait.h>

#include "tests/exec/support.hpp"

namespace greenq::exec::test {
namespace {

using core::Outcome;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

constexpr uid_t kNobody = 65534;

class UserSwitch : public ExecTest {
 protected:
  void SetUp() override {
#ifdef __SANITIZE_THREAD__
    GTEST_SKIP() << "the runtime of the thread sanitizer does not survive a change of user; the shepherd has "
                    "one thread";
#endif
    if (::geteuid() != 0) GTEST_SKIP() << "needs root to run a job as another user";
    if (::getpwuid(kNobody) == nullptr) GTEST_SKIP() << "needs a user with uid 65534";
    for (auto const& dir : {root(), state_dir()}) ::chmod(dir.c_str(), 0711);
    ASSERT_EQ(::chown(work().c_str(), kNobody, kNobody), 0);
    auto o = options();
    o.run_as = RunAs::kSubmitter;
    o.listed_uids = {kNobody};
    runner_ = std::make_unique<LocalRunner>(o, clock_, inbox_);
  }
  core::Launch nobodys(std::string const& text) {
    auto launch = script(text);
    launch.owner.uid = kNobody;
    return launch;
  }
};

TEST_F(UserSwitch, GivesUpEveryPrivilege) {
  auto const job =
      nobodys("id -u; id -g; grep -E '^(Uid|Gid|CapEff|CapPrm):' /proc/self/status; echo mine > file");
  EXPECT_EQ(run(job).status, 0);
  EXPECT_THAT(out(job),
              AllOf(HasSubstr("65534\n65534\n"), HasSubstr("Uid:\t65534\t65534\t65534\t65534"),
                    HasSubstr("Gid:\t65534\t65534\t65534\t65534"), HasSubstr("CapPrm:\t0000000000000000"),
                    HasSubstr("CapEff:\t0000000000000000")));
  struct stat info {};
  ASSERT_EQ(::stat((work() / "file").c_str(), &info), 0);
  EXPECT_EQ(info.st_uid, kNobody);
}

TEST_F(UserSwitch, KeepsNoGroupOfRoot) {
  auto const job = nobodys("id -G");
  EXPECT_EQ(run(job).status, 0);
  EXPECT_THAT(" " + out(job), Not(HasSubstr(" 0 ")));
}

TEST_F(UserSwitch, CleansTheEnvironmentAndSaysSo) {
  auto job = nobodys("env");
  job.env = {{"LD_PRELOAD", "/tmp/evil.so"},
             {"BASH_ENV", "/tmp/evil"},
             {"ENV", "/tmp/evil"},
             {"IFS", "x"},
             {"FINE", "1"}};
  EXPECT_EQ(run(job).status, 0);
  EXPECT_THAT(out(job), AllOf(HasSubstr("FINE=1"), HasSubstr("USER=nobody"), Not(HasSubstr("evil"))));
  EXPECT_THAT(err(job), HasSubstr("BASH_ENV, ENV, IFS, LD_PRELOAD"));
}

TEST_F(UserSwitch, TheJobReachesItsMetricsFileAndNothingElse) {
  auto const job = nobodys(
      "echo '{}' >> \"$GREENQ_METRICS_FILE\"; cat \"$GREENQ_RUN_DIR/attempt.json\" && echo read; "
      "ls \"$GREENQ_RUN_DIR\" && echo listed; rm -f \"$GREENQ_METRICS_FILE\" && echo removed; "
      "touch \"$GREENQ_RUN_DIR/exit.json\" && echo forged; true");
  EXPECT_EQ(run(job).status, 0);
  EXPECT_EQ(slurp(dir(job) / app::kMetricsFile), "{}\n");
  EXPECT_EQ(out(job), "");
}

TEST_F(UserSwitch, SaysThatTheMetricsFileCannotBeReached) {
  ::chmod(state_dir().c_str(), 0700);
  auto const job = nobodys("true");
  EXPECT_EQ(run(job).status, 0);
  EXPECT_THAT(err(job), HasSubstr("metrics file cannot be reached"));
}

TEST_F(UserSwitch, DoesNotWriteThroughALink) {
  std::ofstream(root() / "victim") << "precious\n";
  fs::create_symlink(root() / "victim", work() / "out.txt");
  auto job = nobodys("echo attack");
  job.stdout_path = "out.txt";
  EXPECT_EQ(run(job).outcome, Outcome::kCouldNotStart);
  EXPECT_EQ(slurp(root() / "victim"), "precious\n");
}

TEST_F(UserSwitch, DoesNotWriteThroughALinkedDirectoryOrWhereOnlyRootMay) {
  fs::create_directory(root() / "private");
  ::chmod((root() / "private").c_str(), 0700);
  fs::create_directory_symlink(root() / "private", work() / "linked");
  for (auto const& path : {std::string("linked/out.txt"), (root() / "private/out.txt").string()}) {
    auto job = nobodys("echo attack");
    job.stdout_path = path;
    auto const end = run(job);
    EXPECT_EQ(end.outcome, Outcome::kCouldNotStart);
    EXPECT_THAT(end.message, HasSubstr("Permission denied"));
  }
  EXPECT_TRUE(fs::is_empty(root() / "private"));
}

TEST_F(UserSwitch, TheOutputFileBelongsToTheUser) {
  auto job = nobodys("echo hi");
  job.stdout_path = "out.txt";
  EXPECT_EQ(run(job).status, 0);
  struct stat info {};
  ASSERT_EQ(::stat((work() / "out.txt").c_str(), &info), 0);
  EXPECT_EQ(info.st_uid, kNobody);
  EXPECT_EQ(info.st_mode & 0777U, 0600U);
}

TEST_F(UserSwitch, ChecksPathsWithTheEyesOfTheOwner) {
  core::Principal nobody;
  nobody.uid = kNobody;
  core::JobSpec spec;
  spec.command = {"/bin/sh"};
  spec.workdir = work().string();
  EXPECT_TRUE(runner().check(spec, nobody).empty());
  fs::create_directory(root() / "private");
  ::chmod((root() / "private").c_str(), 0700);
  spec.workdir = (root() / "private").string();
  auto const there = runner().check(spec, nobody);
  spec.workdir = (root() / "missing").string();
  auto const missing = runner().check(spec, nobody);
  ASSERT_EQ(there.size(), 1U);
  ASSERT_EQ(missing.size(), 1U);
}

TEST_F(UserSwitch, CannotKillItsShepherd) {
  auto const job = nobodys("kill -9 $PPID 2>/dev/null && echo killed; exit 9");
  auto const end = run(job);
  EXPECT_EQ(end.outcome, Outcome::kExited);
  EXPECT_EQ(end.status, 9);
  EXPECT_EQ(out(job), "");
}

TEST_F(UserSwitch, AnOrdinaryShepherdDoesNotSwitch) {
  auto const job = nobodys("true");
  write_attempt(job);
  ::chmod(dir(job).c_str(), 0777);
  auto const owned = dir(job) / app::kAttemptFile;
  ASSERT_EQ(::chown(dir(job).c_str(), 1, 1), 0);
  ASSERT_EQ(::chown(owned.c_str(), 1, 1), 0);
  for (auto const& up :
       {dir(job).parent_path(), dir(job).parent_path().parent_path(), state_dir() / "runs"}) {
    ::chmod(up.c_str(), 0755);
  }
  pid_t const pid = ::fork();
  if (pid == 0) {
    if (::setgid(1) != 0 || ::setuid(1) != 0) ::_exit(1);
    ::execl(GREENQ_SHEPHERD, "greenq-shepherd", dir(job).c_str(), nullptr);
    ::_exit(1);
  }
  int status = -1;
  ::waitpid(pid, &status, 0);
  if (!fs::exists(dir(job) / app::kExitFile)) GTEST_SKIP() << "the build directory is not readable for uid 1";
  EXPECT_EQ(exit_record(job).end.outcome, Outcome::kCouldNotStart);
  EXPECT_THAT(exit_record(job).end.message, HasSubstr("only root"));
}

}  // namespace
}  // namespace greenq::exec::test
