#include "app/engine.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/fakes.hpp"

namespace greenq {
namespace {

using namespace std::chrono_literals;

// An engine on fakes; planning runs inline.
class EngineTest : public testing::Test {
 protected:
  test::FakeClock clock_;
  test::FakeStore store_;
  test::FakeRunner runner_;
  test::FakeMeter meter_;
  test::FakeReads reads_{store_};
  int uids_ = 0;
  std::vector<app::ConfiguredFeed> feeds_;
  std::function<void(std::function<void()>)> run_on_planner_ = [](std::function<void()> const& job) {
    job();
  };
  std::unique_ptr<app::Engine> engine_ = make();

  std::unique_ptr<app::Engine> make() {
    app::EngineParts parts;
    parts.clock = &clock_;
    parts.store = &store_;
    parts.runner = &runner_;
    parts.meter = &meter_;
    parts.reads = &reads_;
    parts.site.zone = "ZZ";
    parts.new_uid = [this](core::Instant) { return "uid-" + std::to_string(++uids_); };
    parts.run_on_planner = run_on_planner_;
    parts.feeds = feeds_;
    auto engine = std::make_unique<app::Engine>(std::move(parts));
    EXPECT_TRUE(engine->load());
    return engine;
  }
  void settle() {
    for (int i = 0; i < 10; ++i) engine_->turn();
  }
  core::Result<std::vector<core::Job>> submit(std::vector<core::JobSpec> specs, std::string request_id = "",
                                              std::string hash = "h") {
    core::Result<std::vector<core::Job>> answer = core::fail(core::ErrorCode::kInternal, "NO_ANSWER", "");
    engine_->submit({test::user(), std::move(specs), std::move(request_id), std::move(hash)},
                    [&](auto result) { answer = std::move(result); });
    settle();
    return answer;
  }
};

TEST_F(EngineTest, AnAcknowledgedJobIsInTheStoreAndStarts) {
  auto const jobs = submit({test::spec()});
  ASSERT_TRUE(jobs) << jobs.error().message;
  EXPECT_TRUE(store_.all_jobs.contains(jobs->front().id));
  ASSERT_EQ(runner_.started.size(), 1U);
  EXPECT_EQ(runner_.started[0].segment.job, jobs->front().id);
}

TEST_F(EngineTest, NothingIsAcknowledgedWhenTheCommitFails) {
  store_.fail_next_commit = true;
  auto const jobs = submit({test::spec()});
  ASSERT_FALSE(jobs);
  EXPECT_EQ(jobs.error().code, core::ErrorCode::kResourceExhausted);
  EXPECT_TRUE(store_.all_jobs.empty());
  EXPECT_TRUE(runner_.started.empty());
  EXPECT_TRUE(engine_->view()->hold_mode);
  auto const refused = submit({test::spec()});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().reason, "HOLD_MODE");
}

TEST_F(EngineTest, FiguresOfAFeedThatWasRemovedDecideNothing) {
  core::Signal signal;
  signal.source = {"ZZ", core::SignalKind::kMarginal, core::SignalBasis::kDirect, "replay", "a replay", ""};
  signal.points = {{{clock_.now(), clock_.now() + 24h}, {100'000}, core::PointState::kForecast}};
  store_.signals = {{0, signal}};
  feeds_ = {{"ZZ", "watttime"}, {"ZZ", "replay"}};
  engine_ = make();
  EXPECT_TRUE(engine_->view()->signals->has(core::SignalKind::kMarginal));
  feeds_ = {{"ZZ", "watttime"}, {"YY", "replay"}};
  engine_ = make();
  EXPECT_FALSE(engine_->view()->signals->has(core::SignalKind::kMarginal));
}

// Hourly actuals before now.
std::vector<core::IntensityPoint> past_hours(core::Instant now, int count) {
  std::vector<core::IntensityPoint> points;
  core::Instant const end = std::chrono::floor<std::chrono::hours>(now);
  for (int h = count; h > 0; --h)
    points.push_back({{end - h * 1h, end - (h - 1) * 1h}, {200'000 + h}, core::PointState::kActual});
  return points;
}

// Its forecaster was the only one that was stored and loaded.
TEST_F(EngineTest, ARemovedTeacherLeavesTheExperienceOfTheOthers) {
  core::SignalKind const kind = core::SignalKind::kMarginal;
  core::SignalSource const second{"ZZ", kind, {}, "second", {}, {}};
  store_.experience = {{{"ZZ", kind, "first", 0, {}}, past_hours(clock_.now(), 48)},
                       {{"ZZ", kind, "second", 0, {}}, past_hours(clock_.now(), 30)},
                       {{"ZZ", kind, "third", 0, {}}, past_hours(clock_.now(), 60)}};
  feeds_ = {{"ZZ", "second"}, {"ZZ", "third"}};
  engine_ = make();
  auto const view = engine_->view();
  auto const* track = view->signals->track(kind);
  ASSERT_NE(track, nullptr);
  EXPECT_EQ(track->learned_from(), "second") << "the preferred one of those that are configured";
  EXPECT_EQ(track->forecaster()->known(), 30);
  EXPECT_EQ(view->measured_until(second), std::chrono::floor<std::chrono::hours>(clock_.now()));
  EXPECT_EQ(track->measured_until("third"), view->measured_until(second)) << "it rests";
  EXPECT_EQ(track->measured_until("first"), core::Instant{});
}

// A provider that gives two kinds was one feed, of the rank of the first.
TEST_F(EngineTest, FeedsAreToldApartByKind) {
  auto const given = [&](core::SignalKind kind) {
    return core::SignalSource{"ZZ", kind, core::SignalBasis::kDirect, "casdk", "", ""};
  };
  core::Signal signal;
  signal.source = given(core::SignalKind::kAverage);
  signal.points = {{{clock_.now(), clock_.now() + 24h}, {100'000}, core::PointState::kForecast}};
  store_.signals = {{0, signal}};
  store_.experience = {{{"ZZ", core::SignalKind::kMarginal, "casdk", 0, {}}, past_hours(clock_.now(), 30)}};
  feeds_ = {{"ZZ", "casdk", core::SignalKind::kMarginal}};
  engine_ = make();
  EXPECT_FALSE(engine_->view()->signals->has(core::SignalKind::kAverage)) << "not configured any more";
  EXPECT_GT(engine_->view()->measured_until(given(core::SignalKind::kMarginal)), core::Instant{});
  EXPECT_EQ(engine_->view()->measured_until(given(core::SignalKind::kAverage)), core::Instant{});
}

TEST_F(EngineTest, OnlySoManyPreviewsAtOnce) {
  std::vector<std::function<void()>> planner;
  run_on_planner_ = [&](std::function<void()> const& job) { planner.push_back(job); };
  engine_ = make();
  int refused = 0;
  int done = 0;
  auto const ask = [&] {
    engine_->preview({test::user(), {test::spec()}, "", ""}, [&](auto const& answer) {
      if (answer) {
        ++done;
      } else if (answer.error().reason == "TOO_MANY_PLANS") {
        ++refused;
      }
    });
  };
  for (int i = 0; i < 10; ++i) ask();
  settle();
  EXPECT_EQ(refused, 2);
  for (auto const& job : planner) job();
  settle();
  EXPECT_EQ(done, 8);
  planner.clear();
  ask();
  settle();
  for (auto const& job : planner) job();
  settle();
  EXPECT_EQ(done, 9);
}

TEST_F(EngineTest, PlansAreRefreshedWithoutAnyEvent) {
  int plans = 0;
  run_on_planner_ = [&](std::function<void()> const& job) {
    ++plans;
    job();
  };
  engine_ = make();
  auto waiting = test::spec();
  waiting.hold = true;
  ASSERT_TRUE(submit({waiting}));
  int const before = plans;
  settle();
  EXPECT_EQ(plans, before);
  clock_.advance(61s);
  settle();
  EXPECT_EQ(plans, before + 1);
}

// More than are written down at once: all of them get their place, and another plan is made only then.
TEST_F(EngineTest, APlanOfManyJobsIsWrittenDownWhole) {
  ASSERT_TRUE(submit(std::vector<core::JobSpec>(1200, test::spec())));
  for (int i = 0; i < 10; ++i) settle();
  std::size_t planned = 0;
  for (auto const& [id, job] : store_.all_jobs) planned += job.plan ? 1U : 0U;
  EXPECT_EQ(planned, 1200U);
  auto const late = submit({test::spec()});
  ASSERT_TRUE(late) << late.error().message;
  EXPECT_TRUE(store_.all_jobs.at(late->front().id).plan);
}

TEST_F(EngineTest, WorkGoesOnOnceTheStoreIsBack) {
  store_.fail_next_commit = true;
  ASSERT_FALSE(submit({test::spec()}));
  clock_.advance(2s);
  settle();
  EXPECT_FALSE(engine_->view()->hold_mode);
  auto const jobs = submit({test::spec()});
  ASSERT_TRUE(jobs);
  EXPECT_EQ(jobs->front().id, 1U);
  EXPECT_EQ(runner_.started.size(), 1U);
}

TEST_F(EngineTest, ARepeatedRequestGetsTheStoredAnswer) {
  auto const first = submit({test::spec()}, "r1");
  auto const second = submit({test::spec()}, "r1");
  ASSERT_TRUE(first && second);
  EXPECT_EQ(first->front().id, second->front().id);
  EXPECT_EQ(store_.all_jobs.size(), 1U);
  auto const other = submit({test::spec()}, "r1", "other body");
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().code, core::ErrorCode::kAlreadyExists);
}

TEST_F(EngineTest, ARequestRepeatedInTheSameGroupIsOneJob) {
  int answers = 0;
  for (int i = 0; i < 2; ++i) {
    engine_->submit({test::user(), {test::spec()}, "r1", "h"},
                    [&](auto jobs) { answers += jobs.has_value() ? 1 : 0; });
  }
  settle();
  EXPECT_EQ(answers, 2);
  EXPECT_EQ(store_.all_jobs.size(), 1U);
}

TEST_F(EngineTest, ABatchIsAllOrNothing) {
  auto bad = test::spec();
  bad.resources.cpus = 99;
  auto const jobs = submit({test::spec(), bad});
  ASSERT_FALSE(jobs);
  EXPECT_TRUE(store_.all_jobs.empty());
  EXPECT_THAT(jobs.error().message, testing::HasSubstr("job 2 of 2"));
}

TEST_F(EngineTest, DependenciesByNameWithinABatchAndById) {
  auto after = test::spec("after");
  after.depends_on = {{"train", core::DependencyCondition::kSucceeded}};
  auto const jobs = submit({test::spec("train"), after});
  ASSERT_TRUE(jobs) << jobs.error().message;
  EXPECT_EQ(store_.all_jobs.at(2).dependencies.at(0).job, 1U);
  auto unknown = test::spec("x");
  unknown.depends_on = {{"nobody", core::DependencyCondition::kSucceeded}};
  auto const refused = submit({unknown});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().reason, "UNKNOWN_REFERENCE");
}

TEST_F(EngineTest, AFullStoreRefusesNewJobsOnly) {
  auto const first = submit({test::spec()});
  store_.refuse = "the disk is nearly full; free some space";
  auto const second = submit({test::spec()});
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().reason, "STORE_FULL");
  engine_->post(core::SegmentStarted{{1, 1, 1}, clock_.now()});
  engine_->post(core::SegmentEnded{{1, 1, 1}, {core::Outcome::kExited, 0, clock_.now(), ""}});
  settle();
  EXPECT_EQ(store_.all_jobs.at(1).state, core::JobState::kSucceeded);
}

TEST_F(EngineTest, ANewEngineOnTheSameStoreAdoptsWhatRuns) {
  ASSERT_TRUE(submit({test::spec()}));
  engine_->post(core::SegmentStarted{{1, 1, 1}, clock_.now()});
  settle();
  engine_ = make();
  settle();
  ASSERT_EQ(runner_.adopted.size(), 1U);
  EXPECT_EQ(runner_.started.size(), 1U);
  engine_->post(core::SegmentEnded{{1, 1, 1}, {core::Outcome::kExited, 0, clock_.now(), ""}});
  settle();
  EXPECT_EQ(store_.all_jobs.at(1).state, core::JobState::kSucceeded);
  std::int64_t expected = 1;
  for (auto const& event : store_.events) EXPECT_EQ(event.sequence, expected++);
}

TEST_F(EngineTest, WatchersSeeCommittedEventsInOrder) {
  std::vector<std::int64_t> seen;
  int const handle = engine_->watch([&](std::span<core::JobEvent const> events) {
    for (auto const& event : events) {
      EXPECT_TRUE(store_.all_jobs.contains(event.job));
      seen.push_back(event.sequence);
    }
  });
  ASSERT_TRUE(submit({test::spec()}));
  engine_->unwatch(handle);
  std::size_t const count = seen.size();
  ASSERT_GE(count, 2U);
  for (std::size_t i = 0; i < count; ++i) EXPECT_EQ(seen[i], static_cast<std::int64_t>(i) + 1);
  ASSERT_TRUE(submit({test::spec()}));
  EXPECT_EQ(seen.size(), count);
}

TEST_F(EngineTest, PreviewStoresNothing) {
  std::optional<core::Result<std::vector<app::Explanation>>> answer;
  engine_->preview({test::user(), {test::spec()}, "", ""}, [&](auto result) { answer = std::move(result); });
  settle();
  ASSERT_TRUE(answer && *answer);
  ASSERT_TRUE((**answer).front().plan);
  EXPECT_EQ((**answer).front().job.id, 0U);
  EXPECT_TRUE(store_.all_jobs.empty());
}

TEST_F(EngineTest, ExplainNamesThePlace) {
  auto held = test::spec();
  held.hold = true;
  ASSERT_TRUE(submit({held}));
  std::optional<core::Result<app::Explanation>> answer;
  engine_->explain(1, [&](auto result) { answer = std::move(result); });
  settle();
  ASSERT_TRUE(answer && *answer);
  EXPECT_EQ((*answer)->reasons.front().code, core::HoldCode::kHeldByUser);
  EXPECT_EQ((*answer)->place.position, 1);
}

TEST_F(EngineTest, AHoldReasonFromTheStartReleasesNothing) {
  store_.durable.jobs.clear();
  app::EngineParts parts;
  parts.clock = &clock_;
  parts.store = &store_;
  parts.runner = &runner_;
  parts.meter = &meter_;
  parts.reads = &reads_;
  parts.new_uid = [](core::Instant) { return "u"; };
  parts.run_on_planner = [](std::function<void()> const& job) { job(); };
  parts.hold_reason = "the store is corrupt";
  engine_ = std::make_unique<app::Engine>(std::move(parts));
  ASSERT_TRUE(engine_->load());
  EXPECT_FALSE(submit({test::spec()}));
  clock_.advance(1h);
  settle();
  EXPECT_TRUE(engine_->view()->hold_mode);
  EXPECT_TRUE(runner_.started.empty());
}

// Hourly figures from the present hour on: dirty, dirty, clean, dirty …
core::SignalReceived clean_in_two_hours(core::Instant now) {
  core::SignalReceived event;
  event.signal.source = {"ZZ", core::SignalKind::kMarginal, core::SignalBasis::kDirect, "test", "test series",
                         ""};
  event.signal.issued_at = event.signal.received_at = now;
  core::Instant begin = std::chrono::floor<std::chrono::hours>(now);
  for (int hour = 0; hour < 24; ++hour, begin += 1h) {
    core::Intensity const value{hour == 2 ? 100'000 : 500'000};
    event.signal.points.push_back({{begin, begin + 1h}, value, core::PointState::kForecast});
  }
  return event;
}

TEST_F(EngineTest, AWallClockStepForwardStartsWhatIsDue) {
  clock_.time = std::chrono::floor<std::chrono::hours>(clock_.time);
  engine_->post(clean_in_two_hours(clock_.time));
  settle();
  ASSERT_TRUE(submit({test::spec()}));
  ASSERT_TRUE(runner_.started.empty());
  clock_.time += 2h;  // the steady clock does not move
  settle();
  EXPECT_EQ(runner_.started.size(), 1U);
}

TEST_F(EngineTest, AWallClockStepBackLosesNoTimer) {
  clock_.time = std::chrono::floor<std::chrono::hours>(clock_.time);
  engine_->post(clean_in_two_hours(clock_.time));
  settle();
  ASSERT_TRUE(submit({test::spec()}));
  clock_.time -= 48h;
  settle();
  EXPECT_TRUE(runner_.started.empty());
  clock_.time += 50h;
  settle();
  EXPECT_EQ(runner_.started.size(), 1U);
}

TEST_F(EngineTest, AStepBackAfterTheTimerFiredDoesNotBlockLaterTimers) {
  core::JobSpec blocker = test::spec("blocker");
  blocker.resources.cpus = 4;
  ASSERT_TRUE(submit({blocker}));
  core::JobSpec waiting = test::spec("waiting");
  waiting.carbon.bound = core::Bound{core::BoundKind::kMaxDelay, {}, 1h};
  ASSERT_TRUE(submit({waiting}));
  clock_.advance(1h);
  settle();
  ASSERT_EQ(runner_.started.size(), 1U);
  clock_.time -= 30min;
  settle();
  engine_->post(core::SegmentStarted{{1, 1, 1}, clock_.now()});
  engine_->post(core::SegmentEnded{{1, 1, 1}, {core::Outcome::kExited, 0, clock_.now(), ""}});
  settle();
  clock_.advance(30min);
  settle();
  EXPECT_EQ(runner_.started.size(), 2U);
}

TEST_F(EngineTest, AFailedCommitAnswersRefusalsAndQueriesToo) {
  store_.fail_next_commit = true;
  int answers = 0;
  auto bad = test::spec();
  bad.resources.cpus = 99;
  engine_->submit({test::user(), {test::spec()}, "", ""}, [&](auto const& jobs) { answers += jobs ? 0 : 1; });
  engine_->submit({test::user(), {bad}, "", ""}, [&](auto const& jobs) { answers += jobs ? 0 : 1; });
  engine_->explain(1, [&](auto const& explanation) { answers += explanation ? 0 : 1; });
  engine_->turn();
  EXPECT_EQ(answers, 3);
  EXPECT_EQ(engine_->view()->live_jobs.size(), 0U) << "what was staged is no longer true";
}

TEST_F(EngineTest, TooManyWaitingRequestsAreRefused) {
  app::EngineParts parts;
  parts.clock = &clock_;
  parts.store = &store_;
  parts.runner = &runner_;
  parts.meter = &meter_;
  parts.reads = &reads_;
  parts.new_uid = [](core::Instant) { return "u"; };
  parts.run_on_planner = [](std::function<void()> const& job) { job(); };
  parts.inbox_max = 1;
  engine_ = std::make_unique<app::Engine>(std::move(parts));
  ASSERT_TRUE(engine_->load());
  std::string reason;
  engine_->submit({test::user(), {test::spec()}, "", ""}, [](auto const&) {});
  engine_->submit({test::user(), {test::spec()}, "", ""},
                  [&](auto const& jobs) { reason = jobs.error().reason; });
  EXPECT_EQ(reason, "QUEUE_FULL");
}

}  // namespace
}  // namespace greenq
