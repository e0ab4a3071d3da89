#include <gtest/gtest.h>

#include "core/carbon/signal.hpp"
#include "core/carbon/utc_text.hpp"

namespace greenq::core {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

Instant day(int year, unsigned month, unsigned d, int hour = 0) {
  return std::chrono::time_point_cast<Span>(
             std::chrono::sys_days{std::chrono::year{year} / static_cast<int>(month) / static_cast<int>(d)}) +
         hours{hour};
}

IntensityPoint point(Instant begin, int hours_long, std::int64_t mg,
                     PointState state = PointState::kForecast) {
  return {{begin, begin + hours{hours_long}}, {mg}, state};
}

Signal signal_of(SignalKind kind, std::vector<IntensityPoint> points) {
  Signal signal;
  signal.source = {"Z", kind, SignalBasis::kDirect, "test", "test"};
  signal.points = std::move(points);
  return signal;
}

TEST(UtcText, ShowsSecondsOnlyWhenThereAreAny) {
  EXPECT_EQ(utc_text(day(2020, 6, 1, 7)), "2020-06-01T07:00Z");
  EXPECT_EQ(utc_text(day(2020, 6, 1) + std::chrono::seconds{5}), "2020-06-01T00:00:05Z");
  EXPECT_EQ(utc_text(day(1969, 12, 31, 23) + Span{7}), "1969-12-31T23:00:00.007Z");
}

TEST(ProblemOf, AcceptsGapsAndMarginalZero) {
  Instant const t = day(2020, 1, 1);
  EXPECT_FALSE(
      problem_of(signal_of(SignalKind::kMarginal, {point(t, 1, 0), point(t + hours{5}, 1, 1'500'000)})));
}

TEST(ProblemOf, NamesEveryFault) {
  Instant const t = day(2020, 1, 1);
  auto const marginal = [](std::vector<IntensityPoint> points) {
    return problem_of(signal_of(SignalKind::kMarginal, std::move(points))).value_or("");
  };
  EXPECT_EQ(marginal({}), "there are no points");
  EXPECT_EQ(marginal({point(t, 0, 1)}), "the point at 2020-01-01T00:00Z has no length");
  EXPECT_EQ(marginal({point(t, 1, 1), point(t, 1, 1)}), "the point at 2020-01-01T00:00Z appears twice");
  EXPECT_EQ(marginal({point(t, 2, 1), point(t + hours{1}, 1, 1)}),
            "the point at 2020-01-01T01:00Z overlaps the one before it");
  EXPECT_EQ(marginal({point(t + hours{1}, 1, 1), point(t, 1, 1)}),
            "the point at 2020-01-01T00:00Z comes after a later one (2020-01-01T01:00Z)");
  EXPECT_EQ(marginal({point(t, 1, -500)}), "the point at 2020-01-01T00:00Z (-0.500 g/kWh) is negative");
  EXPECT_NE(marginal({point(t, 1, 1'500'001)}).find("above 1500 g/kWh"), std::string::npos);
}

TEST(ProblemOf, AverageIsNeverZero) {
  auto const problem = problem_of(signal_of(SignalKind::kAverage, {point(day(2020, 1, 1), 1, 0)}));
  ASSERT_TRUE(problem);
  EXPECT_NE(problem->find("zero"), std::string::npos);
}

TEST(Curve, MeanIsWeightedByTime) {
  Instant const t = day(2020, 1, 1);
  Curve const curve({point(t, 1, 100'000), point(t + hours{1}, 3, 300'000)});
  EXPECT_EQ(curve.mean({t, t + hours{4}}), (Intensity{250'000}));
  EXPECT_EQ(curve.mean({t + minutes{30}, t + minutes{90}}), (Intensity{200'000}));
  EXPECT_EQ(curve.mean({t, t + hours{5}}), std::nullopt);
  EXPECT_EQ(curve.mean({t - minutes{1}, t + hours{1}}), std::nullopt);
  EXPECT_EQ(curve.mean({t, t}), std::nullopt);
  EXPECT_EQ(Curve{}.mean({t, t + hours{1}}), std::nullopt);
}

TEST(Curve, AGapUncoversWhatSpansIt) {
  Instant const t = day(2020, 1, 1);
  Curve const curve({point(t, 1, 1'000, PointState::kActual), point(t + hours{2}, 1, 2'000)});
  EXPECT_TRUE(curve.covered({t, t + hours{1}}));
  EXPECT_FALSE(curve.covered({t, t + hours{3}}));
  EXPECT_FALSE(curve.covered({t + hours{1}, t + hours{2}}));
  EXPECT_EQ(curve.at(t + hours{1}), nullptr);
  ASSERT_NE(curve.at(t + hours{2}), nullptr);
  EXPECT_EQ(curve.at(t + hours{2})->value, (Intensity{2'000}));
}

TEST(Curve, WorstStateIsTheHighestRung) {
  Instant const t = day(2020, 1, 1);
  Curve const curve({point(t, 1, 1, PointState::kActual), point(t + hours{1}, 1, 1, PointState::kClimatology),
                     point(t + hours{2}, 1, 1, PointState::kForecast)});
  EXPECT_EQ(curve.worst_state({t, t + hours{1}}), PointState::kActual);
  EXPECT_EQ(curve.worst_state({t, t + hours{3}}), PointState::kClimatology);
  EXPECT_EQ(curve.worst_state({t, t + hours{4}}), std::nullopt);
}

TEST(Climatology, RepeatsTheDayOfItsSeasonInUtcHours) {
  Profile profile{};
  for (int season = 0; season < 4; ++season) {
    for (int hour = 0; hour < 24; ++hour) profile.hours[season][hour] = {season * 1000 + hour};
  }
  // The last half hour of November (SON) and the first of December (DJF).
  Instant const december = day(2021, 12, 1);
  auto const points = climatology(profile, {december - minutes{30}, december + minutes{30}});
  ASSERT_EQ(points.size(), 2U);
  EXPECT_EQ(points[0],
            (IntensityPoint{{december - minutes{30}, december}, {3023}, PointState::kClimatology}));
  EXPECT_EQ(points[1], (IntensityPoint{{december, december + minutes{30}}, {0}, PointState::kClimatology}));
  EXPECT_EQ(climatology(profile, {day(2021, 3, 1, 5), day(2021, 3, 1, 6)})[0].value, (Intensity{1005}));
  EXPECT_EQ(climatology(profile, {day(2021, 8, 31, 23), day(2021, 9, 1)})[0].value, (Intensity{2023}));
  EXPECT_TRUE(climatology(profile, {december, december}).empty());
}

TEST(FillGaps, FirstWinsAndSecondIsClipped) {
  Instant const t = day(2020, 1, 1);
  std::vector<IntensityPoint> const first{point(t + hours{1}, 1, 10), point(t + hours{3}, 1, 30)};
  std::vector<IntensityPoint> const second{point(t, 5, 99, PointState::kClimatology)};
  auto const points = fill_gaps(first, second, {t + minutes{30}, t + hours{5}});
  ASSERT_EQ(points.size(), 5U);
  EXPECT_EQ(points[0].interval, (Interval{t + minutes{30}, t + hours{1}}));
  EXPECT_EQ(points[0].state, PointState::kClimatology);
  EXPECT_EQ(points[1].value, (Intensity{10}));
  EXPECT_EQ(points[2].interval, (Interval{t + hours{2}, t + hours{3}}));
  EXPECT_EQ(points[4].interval, (Interval{t + hours{4}, t + hours{5}}));
  EXPECT_TRUE(fill_gaps({}, {}, {t, t + hours{1}}).empty());
}

// A bridged point of the future was called estimated, and what is estimated counts as measured.
TEST(BridgeGaps, OnlyBetweenMeasuredPointsIsItAnEstimate) {
  Instant const t = day(2020, 1, 1);
  std::vector<IntensityPoint> const points{
      point(t, 1, 10, PointState::kActual), point(t + hours{2}, 1, 30, PointState::kEstimated),
      point(t + hours{4}, 1, 50),           point(t + hours{7}, 1, 80),
      point(t + hours{11}, 1, 90),          point(t + hours{13}, 1, 110, PointState::kEstimated)};
  auto const bridged = bridge_gaps(points, t + hours{3});
  ASSERT_EQ(bridged.size(), 11U);
  EXPECT_EQ(bridged[1], point(t + hours{1}, 1, 20, PointState::kEstimated));
  EXPECT_EQ(bridged[3], point(t + hours{3}, 1, 40)) << "between the last actual and the first forecast";
  EXPECT_EQ(bridged[5], point(t + hours{5}, 1, 60));
  EXPECT_EQ(bridged[6], point(t + hours{6}, 1, 70));
  EXPECT_EQ(bridged[8].interval.begin, t + hours{11}) << "three steps stay a gap";
  EXPECT_EQ(bridged[9].state, PointState::kForecast) << "what is not over was not measured";
}

TEST(WasMeasured, OnlyOnceItIsOver) {
  Instant const t = day(2020, 1, 1);
  EXPECT_TRUE(was_measured(point(t, 1, 10, PointState::kEstimated), t + hours{1}));
  EXPECT_FALSE(was_measured(point(t, 1, 10, PointState::kEstimated), t + minutes{59}));
  EXPECT_FALSE(was_measured(point(t, 1, 10, PointState::kActual), t));
  EXPECT_FALSE(was_measured(point(t, 1, 10), t + hours{5}));
}

}  // namespace
}  // namespace greenq::core
