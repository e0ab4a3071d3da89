// A full disk and a killed process.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

#include "support/store_builders.hpp"

namespace greenq::test {
namespace {

class SmallDisk {
 public:
  SmallDisk() : mounted_(::mount("tmpfs", dir_.path().c_str(), "tmpfs", 0, "size=4m") == 0) {}
  ~SmallDisk() {
    if (mounted_) ::umount2(dir_.path().c_str(), MNT_DETACH);
  }
  SmallDisk(SmallDisk const&) = delete;
  SmallDisk& operator=(SmallDisk const&) = delete;
  bool mounted() const { return mounted_; }
  std::filesystem::path const& path() const { return dir_.path(); }

 private:
  TempDir dir_;
  bool mounted_;
};

TEST(DiskFull, LosesNothingThatWasCommittedAndGoesOnAfterwards) {
  SmallDisk disk;
  if (!disk.mounted()) GTEST_SKIP() << "needs the right to mount a tmpfs (run as root)";
  FakeClock clock;
  store::StoreOptions options;
  options.database = disk.path() / "greenq.db";
  options.clock = &clock;
  options.new_epoch = [] { return std::string("epoch"); };
  options.min_free_bytes = 1 << 20;
  auto store = store::SqliteStore::open(options);
  ASSERT_TRUE(store) << store.error().message;
  core::JobId acked = 0;
  core::Error error;
  for (core::JobId id = 1; id < 1000; ++id) {
    auto result = (*store)->stage(one_job(id, static_cast<std::int64_t>(id), 20'000));
    if (result) result = (*store)->commit();
    if (!result) {
      error = result.error();
      break;
    }
    acked = id;
  }
  ASSERT_GT(acked, 0U);
  EXPECT_EQ(error.code, core::ErrorCode::kResourceExhausted);
  EXPECT_EQ(error.reason, "STORE_FULL");
  clock.advance(std::chrono::seconds{2});
  EXPECT_NE((*store)->refuse_reason().find("almost full"), std::string::npos);
  auto loaded = (*store)->load();
  ASSERT_TRUE(loaded) << loaded.error().message;
  EXPECT_EQ(loaded->state.jobs.size(), acked);
  EXPECT_EQ(loaded->state.next_job, acked + 1);

  ASSERT_EQ(::mount("tmpfs", disk.path().c_str(), "tmpfs", MS_REMOUNT, "size=64m"), 0);
  clock.advance(std::chrono::seconds{2});
  EXPECT_EQ((*store)->refuse_reason(), "");
  auto const next = static_cast<std::int64_t>(acked) + 1;
  ASSERT_TRUE((*store)->stage(one_job(acked + 1, next)));
  ASSERT_TRUE((*store)->commit());
  EXPECT_EQ((*store)->load()->state.jobs.size(), acked + 1);
}

// Commits jobs from `first` on and acknowledges each through the pipe, until it is killed.
[[noreturn]] void commit_for_ever(StoreWorld& world, core::JobId first, int pipe) {
  auto store = store::SqliteStore::open(world.options());
  if (!store) ::_exit(1);
  auto loaded = (*store)->load();
  if (!loaded || loaded->state.next_job != first) ::_exit(2);
  for (core::JobId id = first;; ++id) {
    if (!(*store)->stage(one_job(id, static_cast<std::int64_t>(id)))) ::_exit(3);
    if (!(*store)->commit()) ::_exit(4);
    if (::write(pipe, &id, sizeof id) != sizeof id) ::_exit(5);
  }
}

TEST(Kill, EveryAcknowledgedJobIsThereAfterwards) {
  StoreWorld world;
  world.reads.reset();
  world.store.reset();
  constexpr int kKills = 20;
  core::JobId next = 1;
  for (int round = 0; round < kKills; ++round) {
    int ends[2];
    ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    pid_t const child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) commit_for_ever(world, next, ends[1]);
    ::close(ends[1]);
    core::JobId acked = 0;
    core::JobId id = 0;
    int wanted = 1 + round * 3;  // another moment each round
    while (::read(ends[0], &id, sizeof id) == sizeof id) {
      acked = id;
      if (--wanted == 0) ::kill(child, SIGKILL);  // what is in the pipe by then counts as well
    }
    ::close(ends[0]);
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status)) << "exit status " << WEXITSTATUS(status);

    auto store = store::SqliteStore::open(world.options());
    ASSERT_TRUE(store) << store.error().message;
    auto loaded = (*store)->load();
    ASSERT_TRUE(loaded);
    for (core::JobId want = 1; want <= acked; ++want) ASSERT_TRUE(loaded->state.jobs.contains(want)) << want;
    // Committed but not acknowledged: at most the one in flight.
    EXPECT_LE(loaded->state.next_job, acked + 2);
    EXPECT_EQ(loaded->state.next_sequence, static_cast<std::int64_t>(loaded->state.next_job));
    next = loaded->state.next_job;
  }
  EXPECT_GT(next, static_cast<core::JobId>(kKills));
}

}  // namespace
}  // namespace greenq::test
