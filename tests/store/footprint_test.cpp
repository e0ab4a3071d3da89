// Pricing from stored figures, settling, and sums.
#include <gtest/gtest.h>

#include "support/store_builders.hpp"

namespace greenq::test {
namespace {

using core::PointState;
using core::SignalKind;

constexpr std::int64_t kKwh = core::kMillijoulePerKwh;

// Submitted at minute 0, ran from minute 60 to 120.
core::Job ended_job(core::JobId id, std::string const& name = "train", std::string const& project = "vision",
                    std::string const& owner = "ann") {
  core::Job job = plain_job(id, name, project, owner);
  job.submitted_at = store_time(0);
  return ran_an_hour(std::move(job));
}

void put_signal(StoreWorld& world, core::Signal signal) {
  core::Changes changes;
  changes.signals = {{0, std::move(signal)}};
  world.put(changes);
}

// One job with 1 kWh in each half hour of its run.
void put_job(StoreWorld& world) {
  core::Changes changes;
  changes.jobs = {ended_job(1)};
  changes.slices = {slice_of(1, 60, 90, kKwh), slice_of(1, 90, 120, kKwh)};
  world.put(changes);
}

core::Profile profile(SignalKind kind, std::int64_t grams) {
  core::Profile p;
  p.source = source_of(kind, "climatology");
  for (auto& season : p.hours) {
    for (core::Intensity& hour : season) hour = {grams * 1000};
  }
  return p;
}

core::Footprint priced(StoreWorld& world) {
  auto found = footprint(world, 1);
  if (!found) {
    ADD_FAILURE() << found.error().message;
    return {};
  }
  return found->footprint;
}

TEST(Price, WithoutAnySignalEnergyStaysUnpriced) {
  StoreWorld world;
  put_job(world);
  auto const found = footprint(world, 1);
  ASSERT_TRUE(found);
  core::Footprint const& f = found->footprint;
  EXPECT_EQ(f.energy.sum().value, 2 * kKwh);
  EXPECT_EQ(f.run, hours{1});
  EXPECT_EQ(f.marginal.unpriced.value, 2 * kKwh);
  EXPECT_FALSE(f.marginal.source);
  EXPECT_FALSE(f.marginal.baseline);
  EXPECT_TRUE(found->final);  // nothing will come
}

TEST(Price, ActualFiguresThenBaselineFromSubmission) {
  StoreWorld world;
  put_job(world);
  put_signal(world,
             signal_of(SignalKind::kMarginal, 200, half_hours(0, {300, 400, 100, 200}, PointState::kActual)));
  core::Footprint const f = priced(world);
  EXPECT_EQ(f.marginal.carbon.value, 300'000);
  EXPECT_EQ(f.marginal.baseline, core::Carbon{700'000});
  EXPECT_EQ(f.marginal.shares.at(PointState::kActual).value, 2 * kKwh);
  EXPECT_EQ(f.marginal.source, source_of(SignalKind::kMarginal));
  EXPECT_EQ(f.average.unpriced.value, 2 * kKwh);  // kinds are never mixed
  EXPECT_TRUE(footprint(world, 1)->final);
}

TEST(Price, NewestRevisionWins) {
  StoreWorld world;
  put_job(world);
  put_signal(world,
             signal_of(SignalKind::kMarginal, 200, half_hours(60, {100, 200}, PointState::kEstimated)));
  put_signal(world,
             signal_of(SignalKind::kMarginal, 210, half_hours(60, {100, 200}, PointState::kEstimated)));
  put_signal(world, signal_of(SignalKind::kMarginal, 220, half_hours(60, {150, 250}, PointState::kActual)));
  EXPECT_EQ(priced(world).marginal.carbon.value, 400'000);
  store::Db db(world.dir.database().string(), SQLITE_OPEN_READONLY);
  EXPECT_EQ(db.integer("SELECT count(*) FROM signal_points"), 4);  // the repeat added nothing
  EXPECT_EQ(db.integer("SELECT max(revision) FROM signal_points"), 2);
}

TEST(Price, GapsFromTheForecastThatWasNewestBeforeTheRun) {
  StoreWorld world;
  put_job(world);
  put_signal(world,
             signal_of(SignalKind::kMarginal, -10, half_hours(0, {10, 10, 10, 10}, PointState::kForecast)));
  put_signal(world,
             signal_of(SignalKind::kMarginal, 50, half_hours(0, {20, 20, 20, 20}, PointState::kForecast)));
  put_signal(world,
             signal_of(SignalKind::kMarginal, 70, half_hours(0, {90, 90, 90, 90}, PointState::kForecast)));
  put_signal(world, signal_of(SignalKind::kMarginal, 95, half_hours(60, {100}, PointState::kActual)));
  core::Footprint const f = priced(world);
  EXPECT_EQ(f.marginal.carbon.value, 100'000 + 20'000);
  EXPECT_EQ(f.marginal.shares.at(PointState::kForecast).value, kKwh);
  EXPECT_EQ(f.marginal.baseline, core::Carbon{20'000});  // the issue before submission
  EXPECT_FALSE(footprint(world, 1)->final);
}

// Perfect foresight is archived as no issue; the step that runs is priced by the reply itself.
TEST(Price, ARecordingPricesTheStepThatIsNotOver) {
  StoreWorld world;
  put_job(world);
  core::Signal replay =
      signal_of(SignalKind::kMarginal, 95, half_hours(0, {300, 400, 100}, PointState::kActual));
  replay.points.push_back(half_hours(90, {200}, PointState::kForecast)[0]);
  replay.as_given = replay.issue_time_is_receipt = true;
  put_signal(world, replay);
  core::Footprint const f = priced(world);
  EXPECT_EQ(f.marginal.carbon.value, 300'000);
  EXPECT_EQ(f.marginal.shares.at(PointState::kForecast).value, kKwh);
  EXPECT_FALSE(footprint(world, 1)->final);
}

TEST(Price, ThenTheTypicalDay) {
  StoreWorld world;
  world.prices.profiles = {profile(SignalKind::kAverage, 50)};
  world.open();
  put_job(world);
  core::Footprint const f = priced(world);
  EXPECT_EQ(f.average.carbon.value, 100'000);
  EXPECT_EQ(f.average.baseline, core::Carbon{100'000});
  EXPECT_EQ(f.average.source, source_of(SignalKind::kAverage, "climatology"));
  EXPECT_EQ(f.marginal.unpriced.value, 2 * kKwh);
  EXPECT_TRUE(footprint(world, 1)->final);
}

TEST(Price, ThenTheYearlyFactor) {
  StoreWorld world;
  core::YearlyFactor elsewhere{{9'000}, source_of(SignalKind::kAverage, "yearly")};
  elsewhere.source.zone = "FR";
  world.prices.factors = {elsewhere, {{80'000}, source_of(SignalKind::kAverage, "yearly")}};
  world.open();
  put_job(world);
  core::Footprint f = priced(world);
  EXPECT_EQ(f.average.carbon.value, 160'000);
  EXPECT_EQ(f.average.shares.at(PointState::kConstant).value, 2 * kKwh);
  EXPECT_EQ(f.average.source, source_of(SignalKind::kAverage, "yearly"));
  EXPECT_EQ(f.marginal.unpriced.value, 2 * kKwh) << "kinds are never mixed";
  world.prices.profiles = {profile(SignalKind::kAverage, 50)};
  world.open();
  f = priced(world);
  EXPECT_EQ(f.average.carbon.value, 100'000) << "the typical day comes first";
  EXPECT_EQ(f.average.source, source_of(SignalKind::kAverage, "climatology"));
}

TEST(Price, OwnForecastsComeAfterThoseOfFeeds) {
  StoreWorld world;
  put_job(world);
  core::Changes changes;
  changes.own_forecasts = {
      signal_of(SignalKind::kMarginal, 0, half_hours(60, {50, 50}, PointState::kForecast))};
  changes.own_forecasts[0].source = source_of(SignalKind::kMarginal, core::kOwnForecast);
  world.put(changes);
  EXPECT_EQ(priced(world).marginal.carbon.value, 100'000);
  put_signal(world, signal_of(SignalKind::kMarginal, 0, half_hours(60, {20}, PointState::kForecast)));
  EXPECT_EQ(priced(world).marginal.carbon.value, 20'000 + 50'000);
}

TEST(Price, ASilentFeedKeepsItProvisional) {
  StoreWorld world;
  world.prices.profiles = {profile(SignalKind::kMarginal, 50)};
  world.open();
  put_job(world);
  put_signal(world, signal_of(SignalKind::kMarginal, -600, half_hours(-700, {10}, PointState::kActual)));
  EXPECT_EQ(priced(world).marginal.carbon.value, 100'000);
  EXPECT_FALSE(footprint(world, 1)->final);
}

TEST(Price, PueCounts) {
  StoreWorld world;
  world.prices.site.pue_milli = 1500;
  world.open();
  put_job(world);
  put_signal(world, signal_of(SignalKind::kMarginal, 200, half_hours(60, {100, 200}, PointState::kActual)));
  EXPECT_EQ(priced(world).marginal.carbon.value, 450'000);
}

TEST(Price, AnIssueThatOnlyRepeatsIsKeptOnce) {
  StoreWorld world;
  auto signal = signal_of(SignalKind::kMarginal, 0, half_hours(0, {10, 20}, PointState::kForecast));
  signal.issue_time_is_receipt = true;
  put_signal(world, signal);
  signal.issued_at = signal.received_at = store_time(5);
  put_signal(world, signal);
  store::Db db(world.dir.database().string(), SQLITE_OPEN_READONLY);
  EXPECT_EQ(db.integer("SELECT count(*) FROM forecasts"), 1);
}

TEST(Settle, StoresProvisionalFiguresAndThenTheFinalOnes) {
  StoreWorld world;
  put_job(world);
  put_signal(world,
             signal_of(SignalKind::kMarginal, 0, half_hours(0, {10, 10, 10, 10}, PointState::kForecast)));
  auto const provisional = [&](core::Instant since) {
    return wait_for<std::vector<core::JobId>>(
        [&](auto const& done) { world.reads->provisional(since, 10, done); });
  };
  auto first = settle(world, 1);
  ASSERT_TRUE(first) << first.error().message;
  EXPECT_EQ(first->job, 1U);
  EXPECT_EQ(first->project, "vision");
  core::Changes changes;
  changes.footprints = {{1, first->footprint}};
  world.put(changes);
  EXPECT_EQ(*provisional(store_time(0)), std::vector<core::JobId>{1});
  EXPECT_TRUE(provisional(store_time(121))->empty());
  EXPECT_TRUE(world.store->load()->unsettled.empty());

  put_signal(world,
             signal_of(SignalKind::kMarginal, 200, half_hours(0, {30, 30, 30, 30}, PointState::kActual)));
  auto second = settle(world, 1);
  ASSERT_TRUE(second);
  changes.footprints = {{1, second->footprint}};
  world.put(changes);
  EXPECT_TRUE(provisional(store_time(0))->empty());
  auto const stored = wait_for<std::vector<app::JobFootprint>>(
      [&](auto const& done) { world.reads->list_footprints({}, done); });
  ASSERT_TRUE(stored);
  ASSERT_EQ(stored->size(), 1U);
  app::JobFootprint const& item = stored->front();
  EXPECT_TRUE(item.final);
  EXPECT_EQ(item.job.id, 1U);
  EXPECT_EQ(item.footprint.energy.parts, second->footprint.energy.parts);
  EXPECT_EQ(item.footprint.run, second->footprint.run);
  EXPECT_EQ(item.footprint.marginal.source, second->footprint.marginal.source);
  EXPECT_EQ(item.footprint.marginal.carbon, second->footprint.marginal.carbon);
  EXPECT_EQ(item.footprint.marginal.priced, second->footprint.marginal.priced);
  EXPECT_EQ(item.footprint.marginal.shares, second->footprint.marginal.shares);
  EXPECT_EQ(item.footprint.marginal.baseline, second->footprint.marginal.baseline);
  EXPECT_EQ(item.footprint.average.unpriced, second->footprint.average.unpriced);
  EXPECT_EQ(item.footprint.average.kind, SignalKind::kAverage);
}

TEST(Settle, OfAnUnknownJob) {
  StoreWorld world;
  EXPECT_EQ(settle(world, 5).error().reason, "JOB_NOT_FOUND");
}

core::Footprint made(std::int64_t millijoule, std::optional<core::Carbon> baseline) {
  core::Footprint f;
  f.run = minutes{10};
  f.energy.parts[{core::DeviceClass::kCpu, core::EnergyQuality::kModelled}] = {millijoule};
  f.marginal.carbon = {millijoule * 2};
  f.marginal.priced = {millijoule};
  f.marginal.shares[PointState::kActual] = {millijoule};
  f.marginal.source = source_of(SignalKind::kMarginal);
  f.marginal.baseline = baseline;
  f.average.kind = SignalKind::kAverage;
  f.average.unpriced = {millijoule};
  return f;
}

struct SumWorld : StoreWorld {
  SumWorld() {
    core::Changes changes;
    changes.jobs = {ended_job(1, "a", "p", "ann"), ended_job(2, "b", "p", "bob"),
                    ended_job(3, "a", "q", "ann")};
    changes.jobs[2].ended_at = store_time(24 * 60);
    changes.footprints = {
        {1, made(100, core::Carbon{500})}, {2, made(20, std::nullopt)}, {3, made(3, core::Carbon{9})}};
    changes.footprints[2]
        .footprint.energy.parts[{core::DeviceClass::kGpu, core::EnergyQuality::kMeasured}] = {7};
    put(changes);
  }
  std::vector<app::FootprintGroup> sum(app::FootprintQuery const& query,
                                       std::vector<app::GroupKey> const& keys) {
    auto found = wait_for<std::vector<app::FootprintGroup>>(
        [&](auto const& done) { reads->aggregate(query, keys, done); });
    if (!found) ADD_FAILURE() << found.error().message;
    return found.value_or(std::vector<app::FootprintGroup>());
  }
};

TEST(Aggregate, ByUser) {
  SumWorld world;
  auto const groups = world.sum({}, {app::GroupKey::kUser});
  ASSERT_EQ(groups.size(), 2U);
  EXPECT_EQ(groups[0].keys, std::vector<std::string>{"ann"});
  EXPECT_EQ(groups[0].jobs, 2);
  EXPECT_EQ(groups[0].footprint.run, minutes{20});
  EXPECT_EQ(groups[0].footprint.energy.sum().value, 110);
  EXPECT_EQ(groups[0].footprint.marginal.carbon.value, 206);
  EXPECT_EQ(groups[0].footprint.marginal.baseline, core::Carbon{509});
  EXPECT_EQ(groups[0].footprint.marginal.shares.at(PointState::kActual).value, 103);
  EXPECT_EQ(groups[0].footprint.marginal.source, source_of(SignalKind::kMarginal));
  EXPECT_EQ(groups[0].footprint.average.unpriced.value, 103);
  EXPECT_FALSE(groups[0].footprint.average.source);
  EXPECT_EQ(groups[1].keys, std::vector<std::string>{"bob"});
  EXPECT_FALSE(groups[1].footprint.marginal.baseline);
}

TEST(Aggregate, ByTwoKeysInOrder) {
  SumWorld world;
  auto const groups = world.sum({}, {app::GroupKey::kProject, app::GroupKey::kName});
  ASSERT_EQ(groups.size(), 3U);
  EXPECT_EQ(groups[0].keys, (std::vector<std::string>{"p", "a"}));
  EXPECT_EQ(groups[1].keys, (std::vector<std::string>{"p", "b"}));
  EXPECT_EQ(groups[2].keys, (std::vector<std::string>{"q", "a"}));
}

TEST(Aggregate, ByDayAndFiltered) {
  SumWorld world;
  auto const days = world.sum({}, {app::GroupKey::kDay});
  ASSERT_EQ(days.size(), 2U);
  EXPECT_EQ(days[0].keys, std::vector<std::string>{"2020-09-13"});
  EXPECT_EQ(days[0].jobs, 2);
  EXPECT_EQ(days[1].keys, std::vector<std::string>{"2020-09-14"});
  auto const ann =
      world.sum(FootprintsWhere().owner("ann").ended_before(store_time(600)), {app::GroupKey::kProject});
  ASSERT_EQ(ann.size(), 1U);
  EXPECT_EQ(ann[0].footprint.energy.sum().value, 100);
}

TEST(Aggregate, AllInOneAndNothingAtAll) {
  SumWorld world;
  auto const all = world.sum({}, {});
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].jobs, 3);
  EXPECT_EQ(all[0].footprint.energy.sum().value, 130);
  EXPECT_FALSE(all[0].footprint.marginal.baseline);  // one of them has none
  EXPECT_TRUE(world.sum(FootprintsWhere().project("none"), {}).empty());
}

TEST(ListFootprints, FiltersAndPages) {
  SumWorld world;
  auto const page = [&](app::FootprintQuery const& query) {
    auto found = wait_for<std::vector<app::JobFootprint>>(
        [&](auto const& done) { world.reads->list_footprints(query, done); });
    std::vector<core::JobId> jobs;
    if (!found) ADD_FAILURE() << found.error().message;
    for (auto const& item : found.value_or(std::vector<app::JobFootprint>())) jobs.push_back(item.job.id);
    return jobs;
  };
  using Ids = std::vector<core::JobId>;
  EXPECT_EQ(page({}), (Ids{3, 2, 1}));
  EXPECT_EQ(page(FootprintsWhere().before_id(3).limit(1)), (Ids{2}));
  EXPECT_EQ(page(FootprintsWhere().owner("ann")), (Ids{3, 1}));
  EXPECT_EQ(page(FootprintsWhere().project("p").owner("ann")), (Ids{1}));
  EXPECT_EQ(page(FootprintsWhere().project("p").ended_before(store_time(121))), (Ids{2, 1}));
  EXPECT_EQ(page(FootprintsWhere().ended_after(store_time(600))), (Ids{3}));
}

}  // namespace
}  // namespace greenq::test
