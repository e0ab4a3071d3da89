// Signals of several feeds, what forecasters learned, and forecasts beside what came.
#include "store/signals.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "core/carbon/hours.hpp"
#include "store/codec.hpp"
#include "store/migrate.hpp"
#include "support/store_builders.hpp"

namespace greenq::test {
namespace {

using core::IntensityPoint;
using core::PointState;
using core::SignalKind;
using std::chrono::days;
using testing::ElementsAre;
using testing::IsEmpty;
using Points = std::vector<IntensityPoint>;

core::Signal reply(std::string const& provider, int minute, Points points,
                   SignalKind kind = SignalKind::kMarginal) {
  core::Signal signal = signal_of(kind, minute, std::move(points));
  signal.source = source_of(kind, provider);
  return signal;
}

void put_reply(StoreWorld& world, int rank, core::Signal signal) {
  core::Changes changes;
  changes.signals = {{rank, std::move(signal)}};
  world.put(changes);
}

void put_forecaster(StoreWorld& world, core::StoredForecaster stored) {
  core::Changes changes;
  changes.forecasters = {std::move(stored)};
  world.put(changes);
}

std::vector<app::Loaded::Experience> experience(StoreWorld& world) {
  auto loaded = world.store->load();
  if (!loaded) {
    ADD_FAILURE() << loaded.error().message;
    return {};
  }
  return loaded->experience;
}

core::Result<app::ForecastHistory> ask(StoreWorld& world, app::ForecastQuery const& query) {
  return wait_for<app::ForecastHistory>([&](auto const& done) { world.reads->forecasts(query, done); });
}

TEST(Signals, OfAllZonesComeBackWholeWithSpreadsAndOrigin) {
  StoreWorld world;
  Points points = half_hours(0, {100, 120}, PointState::kForecast);
  points[1].spread = core::IntensitySpread{{90'001}, {150'002}};
  core::Signal there = reply("neso", 1, points);
  there.source.zone = "FR";
  there.as_given = true;
  core::Changes changes;
  changes.signals = {{0, reply("neso", 1, points)}, {0, there}};
  world.put(changes);
  auto const loaded = world.store->load();
  ASSERT_TRUE(loaded);
  ASSERT_EQ(loaded->signals.size(), 2U);
  EXPECT_EQ(loaded->signals[0].second.source.zone, "FR");
  EXPECT_TRUE(loaded->signals[0].second.as_given);
  EXPECT_FALSE(loaded->signals[1].second.as_given);
  EXPECT_EQ(loaded->signals[0].second.points, points);
  EXPECT_EQ(loaded->signals[1].second.points, points);
}

TEST(OwnForecasts, AreKeptButAreNoReplies) {
  StoreWorld world;
  Points const points = half_hours(0, {100, 120}, PointState::kForecast);
  core::Changes changes;
  changes.own_forecasts = {reply(core::kOwnForecast, 0, points)};
  world.put(changes);
  changes.own_forecasts = {reply(core::kOwnForecast, 60, points)};
  world.put(changes);
  EXPECT_THAT(world.store->load()->signals, IsEmpty());
  EXPECT_THAT(experience(world), IsEmpty());
  auto const found =
      ask(world, {"GB", SignalKind::kMarginal, core::kOwnForecast, {store_time(0), store_time(100)}});
  ASSERT_TRUE(found) << found.error().message;
  ASSERT_EQ(found->issues.size(), 2U);
  EXPECT_EQ(found->issues[1].issued_at, store_time(60));
  EXPECT_EQ(found->issues[1].points, points);
  store::Db db(world.dir.database().string(), SQLITE_OPEN_READONLY);
  EXPECT_EQ(db.integer("SELECT rank FROM signal_sources"), 1000);
}

TEST(Issues, AreAppendedEvenUnderTheSameTime) {
  StoreWorld world;
  core::Signal signal = reply("neso", 0, half_hours(30, {1}, PointState::kForecast));
  put_reply(world, 0, signal);
  put_reply(world, 0, signal);  // says the same
  signal.points = half_hours(30, {2}, PointState::kForecast);
  signal.received_at = store_time(5);
  put_reply(world, 0, signal);
  store::Db db(world.dir.database().string(), SQLITE_OPEN_READONLY);
  EXPECT_EQ(db.integer("SELECT count(*) FROM forecasts"), 2);
  auto const found = ask(world, {"GB", SignalKind::kMarginal, "neso", {store_time(0), store_time(9)}});
  ASSERT_TRUE(found);
  ASSERT_EQ(found->issues.size(), 1U);
  EXPECT_EQ(found->issues[0].points, half_hours(30, {1}, PointState::kForecast)) << "what was said first";
}

TEST(Experience, TheForecasterIsReplacedAndComesBackToTheByte) {
  StoreWorld world;
  std::string bytes("\0\xff\n'", 4);
  put_forecaster(world, {"GB", SignalKind::kMarginal, "neso", 7, "old"});
  put_forecaster(world, {"GB", SignalKind::kMarginal, "neso", 9, bytes});
  put_forecaster(world, {"GB", SignalKind::kAverage, "other", 5, ""});
  auto const found = experience(world);
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].forecaster.zone, "GB");
  EXPECT_EQ(found[0].forecaster.kind, SignalKind::kMarginal);
  EXPECT_EQ(found[0].forecaster.provider, "neso");
  EXPECT_EQ(found[0].forecaster.next, 9);
  EXPECT_EQ(found[0].forecaster.bytes, bytes);
  EXPECT_THAT(found[0].actuals, IsEmpty());
  EXPECT_EQ(found[1].forecaster.kind, SignalKind::kAverage);
}

TEST(Experience, BringsWhatCameAfterTheForecaster) {
  StoreWorld world;
  int const week = 7 * 24 * 60;
  put_reply(
      world, 1,
      reply("neso", 0, half_hours(30, std::vector<std::int64_t>(14 * 48, 100), PointState::kEstimated)));
  put_reply(world, 1, reply("neso", 1, half_hours(30 + week, {70}, PointState::kActual)));
  put_reply(world, 0, reply("other", 0, half_hours(30, {5}, PointState::kActual)));
  core::Instant const next = store_time(30 + week);
  std::string const readable = core::Forecaster{}.dump();
  put_forecaster(world, {"GB", SignalKind::kMarginal, "neso", core::hour_of(next), readable});
  auto found = experience(world);
  ASSERT_EQ(found.size(), 2U) << "the other feed's lesson comes after it";
  ASSERT_EQ(found[0].actuals.size(), 7U * 48);
  EXPECT_EQ(found[0].actuals.front().interval.begin, next);
  EXPECT_EQ(found[0].actuals.front().value.value, 70'000) << "the newest revision";
  EXPECT_EQ(found[0].actuals.front().state, PointState::kActual);
  EXPECT_EQ(found[0].actuals.back().state, PointState::kEstimated);

  put_forecaster(world, {"GB", SignalKind::kMarginal, "neso", core::hour_of(next) + 6 * 24, readable});
  found = experience(world);
  ASSERT_EQ(found[0].actuals.size(), 3U * 48 + 1) << "at least the last three days";
  EXPECT_EQ(found[0].actuals.back().interval.end, store_time(30 + 2 * week));

  put_forecaster(world, {"GB", SignalKind::kMarginal, "neso", core::hour_of(next) + 6 * 24, "not readable"});
  EXPECT_EQ(experience(world)[0].actuals.size(), 14U * 48) << "it learns anew";
}

// The forecaster of a feed that was replaced stood in for all of its zone and kind.
TEST(Experience, OfEachFeedIsKept) {
  StoreWorld world;
  std::string const bytes = core::Forecaster{}.dump();
  put_forecaster(world, {"GB", SignalKind::kMarginal, "neso", 7, bytes});
  put_forecaster(world, {"GB", SignalKind::kMarginal, "midas", 9, bytes});
  put_reply(world, 0, reply("neso", 0, half_hours(0, {1}, PointState::kActual)));
  put_reply(world, 1, reply("other", 0, half_hours(0, {2}, PointState::kActual)));
  auto const found = experience(world);
  ASSERT_EQ(found.size(), 3U);
  EXPECT_EQ(found[0].forecaster.provider, "midas");
  EXPECT_EQ(found[1].forecaster.provider, "neso");
  EXPECT_EQ(found[1].forecaster.next, 7);
  EXPECT_EQ(found[1].actuals, half_hours(0, {1}, PointState::kActual));
  EXPECT_EQ(found[2].forecaster.provider, "other");
  EXPECT_EQ(found[2].forecaster.bytes, "");
  EXPECT_EQ(found[2].actuals, half_hours(0, {2}, PointState::kActual));
}

TEST(Experience, WithoutAForecasterEachFeedHasItsLesson) {
  StoreWorld world;
  std::vector<std::int64_t> const long_ago(70 * 48, 100);
  put_reply(world, 0, reply("silent", 0, half_hours(0, {1}, PointState::kForecast)));
  put_reply(world, 1, reply("neso", 0, half_hours(0, long_ago, PointState::kActual)));
  put_reply(world, 2, reply("other", 0, half_hours(0, {1}, PointState::kActual)));
  put_reply(world, 2, reply("other", 0, half_hours(0, {9}, PointState::kActual), SignalKind::kAverage));
  auto const found = experience(world);
  ASSERT_EQ(found.size(), 3U);
  EXPECT_EQ(found[0].forecaster.provider, "neso");
  EXPECT_EQ(found[0].forecaster.bytes, "");
  EXPECT_EQ(found[0].forecaster.next, 0);
  EXPECT_EQ(found[0].actuals.size(), 63U * 48 + 1);
  EXPECT_EQ(found[1].forecaster.provider, "other");
  EXPECT_EQ(found[1].forecaster.kind, SignalKind::kMarginal);
  EXPECT_EQ(found[2].forecaster.provider, "other");
  EXPECT_EQ(found[2].forecaster.kind, SignalKind::kAverage);
  EXPECT_EQ(found[2].actuals, half_hours(0, {9}, PointState::kActual));
}

TEST(Experience, ChosenFiguresAndRelativeOnesTeachNothing) {
  StoreWorld world;
  core::Signal given = reply("replay", 0, half_hours(0, {1}, PointState::kActual));
  given.as_given = true;
  put_reply(world, 0, given);
  put_reply(world, 0, reply("index", 0, half_hours(0, {1}, PointState::kActual), SignalKind::kRelative));
  EXPECT_THAT(experience(world), IsEmpty());
}

TEST(Forecasts, WindowLimitsIssuesAndReachesTenDaysForActuals) {
  StoreWorld world;
  int const day = 24 * 60;
  for (int minute = 0; minute <= 180; minute += 15) {
    put_reply(world, 0, reply("neso", minute, half_hours(minute, {minute, 7}, PointState::kForecast)));
  }
  put_reply(world, 0, reply("neso", 500, half_hours(-30, {1, 2}, PointState::kActual)));
  put_reply(world, 0, reply("neso", 501, half_hours(150 + 10 * day - 30, {3, 4}, PointState::kEstimated)));
  put_reply(world, 0, reply("neso", 502, half_hours(0, {5}, PointState::kActual)));
  auto const found = ask(world, {"GB", SignalKind::kMarginal, "neso", {store_time(0), store_time(150)}});
  ASSERT_TRUE(found) << found.error().message;
  std::vector<core::Instant> issued;
  for (auto const& issue : found->issues) issued.push_back(issue.issued_at);
  EXPECT_THAT(issued, ElementsAre(store_time(0), store_time(30), store_time(90)));
  EXPECT_EQ(found->issues[1].points, half_hours(30, {30, 7}, PointState::kForecast));
  Points actuals = half_hours(0, {5}, PointState::kActual);
  actuals.push_back(half_hours(150 + 10 * day - 30, {3}, PointState::kEstimated)[0]);
  EXPECT_EQ(found->actuals, actuals);
}

TEST(Forecasts, ActualsAreOfTheBestFeedThatHasAny) {
  StoreWorld world;
  put_reply(world, 0, reply("best", 0, half_hours(-30'000, {1}, PointState::kActual)));
  put_reply(world, 1, reply("neso", 0, half_hours(0, {2}, PointState::kActual)));
  put_reply(world, 2, reply("other", 0, half_hours(0, {3}, PointState::kActual)));
  auto const found = ask(world, {"GB", SignalKind::kMarginal, "other", {store_time(0), store_time(60)}});
  ASSERT_TRUE(found);
  EXPECT_THAT(found->issues, IsEmpty());
  EXPECT_EQ(found->actuals, half_hours(0, {2}, PointState::kActual)) << "best has none in that time";
}

TEST(Forecasts, OfNothingAndOfTooMuch) {
  StoreWorld world;
  app::ForecastQuery query{"GB", SignalKind::kMarginal, "neso", {store_time(0), store_time(0) + days{400}}};
  auto const none = ask(world, query);
  ASSERT_TRUE(none);
  EXPECT_THAT(none->issues, IsEmpty());
  EXPECT_THAT(none->actuals, IsEmpty());
  query.window.end += core::Span{1};
  EXPECT_EQ(ask(world, query).error().code, core::ErrorCode::kInvalidArgument);
  query.window = {core::Instant::min(), core::Instant::max()};
  EXPECT_EQ(ask(world, query).error().reason, "WINDOW_TOO_LONG");
  query.window = {core::Instant::max(), core::Instant::min()};
  EXPECT_TRUE(ask(world, query));
}

TEST(Forecasts, AreTheSameInHourlyMeansOnceThinned) {
  StoreWorld world;
  for (int minute = 0; minute < 120; minute += 5) {
    put_reply(world, 0, reply("neso", 30 + minute, half_hours(90, {minute, 100}, PointState::kForecast)));
  }
  app::ForecastQuery const query{"GB", SignalKind::kMarginal, "neso", {store_time(0), store_time(600)}};
  auto const before = ask(world, query);
  world.store->maintain(store_time(600) + days{7});
  auto const after = ask(world, query);
  ASSERT_TRUE(before && after);
  ASSERT_EQ(before->issues.size(), 2U);
  ASSERT_EQ(after->issues.size(), 2U);
  EXPECT_EQ(after->issues[1].issued_at, before->issues[1].issued_at);
  EXPECT_EQ(after->issues[1].points,
            (Points{{{store_time(90), store_time(150)}, {80'000}, PointState::kForecast}}));
}

TEST(Forecasts, BytesThatNobodyWroteAreAnError) {
  StoreWorld world;
  put_reply(world, 0, reply("neso", 0, half_hours(0, {1}, PointState::kForecast)));
  {
    store::Db db(world.dir.database().string(), SQLITE_OPEN_READWRITE);
    db.run("UPDATE forecasts SET points = x''");
  }
  auto const found = ask(world, {"GB", SignalKind::kMarginal, "neso", {store_time(0), store_time(60)}});
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().reason, "STORE_CORRUPT");
}

TEST(Forecasts, PlansAreIndexWalks) {
  StoreWorld world;
  store::Db db(world.dir.database().string(), SQLITE_OPEN_READONLY);
  for (char const* sql : {store::kMeasuredSql, store::kNewestMeasuredSql, store::kNextIssueSql}) {
    store::Statement plan = db.prepare(std::string("EXPLAIN QUERY PLAN ") + sql);
    ASSERT_TRUE(plan.step()) << sql;
    EXPECT_TRUE(plan.text(3).starts_with("SEARCH")) << plan.text(3) << "\n" << sql;
    EXPECT_FALSE(plan.step()) << plan.text(3) << "\n" << sql;
  }
}

// Puts a database of an earlier schema in the place of the world's, with these rows.
void rewind(StoreWorld& world, std::size_t schema, char const* rows) {
  world.reads.reset();
  world.store.reset();
  std::filesystem::remove(world.dir.database());
  for (char const* more : {"-wal", "-shm"}) std::filesystem::remove(world.dir.database().string() + more);
  store::Db db(world.dir.database().string(), SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
  ASSERT_TRUE(
      store::migrate(db, world.dir.database(), store::migrations::files().first(schema), world.clock.time));
  db.run(rows);
}

// A database of schema 0001 with rows in every table that 0002 touches or leaves.
TEST(Migration, FromTheFirstSchemaKeepsAllButForecastIssues) {
  StoreWorld world;
  rewind(world, 1,
         "INSERT INTO meta VALUES ('epoch', 'old'), ('next_job', 5), ('next_sequence', 8);"
         "INSERT INTO signal_sources VALUES (3, 'GB', 'neso', 1, 0, '{\"zone\":\"GB\",\"kind\":1,\"basis\":1,"
         "\"provider\":\"neso\"}', 1600000200000, '{\"source\":{\"zone\":\"GB\",\"kind\":1,\"basis\":1,"
         "\"provider\":\"neso\"},\"issued_at\":1600000200000,\"received_at\":1600000200000,"
         "\"points\":[[1600000200000,1600002000000,90000,3]]}');"
         "INSERT INTO signal_points VALUES (3, 1600000200000, 1, 1600002000000, 80000, 1, 1600002000000);"
         "INSERT INTO forecast_issues VALUES (3, 1600000200000, 1600000200000, '[]');");
  world.open();
  auto const loaded = world.store->load();
  ASSERT_TRUE(loaded) << loaded.error().message;
  EXPECT_EQ(loaded->epoch, "old");
  EXPECT_EQ(loaded->state.next_job, 5U);
  ASSERT_EQ(loaded->signals.size(), 1U);
  EXPECT_EQ(loaded->signals[0].second.points, half_hours(0, {90}, PointState::kForecast));
  EXPECT_FALSE(loaded->signals[0].second.as_given);
  ASSERT_EQ(loaded->experience.size(), 1U);
  EXPECT_EQ(loaded->experience[0].actuals, half_hours(0, {80}, PointState::kActual));
  store::Db db(world.dir.database().string(), SQLITE_OPEN_READONLY);
  EXPECT_EQ(db.integer("SELECT count(*) FROM sqlite_schema WHERE name = 'forecast_issues'"), 0);
  EXPECT_EQ(db.integer("SELECT count(*) FROM forecasts"), 0);
  EXPECT_EQ(db.integer("PRAGMA user_version"), static_cast<int>(store::migrations::files().size()));
  EXPECT_TRUE(std::filesystem::exists(world.dir.database().string() + ".before-0002"));
  put_reply(world, 0, reply("neso", 60, half_hours(60, {70}, PointState::kForecast)));
  EXPECT_EQ(db.integer("SELECT count(*) FROM forecasts WHERE source = 3"), 1);
}

TEST(Migration, ForecastersOfTheSecondSchemaKeepTheirProvider) {
  StoreWorld world;
  rewind(world, 2,
         "INSERT INTO meta VALUES ('epoch', 'old'), ('next_job', 5), ('next_sequence', 8);"
         "INSERT INTO forecasters VALUES ('GB', 1, 'neso', 7, x'01');");
  world.open();
  put_forecaster(world, {"GB", SignalKind::kMarginal, "midas", 8, "x"});
  auto const found = experience(world);
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[1].forecaster.provider, "neso");
  EXPECT_EQ(found[1].forecaster.next, 7);
  EXPECT_EQ(found[1].forecaster.bytes, "\x01");
}

// Made-up figures of the future that an earlier greenqd stored as measured do no harm.
TEST(Experience, StoredFiguresThatWereNotOverDoNotCount) {
  StoreWorld world;
  put_reply(world, 0, reply("neso", 0, half_hours(0, {1}, PointState::kActual)));
  {
    store::Db db(world.dir.database().string(), SQLITE_OPEN_READWRITE);
    db.run(
        "INSERT INTO signal_points SELECT source, begin_at + 86400000, 1, end_at + 86400000, value, 2, "
        "received_at"
        " FROM signal_points");
  }
  ASSERT_EQ(experience(world).size(), 1U);
  EXPECT_EQ(experience(world)[0].actuals, half_hours(0, {1}, PointState::kActual));
}

}  // namespace
}  // namespace greenq::test
