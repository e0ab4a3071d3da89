// Values with every field set, a store in a temporary directory, and a blocking face of app::Reads.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <future>
#include <string>

#include "store/read_pool.hpp"
#include "store/sqlite_store.hpp"
#include "support/fakes.hpp"
#include "tests/support/temp_dir.hpp"

namespace greenq::test {

using std::chrono::hours;
using std::chrono::minutes;

inline core::Instant store_time(int minute) {
  return core::from_ms(1'600'000'200'000) + minutes{minute};  // 2020-09-13T12:30Z
}

inline core::JobSpec full_spec() {
  core::JobSpec spec;
  spec.name = "train";
  spec.project = "vision";
  spec.command = {"/bin/bash", "-c", "echo \"a\tb\""};
  spec.run = "echo\n'x'";
  spec.workdir = "/home/ann/w \xff";
  spec.env = {{"A", ""}, {"B", "ü\n"}};
  spec.resources = {2, {"a100", "h100"}, 40LL << 30, 8, 64LL << 30};
  spec.time_limit = hours{3};
  spec.expected_duration = minutes{90};
  spec.duration_assumed = true;
  spec.expected_power = core::Power{250'000};
  spec.carbon.mode = core::CarbonMode::kThreshold;
  spec.carbon.signal = core::SignalKind::kAverage;
  spec.carbon.bound = core::Bound{core::BoundKind::kStartBy, store_time(600), hours{4}};
  spec.carbon.max_intensity = {180'000};
  spec.carbon.interruptible = true;
  spec.carbon.on_missed = core::OnMissed::kHold;
  spec.carbon.on_stale_feed = core::OnStaleFeed::kRun;
  spec.checkpoint = core::Checkpoint{10, minutes{2}, 86, minutes{7}};
  spec.retry = {3, {core::RetryCause::kOom, core::RetryCause::kFailed}, {1, 75}, minutes{5}};
  spec.depends_on = {{"prepare", core::DependencyCondition::kFinished},
                     {"7", core::DependencyCondition::kStarted}};
  spec.priority = 70;
  spec.hold = true;
  spec.not_before = store_time(30);
  spec.labels = {{"team", "x"}};
  spec.stdout_path = "out-%j.txt";
  spec.stderr_path = "err-%j.txt";
  return spec;
}

// A queued job with little in it.
inline core::Job plain_job(core::JobId id, std::string const& name = "train",
                           std::string const& project = "vision", std::string const& owner = "ann") {
  core::JobSpec spec;
  spec.name = name;
  spec.project = project;
  spec.command = {"true"};
  core::Job job;
  job.id = id;
  job.uid = "uid-" + std::to_string(id);
  job.owner = {1000, 1000, owner, false};
  job.spec = std::make_shared<core::JobSpec const>(std::move(spec));
  job.submitted_at = store_time(static_cast<int>(id));
  job.updated_at = job.submitted_at;
  return job;
}

inline core::Job full_job(core::JobId id) {
  core::Job job = plain_job(id);
  job.spec = std::make_shared<core::JobSpec const>(full_spec());
  job.owner = {1001, 1002, "ann", true};
  job.state = core::JobState::kPaused;
  job.updated_at = store_time(50);
  job.version = 9;
  job.dependencies = {{3, core::DependencyCondition::kFailed, core::DependencyStatus::kSatisfied}};
  core::Attempt attempt;
  attempt.number = 2;
  attempt.segments = {{store_time(10), store_time(20)}, {store_time(30), std::nullopt}};
  attempt.launches = 2;
  attempt.gpu_uuids = {"GPU-1", "GPU-2"};
  attempt.end = core::SegmentEnd{core::Outcome::kSignaled, 9, store_time(40), "killed"};
  job.attempts = {attempt};
  job.learned = core::LearnedDuration{minutes{30}, minutes{50}, 7, 250};
  core::Plan plan;
  plan.segments = {{store_time(60), store_time(120)}, {store_time(180), store_time(200)}};
  plan.pool = 1;
  plan.mean = core::Intensity{100'000};
  plan.mean_if_now = core::Intensity{250'000};
  plan.rung = core::PointState::kForecast;
  plan.shifted = true;
  plan.waits_for_capacity = true;
  plan.note = "cheaper at night";
  job.plan = plan;
  job.not_before = store_time(35);
  job.held_by_user = true;
  job.held_by_admin = true;
  job.stop = core::StopIntent::kPauseAndHold;
  job.stop_deadline = store_time(55);
  job.started_at = store_time(10);
  job.ended_at = store_time(45);
  job.exit_status = 137;
  job.ran = minutes{10};
  job.headline = core::HoldCode::kCarbonWindow;
  job.headline_since = store_time(41);
  job.message = "waits";
  job.user_reason = "lunch";
  return job;
}

// Ran from minute 60 to 120.
inline core::Job ran_an_hour(core::Job job) {
  job.state = core::JobState::kSucceeded;
  job.started_at = store_time(60);
  job.ended_at = store_time(120);
  core::Attempt attempt;
  attempt.number = 1;
  attempt.segments = {{store_time(60), store_time(120)}};
  job.attempts = {attempt};
  return job;
}

inline core::JobEvent event_of(std::int64_t sequence, core::JobId job) {
  return {sequence,
          store_time(static_cast<int>(sequence)),
          job,
          "vision",
          1000,
          core::JobEventKind::kReasonChanged,
          core::JobState::kQueued,
          core::HoldCode::kDependency,
          "waits"};
}

// A new job with its first event; `padding` bytes make the row larger.
inline core::Changes one_job(core::JobId id, std::int64_t sequence, std::size_t padding = 0) {
  core::Changes changes;
  changes.jobs = {plain_job(id)};
  changes.jobs[0].message = std::string(padding, 'x');
  changes.events = {event_of(sequence, id)};
  return changes;
}

inline core::EnergySlice slice_of(core::JobId job, int begin, int end, std::int64_t millijoule) {
  return {job,
          1,
          core::DeviceClass::kCpu,
          core::EnergyQuality::kModelled,
          {store_time(begin), store_time(end)},
          {millijoule},
          1};
}

inline core::SignalSource source_of(core::SignalKind kind, std::string const& provider = "neso") {
  return {"GB", kind, core::SignalBasis::kDirect, provider, provider + " label", "thanks"};
}

// Half hours from store_time(first), one for each figure in g/kWh.
inline std::vector<core::IntensityPoint> half_hours(int first, std::vector<std::int64_t> const& grams,
                                                    core::PointState state) {
  std::vector<core::IntensityPoint> points;
  for (std::size_t i = 0; i < grams.size(); ++i) {
    int const begin = first + 30 * static_cast<int>(i);
    points.push_back({{store_time(begin), store_time(begin + 30)}, {grams[i] * 1000}, state});
  }
  return points;
}

// Issued then, received then or when all that it calls measured is over.
inline core::Signal signal_of(core::SignalKind kind, int received, std::vector<core::IntensityPoint> points) {
  core::Instant at = store_time(received);
  for (core::IntensityPoint const& point : points) {
    if (point.state <= core::PointState::kEstimated) at = std::max(at, point.interval.end);
  }
  return {source_of(kind), store_time(received), false, at, false, std::move(points)};
}

// Queries in one expression.
struct JobsWhere {
  app::JobQuery query;
  JobsWhere& project(std::string value) { return query.project = std::move(value), *this; }
  JobsWhere& owner(std::string value) { return query.owner = std::move(value), *this; }
  JobsWhere& name(std::string value) { return query.name = std::move(value), *this; }
  JobsWhere& states(std::vector<core::JobState> value) { return query.states = std::move(value), *this; }
  JobsWhere& submitted_after(core::Instant value) { return query.submitted_after = value, *this; }
  JobsWhere& before_id(core::JobId value) { return query.before_id = value, *this; }
  JobsWhere& limit(int value) { return query.limit = value, *this; }
  operator app::JobQuery const&() const { return query; }
};
struct FootprintsWhere {
  app::FootprintQuery query;
  FootprintsWhere& project(std::string value) { return query.project = std::move(value), *this; }
  FootprintsWhere& owner(std::string value) { return query.owner = std::move(value), *this; }
  FootprintsWhere& ended_after(core::Instant value) { return query.ended_after = value, *this; }
  FootprintsWhere& ended_before(core::Instant value) { return query.ended_before = value, *this; }
  FootprintsWhere& before_id(core::JobId value) { return query.before_id = value, *this; }
  FootprintsWhere& limit(int value) { return query.limit = value, *this; }
  operator app::FootprintQuery const&() const { return query; }
};

struct StoreWorld {
  TempDir dir;
  FakeClock clock;
  std::unique_ptr<store::SqliteStore> store;
  std::unique_ptr<store::ReadPool> reads;
  store::Prices prices;

  StoreWorld() {
    prices.site.zone = "GB";
    open();
  }

  store::StoreOptions options() {
    store::StoreOptions o;
    o.database = dir.database();
    o.clock = &clock;
    o.new_epoch = [] { return std::string("11111111-2222-4333-8444-555555555555"); };
    o.min_free_bytes = 0;
    return o;
  }
  void open() {
    reads.reset();
    store.reset();
    auto opened = store::SqliteStore::open(options());
    ASSERT_TRUE(opened) << opened.error().message;
    store = std::move(*opened);
    auto pool = store::ReadPool::open({dir.database(), prices});
    ASSERT_TRUE(pool) << pool.error().message;
    reads = std::move(*pool);
  }
  void put(core::Changes const& changes) {
    auto staged = store->stage(changes);
    ASSERT_TRUE(staged) << staged.error().message;
    auto committed = store->commit();
    ASSERT_TRUE(committed) << committed.error().message;
  }
  void put_jobs(std::vector<core::Job> jobs) {
    core::Changes changes;
    changes.jobs = std::move(jobs);
    put(changes);
  }
};

// Calls `ask` with a callback and waits for its answer.
template <class T, class F>
core::Result<T> wait_for(F ask) {
  std::promise<core::Result<T>> answer;
  app::Reads::Done<T> const done = [&answer](core::Result<T> result) { answer.set_value(std::move(result)); };
  ask(done);
  return answer.get_future().get();
}

inline core::Result<core::Job> get_job(StoreWorld& world, core::JobId id) {
  return wait_for<core::Job>([&](auto const& done) { world.reads->get_job(id, done); });
}
inline core::Result<std::vector<core::Job>> list(StoreWorld& world, app::JobQuery const& query) {
  return wait_for<std::vector<core::Job>>([&](auto const& done) { world.reads->list_jobs(query, done); });
}
inline core::Result<std::vector<core::JobEvent>> events(StoreWorld& world, std::int64_t after,
                                                        core::JobId job, int limit = 100) {
  return wait_for<std::vector<core::JobEvent>>(
      [&](auto const& done) { world.reads->events(after, job, limit, done); });
}
inline core::Result<app::JobFootprint> footprint(StoreWorld& world, core::JobId id) {
  return wait_for<app::JobFootprint>([&](auto const& done) { world.reads->footprint(id, done); });
}
inline core::Result<core::FootprintSettled> settle(StoreWorld& world, core::JobId id) {
  return wait_for<core::FootprintSettled>([&](auto const& done) { world.reads->settle(id, done); });
}

}  // namespace greenq::test
