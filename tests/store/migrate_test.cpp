#include "store/migrate.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

#include "store/lock.hpp"
#include "support/store_builders.hpp"

namespace greenq::test {
namespace {

using Files = std::vector<app::EmbeddedFile>;

struct MigrationWorld {
  TempDir dir;
  FakeClock clock;
  store::Db db{dir.database().string(), SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE};
  core::Result<void> run(Files const& files) { return store::migrate(db, dir.database(), files, clock.time); }
};

constexpr app::EmbeddedFile kFirst{"0001_a.sql",
                                   "CREATE TABLE a (x INTEGER) STRICT; INSERT INTO a VALUES (1);"};
constexpr app::EmbeddedFile kSecond{"0002_b.sql", "CREATE TABLE b (y INTEGER) STRICT;"};
constexpr app::EmbeddedFile kBroken{"0002_b.sql", "CREATE TABLE b (y INTEGER) STRICT; SELECT nonsense;"};

TEST(Migrate, BuiltInFilesAreNumberedWithoutGaps) {
  auto const files = store::migrations::files();
  ASSERT_FALSE(files.empty());
  for (std::size_t i = 0; i < files.size(); ++i) {
    EXPECT_EQ(std::stoul(std::string(files[i].name.substr(0, 4))), i + 1) << files[i].name;
    EXPECT_FALSE(files[i].text.empty());
  }
}

TEST(Migrate, FreshDatabaseGetsAllStepsAndNoCopy) {
  MigrationWorld world;
  ASSERT_TRUE(world.run({kFirst, kSecond}));
  EXPECT_EQ(world.db.integer("PRAGMA user_version"), 2);
  EXPECT_EQ(world.db.integer("SELECT count(*) FROM schema_migrations"), 2);
  EXPECT_FALSE(std::filesystem::exists(world.dir.database().string() + ".before-0001"));
  ASSERT_TRUE(world.run({kFirst, kSecond}));  // again: nothing
  EXPECT_EQ(world.db.integer("SELECT count(*) FROM a"), 1);
}

TEST(Migrate, AnOldDatabaseIsCopiedFirst) {
  MigrationWorld world;
  ASSERT_TRUE(world.run({kFirst}));
  ASSERT_TRUE(world.run({kFirst, kSecond}));
  store::Db copy(world.dir.database().string() + ".before-0002", SQLITE_OPEN_READONLY);
  EXPECT_EQ(copy.integer("PRAGMA user_version"), 1);
  EXPECT_EQ(copy.integer("SELECT x FROM a"), 1);
  EXPECT_EQ(world.db.integer("PRAGMA user_version"), 2);
}

TEST(Migrate, AFailedStepLeavesTheVersionBefore) {
  MigrationWorld world;
  ASSERT_TRUE(world.run({kFirst}));
  EXPECT_THROW(static_cast<void>(world.run({kFirst, kBroken})), store::SqlError);
  EXPECT_EQ(world.db.integer("PRAGMA user_version"), 1);
  EXPECT_EQ(world.db.integer("SELECT count(*) FROM sqlite_schema WHERE name = 'b'"), 0);
}

TEST(Migrate, RefusesANewerSchema) {
  MigrationWorld world;
  ASSERT_TRUE(world.run({kFirst, kSecond}));
  auto const refused = world.run({kFirst});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().reason, "STORE_NEWER");
  EXPECT_NE(refused.error().message.find("newer greenqd"), std::string::npos);
}

TEST(Migrate, RefusesAChangedStep) {
  MigrationWorld world;
  ASSERT_TRUE(world.run({kFirst}));
  auto const refused = world.run({{kFirst.name, "CREATE TABLE other (x INTEGER) STRICT;"}, kSecond});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().reason, "STORE_MIGRATION_CHANGED");
  EXPECT_NE(refused.error().message.find("0001_a.sql"), std::string::npos);
  EXPECT_EQ(world.db.integer("PRAGMA user_version"), 1);
}

TEST(Migrate, TheStoreReportsTheSameRefusals) {
  StoreWorld world;
  world.reads.reset();
  world.store.reset();
  {
    store::Db db(world.dir.database().string(), SQLITE_OPEN_READWRITE);
    db.run("PRAGMA user_version = 999");
  }
  EXPECT_EQ(store::SqliteStore::open(world.options()).error().reason, "STORE_NEWER");
}

TEST(Migrate, ChecksumIsFnv1a) {
  EXPECT_EQ(store::checksum(""), "cbf29ce484222325");
  EXPECT_EQ(store::checksum("a"), "af63dc4c8601ec8c");
}

TEST(Lock, ASecondDaemonIsRefusedWithThePidOfTheFirst) {
  TempDir dir;
  auto const state = dir.path() / "sub" / "state";
  auto first = store::lock_state_dir(state);
  ASSERT_TRUE(first) << first.error().message;
  struct stat info {};
  ASSERT_EQ(::stat(state.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0700U);
  auto const second = store::lock_state_dir(state);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().reason, "STATE_DIR_IN_USE");
  std::string const expected =
      "another greenqd (pid " + std::to_string(::getpid()) + ") uses this state directory";
  EXPECT_NE(second.error().message.find(expected), std::string::npos) << second.error().message;
}

// The lock was a file alone: once it was removed, a second daemon made a new one and wrote the same ledger.
TEST(Lock, ARemovedLockFileLetsNoSecondDaemonIn) {
  TempDir dir;
  auto const first = store::lock_state_dir(dir.path());
  ASSERT_TRUE(first);
  ASSERT_TRUE(std::filesystem::remove(dir.path() / "lock"));
  for (int i = 0; i < 2; ++i) {
    auto const second = store::lock_state_dir(dir.path());
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().reason, "STATE_DIR_IN_USE");
  }
}

TEST(Lock, IsFreeAgainWhenTheHolderGoes) {
  TempDir dir;
  { ASSERT_TRUE(store::lock_state_dir(dir.path())); }
  EXPECT_TRUE(store::lock_state_dir(dir.path()));
}

TEST(Lock, TightensTheModeOfAnOpenDirectory) {
  TempDir dir;
  ASSERT_EQ(::chmod(dir.path().c_str(), 0755), 0);
  ASSERT_TRUE(store::lock_state_dir(dir.path()));
  struct stat info {};
  ASSERT_EQ(::stat(dir.path().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0700U);
}

TEST(Lock, AFileInPlaceOfTheDirectoryIsRefused) {
  TempDir dir;
  { std::ofstream(dir.path() / "state") << "x"; }
  auto const refused = store::lock_state_dir(dir.path() / "state");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().reason, "STATE_DIR_UNUSABLE");
}

}  // namespace
}  // namespace greenq::test
