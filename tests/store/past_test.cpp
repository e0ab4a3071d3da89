// The ledger of a time that is over, read beside its writer or without one.
#include "store/past.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <set>

#include "support/store_builders.hpp"

namespace greenq::test {
namespace {

using core::PointState;
using core::SignalKind;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

store::PastQuery query_of(StoreWorld const& world, int begin = 0, int end = 1000) {
  return {world.dir.database(), "GB", {store_time(begin), store_time(end)}};
}

core::History read(store::PastQuery const& query) {
  auto found = store::read_past(query);
  if (!found) {
    ADD_FAILURE() << found.error().message;
    return {};
  }
  return std::move(*found);
}

std::string refused(store::PastQuery const& query, std::string const& message) {
  auto const found = store::read_past(query);
  if (found) return "it was read";
  EXPECT_THAT(found.error().message, HasSubstr(message));
  return found.error().reason;
}

// Submitted at minute `id`, ran from minute 60 to 120.
core::Job ended_job(core::JobId id) {
  return ran_an_hour(plain_job(id));
}

core::Signal reply(std::string const& provider, SignalKind kind, int first,
                   std::vector<std::int64_t> const& grams, int received) {
  core::Signal signal = signal_of(kind, received, half_hours(first, grams, PointState::kActual));
  signal.source.provider = provider;
  return signal;
}

std::set<std::string> files_of(StoreWorld const& world) {
  std::set<std::string> names;
  for (auto const& entry : std::filesystem::directory_iterator(world.dir.path()))
    names.insert(entry.path().filename().string());
  return names;
}

TEST(Past, JobsOfTheWindowComeInOrderWithTheirEnergy) {
  StoreWorld world;
  core::Changes changes;
  changes.jobs = {ended_job(3), ended_job(1), plain_job(2), ended_job(9)};
  core::EnergySlice unknown = slice_of(1, 100, 120, 0);
  unknown.quality = core::EnergyQuality::kUnknown;
  changes.slices = {slice_of(1, 60, 90, 5), slice_of(1, 90, 100, 7), unknown, slice_of(3, 60, 120, 11)};
  world.put(changes);
  auto const settled = settle(world, 3);
  ASSERT_TRUE(settled);
  core::Changes footprints;
  footprints.footprints = {{3, settled->footprint}};
  world.put(footprints);
  core::History const history = read(query_of(world, 1, 9));
  ASSERT_EQ(history.jobs.size(), 3U);
  EXPECT_EQ(history.jobs[0].id, 1U);
  EXPECT_EQ(history.jobs[0].energy.value, 12) << "from slices";
  EXPECT_EQ(history.jobs[0].user, "ann");
  EXPECT_EQ(core::running_time(history.jobs[0]), hours{1});
  EXPECT_EQ(history.jobs[1].state, core::JobState::kQueued);
  EXPECT_EQ(history.jobs[1].energy.value, 0);
  EXPECT_EQ(history.jobs[2].energy.value, 11) << "from its footprint";
}

TEST(Past, SignalsAreNewestRevisionsOfTheBestFeedThatMeasured) {
  StoreWorld world;
  core::Changes changes;
  changes.signals = {{0, reply("silent", SignalKind::kMarginal, -300, {1}, 0)},
                     {1, reply("neso", SignalKind::kMarginal, -60, {90, 80, 100, 110}, 60)},
                     {2, reply("worse", SignalKind::kMarginal, 0, {9, 9}, 60)},
                     {3, reply("other", SignalKind::kAverage, 0, {50}, 60)}};
  changes.own_forecasts = {reply(core::kOwnForecast, SignalKind::kMarginal, 0, {1}, 60)};
  world.put(changes);
  core::Changes revised;
  revised.signals = {{1, reply("neso", SignalKind::kMarginal, 0, {105}, 90)}};
  core::Signal issue = signal_of(SignalKind::kMarginal, 95, half_hours(120, {70, 71}, PointState::kForecast));
  revised.signals.emplace_back(1, issue);
  world.put(revised);
  store::PastQuery query = query_of(world, 0, 200);
  query.before = minutes{45};
  core::History const history = read(query);
  EXPECT_EQ(history.zone, "GB");
  ASSERT_EQ(history.signals.size(), 2U);
  core::PastSignal const& marginal = history.signals.at(SignalKind::kMarginal);
  EXPECT_EQ(marginal.source.provider, "neso");
  EXPECT_EQ(marginal.actuals, half_hours(-30, {80, 105, 110}, PointState::kActual));
  ASSERT_EQ(marginal.issues.size(), 1U);
  EXPECT_EQ(marginal.issues[0].issued_at, store_time(95));
  EXPECT_EQ(marginal.issues[0].points, issue.points);
  EXPECT_EQ(history.signals.at(SignalKind::kAverage).source.provider, "other");
}

TEST(Past, WithoutAZoneTheOnlyOneIsMeant) {
  StoreWorld world;
  store::PastQuery query = query_of(world);
  query.zone.clear();
  EXPECT_THAT(read(query).zone, IsEmpty());
  core::Changes changes;
  changes.signals = {{0, reply("neso", SignalKind::kMarginal, 0, {90}, 60)}};
  world.put(changes);
  EXPECT_EQ(read(query).zone, "GB");
  changes.signals[0].second.source.zone = "FR";
  world.put(changes);
  EXPECT_EQ(refused(query, "several zones (FR, GB)"), "MANY_ZONES");
  query.signals = false;
  EXPECT_THAT(read(query).zone, IsEmpty());
}

TEST(Past, IsReadBesideTheWriterWhichGoesOn) {
  StoreWorld world;
  world.put_jobs({ended_job(1)});
  ASSERT_TRUE(world.store->stage(one_job(2, 1)));
  EXPECT_EQ(read(query_of(world)).jobs.size(), 1U) << "what is not committed is not seen";
  ASSERT_TRUE(world.store->commit());
  EXPECT_EQ(read(query_of(world)).jobs.size(), 2U);
}

TEST(Past, LeavesNoFileBehindAndChangesNone) {
  StoreWorld world;
  world.put_jobs({ended_job(1)});
  world.reads.reset();
  world.store.reset();
  auto const files = files_of(world);
  ASSERT_FALSE(files.contains("greenq.db-wal"));
  auto const written = std::filesystem::last_write_time(world.dir.database());
  EXPECT_EQ(read(query_of(world)).jobs.size(), 1U);
  EXPECT_EQ(files_of(world), files);
  EXPECT_EQ(std::filesystem::last_write_time(world.dir.database()), written);
}

TEST(Past, ReadsWhatACrashLeftInTheLog) {
  StoreWorld world;
  world.put_jobs({ended_job(1)});
  TempDir crashed;
  for (char const* suffix : {"", "-wal"})
    std::filesystem::copy_file(world.dir.database().string() + suffix, crashed.database().string() + suffix);
  store::PastQuery query = query_of(world);
  query.database = crashed.database();
  EXPECT_EQ(read(query).jobs.size(), 1U);
}

TEST(Past, SaysWhatToDoAboutALedgerItCannotUse) {
  StoreWorld world;
  store::PastQuery query = query_of(world);
  query.database = world.dir.path() / "nowhere" / "greenq.db";
  EXPECT_EQ(refused(query, "--state-dir"), "NO_LEDGER");
  query.database = world.dir.path() / "other.db";
  store::Db(query.database.string(), SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE).run("CREATE TABLE a (x)");
  EXPECT_EQ(refused(query, "is no ledger of greenqd"), "NOT_A_LEDGER");
  query.database = world.dir.write("text.db", std::string(5000, 'x'));
  EXPECT_EQ(refused(query, "damaged"), "STORE_CORRUPT");
  if (::geteuid() != 0) {
    ::chmod(query.database.c_str(), 0);
    EXPECT_EQ(refused(query, "run this as the user of greenqd"), "LEDGER_UNREADABLE");
  }
}

TEST(Past, NeverMigrates) {
  StoreWorld world;
  world.reads.reset();
  world.store.reset();
  store::Db db(world.dir.database().string(), SQLITE_OPEN_READWRITE);
  std::int64_t const version = db.integer("PRAGMA user_version");
  db.run("PRAGMA user_version = " + std::to_string(version - 1));
  EXPECT_EQ(refused(query_of(world), "start this greenqd on it once"), "STORE_OLDER");
  EXPECT_EQ(db.integer("PRAGMA user_version"), version - 1);
  db.run("PRAGMA user_version = " + std::to_string(version + 1));
  EXPECT_EQ(refused(query_of(world), "newer greenqd"), "STORE_NEWER");
  db.run("PRAGMA user_version = " + std::to_string(version));
  db.run("UPDATE schema_migrations SET checksum = 'x' WHERE version = 2");
  EXPECT_EQ(refused(query_of(world), "differs"), "STORE_MIGRATION_CHANGED");
}

TEST(Past, JobsAreOneIndexWalk) {
  StoreWorld world;
  auto const db = store::open_reader(world.dir.database(), false);
  store::Statement plan = db->prepare("EXPLAIN QUERY PLAN " + store::past_jobs_sql());
  bool submitted = false;
  while (plan.step()) {
    std::string const line = plan.text(3);
    submitted = submitted || line.find("jobs_submitted") != std::string::npos;
    EXPECT_EQ(line.find("SCAN j "), std::string::npos) << line;
    EXPECT_EQ(line.find("TEMP B-TREE"), std::string::npos) << line;
  }
  EXPECT_TRUE(submitted);
}

}  // namespace
}  // namespace greenq::test
