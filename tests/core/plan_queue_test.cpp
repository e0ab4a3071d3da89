// Jobs without slack: first come, first served with EASY backfill, by hand.
#include <gmock/gmock.h>

#include "support/plan_fixture.hpp"

namespace greenq::test {
namespace {

using core::PlanInput;

PlanInput queue(std::vector<core::WaitingJob> waiting) {
  PlanInput input;
  input.now = minute(0);
  input.sites[0].capacity = machine(4);
  input.running.push_back({99, {2, 0, 0}, 0, minute(60)});
  input.waiting = std::move(waiting);
  return input;
}

TEST(PlanQueue, StartsInOrderWhileItFits) {
  auto const output = make_plan(queue({queued(2, 1, 30), queued(1, 1, 30), queued(3, 1, 30)}));
  EXPECT_EQ(start_minute(output, 1), 0);
  EXPECT_EQ(start_minute(output, 2), 0);
  EXPECT_EQ(start_minute(output, 3), 30);
}

TEST(PlanQueue, BackfillsOnlyWhatDoesNotDelayTheReservation) {
  auto const output = make_plan(queue({
      queued(1, 3, 30),   // reserved at 60, when 4 are free
      queued(2, 2, 61),   // would leave 2 at 60
      queued(3, 1, 200),  // leaves 3 at 60
      queued(4, 1, 60),   // gone by 60
  }));
  EXPECT_EQ(start_minute(output, 1), 60);
  EXPECT_EQ(start_minute(output, 2), 90);
  EXPECT_EQ(start_minute(output, 3), 0);
  EXPECT_EQ(start_minute(output, 4), 0);
  EXPECT_TRUE(plan_of(output, 1).waits_for_capacity);
  EXPECT_FALSE(plan_of(output, 1).shifted);
}

// EASY protects the first reservation only: job 2's tentative start may be delayed by job 3, which starts
// now.
TEST(PlanQueue, OnlyTheFirstReservationIsProtected) {
  auto const output = make_plan(queue({queued(1, 3, 30), queued(2, 4, 30), queued(3, 1, 200)}));
  EXPECT_EQ(start_minute(output, 3), 0);
  EXPECT_EQ(start_minute(output, 1), 60);
  EXPECT_EQ(start_minute(output, 2), 200);
}

TEST(PlanQueue, PriorityThenSubmission) {
  auto late = queued(1, 4, 30);
  late.latest = minute(-5);
  auto early = queued(2, 4, 30);
  early.latest = minute(-10);
  auto urgent = queued(3, 4, 30);
  urgent.priority = 90;
  auto const output = make_plan(queue({late, early, urgent}));
  EXPECT_EQ(start_minute(output, 3), 60);
  EXPECT_EQ(start_minute(output, 2), 90);
  EXPECT_EQ(start_minute(output, 1), 120);
  EXPECT_THAT(output.jobs, testing::ElementsAre(testing::Field(&core::PlannedJob::id, 3u),
                                                testing::Field(&core::PlannedJob::id, 2u),
                                                testing::Field(&core::PlannedJob::id, 1u)));
}

TEST(PlanQueue, AJobThatIsNotReadyHasNoReservation) {
  auto const output = make_plan(queue({queued(1, 4, 60, 90), queued(2, 2, 300)}));
  EXPECT_EQ(start_minute(output, 2), 0);
  EXPECT_EQ(start_minute(output, 1), 300);
}

}  // namespace
}  // namespace greenq::test
