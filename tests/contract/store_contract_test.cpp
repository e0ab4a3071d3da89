// What every app::Store and its app::Reads promise (daemon/app/ports.hpp): the fakes of the unit tests and
// the ledger on disk.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <memory>

#include "support/store_builders.hpp"

namespace greenq {
namespace {

using core::JobState;
using test::one_job;
using testing::ElementsAre;

// A store, and a new one that finds what the first left durable.
struct Ledger {
  virtual ~Ledger() = default;
  virtual app::Store& store() = 0;
  virtual app::Reads& reads() = 0;
  virtual void restart() = 0;
};

struct InMemory final : Ledger {
  test::FakeStore fake;
  test::FakeReads fake_reads{fake};
  app::Store& store() override { return fake; }
  app::Reads& reads() override { return fake_reads; }
  void restart() override { fake.rollback(); }
};

struct OnDisk final : Ledger {
  test::StoreWorld world;
  OnDisk() { EXPECT_TRUE(world.store->load()); }
  app::Store& store() override { return *world.store; }
  app::Reads& reads() override { return *world.reads; }
  void restart() override { world.open(); }
};

struct Kind {
  char const* name;
  std::function<std::unique_ptr<Ledger>()> make;
};

class StoreContract : public testing::TestWithParam<Kind> {
 protected:
  app::Store& store() { return ledger_->store(); }
  void put(core::Changes const& changes) {
    ASSERT_TRUE(store().stage(changes));
    ASSERT_TRUE(store().commit());
  }
  std::vector<core::JobId> live() {
    std::vector<core::JobId> ids;
    auto const loaded = store().load();
    EXPECT_TRUE(loaded);
    for (auto const& [id, job] : loaded->state.jobs) ids.push_back(id);
    return ids;
  }
  static core::Changes named(core::JobId id, std::string name, JobState state = JobState::kQueued) {
    auto changes = one_job(id, static_cast<std::int64_t>(id));
    auto spec = *changes.jobs[0].spec;
    spec.name = std::move(name);
    changes.jobs[0].spec = std::make_shared<core::JobSpec const>(std::move(spec));
    changes.jobs[0].state = state;
    return changes;
  }
  core::JobId find(core::Changes const& like, std::string const& id_or_name) {
    core::Job const& job = like.jobs[0];
    auto const found = store().find_job(job.spec->project, job.owner.uid, id_or_name);
    EXPECT_TRUE(found);
    return *found ? (*found)->id : 0;
  }

  core::Result<app::ForecastHistory> forecasts(std::string const& provider, int begin, int end,
                                               bool actuals = true) {
    core::Interval const window{test::store_time(begin), test::store_time(end)};
    app::ForecastQuery const query{"GB", core::SignalKind::kMarginal, provider, window, actuals};
    return test::wait_for<app::ForecastHistory>(
        [&](auto const& done) { ledger_->reads().forecasts(query, done); });
  }

  std::unique_ptr<Ledger> ledger_ = GetParam().make();
};

TEST_P(StoreContract, WhatWasCommittedIsFoundAfterARestart) {
  put(one_job(1, 1));
  put(one_job(2, 2));
  ledger_->restart();
  EXPECT_THAT(live(), ElementsAre(1, 2));
  auto const loaded = store().load();
  EXPECT_EQ(loaded->state.next_job, 3U);
  EXPECT_EQ(loaded->state.next_sequence, 3);
  EXPECT_FALSE(loaded->epoch.empty());
}

TEST_P(StoreContract, WhatWasOnlyStagedIsGoneAfterARollback) {
  put(one_job(1, 1));
  ASSERT_TRUE(store().stage(one_job(2, 2)));
  store().rollback();
  ASSERT_TRUE(store().commit()) << "nothing is staged";
  EXPECT_THAT(live(), ElementsAre(1));
  EXPECT_EQ(store().load()->state.next_job, 2U);
}

TEST_P(StoreContract, SeveralStagesAreOneGroup) {
  ASSERT_TRUE(store().stage(one_job(1, 1)));
  ASSERT_TRUE(store().stage(one_job(2, 2)));
  ASSERT_TRUE(store().commit());
  ledger_->restart();
  EXPECT_THAT(live(), ElementsAre(1, 2));
}

TEST_P(StoreContract, EndedJobsAreNotLiveAndTheirIdsAreNotUsedAgain) {
  put(one_job(1, 1));
  auto ended = one_job(1, 2);
  ended.jobs[0].state = JobState::kSucceeded;
  put(ended);
  ledger_->restart();
  EXPECT_THAT(live(), ElementsAre());
  EXPECT_EQ(store().load()->state.next_job, 2U);
}

TEST_P(StoreContract, RequestsAreFoundStagedAndDurable) {
  auto changes = one_job(1, 1);
  changes.requests.push_back({7, "r-1", "hash", {1}, test::store_time(0)});
  ASSERT_TRUE(store().stage(changes));
  auto const staged = store().find_request(7, "r-1");
  ASSERT_TRUE(staged && *staged);
  EXPECT_THAT((*staged)->jobs, ElementsAre(1));
  ASSERT_TRUE(store().commit());
  EXPECT_EQ((*store().find_request(7, "r-1"))->request_hash, "hash");
  EXPECT_FALSE(*store().find_request(8, "r-1")) << "of another user";
  EXPECT_FALSE(*store().find_request(7, "r-2"));
}

TEST_P(StoreContract, JobsAreFoundByIdThenByTheNewestOfTheName) {
  auto const like = named(1, "prep");
  put(like);
  put(named(2, "prep", JobState::kFailed));
  put(named(3, "1"));
  EXPECT_EQ(find(like, "2"), 2U);
  EXPECT_EQ(find(like, "prep"), 2U) << "ended jobs, too";
  EXPECT_EQ(find(like, "1"), 1U) << "the id comes before the name";
  EXPECT_EQ(find(like, "none"), 0U);
  ASSERT_TRUE(store().stage(named(4, "prep")));
  EXPECT_EQ(find(like, "prep"), 4U) << "staged rows are seen";
  EXPECT_FALSE(*store().find_job("another", like.jobs[0].owner.uid, "prep"));
  EXPECT_FALSE(*store().find_job(like.jobs[0].spec->project, like.jobs[0].owner.uid + 1, "prep"));
}

TEST_P(StoreContract, ForecastsAreTheFirstOfEachHourBesideWhatCame) {
  using core::PointState;
  using core::SignalKind;
  using test::half_hours;
  core::Changes changes;
  for (int minute : {5, 20, 40}) {
    changes.signals.emplace_back(
        0, test::signal_of(SignalKind::kMarginal, minute, half_hours(60, {minute}, PointState::kForecast)));
  }
  changes.signals.emplace_back(
      0, test::signal_of(SignalKind::kMarginal, 90, half_hours(30, {1, 2}, PointState::kEstimated)));
  changes.signals.emplace_back(
      0, test::signal_of(SignalKind::kMarginal, 95, half_hours(60, {3}, PointState::kActual)));
  changes.own_forecasts = {
      test::signal_of(SignalKind::kMarginal, 7, half_hours(60, {9}, PointState::kForecast))};
  changes.own_forecasts[0].source = test::source_of(SignalKind::kMarginal, core::kOwnForecast);
  put(changes);
  auto const found = forecasts("neso", 0, 60);
  ASSERT_TRUE(found);
  ASSERT_EQ(found->issues.size(), 2U);
  EXPECT_EQ(found->issues[0].issued_at, test::store_time(5));
  EXPECT_EQ(found->issues[0].points, half_hours(60, {5}, PointState::kForecast));
  EXPECT_EQ(found->issues[1].issued_at, test::store_time(40));
  auto actuals = half_hours(30, {1}, PointState::kEstimated);
  actuals.push_back(half_hours(60, {3}, PointState::kActual)[0]);
  EXPECT_EQ(found->actuals, actuals);
  auto const own = forecasts(core::kOwnForecast, 0, 60);
  ASSERT_TRUE(own);
  EXPECT_EQ(own->issues.size(), 1U);
  EXPECT_EQ(own->actuals, actuals) << "what came is never our own forecast";
  EXPECT_EQ(forecasts("neso", 6, 30)->issues.size(), 1U);
  EXPECT_TRUE(forecasts("neso", 60, 60)->issues.empty());
  EXPECT_EQ(forecasts("neso", 0, 401 * 24 * 60).error().code, core::ErrorCode::kInvalidArgument);
}

// Figures that are not over were stored as measured, of the future even.
TEST_P(StoreContract, WhatIsNotOverIsAForecast) {
  using core::PointState;
  core::Changes changes;
  core::Signal running = test::signal_of(core::SignalKind::kMarginal, 45,
                                         test::half_hours(0, {1, 2, 3}, PointState::kEstimated));
  running.received_at = test::store_time(45);
  changes.signals.emplace_back(0, running);
  put(changes);
  auto const found = forecasts("neso", 0, 60);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->actuals, test::half_hours(0, {1}, PointState::kEstimated));
  ASSERT_EQ(found->issues.size(), 1U);
  EXPECT_EQ(found->issues[0].points, test::half_hours(30, {2, 3}, PointState::kForecast));
  EXPECT_TRUE(forecasts("neso", 0, 60, false)->actuals.empty()) << "not asked for";
}

// The recording itself was archived as if somebody had forecast it.
TEST_P(StoreContract, PerfectForesightIsNoIssue) {
  core::Signal replay = test::signal_of(core::SignalKind::kMarginal, 5,
                                        test::half_hours(0, {1, 2}, core::PointState::kForecast));
  replay.as_given = true;
  replay.issue_time_is_receipt = true;
  core::Changes changes;
  changes.signals.emplace_back(0, replay);
  put(changes);
  EXPECT_TRUE(forecasts("neso", 0, 60)->issues.empty());
  replay.issue_time_is_receipt = false;
  changes.signals = {{0, replay}};
  put(changes);
  EXPECT_EQ(forecasts("neso", 0, 60)->issues.size(), 1U) << "a recorded forecast is one";
}

TEST_P(StoreContract, SavingsSayOfWhichPeriodAndRefuseALongOne) {
  app::SavingsQuery query;
  query.ended = {test::store_time(0), test::store_time(0) + app::kSavingsPeriodMax};
  auto const ask = [&] {
    return test::wait_for<core::Savings>([&](auto const& done) { ledger_->reads().savings(query, done); });
  };
  auto const found = ask();
  ASSERT_TRUE(found);
  EXPECT_EQ(found->ended, query.ended);
  EXPECT_EQ(found->jobs, 0);
  query.ended.end += core::Span{1};
  EXPECT_EQ(ask().error().reason, "PERIOD_TOO_LONG");
}

INSTANTIATE_TEST_SUITE_P(Ports, StoreContract,
                         testing::Values(Kind{"fake", [] { return std::make_unique<InMemory>(); }},
                                         Kind{"sqlite", [] { return std::make_unique<OnDisk>(); }}),
                         [](auto const& one) { return one.param.name; });

}  // namespace
}  // namespace greenq
