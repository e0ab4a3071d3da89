// Savings beside a plain queue: moved profiles, bounds, sums, intervals.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/energy/savings.hpp"

namespace greenq::test {
namespace {

using core::Carbon;
using core::Instant;
using core::Interval;
using core::Span;
using testing::ElementsAre;

Instant minute(std::int64_t minutes) {
  return core::from_ms(1'600'000'000'000) + std::chrono::minutes{minutes};
}
Span minutes(std::int64_t count) {
  return std::chrono::minutes{count};
}

core::EnergySlice slice(std::int64_t begin, std::int64_t end) {
  return {1,   1, core::DeviceClass::kCpu, core::EnergyQuality::kMeasured, {minute(begin), minute(end)},
          {7}, 1};
}

std::vector<std::pair<std::int64_t, std::int64_t>> moved(std::vector<core::EnergySlice> const& slices,
                                                         std::vector<Interval> const& ran, Instant start) {
  std::vector<std::pair<std::int64_t, std::int64_t>> found;
  for (auto const& one : core::moved_profile(slices, ran, start)) {
    found.emplace_back((one.interval.begin - minute(0)) / minutes(1),
                       (one.interval.end - minute(0)) / minutes(1));
    EXPECT_EQ(one.energy.value, 7);
  }
  return found;
}

TEST(MovedProfile, BeginsAtTheNewStart) {
  EXPECT_THAT(moved({slice(60, 90), slice(90, 100)}, {{minute(60), minute(100)}}, minute(10)),
              ElementsAre(std::pair(10, 40), std::pair(40, 50)));
}

TEST(MovedProfile, JoinsWhatPausesDivide) {
  std::vector<Interval> const ran{
      {minute(0), minute(10)}, {minute(50), minute(60)}, {minute(90), minute(95)}};
  EXPECT_THAT(moved({slice(0, 10), slice(50, 60), slice(90, 95)}, ran, minute(100)),
              ElementsAre(std::pair(100, 110), std::pair(110, 120), std::pair(120, 125)));
}

// A sample is taken a moment before a process is confirmed, or after it is gone.
TEST(MovedProfile, SlicesThatStickOutStayWithTheirSegment) {
  std::vector<Interval> const ran{{minute(10), minute(20)}, {minute(50), minute(60)}};
  EXPECT_THAT(moved({slice(8, 21), slice(49, 60)}, ran, minute(0)),
              ElementsAre(std::pair(-2, 11), std::pair(9, 20)));
}

TEST(Missed, EachKindOfBound) {
  core::JobRun const run{minute(0), minute(30), minute(100), minutes(60)};  // 10 minutes of pauses
  auto const at = [](core::BoundKind kind, std::int64_t minutes_) {
    return core::Bound{kind, minute(minutes_), minutes(minutes_)};
  };
  EXPECT_FALSE(core::missed(at(core::BoundKind::kFinishBy, 99), run)) << "within the tolerance";
  EXPECT_TRUE(core::missed(at(core::BoundKind::kFinishBy, 98), run));
  for (auto const kind : {core::BoundKind::kStartBy, core::BoundKind::kMaxDelay}) {
    EXPECT_FALSE(core::missed(at(kind, 40), run));
    EXPECT_FALSE(core::missed(at(kind, 39), run));
    EXPECT_TRUE(core::missed(at(kind, 38), run)) << "pauses count";
  }
}

TEST(SavingInterval, NeedsDays) {
  EXPECT_FALSE(core::saving_interval({}));
  EXPECT_FALSE(core::saving_interval({{1}, {2}, {3}, {4}}));
  EXPECT_TRUE(core::saving_interval({{1}, {2}, {3}, {4}, {5}}));
}

TEST(SavingInterval, OfEqualDaysIsOnePoint) {
  EXPECT_EQ(core::saving_interval(std::vector<Carbon>(9, Carbon{-40})), (core::CarbonRange{{-360}, {-360}}));
}

// The sum of n independent draws has the variance n s^2: 90 % within 1.645 of its deviations.
TEST(SavingInterval, HasTheWidthThatTheoryNames) {
  std::vector<Carbon> days(100, Carbon{900});
  for (std::size_t i = 1; i < days.size(); i += 2) days[i] = {1100};
  auto const range = core::saving_interval(days);
  ASSERT_TRUE(range);
  EXPECT_NEAR(static_cast<double>(range->low.value), 100'000 - 1645, 200);
  EXPECT_NEAR(static_cast<double>(range->high.value), 100'000 + 1645, 200);
  EXPECT_EQ(core::saving_interval(days), range) << "the same days, the same interval";
}

TEST(SavingInterval, CoversTheTotalAndMayCrossZero) {
  auto const range = core::saving_interval({{500}, {-450}, {300}, {-200}, {100}, {-90}});
  ASSERT_TRUE(range);
  EXPECT_LT(range->low.value, 0);
  EXPECT_GT(range->high.value, 160);
}

core::Book book(std::int64_t carbon, std::int64_t priced = 10, std::int64_t unpriced = 0) {
  core::Book made;
  made.carbon = {carbon};
  made.priced = {priced};
  made.unpriced = {unpriced};
  made.source = core::SignalSource{"GB", core::SignalKind::kMarginal, {}, "neso", "NESO"};
  made.shares[core::PointState::kActual] = {priced};
  return made;
}

core::EnergyTotal energy(std::int64_t millijoule) {
  core::EnergyTotal total;
  total.parts[{core::DeviceClass::kCpu, core::EnergyQuality::kMeasured}] = {millijoule};
  return total;
}

TEST(SavingsSum, AddsWhatIsKnownOnBothSides) {
  core::SavingsSum sum({minute(0), minute(1000)});
  core::Book forecast = book(40);
  forecast.shares = {{core::PointState::kForecast, {10}}};
  sum.price(minute(0), energy(10), {book(100), book(300)}, {book(50), book(20)});
  sum.price(minute(1), energy(10), {book(10), forecast}, {book(5), book(0, 4, 6)});
  auto const savings = std::move(sum).take(9);
  EXPECT_EQ(savings.marginal.jobs, 2);
  EXPECT_EQ(savings.marginal.actual.value, 110);
  EXPECT_EQ(savings.marginal.plain.value, 340);
  EXPECT_EQ(savings.marginal.energy.value, 20);
  EXPECT_EQ(savings.marginal.provisional, 1);
  EXPECT_EQ(savings.marginal.unpriced, 0);
  EXPECT_EQ(savings.marginal.source->provider, "neso");
  EXPECT_EQ(savings.average.jobs, 1);
  EXPECT_EQ(savings.average.plain.value - savings.average.actual.value, -30) << "negative stays negative";
  EXPECT_EQ(savings.average.unpriced, 1);
  EXPECT_EQ(savings.energy.sum().value, 20);
  EXPECT_EQ(savings.queued, 9);
  EXPECT_FALSE(savings.marginal.interval);
}

TEST(SavingsSum, IntervalOverDaysOfSubmission) {
  core::SavingsSum sum({minute(0), minute(100'000)});
  for (int day = 0; day < 5; ++day) {
    for (int job = 0; job < 1 + day % 2; ++job) {
      Instant const submitted = minute(day * 24 * 60 + job);
      sum.compare(std::nullopt, {submitted, submitted, submitted, {}}, {submitted, submitted, submitted, {}});
      sum.price(submitted, energy(10), {book(0), book(day % 2 == 0 ? 100 : 50)}, {book(0), book(100)});
    }
  }
  auto const savings = std::move(sum).take(7);
  EXPECT_EQ(savings.days, 5U);
  EXPECT_EQ(savings.marginal.interval, (core::CarbonRange{{500}, {500}})) << "each day sums to 100";
  ASSERT_TRUE(savings.average.interval);
  EXPECT_LT(savings.average.interval->low.value, savings.average.interval->high.value);
}

TEST(SavingsSum, WaitsDelaysAndBounds) {
  core::SavingsSum sum({minute(0), minute(1000)});
  core::Bound const bound{core::BoundKind::kMaxDelay, {}, minutes(45)};
  for (int i = 1; i <= 20; ++i) {
    // As it ran: waited i minutes, then 30 more in pauses.
    core::JobRun const actual{minute(0), minute(i), minute(i + 40), minutes(10)};
    core::JobRun const plain{minute(0), minute(2), minute(12), minutes(10)};
    sum.compare(i % 2 == 0 ? std::optional(bound) : std::nullopt, actual, plain);
  }
  auto const savings = std::move(sum).take(20);
  EXPECT_EQ(savings.jobs, 20);
  EXPECT_EQ(savings.bounded, 10);
  EXPECT_EQ(savings.actual.mean_wait, Span{630'000});
  EXPECT_EQ(savings.actual.p95_wait, minutes(19));
  EXPECT_EQ(savings.actual.mean_delay, Span{630'000} + minutes(30));
  EXPECT_EQ(savings.actual.p95_delay, minutes(49));
  EXPECT_EQ(savings.actual.missed, 2) << "18 and 20: later than 45 minutes and one of tolerance";
  EXPECT_EQ(savings.plain.mean_wait, minutes(2));
  EXPECT_EQ(savings.plain.mean_delay, minutes(2));
  EXPECT_EQ(savings.plain.missed, 0);
}

TEST(SavingsSum, OfNothing) {
  auto const savings = core::SavingsSum({minute(0), minute(1)}).take(0);
  EXPECT_EQ(savings.jobs, 0);
  EXPECT_EQ(savings.actual.mean_wait, Span{0});
  EXPECT_FALSE(savings.marginal.source);
}

}  // namespace
}  // namespace greenq::test
