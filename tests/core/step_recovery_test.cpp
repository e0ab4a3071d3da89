#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/step.hpp"
#include "support/world.hpp"

namespace greenq {
namespace {

using core::Outcome;
using namespace std::chrono_literals;
using test::bounded;
using test::World;

TEST(Step, SamplesBecomeSlicesOnceAndTheFootprintIsSettledAfterTheLast) {
  World world;
  core::JobId const id = world.submit(bounded(0s));
  world.run(id);
  auto const segment = world.segment(id);
  auto const sample = [&](std::int64_t second, std::int64_t cpu_us) {
    core::CounterSample out;
    out.boot_id = "b";
    out.boottime_ms = second * 1000;
    out.at = world.now + std::chrono::seconds{second};
    out.job_cpu_us = cpu_us;
    return out;
  };
  world.feed(core::SamplesArrived{segment, 0, 100, {sample(0, 0), sample(10, 5'000'000)}, false});
  ASSERT_FALSE(world.slices.empty());
  std::size_t const count = world.slices.size();
  world.feed(core::SamplesArrived{segment, 0, 100, {sample(0, 0), sample(10, 5'000'000)}, false});
  EXPECT_EQ(world.slices.size(), count);
  world.end(id, Outcome::kExited, 0);
  EXPECT_TRUE(world.all<core::SettleFootprint>().empty());
  ASSERT_FALSE(world.all<core::DrainMeter>().empty());
  EXPECT_EQ(world.all<core::DrainMeter>().back().offset, 100);
  world.feed(core::SamplesArrived{segment, 100, 150, {sample(20, 6'000'000)}, true});
  EXPECT_GT(world.slices.size(), count);
  ASSERT_EQ(world.all<core::SettleFootprint>().size(), 1U);
  EXPECT_TRUE(world.state.meters.empty());
}

TEST(Step, ARunningJobIsAdoptedAndNeverStartedAgain) {
  World world;
  core::JobId const running = world.submit(bounded(0s));
  world.run(running);
  core::JobId const starting = world.submit(bounded(0s));
  world.plan();
  world.effects = core::recover(world.state, world.now);
  for (auto const& effect : world.all<core::AdoptSegment>()) {
    EXPECT_EQ(effect.launch.seen_running, effect.launch.segment.job == running);
  }
  EXPECT_EQ(world.all<core::AdoptSegment>().size(), 2U);
  EXPECT_EQ(world.job(starting).state, core::JobState::kStarting);
}

// Found by a breaker: 400 jobs that wait for one another wrote an event each at every plan.
TEST(Step, AMovedEstimateOfAJobThatWaitsForOthersIsNoEvent) {
  World world;
  auto whole = bounded(0s);
  whole.resources.cpus = 4;
  world.run(world.submit(whole));
  core::JobId const second = world.submit(whole);
  world.plan();
  auto const events = world.events.size();
  auto const version = world.job(second).version;
  world.advance(2min);
  world.plan();
  EXPECT_EQ(world.events.size(), events);
  EXPECT_EQ(world.job(second).version, version);
}

TEST(Step, AnEndReportedOutOfTimeIsPutWhereItCanBe) {
  World world;
  core::JobId const id = world.submit(bounded(0s));
  world.run(id);
  core::Instant const began = world.now;
  world.advance(10min);
  world.feed(core::SegmentEnded{world.segment(id), {Outcome::kExited, 0, core::Instant::max(), ""}});
  EXPECT_EQ(world.job(id).attempts.back().segments.back().end, began + 10min);
}

TEST(Step, RecoveryAsksForEverythingThatMayHaveBeenLost) {
  World world;
  core::JobId const running = world.submit(bounded(0s));
  world.run(running);
  core::JobId const starting = world.submit(bounded(0s));
  world.plan();
  core::JobId const stopping = world.submit(bounded(0s));
  world.run(stopping);
  ASSERT_TRUE(world.feed(core::CancelJob{stopping, test::user(), "", 0}));
  world.effects = core::recover(world.state, world.now);
  std::vector<core::JobId> adopted;
  for (auto const& effect : world.all<core::AdoptSegment>()) adopted.push_back(effect.launch.segment.job);
  EXPECT_THAT(adopted, testing::UnorderedElementsAre(running, starting, stopping));
  ASSERT_EQ(world.all<core::StopSegment>().size(), 1U);
  EXPECT_EQ(world.all<core::StopSegment>()[0].segment.job, stopping);
  EXPECT_EQ(world.all<core::RequestPlan>().size(), 1U);
}

}  // namespace
}  // namespace greenq
