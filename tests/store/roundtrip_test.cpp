// Every field of what is stored comes back as it was.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "store/codec.hpp"
#include "support/store_builders.hpp"

namespace greenq::test {
namespace {

void expect_same(core::JobSpec const& a, core::JobSpec const& b) {
  EXPECT_EQ(a.name, b.name);
  EXPECT_EQ(a.project, b.project);
  EXPECT_EQ(a.command, b.command);
  EXPECT_EQ(a.run, b.run);
  EXPECT_EQ(a.workdir, b.workdir);
  EXPECT_EQ(a.env, b.env);
  EXPECT_EQ(a.resources.gpus, b.resources.gpus);
  EXPECT_EQ(a.resources.gpu_types, b.resources.gpu_types);
  EXPECT_EQ(a.resources.gpu_memory_bytes, b.resources.gpu_memory_bytes);
  EXPECT_EQ(a.resources.cpus, b.resources.cpus);
  EXPECT_EQ(a.resources.memory_bytes, b.resources.memory_bytes);
  EXPECT_EQ(a.time_limit, b.time_limit);
  EXPECT_EQ(a.expected_duration, b.expected_duration);
  EXPECT_EQ(a.duration_assumed, b.duration_assumed);
  EXPECT_EQ(a.expected_power, b.expected_power);
  EXPECT_EQ(a.carbon.mode, b.carbon.mode);
  EXPECT_EQ(a.carbon.signal, b.carbon.signal);
  ASSERT_EQ(a.carbon.bound.has_value(), b.carbon.bound.has_value());
  if (a.carbon.bound) {
    EXPECT_EQ(a.carbon.bound->kind, b.carbon.bound->kind);
    EXPECT_EQ(a.carbon.bound->at, b.carbon.bound->at);
    EXPECT_EQ(a.carbon.bound->delay, b.carbon.bound->delay);
  }
  EXPECT_EQ(a.carbon.max_intensity, b.carbon.max_intensity);
  EXPECT_EQ(a.carbon.interruptible, b.carbon.interruptible);
  EXPECT_EQ(a.carbon.on_missed, b.carbon.on_missed);
  EXPECT_EQ(a.carbon.on_stale_feed, b.carbon.on_stale_feed);
  ASSERT_EQ(a.checkpoint.has_value(), b.checkpoint.has_value());
  if (a.checkpoint) {
    EXPECT_EQ(a.checkpoint->signal, b.checkpoint->signal);
    EXPECT_EQ(a.checkpoint->grace, b.checkpoint->grace);
    EXPECT_EQ(a.checkpoint->exit_code, b.checkpoint->exit_code);
    EXPECT_EQ(a.checkpoint->cost, b.checkpoint->cost);
  }
  EXPECT_EQ(a.retry.max, b.retry.max);
  EXPECT_EQ(a.retry.causes, b.retry.causes);
  EXPECT_EQ(a.retry.exit_codes, b.retry.exit_codes);
  EXPECT_EQ(a.retry.backoff, b.retry.backoff);
  ASSERT_EQ(a.depends_on.size(), b.depends_on.size());
  for (std::size_t i = 0; i < a.depends_on.size(); ++i) {
    EXPECT_EQ(a.depends_on[i].job, b.depends_on[i].job);
    EXPECT_EQ(a.depends_on[i].condition, b.depends_on[i].condition);
  }
  EXPECT_EQ(a.priority, b.priority);
  EXPECT_EQ(a.hold, b.hold);
  EXPECT_EQ(a.not_before, b.not_before);
  EXPECT_EQ(a.labels, b.labels);
  EXPECT_EQ(a.stdout_path, b.stdout_path);
  EXPECT_EQ(a.stderr_path, b.stderr_path);
}

void expect_same(core::Attempt const& a, core::Attempt const& b) {
  EXPECT_EQ(a.number, b.number);
  ASSERT_EQ(a.segments.size(), b.segments.size());
  for (std::size_t i = 0; i < a.segments.size(); ++i) {
    EXPECT_EQ(a.segments[i].begin, b.segments[i].begin);
    EXPECT_EQ(a.segments[i].end, b.segments[i].end);
  }
  EXPECT_EQ(a.launches, b.launches);
  EXPECT_EQ(a.gpu_uuids, b.gpu_uuids);
  ASSERT_EQ(a.end.has_value(), b.end.has_value());
  if (!a.end) return;
  EXPECT_EQ(a.end->outcome, b.end->outcome);
  EXPECT_EQ(a.end->status, b.end->status);
  EXPECT_EQ(a.end->at, b.end->at);
  EXPECT_EQ(a.end->message, b.end->message);
}

void expect_same(core::Job const& a, core::Job const& b) {
  EXPECT_EQ(a.id, b.id);
  EXPECT_EQ(a.uid, b.uid);
  EXPECT_EQ(a.owner.uid, b.owner.uid);
  EXPECT_EQ(a.owner.gid, b.owner.gid);
  EXPECT_EQ(a.owner.name, b.owner.name);
  EXPECT_EQ(a.owner.admin, b.owner.admin);
  expect_same(*a.spec, *b.spec);
  EXPECT_EQ(a.state, b.state);
  EXPECT_EQ(a.submitted_at, b.submitted_at);
  EXPECT_EQ(a.updated_at, b.updated_at);
  EXPECT_EQ(a.version, b.version);
  ASSERT_EQ(a.dependencies.size(), b.dependencies.size());
  for (std::size_t i = 0; i < a.dependencies.size(); ++i) {
    EXPECT_EQ(a.dependencies[i].job, b.dependencies[i].job);
    EXPECT_EQ(a.dependencies[i].condition, b.dependencies[i].condition);
    EXPECT_EQ(a.dependencies[i].status, b.dependencies[i].status);
  }
  ASSERT_EQ(a.attempts.size(), b.attempts.size());
  for (std::size_t i = 0; i < a.attempts.size(); ++i) expect_same(a.attempts[i], b.attempts[i]);
  EXPECT_EQ(a.learned, b.learned);
  EXPECT_EQ(a.plan, b.plan);
  EXPECT_EQ(a.not_before, b.not_before);
  EXPECT_EQ(a.held_by_user, b.held_by_user);
  EXPECT_EQ(a.held_by_admin, b.held_by_admin);
  EXPECT_EQ(a.stop, b.stop);
  EXPECT_EQ(a.stop_deadline, b.stop_deadline);
  EXPECT_EQ(a.started_at, b.started_at);
  EXPECT_EQ(a.ended_at, b.ended_at);
  EXPECT_EQ(a.exit_status, b.exit_status);
  EXPECT_EQ(a.ran, b.ran);
  EXPECT_EQ(a.headline, b.headline);
  EXPECT_EQ(a.headline_since, b.headline_since);
  EXPECT_EQ(a.message, b.message);
  EXPECT_EQ(a.user_reason, b.user_reason);
}

core::SegmentMeter full_meter() {
  core::SegmentMeter meter;
  meter.segment = {5, 2, 3};
  meter.project = "vision";
  meter.job = {5, 2, 8, 64LL << 30, {"GPU-1"}};
  meter.offset = 4096;
  core::CounterSample sample;
  sample.boot_id = "boot";
  sample.boottime_ms = 123;
  sample.at = store_time(9);
  sample.job_cpu_us = 77;
  sample.node_cpu_us = 99;
  sample.zones = {{"package-0", 1'000'000, 262'143'328'850}};
  sample.gpus = {{"GPU-1", 5'000, 250'000}, {"GPU-2", std::nullopt, std::nullopt}};
  sample.gpu_epoch = "535.1";
  meter.interval.last = sample;
  meter.interval.held = sample;
  meter.interval.held->boottime_ms = 124;
  meter.ended = true;
  return meter;
}

TEST(RoundTrip, JobsWithAllAndWithNoFields) {
  StoreWorld world;
  world.put_jobs({full_job(4), plain_job(6)});
  auto loaded = world.store->load();
  ASSERT_TRUE(loaded) << loaded.error().message;
  ASSERT_EQ(loaded->state.jobs.size(), 2U);
  expect_same(full_job(4), loaded->state.jobs.at(4));
  expect_same(plain_job(6), loaded->state.jobs.at(6));
  EXPECT_EQ(loaded->state.next_job, 7U);
  auto read = get_job(world, 4);
  ASSERT_TRUE(read) << read.error().message;
  expect_same(full_job(4), *read);
}

TEST(RoundTrip, AChangedJobReplacesTheOldRow) {
  StoreWorld world;
  world.put_jobs({plain_job(1)});
  core::Job changed = full_job(1);
  changed.spec = plain_job(1).spec;
  changed.uid = plain_job(1).uid;
  changed.owner.uid = 1000;
  world.put_jobs({changed});
  auto read = get_job(world, 1);
  ASSERT_TRUE(read);
  expect_same(changed, *read);
}

TEST(RoundTrip, Meters) {
  StoreWorld world;
  core::Changes changes;
  core::SegmentMeter const meter = full_meter();
  core::SegmentMeter other = meter;
  other.segment.launch = 4;
  other.ended = false;
  changes.meters = {meter, other};
  world.put(changes);
  auto loaded = world.store->load();
  ASSERT_TRUE(loaded) << loaded.error().message;
  ASSERT_EQ(loaded->state.meters.size(), 2U);
  core::SegmentMeter const& got = loaded->state.meters.at(meter.segment);
  EXPECT_EQ(got.segment, meter.segment);
  EXPECT_EQ(got.project, "vision");
  EXPECT_EQ(got.job.job, 5U);
  EXPECT_EQ(got.job.attempt, 2U);
  EXPECT_EQ(got.job.cpus, 8U);
  EXPECT_EQ(got.job.memory_bytes, 64LL << 30);
  EXPECT_EQ(got.job.gpu_uuids, meter.job.gpu_uuids);
  EXPECT_EQ(got.offset, 4096);
  EXPECT_TRUE(got.ended);
  ASSERT_TRUE(got.interval.last);
  ASSERT_TRUE(got.interval.held);
  EXPECT_EQ(got.interval.held->boottime_ms, 124);
  EXPECT_EQ(got.interval.last->boot_id, "boot");
  EXPECT_EQ(got.interval.last->boottime_ms, 123);
  EXPECT_EQ(got.interval.last->at, store_time(9));
  EXPECT_EQ(got.interval.last->job_cpu_us, 77);
  EXPECT_EQ(got.interval.last->node_cpu_us, 99);
  ASSERT_EQ(got.interval.last->zones.size(), 1U);
  EXPECT_EQ(got.interval.last->zones[0].name, "package-0");
  EXPECT_EQ(got.interval.last->zones[0].energy_uj, 1'000'000);
  EXPECT_EQ(got.interval.last->zones[0].max_range_uj, 262'143'328'850);
  ASSERT_EQ(got.interval.last->gpus.size(), 2U);
  EXPECT_EQ(got.interval.last->gpus[0].uuid, "GPU-1");
  EXPECT_EQ(got.interval.last->gpus[0].energy_mj, 5'000);
  EXPECT_EQ(got.interval.last->gpus[0].power_mw, 250'000);
  EXPECT_EQ(got.interval.last->gpus[1].energy_mj, std::nullopt);
  EXPECT_EQ(got.interval.last->gpu_epoch, "535.1");

  core::Changes done;
  done.meters_done = {meter.segment};
  world.put(done);
  EXPECT_EQ(world.store->load()->state.meters.size(), 1U);
}

TEST(RoundTrip, EventsSlicesAndRequests) {
  StoreWorld world;
  core::Changes changes;
  changes.jobs = {plain_job(1)};
  changes.events = {event_of(1, 1)};
  core::EnergySlice unknown = slice_of(1, 5, 10, 0);
  unknown.quality = core::EnergyQuality::kUnknown;
  unknown.devices = 3;
  unknown.device = core::DeviceClass::kGpu;
  changes.slices = {slice_of(1, 0, 5, 700), unknown};
  changes.requests = {{1000, "req", "hash", {1, 2}, world.clock.time}};
  world.put(changes);

  auto read = events(world, 0, 0);
  ASSERT_TRUE(read) << read.error().message;
  ASSERT_EQ(read->size(), 1U);
  core::JobEvent const& event = read->front();
  EXPECT_EQ(event.sequence, 1);
  EXPECT_EQ(event.at, store_time(1));
  EXPECT_EQ(event.job, 1U);
  EXPECT_EQ(event.project, "vision");
  EXPECT_EQ(event.owner_uid, 1000U);
  EXPECT_EQ(event.kind, core::JobEventKind::kReasonChanged);
  EXPECT_EQ(event.state, core::JobState::kQueued);
  EXPECT_EQ(event.reason, core::HoldCode::kDependency);
  EXPECT_EQ(event.message, "waits");

  auto priced = footprint(world, 1);
  ASSERT_TRUE(priced) << priced.error().message;
  EXPECT_EQ(priced->footprint.energy.sum().value, 700);
  EXPECT_EQ(priced->footprint.energy.unknown_device_time, minutes{15});

  auto request = world.store->find_request(1000, "req");
  ASSERT_TRUE(request && *request);
  EXPECT_EQ((*request)->request_hash, "hash");
  EXPECT_EQ((*request)->jobs, (std::vector<core::JobId>{1, 2}));
  EXPECT_EQ((*request)->at, world.clock.time);
}

TEST(RoundTrip, NewestSignalOfEachSource) {
  StoreWorld world;
  auto const points = half_hours(0, {100, 120}, core::PointState::kForecast);
  core::Changes changes;
  changes.signals = {{0, signal_of(core::SignalKind::kMarginal, 1, points)},
                     {1, signal_of(core::SignalKind::kAverage, 2, points)},
                     {0, signal_of(core::SignalKind::kMarginal, 3, points)}};
  changes.signals[2].second.issue_time_is_receipt = true;
  world.put(changes);
  auto loaded = world.store->load();
  ASSERT_TRUE(loaded);
  ASSERT_EQ(loaded->signals.size(), 2U);
  auto const& [rank, signal] = loaded->signals[0];
  EXPECT_EQ(rank, 0);
  EXPECT_EQ(signal.source, source_of(core::SignalKind::kMarginal));
  EXPECT_EQ(signal.issued_at, store_time(3));
  EXPECT_TRUE(signal.issue_time_is_receipt);
  EXPECT_EQ(signal.received_at, store_time(3));
  EXPECT_EQ(signal.points, points);
  EXPECT_EQ(loaded->signals[1].first, 1);
  EXPECT_FALSE(loaded->signals[1].second.issue_time_is_receipt);
}

TEST(RoundTrip, WhatJobsTook) {
  StoreWorld world;
  core::Changes changes;
  core::PastRun const stated{minutes{5}, minutes{20}};
  core::PastRun const silent{minutes{7}, std::nullopt};
  core::RunLengths const train{{1000, "train"}, {stated, silent}, store_time(2)};
  core::RunLengths const other{{1001, "train \u00e9"}, {silent}, store_time(1)};
  changes.runs = {{{1000, "train"}, {silent, silent, silent}, store_time(0)}, train, other};
  world.put(changes);
  world.open();
  auto const loaded = world.store->load();
  ASSERT_TRUE(loaded);
  auto const runs = [&](core::RunKey const& key) {
    return loaded->state.runs.with(key, stated, store_time(3)).runs;
  };
  EXPECT_THAT(runs(train.key), testing::ElementsAre(stated, silent, stated));
  EXPECT_THAT(runs(other.key), testing::ElementsAre(silent, stated));
}

// Found by a breaker: one such row kept the daemon from starting.
TEST(RoundTrip, RunLengthsThatCannotBeReadAreLeftOut) {
  StoreWorld world;
  core::Changes changes;
  core::PastRun const run{minutes{5}, minutes{20}};
  changes.runs = {{{1, "good"}, {run}, store_time(0)}, {{1, "bad"}, {run}, store_time(1)}};
  world.put(changes);
  world.store.reset();
  {
    store::Db db(world.dir.database().string(), SQLITE_OPEN_READWRITE);
    db.run("UPDATE run_lengths SET runs = '[1,2' WHERE name = 'bad'");
  }
  world.open();
  auto const loaded = world.store->load();
  ASSERT_TRUE(loaded);
  EXPECT_EQ(loaded->state.runs.with({1, "good"}, run, store_time(3)).runs.size(), 2U);
  EXPECT_EQ(loaded->state.runs.with({1, "bad"}, run, store_time(3)).runs.size(), 1U);
}

TEST(RoundTrip, TextThatNobodyWroteIsAnError) {
  EXPECT_THROW(store::decode_spec("{"), std::exception);
  EXPECT_THROW(store::decode_spec("{}"), std::exception);
  EXPECT_THROW(store::decode_points("[[1]]"), store::SqlError);
  EXPECT_THROW(store::decode_numbers("{\"a\":1}"), std::exception);
}

}  // namespace
}  // namespace greenq::test
