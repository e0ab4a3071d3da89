// Transactions, identities, requests and housekeeping of the writer.
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <fstream>

#include "store/backup.hpp"
#include "support/store_builders.hpp"

namespace greenq::test {
namespace {

TEST(Commit, ReadersSeeNothingBeforeIt) {
  StoreWorld world;
  ASSERT_TRUE(world.store->stage(one_job(1, 1)));
  ASSERT_TRUE(world.store->stage(one_job(2, 2)));
  EXPECT_EQ(get_job(world, 1).error().reason, "JOB_NOT_FOUND");
  EXPECT_EQ(events(world, 0, 0)->size(), 0U);
  ASSERT_TRUE(world.store->commit());
  EXPECT_TRUE(get_job(world, 1));
  EXPECT_TRUE(get_job(world, 2));
  EXPECT_EQ(events(world, 0, 0)->size(), 2U);
}

TEST(Commit, WithoutStagedRowsDoesNothing) {
  StoreWorld world;
  EXPECT_TRUE(world.store->commit());
  EXPECT_TRUE(world.store->stage({}));
  EXPECT_TRUE(world.store->commit());
}

// SQLite may roll the transaction back when a SELECT runs out of memory; the group was then answered as
// stored.
TEST(Rollback, ALookupThatFailsSpoilsItsGroup) {
  StoreWorld world;
  auto& store = *world.store;
  ASSERT_TRUE(store.stage(one_job(1, 1)));
  sqlite3_hard_heap_limit64(1);
  auto const found = store.find_request(1000, "r");
  sqlite3_hard_heap_limit64(0);
  ASSERT_FALSE(found);
  EXPECT_FALSE(store.commit());
  auto const loaded = store.load();
  ASSERT_TRUE(loaded) << loaded.error().message;
  EXPECT_TRUE(loaded->state.jobs.empty());
  ASSERT_TRUE(store.stage(one_job(1, 1)));
  EXPECT_TRUE(store.commit());
}

TEST(Rollback, LeavesNoTraceAndFreesTheNumbers) {
  StoreWorld world;
  ASSERT_TRUE(world.store->stage(one_job(1, 1)));
  world.store->rollback();
  ASSERT_TRUE(world.store->commit());
  EXPECT_FALSE(get_job(world, 1));
  auto loaded = world.store->load();
  ASSERT_TRUE(loaded);
  EXPECT_EQ(loaded->state.next_job, 1U);
  EXPECT_EQ(loaded->state.next_sequence, 1);
  world.put(one_job(1, 1));
  EXPECT_TRUE(get_job(world, 1));
}

TEST(Events, AGapIsRefusedAndTheGroupIsLostAsAWhole) {
  StoreWorld world;
  world.put(one_job(1, 1));
  ASSERT_TRUE(world.store->stage(one_job(2, 2)));
  auto const staged = world.store->stage(one_job(3, 4));
  ASSERT_FALSE(staged);
  EXPECT_EQ(staged.error().code, core::ErrorCode::kInternal);
  EXPECT_EQ(world.store->commit().error().reason, "STORE_RELOAD");
  EXPECT_EQ(world.store->stage(one_job(2, 2)).error().reason, "STORE_RELOAD");
  auto loaded = world.store->load();
  ASSERT_TRUE(loaded);
  EXPECT_EQ(loaded->state.next_sequence, 2);
  world.put(one_job(2, 2));
  auto const all = events(world, 0, 0);
  ASSERT_TRUE(all);
  ASSERT_EQ(all->size(), 2U);
  for (std::size_t i = 0; i < all->size(); ++i)
    EXPECT_EQ((*all)[i].sequence, static_cast<std::int64_t>(i) + 1);
}

TEST(Identity, EpochAndCountersSurviveAReopen) {
  StoreWorld world;
  world.put(one_job(41, 1));
  std::string const epoch = world.store->load()->epoch;
  EXPECT_EQ(epoch, "11111111-2222-4333-8444-555555555555");
  world.open();
  auto loaded = world.store->load();
  ASSERT_TRUE(loaded);
  EXPECT_EQ(loaded->epoch, epoch);
  EXPECT_EQ(loaded->state.next_job, 42U);
  EXPECT_EQ(loaded->state.next_sequence, 2);
}

TEST(Identity, JobNumbersAreNotReusedWhenRowsAreGone) {
  StoreWorld world;
  world.put(one_job(9, 1));
  {
    store::Db db(world.dir.database().string(), SQLITE_OPEN_READWRITE);
    sqlite3_db_config(db.handle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
    db.run("DELETE FROM job_specs; DELETE FROM jobs; DELETE FROM events;");
  }
  world.open();
  auto loaded = world.store->load();
  ASSERT_TRUE(loaded);
  EXPECT_TRUE(loaded->state.jobs.empty());
  EXPECT_EQ(loaded->state.next_job, 10U);
  EXPECT_EQ(loaded->state.next_sequence, 2);
  EXPECT_EQ(events(world, 0, 0).error().reason, "RESUME_TOKEN_EXPIRED");
  EXPECT_TRUE(events(world, 1, 0));
}

TEST(Load, BringsLiveJobsAndWhatIsLeftToSettle) {
  StoreWorld world;
  core::Job ended = plain_job(2);
  ended.state = core::JobState::kSucceeded;
  ended.ended_at = store_time(9);
  core::Job settled = ended;
  settled.id = 3;
  world.put_jobs({plain_job(1), ended, settled});
  core::Changes changes;
  changes.footprints = {{3, core::Footprint{}}};
  world.put(changes);
  auto loaded = world.store->load();
  ASSERT_TRUE(loaded);
  EXPECT_EQ(loaded->state.jobs.size(), 1U);
  EXPECT_TRUE(loaded->state.jobs.contains(1));
  EXPECT_EQ(loaded->unsettled, std::vector<core::JobId>{2});
}

TEST(FindJob, ByNumberOrNewestOfThatName) {
  StoreWorld world;
  core::Job other = plain_job(3);
  other.owner.uid = 2000;
  world.put_jobs({plain_job(1), plain_job(2), other, plain_job(4, "train", "speech")});
  core::Job started = plain_job(2);
  started.state = core::JobState::kSucceeded;
  started.started_at = store_time(1);
  core::Changes staged;
  staged.jobs = {started};
  ASSERT_TRUE(world.store->stage(staged));  // staged rows count

  auto by_name = world.store->find_job("vision", 1000, "train");
  ASSERT_TRUE(by_name && *by_name);
  EXPECT_EQ((*by_name)->id, 2U);
  EXPECT_EQ((*by_name)->state, core::JobState::kSucceeded);
  EXPECT_TRUE((*by_name)->started);
  auto by_id = world.store->find_job("vision", 1000, "1");
  ASSERT_TRUE(by_id && *by_id);
  EXPECT_EQ((*by_id)->id, 1U);
  EXPECT_FALSE((*by_id)->started);
  EXPECT_FALSE(world.store->find_job("vision", 1000, "99")->has_value());
  EXPECT_FALSE(world.store->find_job("vision", 1000, "train'; --")->has_value());
}

TEST(FindRequest, SeesStagedRowsAndForgetsAfterADay) {
  StoreWorld world;
  core::Changes changes;
  changes.requests = {{1000, "a", "h", {1}, world.clock.time}};
  ASSERT_TRUE(world.store->stage(changes));
  EXPECT_TRUE(world.store->find_request(1000, "a")->has_value());
  EXPECT_FALSE(world.store->find_request(1001, "a")->has_value());
  ASSERT_TRUE(world.store->commit());
  world.clock.advance(hours{23});
  world.store->maintain(world.clock.time);
  EXPECT_TRUE(world.store->find_request(1000, "a")->has_value());
  world.clock.advance(hours{2});
  EXPECT_FALSE(world.store->find_request(1000, "a")->has_value());
  world.store->maintain(world.clock.time);
  world.store->finish_backup();
  store::Db db(world.dir.database().string(), SQLITE_OPEN_READONLY);
  EXPECT_EQ(db.integer("SELECT count(*) FROM requests"), 0);
}

TEST(Maintain, DropsOnlyThePrefixOfOldEvents) {
  StoreWorld world;
  core::Changes changes;
  changes.jobs = {plain_job(1)};
  for (std::int64_t i = 1; i <= 6; ++i) changes.events.push_back(event_of(i, 1));
  changes.events[4].at = store_time(-5);  // the clock went back
  world.put(changes);
  world.store->maintain(store_time(4) + hours{24 * 90});
  auto const late = events(world, 3, 0);
  ASSERT_TRUE(late) << late.error().message;
  EXPECT_EQ(late->size(), 3U);
  EXPECT_EQ(events(world, 2, 0).error().code, core::ErrorCode::kOutOfRange);
  EXPECT_EQ(events(world, 2, 0).error().reason, "RESUME_TOKEN_EXPIRED");
  EXPECT_EQ(events(world, 7, 0).error().reason, "RESUME_TOKEN_EXPIRED");
  EXPECT_EQ(events(world, 6, 0)->size(), 0U);
}

TEST(Maintain, MovesTheLogIntoTheDatabase) {
  StoreWorld world;
  for (core::JobId id = 1; id <= 50; ++id) world.put(one_job(id, static_cast<std::int64_t>(id)));
  auto const before = std::filesystem::file_size(world.dir.database());
  world.store->maintain(world.clock.time);
  EXPECT_GT(std::filesystem::file_size(world.dir.database()), before);
}

TEST(Maintain, MakesABackupThatServesReads) {
  StoreWorld world;
  EXPECT_FALSE(store::readable_backup(world.dir.database()));
  world.put(one_job(1, 1));
  world.store->maintain(world.clock.time);
  world.put(one_job(2, 2));  // the writer does not wait
  world.store->finish_backup();
  auto const copy = store::readable_backup(world.dir.database());
  ASSERT_TRUE(copy);
  store::ReadOptions options{*copy, world.prices};
  options.immutable = true;
  auto pool = store::ReadPool::open(options);
  ASSERT_TRUE(pool) << pool.error().message;
  auto const job = wait_for<core::Job>([&](auto const& done) { (*pool)->get_job(1, done); });
  ASSERT_TRUE(job) << job.error().message;
  EXPECT_EQ(job->spec->name, "train");

  auto const made = std::filesystem::last_write_time(*copy);
  world.clock.advance(hours{1});
  world.store->maintain(world.clock.time);
  world.store->finish_backup();
  EXPECT_EQ(std::filesystem::last_write_time(*copy), made);  // not due
  world.clock.advance(hours{24});
  world.store->maintain(world.clock.time);
  world.store->finish_backup();
  EXPECT_NE(std::filesystem::last_write_time(*copy), made);
}

TEST(Refuse, WhenTheLogCannotShrinkBecauseAReaderHoldsIt) {
  StoreWorld world;
  store::StoreOptions options = world.options();
  options.wal_limit_bytes = 100'000;
  world.reads.reset();
  world.store.reset();
  auto store = store::SqliteStore::open(options);
  ASSERT_TRUE(store);
  auto const reader = store::open_reader(world.dir.database(), false);
  reader->run("BEGIN");
  reader->integer("SELECT count(*) FROM jobs");
  EXPECT_EQ((*store)->refuse_reason(), "");
  for (core::JobId id = 1; id <= 60; ++id) {
    ASSERT_TRUE((*store)->stage(one_job(id, static_cast<std::int64_t>(id))));
    ASSERT_TRUE((*store)->commit());
  }
  EXPECT_EQ((*store)->refuse_reason(), "");  // asked at most once a second
  world.clock.advance(std::chrono::seconds{1});
  EXPECT_NE((*store)->refuse_reason().find("write-ahead log"), std::string::npos);
  reader->run("COMMIT");
  world.clock.advance(std::chrono::seconds{1});
  EXPECT_EQ((*store)->refuse_reason(), "");
  EXPECT_EQ((*store)->wal_bytes(), 0);
}

TEST(Refuse, WhenTheDiskIsAlmostFull) {
  StoreWorld world;
  store::StoreOptions options = world.options();
  options.min_free_bytes = std::int64_t{1} << 60;
  world.reads.reset();
  world.store.reset();
  auto store = store::SqliteStore::open(options);
  ASSERT_TRUE(store);
  EXPECT_NE((*store)->refuse_reason().find("almost full"), std::string::npos);
}

TEST(Moved, NothingIsAcknowledgedOnceTheFileIsGone) {
  StoreWorld world;
  world.put(one_job(1, 1));
  auto const aside = world.dir.path() / "aside.db";
  std::filesystem::rename(world.dir.database(), aside);
  ASSERT_TRUE(world.store->stage(one_job(2, 2)));
  auto const refused = world.store->commit();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().reason, "STORE_MOVED");
  std::ofstream(world.dir.database()) << "";  // another file in its place is not ours either
  EXPECT_EQ(world.store->load().error().reason, "STORE_MOVED");
  std::filesystem::rename(aside, world.dir.database());
  ASSERT_TRUE(world.store->load());
  world.put(one_job(2, 2));
  EXPECT_TRUE(get_job(world, 2));
}

TEST(Settings, AreThoseOfTheStorageRules) {
  StoreWorld world;
  store::Db db(world.dir.database().string(), SQLITE_OPEN_READONLY);
  EXPECT_EQ(db.text("PRAGMA journal_mode"), "wal");
  auto const reader = store::open_reader(world.dir.database(), false);
  EXPECT_EQ(reader->integer("PRAGMA query_only"), 1);
  EXPECT_EQ(reader->integer("PRAGMA wal_autocheckpoint"), 0);
  EXPECT_EQ(reader->integer("PRAGMA trusted_schema"), 0);
  EXPECT_EQ(reader->integer("PRAGMA cell_size_check"), 1);
  EXPECT_EQ(reader->integer("PRAGMA mmap_size"), 0);
}

TEST(Reader, CanNeitherWriteNorCheckpoint) {
  StoreWorld world;
  world.put(one_job(1, 1));
  auto const before = world.store->wal_bytes();
  ASSERT_GT(before, 0);
  {
    auto const reader = store::open_reader(world.dir.database(), false);
    EXPECT_THROW(reader->run("DELETE FROM jobs"), store::SqlError);
    EXPECT_NE(
        sqlite3_wal_checkpoint_v2(reader->handle(), "main", SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr),
        SQLITE_OK);
  }
  EXPECT_EQ(world.store->wal_bytes(), before);
  EXPECT_TRUE(get_job(world, 1));
}

TEST(Corrupt, IsReportedAndTheFileLeftAsItIs) {
  StoreWorld world;
  for (core::JobId id = 1; id <= 200; ++id) world.put(one_job(id, static_cast<std::int64_t>(id)));
  world.reads.reset();
  world.store.reset();
  auto const path = world.dir.database();
  auto const size = std::filesystem::file_size(path);
  {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    std::string const noise(4096, '\x5a');
    for (std::uintmax_t at = 4096; at + 4096 <= size; at += 8192) {
      file.seekp(static_cast<std::streamoff>(at));
      file.write(noise.data(), static_cast<std::streamsize>(noise.size()));
    }
  }
  auto const written = std::filesystem::last_write_time(path);
  auto const opened = store::SqliteStore::open(world.options());
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, core::ErrorCode::kFailedPrecondition);
  EXPECT_EQ(opened.error().reason, "STORE_CORRUPT");
  EXPECT_EQ(std::filesystem::last_write_time(path), written);
  {
    std::ofstream(path, std::ios::binary) << "this is not a database at all, but some text of enough length";
  }
  EXPECT_EQ(store::SqliteStore::open(world.options()).error().reason, "STORE_CORRUPT");
}

}  // namespace
}  // namespace greenq::test
