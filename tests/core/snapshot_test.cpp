// What a planner that lives on is told.
#include <gmock/gmock.h>

#include "support/world.hpp"

namespace greenq::test {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

std::vector<core::JobId> ids(core::PlanInput const& input) {
  std::vector<core::JobId> out;
  for (core::WaitingJob const& job : input.waiting) out.push_back(job.id);
  return out;
}

core::JobSpec one_core() {
  core::JobSpec spec = bounded(6h);
  spec.resources.cpus = 1;
  return spec;
}

class Told : public testing::Test {
 protected:
  Told() {
    world_.signal({100, 900, 900, 100, 900, 900, 900, 900, 900, 900});
    first_ = world_.submit(one_core());
    second_ = world_.submit(one_core());
    next();
  }

  core::PlanInput next() { return core::snapshot(world_.state, world_.now, told_); }
  void feed(core::Event const& event) {
    core::Step const step = core::step(world_.state, event, world_.now);
    core::apply(world_.state, step.changes);
    core::touch(told_, event, step.changes);
  }

  World world_;
  core::Told told_;
  core::JobId first_ = 0;
  core::JobId second_ = 0;
};

TEST_F(Told, AllAtFirstThenWhatChanges) {
  told_ = {};
  core::PlanInput const whole = next();
  EXPECT_FALSE(whole.changes);
  EXPECT_THAT(ids(whole), ElementsAre(first_, second_));
  core::PlanInput const nothing = next();
  EXPECT_TRUE(nothing.changes);
  EXPECT_THAT(ids(nothing), IsEmpty());
  EXPECT_THAT(nothing.gone, IsEmpty());
  EXPECT_NE(nothing.sites.front().curve, nullptr);
}

TEST_F(Told, AHeldJobIsGoneUntilItIsReleased) {
  feed(core::HoldJob{first_, user(), "", 0});
  EXPECT_THAT(next().gone, ElementsAre(first_));
  feed(core::ReleaseJob{first_, user(), "", 0});
  EXPECT_THAT(ids(next()), ElementsAre(first_));
  EXPECT_THAT(ids(next()), IsEmpty());
}

TEST_F(Told, PlacesThatThePlannerGaveAreNoNews) {
  core::JobId const urgent = world_.submit(bounded(0s));
  told_ = {};
  next();
  feed(core::PlanReady{core::make_plan(core::snapshot(world_.state, world_.now)), false});
  ASSERT_TRUE(world_.state.jobs.at(first_).plan);
  core::PlanInput const input = next();
  EXPECT_THAT(ids(input), IsEmpty());
  EXPECT_THAT(input.gone, ElementsAre(urgent));  // it runs
  EXPECT_EQ(input.running.size(), 1U);
}

TEST_F(Told, AllAgainWhenWhatDecidesForAllChanges) {
  world_.state.capacity.cpus += 1;
  EXPECT_FALSE(next().changes);
  EXPECT_TRUE(next().changes);
  world_.advance(48h);  // the figures are old now
  EXPECT_FALSE(next().changes);
  EXPECT_TRUE(next().changes);
}

TEST_F(Told, APreviewLeavesNoTrace) {
  core::Told copy = told_;
  core::Job extra = world_.state.jobs.at(first_);
  extra.id = 1000;
  EXPECT_THAT(ids(core::snapshot(world_.state, world_.now, copy, {extra})), ElementsAre(1000));
  EXPECT_THAT(ids(next()), IsEmpty());
}

}  // namespace
}  // namespace greenq::test
