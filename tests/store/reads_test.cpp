// Lists, their query plans, and events as readers see them.
#include <gtest/gtest.h>

#include "store/loader.hpp"
#include "store/queries.hpp"
#include "support/store_builders.hpp"

namespace greenq::test {
namespace {

std::vector<core::JobId> ids(core::Result<std::vector<core::Job>> const& jobs) {
  std::vector<core::JobId> found;
  if (!jobs) {
    ADD_FAILURE() << jobs.error().message;
    return found;
  }
  for (core::Job const& job : *jobs) found.push_back(job.id);
  return found;
}

using Ids = std::vector<core::JobId>;

// Twelve jobs: names a b c, projects p q, owners ann bob, states 1..8 by turns.
void fill(StoreWorld& world) {
  std::vector<core::Job> jobs;
  for (core::JobId id = 1; id <= 12; ++id) {
    core::Job job = plain_job(id, std::string(1, static_cast<char>('a' + id % 3)), id % 2 == 0 ? "p" : "q",
                              id <= 6 ? "ann" : "bob");
    job.state = static_cast<core::JobState>(1 + id % 8);
    jobs.push_back(job);
  }
  world.put_jobs(jobs);
}

TEST(List, NewestFirstWithKeysetPages) {
  StoreWorld world;
  fill(world);
  app::JobQuery query;
  query.limit = 5;
  Ids seen;
  for (;;) {
    Ids const page = ids(list(world, query));
    if (page.empty()) break;
    EXPECT_LE(page.size(), 5U);
    seen.insert(seen.end(), page.begin(), page.end());
    query.before_id = page.back();
  }
  EXPECT_EQ(seen, (Ids{12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1}));
}

TEST(List, EveryFilterAloneAndTogether) {
  StoreWorld world;
  fill(world);
  EXPECT_EQ(ids(list(world, JobsWhere().project("p"))), (Ids{12, 10, 8, 6, 4, 2}));
  EXPECT_EQ(ids(list(world, JobsWhere().owner("ann"))), (Ids{6, 5, 4, 3, 2, 1}));
  EXPECT_EQ(ids(list(world, JobsWhere().name("a"))), (Ids{12, 9, 6, 3}));
  EXPECT_EQ(ids(list(world, JobsWhere().project("p").owner("ann").name("a"))), (Ids{6}));
  EXPECT_EQ(ids(list(world, JobsWhere().states({core::JobState::kQueued, core::JobState::kStarting}))),
            (Ids{9, 8, 1}));
  EXPECT_EQ(ids(list(world, JobsWhere().project("q").states({core::JobState::kStarting}))), (Ids{9, 1}));
  EXPECT_EQ(ids(list(world, JobsWhere().submitted_after(store_time(10)))), (Ids{12, 11, 10}));
  EXPECT_EQ(ids(list(world, JobsWhere().owner("bob").submitted_after(store_time(11)).before_id(12))),
            (Ids{11}));
  EXPECT_EQ(ids(list(world, JobsWhere().project("p").before_id(8).limit(2))), (Ids{6, 4}));
  EXPECT_EQ(ids(list(world, JobsWhere().name("' OR 1=1 --"))), Ids{});
  EXPECT_EQ(ids(list(world, JobsWhere().limit(1'000'000))).size(), 12U);
  EXPECT_EQ(ids(list(world, JobsWhere().limit(-3))), (Ids{12}));
}

// All filters switched on and off.
std::vector<app::JobQuery> all_queries() {
  std::vector<app::JobQuery> queries;
  for (unsigned mask = 0; mask < 32; ++mask) {
    app::JobQuery query;
    if ((mask & 1U) != 0) query.project = "p";
    if ((mask & 2U) != 0) query.owner = "ann";
    if ((mask & 4U) != 0) query.name = "a";
    if ((mask & 8U) != 0) query.states = {core::JobState::kQueued};
    if ((mask & 16U) != 0) query.submitted_after = store_time(0);
    queries.push_back(query);
  }
  return queries;
}

// No table walked whole, nothing sorted.
void expect_flat(store::Db& db, std::string const& sql) {
  store::Statement plan = db.prepare("EXPLAIN QUERY PLAN " + sql);
  bool any = false;
  while (plan.step()) {
    any = true;
    std::string const line = plan.text(3);
    EXPECT_EQ(line.find("SCAN jobs"), std::string::npos) << line << "\n" << sql;
    EXPECT_EQ(line.find("SCAN f"), std::string::npos) << line << "\n" << sql;
    EXPECT_EQ(line.find("TEMP B-TREE"), std::string::npos) << line << "\n" << sql;
  }
  EXPECT_TRUE(any) << sql;
}

TEST(List, PlansAreIndexWalks) {
  StoreWorld world;
  fill(world);
  auto const db = store::open_reader(world.dir.database(), false);
  for (app::JobQuery const& query : all_queries()) expect_flat(*db, store::page_sql(query));
  for (unsigned mask = 0; mask < 8; ++mask) {
    app::FootprintQuery query;
    if ((mask & 1U) != 0) query.project = "p";
    if ((mask & 2U) != 0) query.owner = "ann";
    if ((mask & 4U) != 0) query.ended_after = store_time(0);
    expect_flat(*db, store::footprint_page_sql(query));
  }
  expect_flat(*db, store::kProvisionalSql);
}

TEST(List, EveryCombinationRuns) {
  StoreWorld world;
  fill(world);
  for (app::JobQuery const& query : all_queries()) {
    for (core::JobId const id : ids(list(world, query))) {
      auto const job = get_job(world, id);
      ASSERT_TRUE(job);
      EXPECT_TRUE(query.project.empty() || job->spec->project == query.project);
      EXPECT_TRUE(query.owner.empty() || job->owner.name == query.owner);
      EXPECT_TRUE(query.name.empty() || job->spec->name == query.name);
      EXPECT_TRUE(query.states.empty() || job->state == query.states.front());
    }
  }
}

TEST(Load, WalksOnlyTheIndexOfLiveRows) {
  StoreWorld world;
  auto const db = store::open_reader(world.dir.database(), false);
  store::Statement live = db->prepare(std::string("EXPLAIN QUERY PLAN SELECT j.id ") + store::kLiveJobsSql);
  ASSERT_TRUE(live.step());
  EXPECT_NE(live.text(3).find("jobs_live"), std::string::npos) << live.text(3);
  store::Statement unsettled = db->prepare(std::string("EXPLAIN QUERY PLAN ") + store::kUnsettledSql);
  ASSERT_TRUE(unsettled.step());
  EXPECT_NE(unsettled.text(3).find("jobs_unsettled"), std::string::npos) << unsettled.text(3);
}

TEST(Events, OfAllJobsOfOneJobAndTheLastOnes) {
  StoreWorld world;
  core::Changes changes;
  changes.jobs = {plain_job(1), plain_job(2)};
  for (std::int64_t i = 1; i <= 9; ++i) changes.events.push_back(event_of(i, i % 2 == 0 ? 2 : 1));
  world.put(changes);
  auto const sequences = [](core::Result<std::vector<core::JobEvent>> const& found) {
    std::vector<std::int64_t> numbers;
    if (!found) ADD_FAILURE() << found.error().message;
    for (core::JobEvent const& event : found.value_or(std::vector<core::JobEvent>())) {
      numbers.push_back(event.sequence);
    }
    return numbers;
  };
  using Numbers = std::vector<std::int64_t>;
  EXPECT_EQ(sequences(events(world, 0, 0, 3)), (Numbers{1, 2, 3}));
  EXPECT_EQ(sequences(events(world, 3, 0)), (Numbers{4, 5, 6, 7, 8, 9}));
  EXPECT_EQ(sequences(events(world, 3, 2)), (Numbers{4, 6, 8}));
  EXPECT_EQ(sequences(events(world, 9, 0)), Numbers{});
  auto const last =
      wait_for<std::vector<core::JobEvent>>([&](auto const& done) { world.reads->last_events(1, 2, done); });
  EXPECT_EQ(sequences(last), (Numbers{7, 9}));
  EXPECT_EQ(events(world, 10, 0).error().code, core::ErrorCode::kOutOfRange);
  EXPECT_EQ(events(world, -1, 0).error().code, core::ErrorCode::kOutOfRange);
}

TEST(Pool, AnswersWhatStillWaitsWhenItStops) {
  StoreWorld world;
  fill(world);
  std::atomic<int> answers{0};
  for (int i = 0; i < 500; ++i) {
    world.reads->list_jobs({}, [&](core::Result<std::vector<core::Job>> const& result) {
      if (result || result.error().reason == "STOPPING") ++answers;
    });
  }
  world.reads.reset();
  EXPECT_EQ(answers.load(), 500);
}

TEST(Pool, RefusesWhenTooManyWait) {
  StoreWorld world;
  store::ReadOptions options{world.dir.database(), world.prices};
  options.threads = 1;
  options.queue_max = 1;
  auto pool = store::ReadPool::open(options);
  ASSERT_TRUE(pool);
  std::promise<void> entered;
  std::promise<void> release;
  (*pool)->list_jobs({}, [&](auto const&) {
    entered.set_value();
    release.get_future().wait();
  });
  entered.get_future().wait();
  std::promise<bool> second;
  (*pool)->list_jobs({}, [&](auto const& result) { second.set_value(result.has_value()); });
  std::string reason;
  (*pool)->list_jobs({}, [&](auto const& result) { reason = result ? "" : result.error().reason; });
  EXPECT_EQ(reason, "TOO_MANY_READS");
  release.set_value();
  EXPECT_TRUE(second.get_future().get());
}

TEST(Pool, NeedsADatabase) {
  TempDir dir;
  auto const pool = store::ReadPool::open({dir.database(), {}});
  ASSERT_FALSE(pool);
  EXPECT_EQ(pool.error().reason, "STORE_UNREACHABLE");
}

}  // namespace
}  // namespace greenq::test
