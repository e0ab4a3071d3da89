// The plain queue and its price from a real ledger.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "store/savings.hpp"
#include "support/store_builders.hpp"

namespace greenq::test {
namespace {

using core::LeftOut;
using core::SignalKind;

constexpr std::int64_t kKwh = core::kMillijoulePerKwh;

struct Submitted {
  int at = 0;
  std::string project = "vision";
  std::string owner = "ann";
};

core::Job submitted(core::JobId id, Submitted const& by) {
  core::Job job = plain_job(id, "train", by.project, by.owner);
  auto spec = *job.spec;
  spec.resources.cpus = 4;
  spec.expected_duration = minutes{30};
  job.spec = std::make_shared<core::JobSpec const>(std::move(spec));
  job.submitted_at = store_time(by.at);
  return job;
}

// Ran in these segments, in minutes.
core::Job ran(core::JobId id, Submitted const& by, std::vector<std::pair<int, int>> const& segments) {
  core::Job job = submitted(id, by);
  core::Attempt attempt;
  attempt.number = 1;
  for (auto const& [begin, end] : segments) attempt.segments.push_back({store_time(begin), store_time(end)});
  job.started_at = attempt.segments.front().begin;
  job.ended_at = attempt.segments.back().end;
  job.attempts = {attempt};
  job.state = core::JobState::kSucceeded;
  return job;
}

core::Job with_spec(core::Job job, std::function<void(core::JobSpec&)> const& change) {
  auto spec = *job.spec;
  change(spec);
  job.spec = std::make_shared<core::JobSpec const>(std::move(spec));
  return job;
}

struct SavingsWorld : StoreWorld {
  // Marginal half hours of 100, 200, 300, 400 ... g/kWh from minute 0 on, for a day; the last one of 50.
  SavingsWorld() {
    std::vector<std::int64_t> grams(48, 50);
    for (std::size_t i = 0; i < 47; ++i) grams[i] = 100 * (static_cast<std::int64_t>(i) + 1);
    core::Changes changes;
    changes.signals = {
        {0, signal_of(SignalKind::kMarginal, 0, half_hours(0, grams, core::PointState::kActual))}};
    put(changes);
    query.ended = {store_time(0), store_time(24 * 60 + 1)};
    query.capacity = {"node", 4, std::int64_t{8} << 30, {}};
    query.now = store_time(48 * 60);
  }

  // 1 kWh in each segment.
  void add(core::Job const& job) {
    core::Changes changes;
    changes.jobs = {job};
    if (!job.attempts.empty()) {
      for (core::Segment const& segment : job.attempts[0].segments) {
        core::EnergySlice slice = slice_of(job.id, 0, 1, kKwh);
        slice.interval = {segment.begin, segment.end.value_or(query.now)};
        changes.slices.push_back(slice);
      }
    }
    put(changes);
  }
  // Its stored footprint, as the engine leaves it.
  void settle_one(core::JobId id) {
    core::Changes changes;
    changes.footprints = {{id, settle(*this, id)->footprint}};
    put(changes);
  }
  core::Result<core::Savings> ask() {
    return wait_for<core::Savings>([&](auto const& done) { reads->savings(query, done); });
  }
  core::Savings saved() {
    auto found = ask();
    if (!found) ADD_FAILURE() << found.error().message;
    return found.value_or(core::Savings{});
  }

  app::SavingsQuery query;
};

TEST(Savings, AJobThatWaitedForACleanHour) {
  SavingsWorld world;
  world.add(ran(1, {60}, {{1410, 1440}}));
  auto const saved = world.saved();
  EXPECT_EQ(saved.jobs, 1);
  EXPECT_EQ(saved.marginal.jobs, 1);
  EXPECT_EQ(saved.marginal.actual.value, 50'000);
  EXPECT_EQ(saved.marginal.plain.value, 300'000);
  EXPECT_EQ(saved.marginal.energy.value, kKwh);
  EXPECT_EQ(saved.marginal.source, source_of(SignalKind::kMarginal));
  EXPECT_EQ(saved.marginal.provisional, 0);
  EXPECT_EQ(saved.average.jobs, 0);
  EXPECT_EQ(saved.average.unpriced, 1) << "kinds are never mixed";
  EXPECT_FALSE(saved.marginal.interval);
}

TEST(Savings, NegativeWhereLaterWasDirtier) {
  SavingsWorld world;
  world.add(ran(1, {0}, {{60, 90}}));
  auto const saved = world.saved();
  EXPECT_EQ(saved.marginal.actual.value, 300'000);
  EXPECT_EQ(saved.marginal.plain.value, 100'000);
  EXPECT_EQ(saved.actual.mean_wait, minutes{60});
  EXPECT_EQ(saved.plain.mean_wait, minutes{0});
}

// A start at submission would give both minute 0; the machine has room for one.
TEST(Savings, CapacityIsNotGivenTwice) {
  SavingsWorld world;
  world.add(ran(1, {0}, {{60, 90}}));
  world.add(ran(2, {0}, {{90, 120}}));
  auto const saved = world.saved();
  EXPECT_EQ(saved.marginal.actual.value, 300'000 + 400'000);
  EXPECT_EQ(saved.marginal.plain.value, 100'000 + 200'000);
  EXPECT_EQ(saved.plain.mean_wait, minutes{15});
  EXPECT_EQ(saved.queued, 2);
}

TEST(Savings, APausedJobIsJoined) {
  SavingsWorld world;
  world.add(ran(1, {0}, {{30, 60}, {120, 150}}));
  auto const saved = world.saved();
  EXPECT_EQ(saved.marginal.actual.value, 200'000 + 500'000);
  EXPECT_EQ(saved.marginal.plain.value, 100'000 + 200'000);
  EXPECT_EQ(saved.actual.mean_wait, minutes{30});
  EXPECT_EQ(saved.actual.mean_delay, minutes{90});
}

TEST(Savings, FiltersChooseWhatIsSummedNotWhoCompetes) {
  SavingsWorld world;
  world.add(ran(1, {0, "other", "bob"}, {{0, 30}}));
  world.add(ran(2, {0}, {{30, 60}}));
  world.query.project = "vision";
  auto saved = world.saved();
  EXPECT_EQ(saved.jobs, 1);
  EXPECT_EQ(saved.queued, 2);
  EXPECT_EQ(saved.marginal.plain.value, 200'000) << "bob's job is in its way";
  world.query.project.clear();
  world.query.owner = "bob";
  saved = world.saved();
  EXPECT_EQ(saved.jobs, 1);
  EXPECT_EQ(saved.marginal.plain.value, 100'000);
}

TEST(Savings, WhatIsLeftOutIsCounted) {
  SavingsWorld world;
  world.add(ran(1, {0}, {{0, 30}}));
  core::Job live = submitted(2, {10});
  world.put_jobs({live});
  core::Job cancelled = submitted(3, {10});
  cancelled.state = core::JobState::kCancelled;
  cancelled.ended_at = store_time(20);
  world.put_jobs({cancelled});
  world.put_jobs({with_spec(ran(4, {10}, {{40, 50}}), [](auto& spec) { spec.resources.cpus = 64; })});
  world.put_jobs({ran(5, {40}, {{50, 60}})});  // nothing metered
  auto const saved = world.saved();
  EXPECT_EQ(saved.jobs, 2);
  EXPECT_EQ(saved.marginal.jobs, 1);
  using testing::Pair;
  EXPECT_THAT(saved.left_out,
              testing::ElementsAre(Pair(LeftOut::kNotEnded, 1), Pair(LeftOut::kNeverRan, 1),
                                   Pair(LeftOut::kDoesNotFit, 1), Pair(LeftOut::kEnergyUnknown, 1)));
  EXPECT_EQ(saved.queued, 3) << "the live one competes";
  // The live job is before job 5 in the queue, with the half hour that is expected of it.
  EXPECT_EQ(saved.plain.p95_wait, minutes{20});
}

TEST(Savings, JobsAroundThePeriodCompeteButAreNotSummed) {
  SavingsWorld world;
  world.add(ran(1, {-60}, {{-30, 0}}));  // ended before the period, live when job 2 came
  world.add(ran(2, {-40}, {{30, 60}}));
  world.add(ran(3, {20}, {{2000, 2030}}));  // ended after the period
  world.query.ended = {store_time(10), store_time(1000)};
  auto const saved = world.saved();
  EXPECT_EQ(saved.jobs, 1);
  EXPECT_EQ(saved.queued, 3);
  // In the plain queue job 1 ran from -60 to -30, and job 2 from then on: its price is not known there.
  EXPECT_EQ(saved.plain.mean_wait, minutes{10});
  EXPECT_EQ(saved.marginal.unpriced, 1);
}

TEST(Savings, SettledJobsAreFoundByTheirFootprints) {
  SavingsWorld world;
  world.add(ran(1, {0}, {{60, 90}}));
  auto const before = world.saved();
  world.settle_one(1);
  EXPECT_TRUE(world.store->load()->unsettled.empty());
  auto const after = world.saved();
  EXPECT_EQ(after.jobs, 1);
  EXPECT_EQ(after.marginal.plain, before.marginal.plain);
  EXPECT_EQ(after.marginal.actual, footprint(world, 1)->footprint.marginal.carbon);
}

TEST(Savings, DependenciesAreKeptInThePlainQueue) {
  SavingsWorld world;
  world.query.capacity.cpus = 64;
  world.add(ran(1, {0}, {{30, 60}}));
  core::Job next = ran(2, {0}, {{60, 90}});
  next.dependencies = {{1, core::DependencyCondition::kSucceeded, core::DependencyStatus::kSatisfied}};
  world.add(next);
  EXPECT_EQ(world.saved().marginal.plain.value, 100'000 + 200'000);
}

TEST(Savings, AJobHeldByHandWaitsInBothQueues) {
  SavingsWorld world;
  world.add(with_spec(ran(1, {0}, {{60, 90}}), [](auto& spec) { spec.hold = true; }));
  EXPECT_EQ(world.saved().plain.mean_wait, minutes{60}) << "no event is kept: it was released by its start";
  core::Changes changes;
  changes.events = {event_of(1, 1)};
  changes.events[0].kind = core::JobEventKind::kUnheld;
  changes.events[0].at = store_time(20);
  world.put(changes);
  EXPECT_EQ(world.saved().plain.mean_wait, minutes{20});
}

TEST(Savings, WithoutMeasuredFiguresForecastsCountAndAreNotFinal) {
  SavingsWorld world;
  core::Changes changes;
  changes.signals = {
      {0, signal_of(SignalKind::kAverage, -5, half_hours(0, {10, 20, 30, 40}, core::PointState::kForecast))}};
  world.put(changes);
  world.add(ran(1, {0}, {{60, 90}}));
  auto const saved = world.saved();
  EXPECT_EQ(saved.average.jobs, 1);
  EXPECT_EQ(saved.average.actual.value, 30'000);
  EXPECT_EQ(saved.average.plain.value, 10'000);
  EXPECT_EQ(saved.average.provisional, 1);
  EXPECT_EQ(saved.marginal.provisional, 0);
}

TEST(Savings, IntervalOverDays) {
  SavingsWorld world;
  world.prices.profiles.push_back({source_of(SignalKind::kAverage, "climatology"), {}});
  for (auto& season : world.prices.profiles[0].hours) {
    for (int hour = 0; hour < 24; ++hour) season[hour] = {std::int64_t{1000} * (hour + 1)};
  }
  world.open();
  for (core::JobId day = 1; day <= 6; ++day) {
    int const noon = static_cast<int>(day) * 24 * 60 - 24 * 60 - 30;
    world.add(ran(day, {noon + 60}, {{noon + 120, noon + 150}}));
  }
  world.query.ended.end = store_time(24 * 60 * 7);
  world.query.now = store_time(24 * 60 * 8);
  auto const saved = world.saved();
  EXPECT_EQ(saved.days, 6U);
  EXPECT_EQ(saved.average.jobs, 6);
  EXPECT_EQ(saved.average.interval, (core::CarbonRange{{-6000}, {-6000}})) << "all days are alike";
}

TEST(Savings, MissedBoundsOfBoth) {
  SavingsWorld world;
  auto const bounded = [](core::Job job) {
    return with_spec(std::move(job), [](auto& spec) {
      spec.carbon.bound = core::Bound{core::BoundKind::kMaxDelay, {}, minutes{20}};
    });
  };
  world.add(bounded(ran(1, {0}, {{60, 90}})));
  world.add(bounded(ran(2, {0}, {{10, 40}})));
  auto const saved = world.saved();
  EXPECT_EQ(saved.bounded, 2);
  EXPECT_EQ(saved.actual.missed, 1);
  EXPECT_EQ(saved.plain.missed, 1) << "there is room for one at a time";
}

TEST(Savings, RefusesALongPeriod) {
  SavingsWorld world;
  world.query.ended.end = world.query.ended.begin + app::kSavingsPeriodMax;
  EXPECT_TRUE(world.ask());
  world.query.ended.end += core::Span{1};
  EXPECT_EQ(world.ask().error().reason, "PERIOD_TOO_LONG");
}

TEST(Savings, RefusesMoreJobsThanItsLimit) {
  SavingsWorld world;
  std::vector<core::Job> jobs;
  for (core::JobId id = 1; id <= store::kSavingsJobsMax; ++id) jobs.push_back(submitted(id, {0}));
  world.put_jobs(std::move(jobs));
  EXPECT_EQ(world.saved().queued, static_cast<std::int64_t>(store::kSavingsJobsMax));
  world.put_jobs({submitted(store::kSavingsJobsMax + 1, {0})});
  EXPECT_EQ(world.ask().error().reason, "TOO_MANY_JOBS");
}

TEST(Savings, WalksOnlyIndexes) {
  SavingsWorld world;
  auto const db = store::open_reader(world.dir.database(), false);
  for (char const* sql : {store::kAroundSql, store::kEarliestSql}) {
    store::Statement plan = db->prepare(std::string("EXPLAIN QUERY PLAN ") + sql);
    while (plan.step()) {
      std::string const line = plan.text(3);
      bool const few =
          line.find("jobs_live") != std::string::npos || line.find("jobs_unsettled") != std::string::npos;
      bool const table =
          line.starts_with("SCAN jobs") || line.starts_with("SCAN f") || line.starts_with("SCAN j");
      EXPECT_TRUE(!table || few) << line;
    }
  }
}

// Found by a breaker: six callers kept every short read waiting for half a minute.
TEST(Savings, AreWorkedOutOneAtATime) {
  SavingsWorld world;
  std::promise<void> open;
  std::shared_future<void> const gate = open.get_future().share();
  for (int thread = 0; thread < 2; ++thread)
    world.reads->get_job(1, [gate](core::Result<core::Job> const&) { gate.wait(); });
  std::promise<core::Result<core::Savings>> first;
  world.reads->savings(world.query, [&](auto result) { first.set_value(std::move(result)); });
  EXPECT_EQ(world.ask().error().reason, "SAVINGS_BUSY");
  open.set_value();
  EXPECT_TRUE(first.get_future().get());
  EXPECT_TRUE(world.ask());
}

TEST(Savings, NoJobs) {
  SavingsWorld world;
  auto const saved = world.saved();
  EXPECT_EQ(saved.jobs, 0);
  EXPECT_TRUE(saved.left_out.empty());
}

}  // namespace
}  // namespace greenq::test
