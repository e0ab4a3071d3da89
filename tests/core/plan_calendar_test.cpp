#include "core/plan/calendar.hpp"

#include <random>

#include <gmock/gmock.h>

#include "support/plan_fixture.hpp"

namespace greenq::test {
namespace {

using core::Calendar;
using core::Need;
using testing::ElementsAre;
using testing::IsEmpty;

Interval between(std::int64_t a, std::int64_t b) {
  return {minute(a), minute(b)};
}

TEST(PlanCalendar, FindsRoomAroundBookings) {
  Calendar calendar{minute(0), machine(4)};
  calendar.book(between(10, 20), {{3, 0, 0}, 0});
  calendar.book(between(15, 30), {{1, 0, 0}, 0});
  EXPECT_TRUE(calendar.fits(between(0, 15), {{1, 0, 0}, 0}));
  EXPECT_FALSE(calendar.fits(between(0, 16), {{1, 0, 0}, 0}));
  EXPECT_EQ(calendar.earliest_fit({{1, 0, 0}, 0}, minutes(20), minute(0)), minute(20));
  EXPECT_EQ(calendar.earliest_fit({{4, 0, 0}, 0}, minutes(10), minute(0)), minute(0));
  EXPECT_EQ(calendar.earliest_fit({{4, 0, 0}, 0}, minutes(11), minute(0)), minute(30));
  std::vector<Interval> runs;
  calendar.free_runs(between(5, 40), {{2, 0, 0}, 0}, runs);
  EXPECT_THAT(runs, ElementsAre(between(5, 10), between(20, 40)));
}

TEST(PlanCalendar, PoolsAreSeparateAndUnknownPoolsNeverFit) {
  Calendar calendar{minute(0), machine(8, {1, 2})};
  calendar.book(between(0, 10), {{1, 0, 2}, 1});
  EXPECT_TRUE(calendar.fits(between(0, 10), {{1, 0, 1}, 0}));
  EXPECT_FALSE(calendar.fits(between(0, 10), {{1, 0, 1}, 1}));
  EXPECT_FALSE(calendar.ever_fits({{1, 0, 1}, 2}));
  EXPECT_FALSE(calendar.ever_fits({{9, 0, 0}, 0}));
  std::vector<Interval> runs;
  calendar.free_runs(between(0, 10), {{1, 0, 1}, 2}, runs);
  EXPECT_THAT(runs, IsEmpty());
}

TEST(PlanCalendar, TheTimeBeforeTheStartIsIgnored) {
  Calendar calendar{minute(10), machine(2)};
  calendar.book(between(0, 20), {{2, 0, 0}, 0});
  EXPECT_EQ(calendar.earliest_fit({{1, 0, 0}, 0}, minutes(1), minute(0)), minute(20));
}

// Against a table of minutes, with enough breakpoints for many blocks.
TEST(PlanCalendar, EqualsATableOfMinutes) {
  constexpr std::int64_t kMinutes = 4000;
  std::mt19937 random{7};
  auto const pick = [&](std::int64_t least, std::int64_t most) {
    return least + static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(most - least + 1));
  };
  Calendar calendar{minute(0), machine(20)};
  std::vector<std::int64_t> free(kMinutes, 20);
  for (int i = 0; i < 1500; ++i) {
    std::int64_t const begin = pick(0, kMinutes - 2);
    std::int64_t const end = std::min<std::int64_t>(begin + pick(1, 60), kMinutes);
    auto const cpus = static_cast<std::uint32_t>(pick(1, 5));
    Need const need{{cpus, 0, 0}, 0};
    bool room = true;
    for (std::int64_t m = begin; m < end; ++m) room = room && free[static_cast<std::size_t>(m)] >= cpus;
    ASSERT_EQ(calendar.fits(between(begin, end), need), room);
    if (room) {
      calendar.book(between(begin, end), need);
      for (std::int64_t m = begin; m < end; ++m) free[static_cast<std::size_t>(m)] -= cpus;
    }
    std::vector<Interval> runs;
    calendar.free_runs(between(begin, end), need, runs);
    std::int64_t count = 0;
    for (Interval const& run : runs) count += run.length().count() / 60'000;
    std::int64_t expected = 0;
    for (std::int64_t m = begin; m < end; ++m) expected += free[static_cast<std::size_t>(m)] >= cpus ? 1 : 0;
    ASSERT_EQ(count, expected);
  }
  EXPECT_GT(calendar.breakpoints(), 500u);
}

}  // namespace
}  // namespace greenq::test
