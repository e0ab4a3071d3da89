// What is kept of figures as they age.
#include "store/history.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "store/codec.hpp"
#include "support/store_builders.hpp"

namespace greenq::test {
namespace {

using core::IntensityPoint;
using core::IntensitySpread;
using core::PointState;
using core::SignalKind;
using std::chrono::days;
using testing::ElementsAre;
using Points = std::vector<IntensityPoint>;

// store_time(30) begins a clock hour.
core::Instant at(int minute) {
  return store_time(30 + minute);
}

IntensityPoint point(int begin, int end, std::int64_t value, PointState state = PointState::kForecast,
                     std::optional<IntensitySpread> spread = {}) {
  return {{at(begin), at(end)}, {value}, state, spread};
}

struct HistoryWorld : StoreWorld {
  void issue(int minute, Points points, std::string const& provider = "neso") {
    core::Changes changes;
    changes.signals = {{0, signal_of(SignalKind::kMarginal, 30 + minute, std::move(points))}};
    changes.signals[0].second.source = source_of(SignalKind::kMarginal, provider);
    put(changes);
  }
  void actuals(int minute, std::vector<std::int64_t> const& grams) {
    core::Changes changes;
    changes.signals = {{0, signal_of(SignalKind::kMarginal, 30 + minute,
                                     half_hours(30 + minute, grams, PointState::kActual))}};
    put(changes);
  }
  // Issue times in minutes from at(0).
  std::vector<std::int64_t> kept(std::string const& provider = "neso") {
    store::Db db(dir.database().string(), SQLITE_OPEN_READONLY);
    store::Statement row = db.prepare(
        "SELECT issued_at FROM forecasts f JOIN signal_sources s ON s.id = f.source WHERE s.provider = ?"
        " ORDER BY issued_at");
    row.bind(provider);
    std::vector<std::int64_t> minutes_kept;
    while (row.step()) minutes_kept.push_back((row.integer(0) - core::to_ms(at(0))) / 60'000);
    return minutes_kept;
  }
  Points points_at(int minute) {
    store::Db db(dir.database().string(), SQLITE_OPEN_READONLY);
    store::Statement row = db.prepare("SELECT points FROM forecasts WHERE issued_at = ?");
    row.bind(core::to_ms(at(minute)));
    return row.step() ? store::decode_points(row.blob(0)) : Points();
  }
  std::int64_t count(std::string const& what) {
    store::Db db(dir.database().string(), SQLITE_OPEN_READONLY);
    return db.integer("SELECT count(*) FROM " + what);
  }
  void reopen(store::StoreOptions const& options) {
    reads.reset();
    store.reset();
    store = std::move(*store::SqliteStore::open(options));
  }
};

Points five_minutes(int begin, std::vector<std::int64_t> const& values) {
  Points points;
  for (std::int64_t const value : values) {
    points.push_back(point(begin, begin + 5, value));
    begin += 5;
  }
  return points;
}

TEST(HourlyMeans, ByHand) {
  Points fine = five_minutes(50, {100, 200});  // the end of one hour
  for (IntensityPoint const& p : half_hours(90, {6, 9}, PointState::kForecast)) fine.push_back(p);
  fine.push_back(point(120, 180, 77));  // an hour stays
  fine.push_back(point(180, 190, 10));
  fine.push_back(point(190, 240, 20));  // weighted by time
  EXPECT_EQ(store::hourly_means(fine),
            (Points{point(50, 60, 150), point(60, 120, 7500), point(120, 180, 77), point(180, 240, 18)}));
}

TEST(HourlyMeans, RoundHalfToEven) {
  EXPECT_EQ(store::hourly_means(five_minutes(0, {1, 2})), (Points{point(0, 10, 2)}));
  EXPECT_EQ(store::hourly_means(five_minutes(0, {2, 3})), (Points{point(0, 10, 2)}));
}

TEST(HourlyMeans, GapsAndStatesAreNotBridged) {
  Points const points{point(0, 5, 1), point(10, 15, 3), point(15, 20, 5, PointState::kClimatology)};
  EXPECT_EQ(store::hourly_means(points), points);
}

TEST(HourlyMeans, CarrySpreads) {
  Points const points{point(0, 30, 100, PointState::kForecast, IntensitySpread{{80}, {130}}),
                      point(30, 60, 200, PointState::kForecast, IntensitySpread{{90}, {250}}),
                      point(60, 65, 5)};
  EXPECT_EQ(
      store::hourly_means(points),
      (Points{point(0, 60, 150, PointState::kForecast, IntensitySpread{{85}, {190}}), point(60, 65, 5)}));
}

TEST(Thin, KeepsTheFirstOfEachHourAsHourlyMeans) {
  HistoryWorld world;
  for (int minute = 10; minute < 130; minute += 10) {
    world.issue(minute, five_minutes(minute, {1000 + minute, 3000 + minute}));
  }
  world.issue(20, {point(600, 660, 4), point(660, 720, 5)}, "other");
  world.issue(40, {point(600, 660, 6)}, "other");
  world.store->maintain(at(135) + days{7});
  EXPECT_THAT(world.kept(), ElementsAre(10, 60, 120)) << "only hours that are wholly older are thinned";
  EXPECT_THAT(world.kept("other"), ElementsAre(20));
  EXPECT_EQ(world.points_at(10), (Points{point(10, 20, 2010)}));
  EXPECT_EQ(world.points_at(60), (Points{point(60, 70, 2060)}));
  EXPECT_EQ(world.points_at(20), (Points{point(600, 660, 4), point(660, 720, 5)}));
  EXPECT_EQ(world.points_at(120), five_minutes(120, {1120, 3120})) << "newer ones stay as they came";
}

TEST(Thin, TouchesNothingNewer) {
  HistoryWorld world;
  for (int minute = 0; minute < 180; minute += 20) world.issue(minute, five_minutes(minute, {minute, 9}));
  world.store->maintain(at(100) + days{7});
  EXPECT_THAT(world.kept(), ElementsAre(0, 60, 80, 100, 120, 140, 160));
  EXPECT_EQ(world.points_at(60), five_minutes(60, {60, 9}));
  EXPECT_EQ(world.count("forecasts WHERE thinned = 1"), 1);
}

TEST(Thin, GoesOnWhereItStopped) {
  HistoryWorld world;
  for (int minute = 0; minute < 300; minute += 10) world.issue(minute, five_minutes(minute, {minute, 9}));
  store::Db db(world.dir.database().string(), SQLITE_OPEN_READWRITE);
  EXPECT_EQ(store::thin_forecasts(db, at(300), 7), 12) << "the hour that was begun is finished";
  EXPECT_EQ(world.count("forecasts"), 20);
  EXPECT_EQ(world.kept().front(), 0);
  EXPECT_EQ(store::thin_forecasts(db, at(300), 7), 12);
  EXPECT_EQ(store::thin_forecasts(db, at(300), 7), 6);
  EXPECT_EQ(store::thin_forecasts(db, at(300), 7), 0);
  EXPECT_EQ(store::thin_forecasts(db, at(300), 0), 0);
  EXPECT_THAT(world.kept(), ElementsAre(0, 60, 120, 180, 240));
}

TEST(Thin, AnOldIssueThatComesLateTakesItsPlace) {
  HistoryWorld world;
  world.issue(10, five_minutes(10, {1, 3}));
  world.issue(20, five_minutes(20, {1, 3}));
  world.store->maintain(at(60) + days{7});
  world.issue(5, five_minutes(5, {5, 7}));
  world.issue(30, five_minutes(30, {5, 7}));
  world.store->maintain(at(60) + days{7});
  EXPECT_THAT(world.kept(), ElementsAre(5));
  EXPECT_EQ(world.points_at(5), (Points{point(5, 15, 6)}));
}

TEST(Thin, BytesThatNobodyWroteAreDropped) {
  HistoryWorld world;
  world.issue(10, five_minutes(10, {1, 3}));
  world.issue(20, five_minutes(20, {1, 3}));
  {
    store::Db db(world.dir.database().string(), SQLITE_OPEN_READWRITE);
    db.prepare("UPDATE forecasts SET points = x'0107' WHERE issued_at = ?").bind(core::to_ms(at(10))).run();
  }
  world.store->maintain(at(60) + days{7});
  EXPECT_THAT(world.kept(), ElementsAre(20));
  EXPECT_EQ(world.points_at(20), (Points{point(20, 30, 2)}));
}

TEST(Retain, OldIssuesGoButTheNewestOfASourceStays) {
  HistoryWorld world;
  for (int day = 0; day < 3; ++day) world.issue(day * 24 * 60, five_minutes(day * 24 * 60, {day}));
  world.store->maintain(at(60) + days{90});
  EXPECT_THAT(world.kept(), ElementsAre(24 * 60, 48 * 60));
  world.store->maintain(at(0) + days{1000});
  EXPECT_THAT(world.kept(), ElementsAre(48 * 60));
}

TEST(Retain, ActualsStayForEverUnlessAnAgeIsSet) {
  HistoryWorld world;
  world.actuals(0, {100, 200, 300, 400});
  world.actuals(60, {350});  // a revision
  world.store->maintain(at(0) + days{4000});
  EXPECT_EQ(world.count("signal_points"), 5);
  store::StoreOptions options = world.options();
  options.signals.keep_actuals = days{70};
  world.reopen(options);
  world.store->maintain(at(60) + days{70});
  EXPECT_EQ(world.count("signal_points"), 3);
  EXPECT_EQ(world.count("signal_points WHERE begin_at < " + std::to_string(core::to_ms(at(60)))), 0);
}

TEST(Retain, ByTheRowsOfARound) {
  HistoryWorld world;
  world.actuals(0, {1, 2, 3, 4, 5});
  for (int i = 0; i < 5; ++i) world.issue(i, five_minutes(i, {i}));
  store::Db db(world.dir.database().string(), SQLITE_OPEN_READWRITE);
  EXPECT_EQ(store::drop_measured(db, at(1000), 2), 2);
  EXPECT_EQ(store::drop_measured(db, at(1000), 0), 0);
  EXPECT_EQ(store::drop_measured(db, at(1000), 2), 2);
  EXPECT_EQ(store::drop_measured(db, at(1000), 2), 1);
  EXPECT_EQ(store::drop_forecasts(db, at(1000), 3), 3);
  EXPECT_EQ(store::drop_forecasts(db, at(1000), 3), 1);
  EXPECT_EQ(store::drop_forecasts(db, at(1000), 3), 0);
}

TEST(History, PlansAreIndexWalks) {
  HistoryWorld world;
  store::Db db(world.dir.database().string(), SQLITE_OPEN_READONLY);
  for (char const* sql :
       {store::kOldestFullSql, store::kFirstOfHourSql, store::kOldIssuesSql, store::kOldMeasuredSql}) {
    store::Statement plan = db.prepare(std::string("EXPLAIN QUERY PLAN ") + sql);
    ASSERT_TRUE(plan.step()) << sql;
    EXPECT_TRUE(plan.text(3).starts_with("SEARCH")) << plan.text(3) << "\n" << sql;
    EXPECT_FALSE(plan.step()) << plan.text(3) << "\n" << sql;
  }
}

}  // namespace
}  // namespace greenq::test
