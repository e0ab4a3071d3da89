// What people are told: refusals that say why, delays that are not hidden, reasons that were given.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/step.hpp"
#include "core/validate.hpp"
#include "support/world.hpp"

namespace greenq {
namespace {

using namespace std::chrono_literals;
using core::JobState;
using test::bounded;
using test::World;
using testing::HasSubstr;

TEST(StepWords, ReleaseOfAJobThatIsNotHeldIsRefused) {
  World world;
  core::JobId const id = world.submit(bounded(1h));
  auto const refused = world.feed(core::ReleaseJob{id, test::user(), "", 0});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().reason, "NOT_HELD");
  ASSERT_TRUE(world.feed(core::HoldJob{id, test::user(), "", 0}));
  EXPECT_TRUE(world.feed(core::ReleaseJob{id, test::user(), "", 0}));
}

TEST(StepWords, TheReasonOfAHoldIsRepeated) {
  World world;
  core::JobId const id = world.submit(bounded(1h));
  ASSERT_TRUE(world.feed(core::HoldJob{id, test::user(), "data set is being mended", 0}));
  auto const reasons = core::reasons(world.state, world.job(id), world.now);
  ASSERT_EQ(reasons.size(), 1U);
  EXPECT_EQ(reasons.front().message, "held on request: data set is being mended");
}

TEST(StepWords, ADelayedLaunchIsToldOnceAndEndsWithTheStart) {
  World world;
  core::JobId const id = world.submit(bounded(0s));
  world.plan();
  ASSERT_EQ(world.job(id).state, JobState::kStarting);
  std::size_t const before = world.events.size();
  core::SegmentDelayed const delayed{world.segment(id), "no descriptors"};
  ASSERT_TRUE(world.feed(delayed));
  ASSERT_TRUE(world.feed(delayed));
  EXPECT_EQ(world.job(id).message, "no descriptors");
  EXPECT_EQ(world.events.size(), before + 1);
  world.started(id);
  EXPECT_EQ(world.job(id).message, "runs");
  ASSERT_TRUE(world.feed(delayed));
  EXPECT_EQ(world.job(id).message, "runs") << "a late report changes nothing";
}

core::Result<core::JobSpec> accept(core::JobSpec const& spec, World const& world) {
  return core::accept(spec, world.state.site, world.state.capacity, world.now);
}

TEST(StepWords, ABoundThatCannotBeKeptIsRefusedUnlessTheJobMayRunLate) {
  World world;
  auto spec = bounded(0s);
  spec.expected_duration = 2h;
  spec.carbon.bound = core::Bound{core::BoundKind::kFinishBy, world.now + 1h, {}};
  EXPECT_TRUE(accept(spec, world)) << "on_missed: run";
  spec.carbon.on_missed = core::OnMissed::kFail;
  auto const refused = accept(spec, world);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().fields.front().field, "spec.carbon.finish_by");
  EXPECT_THAT(refused.error().message, HasSubstr("cannot be kept"));
  spec.carbon.bound->at = world.now + 2h;
  EXPECT_TRUE(accept(spec, world));
  spec.not_before = world.now + 1ms;
  EXPECT_FALSE(accept(spec, world)) << "it may not start at once";
  spec.carbon.bound = core::Bound{core::BoundKind::kStartBy, world.now + 1h, {}};
  EXPECT_TRUE(accept(spec, world)) << "only the start counts";
}

}  // namespace
}  // namespace greenq
