// Curve and fill_gaps against naive implementations that look at every millisecond or point.
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "core/carbon/signal.hpp"

namespace greenq::core {
namespace {

// Short points with gaps, from 0 on.
std::vector<IntensityPoint> any_points() {
  auto const count = *rc::gen::inRange(0, 12);
  std::vector<IntensityPoint> points;
  std::int64_t at = *rc::gen::inRange(-5, 5);
  for (int i = 0; i < count; ++i) {
    at += *rc::gen::weightedElement<int>({{3, 0}, {1, 2}});
    auto const length = *rc::gen::inRange(1, 6);
    auto const value = *rc::gen::inRange(0, 1'500'001);
    auto const state = static_cast<PointState>(*rc::gen::inRange(1, 6));
    points.push_back({{from_ms(at), from_ms(at + length)}, {value}, state});
    at += length;
  }
  return points;
}

Interval any_interval() {
  auto const begin = *rc::gen::inRange(-10, 80);
  auto const length = *rc::gen::inRange(-2, 40);
  return {from_ms(begin), from_ms(begin + length)};
}

IntensityPoint const* naive_at(std::vector<IntensityPoint> const& points, Instant t) {
  for (IntensityPoint const& point : points) {
    if (point.interval.contains(t)) return &point;
  }
  return nullptr;
}

RC_GTEST_PROP(CurveProperties, AgreesWithLookingAtEveryMillisecond, ()) {
  auto const points = any_points();
  Interval const interval = any_interval();
  Curve const curve(points);
  bool covered = !interval.empty();
  __int128 sum = 0;
  PointState worst = PointState::kActual;
  for (Instant t = interval.begin; t < interval.end; t += Span{1}) {
    IntensityPoint const* point = naive_at(points, t);
    RC_ASSERT((curve.at(t) == nullptr) == (point == nullptr));
    if (point == nullptr) {
      covered = false;
      continue;
    }
    RC_ASSERT(*curve.at(t) == *point);
    sum += point->value.value;
    worst = std::max(worst, point->state);
  }
  RC_ASSERT(curve.covered(interval) == covered);
  RC_ASSERT(curve.mean(interval).has_value() == covered);
  RC_ASSERT(curve.worst_state(interval).has_value() == covered);
  if (covered) {
    RC_ASSERT(curve.integral(interval) == sum);
    RC_ASSERT(curve.mean(interval)->value == divide_half_even(sum, interval.length().count()));
    RC_ASSERT(*curve.worst_state(interval) == worst);
  }
}

RC_GTEST_PROP(CurveProperties, IntegralsAdd, ()) {
  auto const points = any_points();
  Curve const curve(points);
  Interval const interval = any_interval();
  RC_PRE(!interval.empty());
  auto const cut = interval.begin + Span{*rc::gen::inRange<std::int64_t>(0, interval.length().count() + 1)};
  RC_ASSERT(curve.integral({interval.begin, cut}) + curve.integral({cut, interval.end}) ==
            curve.integral(interval));
}

RC_GTEST_PROP(FillGapsProperties, FirstWinsEverywhereAndOrderHolds, ()) {
  auto const first = any_points();
  auto const second = any_points();
  Interval const interval = any_interval();
  auto const filled = fill_gaps(first, second, interval);
  Curve const check(filled);  // aborts on disorder or overlap
  for (std::int64_t ms = -20; ms < 140; ++ms) {
    Instant const t = from_ms(ms);
    IntensityPoint const* expected = nullptr;
    if (interval.contains(t)) {
      expected = naive_at(first, t);
      if (expected == nullptr) expected = naive_at(second, t);
    }
    IntensityPoint const* found = check.at(t);
    RC_ASSERT((found == nullptr) == (expected == nullptr));
    if (found == nullptr) continue;
    RC_ASSERT(found->value == expected->value);
    RC_ASSERT(found->state == expected->state);
  }
}

RC_GTEST_PROP(ClimatologyProperties, CoversExactlyTheInterval, ()) {
  Profile profile{};
  auto const begin = from_ms(*rc::gen::inRange<std::int64_t>(0, 4'000'000'000'000));
  Interval const interval{begin, begin + Span{*rc::gen::inRange<std::int64_t>(1, 3 * 86'400'000)}};
  auto const points = climatology(profile, interval);
  RC_ASSERT(points.front().interval.begin == interval.begin);
  RC_ASSERT(points.back().interval.end == interval.end);
  RC_ASSERT(Curve(points).covered(interval));
}

}  // namespace
}  // namespace greenq::core
