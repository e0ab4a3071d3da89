#include "sim/cap_policy.hpp"

#include "sim/sim_fixture.hpp"

namespace greenq::sim {
namespace {

using core::Interval;

std::uint32_t cap_of(std::uint32_t cluster, double now, double least, double greatest) {
  auto const figures = grams({now, least, greatest});
  return carbon_cap(cluster, figures[0], figures[1], figures[2]);
}

// Computed apart from this code, with Lambert's W by Halley's method.
TEST(Cap, IsThatOfTheFormula) {
  EXPECT_EQ(cap_of(100, 150, 100, 500), 80U);
  EXPECT_EQ(cap_of(100, 200, 100, 500), 57U);
  EXPECT_EQ(cap_of(259, 150, 100, 500), 207U);
  EXPECT_EQ(cap_of(259, 200, 100, 500), 147U);
  EXPECT_EQ(cap_of(7, 150, 100, 500), 6U);
  EXPECT_EQ(cap_of(7, 200, 100, 500), 4U);
}

TEST(Cap, IsAllAtTheLeastAFifthAtTheGreatestAndFallsBetween) {
  EXPECT_EQ(cap_of(100, 100, 100, 500), 100U);
  EXPECT_EQ(cap_of(100, 500, 100, 500), 20U);
  EXPECT_EQ(cap_of(100, 250, 250, 250), 100U) << "a flat curve asks for nothing";
  EXPECT_EQ(cap_of(1, 500, 100, 500), 1U) << "one GPU is always there";
  EXPECT_EQ(cap_of(10, 0, 0, 500), 10U);
  EXPECT_EQ(cap_of(10, 1, 0, 500), 2U) << "beside a carbon-free hour all others are dear";
  std::uint32_t last = 100;
  for (int now = 100; now <= 500; ++now) {
    std::uint32_t const cap = cap_of(100, now, 100, 500);
    EXPECT_LE(cap, last) << now;
    last = cap;
  }
}

TEST(Cap, HoldsJobsBackInDearHoursAndPausesNone) {
  Instance instance = world(10, {100, 500, 500, 100, 100, 100});
  for (int i = 0; i < 4; ++i) add(instance, minutes{30}, hours{2}, 2);
  for (int i = 0; i < 3; ++i) add(instance, minutes{90}, hours{1}, 2);
  Schedule const schedule = schedule_by("cap", instance, OutlookKind::kPerfect);
  EXPECT_EQ(problem_of(instance, schedule), "");
  for (std::size_t i = 0; i < 4; ++i)
    EXPECT_EQ(schedule.segments[i], (std::vector<Interval>{{kBegin + minutes{30}, kBegin + minutes{150}}}));
  EXPECT_EQ(schedule.segments[4].front().begin, kBegin + minutes{150}) << "two of ten are always allowed";
  EXPECT_EQ(schedule.segments[5].front().begin, kBegin + hours{3});
  EXPECT_EQ(schedule.segments[6].front().begin, kBegin + hours{3});
}

TEST(Cap, RoomThatMayNotBeUsedIsKeptForTheFirstJob) {
  Instance instance = world(10, {500, 100, 100, 100, 100, 100});
  add(instance, Span{0}, hours{1}, 9);
  add(instance, Span{0}, hours{4}, 1);
  add(instance, Span{0}, hours{4}, 1);
  Schedule const schedule = schedule_by("cap", instance, OutlookKind::kPerfect);
  EXPECT_EQ(schedule.segments[0].front().begin, kBegin + hours{1});
  EXPECT_EQ(schedule.segments[1].front().begin, kBegin);
  EXPECT_EQ(schedule.segments[2].front().begin, kBegin + hours{2}) << "it would have kept the first out";
}

TEST(Cap, AFlatGridIsPlainFirstComeFirstServed) {
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {
    Instance instance = random_world(seed, true);
    instance.truth = Series{kBegin, hours{1}, grams(std::vector<double>(24 * 21, 250))};
    EXPECT_EQ(schedule_by("cap", instance, OutlookKind::kPerfect),
              schedule_by("easy", instance, OutlookKind::kPerfect));
  }
}

}  // namespace
}  // namespace greenq::sim
