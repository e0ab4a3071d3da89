// Records, cgroup parsing and log reading: no processes.
#include "exec/common/cgroup.hpp"
#include "tests/exec/support.hpp"
#include "tests/support/low_fd_limit.hpp"

namespace greenq::exec::test {
namespace {

using testing::ElementsAre;

TEST(Record, AttemptSurvivesTheRoundTrip) {
  AttemptRecord record;
  auto& launch = record.launch;
  launch.segment = {18'000'000'000'000'000'00U, 2, 3};
  launch.project = "p";
  launch.name = "näme";
  launch.owner.uid = 1000;
  launch.command = {"/bin/echo", "a b", ""};
  launch.env = {{"A", "1"}, {"B", "x=\"y\"\n"}};
  launch.workdir = "/w";
  launch.stdout_path = "o";
  launch.time_limit = 5s;
  launch.checkpoint_signal = 10;
  launch.memory_bytes = 1 << 30;
  launch.gpu_uuids = {"GPU-1"};
  auto const back = parse_attempt(to_json(record));
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(back->launch.segment, launch.segment);
  EXPECT_EQ(back->launch.command, launch.command);
  EXPECT_EQ(back->launch.env, launch.env);
  EXPECT_EQ(back->launch.name, launch.name);
  EXPECT_EQ(back->launch.time_limit, launch.time_limit);
  EXPECT_EQ(back->launch.gpu_uuids, launch.gpu_uuids);
  EXPECT_EQ(to_json(*back), to_json(record));
}

TEST(Record, RefusesWhatIsNotAsItShouldBe) {
  AttemptRecord record;
  record.launch.segment = {1, 1, 1};
  record.launch.command = {"x"};
  std::string const good = to_json(record);
  ASSERT_TRUE(parse_attempt(good));
  auto const with = [&](std::string const& from, std::string const& to) {
    std::string text = good;
    auto const at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return text.replace(at, from.size(), to);
  };
  EXPECT_FALSE(parse_attempt(with("[\"x\"]", "[]")));
  EXPECT_FALSE(parse_attempt(with("[\"x\"]", "[\"x\\u0000y\"]")));
  EXPECT_FALSE(parse_attempt(with("\"job\":1", "\"job\":0")));
  EXPECT_FALSE(parse_attempt(with("\"job\":1", "\"job\":\"1\"")));
  EXPECT_FALSE(parse_attempt(with("\"uid\":0", "\"uid\":4294967295")));
  EXPECT_FALSE(parse_attempt(with("\"version\":1", "\"version\":9")));
  EXPECT_FALSE(parse_attempt(good.substr(0, good.size() / 2)));
  EXPECT_FALSE(parse_exit("{}"));
  EXPECT_FALSE(parse_started("nonsense"));
}

TEST(Cgroup, FindsTheOwnGroupOnAHybridSystem) {
  auto const mounts = parse_mountinfo(
      "31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw\n"
      "33 31 0:30 / /sys/fs/cgroup/cpu,cpuacct rw,relatime shared:9 - cgroup cgroup rw,cpu,cpuacct\n"
      "41 31 0:38 / /mnt/with\\040space rw,relatime - cgroup2 cgroup2 rw\n");
  ASSERT_EQ(mounts.size(), 2U);
  std::string const self = "2:cpu,cpuacct:/a/b\n1:name=systemd:/x\n0::/c\n";
  EXPECT_EQ(own_dir(mounts[0], self), "/sys/fs/cgroup/cpu,cpuacct/a/b");
  EXPECT_EQ(own_dir(mounts[1], self), "/mnt/with space/c");
}

TEST(Cgroup, UnderstandsContainers) {
  // A bind mount of one branch, and a group outside of the namespace.
  auto const mounts = parse_mountinfo("41 31 0:38 /docker/1 /sys/fs/cgroup ro - cgroup2 cgroup2 rw\n");
  ASSERT_EQ(mounts.size(), 1U);
  EXPECT_EQ(own_dir(mounts[0], "0::/docker/1/job\n"), "/sys/fs/cgroup/job");
  EXPECT_EQ(own_dir(mounts[0], "0::/elsewhere\n"), "");
  EXPECT_EQ(own_dir(mounts[0], "0::/../other\n"), "");
}

TEST(Cgroup, GarbageIsNoGroup) {
  EXPECT_TRUE(parse_mountinfo("").empty());
  EXPECT_TRUE(parse_mountinfo("1 2 3\n- cgroup2\n").empty());
}

class LogReading : public ExecTest {
 protected:
  void log(int launch, std::string const& text) {
    auto const dir = app::run_dir(state_dir(), {7, 1, static_cast<std::uint32_t>(launch)});
    fs::create_directories(dir);
    std::ofstream(dir / app::kStdoutFile) << text;
  }
  std::string read(std::int64_t offset, std::size_t most = 1000) {
    auto const chunk = FileLogs(state_dir()).read(7, 1, app::Logs::Stream::kStdout, offset, most);
    EXPECT_TRUE(chunk);
    return chunk ? std::to_string(chunk->offset) + ":" + chunk->data : "";
  }
};

TEST_F(LogReading, RunsOverTheLaunchesOfAnAttempt) {
  log(2, "defg");
  log(1, "abc");
  log(10, "hij");
  EXPECT_EQ(read(0), "0:abcdefghij");
  EXPECT_EQ(read(2, 3), "2:cde");
  EXPECT_EQ(read(3, 4), "3:defg");
  EXPECT_EQ(read(-4), "6:ghij");
  EXPECT_EQ(read(-400), "0:abcdefghij");
  EXPECT_EQ(read(10), "10:");
  EXPECT_EQ(read(99), "99:");
}

TEST_F(LogReading, SaysThatThereIsNoOutput) {
  auto const chunk = FileLogs(state_dir()).read(7, 1, app::Logs::Stream::kStdout, 0, 10);
  ASSERT_FALSE(chunk);
  EXPECT_EQ(chunk.error().code, core::ErrorCode::kNotFound);
}

TEST_F(LogReading, ADirectoryThatCannotBeReadNowIsNotTakenForMissing) {
  if (greenq::test::kSanitizerNeedsDescriptors) GTEST_SKIP() << "the sanitizer needs descriptors";
  log(1, "abc");
  FileLogs logs(state_dir());
  greenq::test::LowFdLimit const low(0);
  auto const chunk = logs.read(7, 1, app::Logs::Stream::kStdout, 0, 10);
  ASSERT_FALSE(chunk);
  EXPECT_EQ(chunk.error().code, core::ErrorCode::kUnavailable);
}

TEST_F(LogReading, FollowsNoLinkAndOpensNoFifo) {
  auto const dir = app::run_dir(state_dir(), {7, 1, 1});
  fs::create_directories(dir);
  fs::create_symlink("/etc/passwd", dir / app::kStdoutFile);
  EXPECT_EQ(read(0), "0:");
  fs::remove(dir / app::kStdoutFile);
  ASSERT_EQ(::mkfifo((dir / app::kStdoutFile).c_str(), 0600), 0);
  EXPECT_EQ(read(0), "0:");
}

TEST_F(LogReading, AttemptsDoNotMix) {
  log(1, "abc");
  auto const other = app::run_dir(state_dir(), {7, 11, 1});
  fs::create_directories(other);
  std::ofstream(other / app::kStdoutFile) << "other";
  EXPECT_EQ(read(0), "0:abc");
}

}  // namespace
}  // namespace greenq::exec::test
