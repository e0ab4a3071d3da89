#include "feed/plausible.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "feed_fixture.hpp"

namespace greenq::feed {
namespace {

using core::Instant;
using core::PointState;
using core::SignalKind;
using core::Span;
using std::chrono::hours;
using std::chrono::minutes;
using test::at;
using testing::HasSubstr;

Instant const kNow = at("2026-03-01T10:10Z");
Instant const kHalfHour = at("2026-03-01T10:00Z");

struct Shape {
  std::string zone = "GB";
  SignalKind kind = SignalKind::kAverage;
  Instant begin = kHalfHour;
  int count = 20;
  std::int64_t mg = 180'000;
  std::int64_t spread = 500;  // every second figure is so much higher
  PointState state = PointState::kForecast;
};

core::Signal make(Shape const& shape) {
  core::Signal signal;
  signal.source = {shape.zone, shape.kind, core::SignalBasis::kDirect, "neso", "label"};
  signal.issued_at = signal.received_at = kNow;
  for (int i = 0; i < shape.count; ++i) {
    Instant const begin = shape.begin + i * minutes{30};
    signal.points.push_back({{begin, begin + minutes{30}}, {shape.mg + shape.spread * (i % 2)}, shape.state});
  }
  return signal;
}

std::string verdict(Shape const& shape) {
  return implausible(make(shape), kNow).value_or("good");
}

TEST(Implausible, TimesMustBeOfNow) {
  EXPECT_EQ(verdict({}), "good");
  EXPECT_EQ(verdict({.count = 96}), "good");
  EXPECT_THAT(verdict({.begin = kHalfHour - hours{100}, .count = 96}),
              HasSubstr("of the past, it ends at 2026-02-27T06:00Z"));
  EXPECT_THAT(verdict({.count = 48 * 11}), HasSubstr("10 days"));
  EXPECT_EQ(verdict({.begin = kHalfHour - hours{24 * 34}, .count = 48 * 35}), "good");
  EXPECT_THAT(verdict({.begin = kHalfHour - hours{24 * 36}, .count = 48 * 37}), HasSubstr("35 days ago"));
  EXPECT_EQ(verdict({.begin = kHalfHour + hours{1}}), "good");
  EXPECT_THAT(verdict({.begin = kHalfHour + hours{2}}),
              HasSubstr("begin in the future, at 2026-03-01T12:00Z"));
  auto signal = make({});
  signal.issued_at = kNow + minutes{5};
  EXPECT_FALSE(implausible(signal, kNow));
  signal.issued_at += Span{1};
  EXPECT_THAT(*implausible(signal, kNow), HasSubstr("issued in the future"));
}

TEST(Implausible, ActualsMayEndADayAgoButAForecastMustNotBeOver) {
  Shape shape{.begin = kHalfHour - hours{20}, .state = PointState::kActual};
  EXPECT_EQ(verdict(shape), "good");
  shape.state = PointState::kForecast;
  EXPECT_THAT(verdict(shape), HasSubstr("the forecast is of the past, it ends at 2026-03-01T00:00Z"));
}

TEST(Implausible, HalfADayOfEqualValuesIsFrozen) {
  EXPECT_THAT(verdict({.count = 25, .spread = 0}), HasSubstr("frozen"));
  EXPECT_EQ(verdict({.count = 23, .spread = 0}), "good");
  EXPECT_THAT(verdict({.kind = SignalKind::kMarginal, .count = 25, .mg = 0, .spread = 0}),
              HasSubstr("frozen"));
  // Hydro power stands still for days, and nothing is to be gained by waiting.
  EXPECT_EQ(verdict({.zone = "NO", .count = 48, .mg = 25'000, .spread = 0}), "good");
  EXPECT_THAT(verdict({.zone = "NO", .count = 48, .mg = 50'000, .spread = 0}), HasSubstr("frozen"));
}

TEST(Implausible, AnAverageIsNearTheTypicalDay) {
  EXPECT_THAT(verdict({.mg = 180, .spread = 1}), HasSubstr("below 1 g/kWh; is the unit right?"));  // kg as g
  EXPECT_THAT(verdict({.zone = "ZZ", .mg = 999, .spread = 0, .state = PointState::kActual}),
              HasSubstr("below 1 g/kWh"));
  EXPECT_THAT(verdict({.mg = 1'000'000}), HasSubstr("too far from the usual"));
  EXPECT_EQ(verdict({.zone = "ZZ", .mg = 1'000'000}), "good");  // nothing is known of it
  EXPECT_EQ(verdict({.zone = "SE", .mg = 120'000}), "good");    // five times the usual, but near
  // Marginal figures of a zone have nothing to do with its averages.
  EXPECT_EQ(verdict({.kind = SignalKind::kMarginal, .mg = 1'000'000}), "good");
  EXPECT_EQ(verdict({.kind = SignalKind::kMarginal, .mg = 0, .spread = 1}), "good");
}

TEST(Levels, AJumpNeedsADayOfEvidence) {
  Levels levels;
  auto const judge = [&](std::int64_t mg, Span after) {
    return levels.judge(make({.kind = SignalKind::kMarginal, .mg = mg}), kNow + after);
  };
  EXPECT_FALSE(judge(300'000, hours{0}));
  EXPECT_FALSE(judge(1'400'000, hours{23}));  // half of what is known then
  Levels fresh;
  for (int hour = 0; hour <= 24; hour += 6) {
    EXPECT_FALSE(fresh.judge(make({.kind = SignalKind::kMarginal, .mg = 200'000}), kNow + hours{hour}));
  }
  auto const again = [&](std::int64_t mg) {
    return fresh.judge(make({.kind = SignalKind::kMarginal, .mg = mg, .spread = 0}), kNow + hours{25});
  };
  EXPECT_THAT(again(1'200'000).value_or(""), HasSubstr("is the unit right?"));
  EXPECT_FALSE(again(1'100'000));
}

TEST(Levels, CleanHoursAreNoJump) {
  Levels levels;
  for (int hour = 0; hour <= 48; ++hour) {
    EXPECT_FALSE(levels.judge(make({.kind = SignalKind::kMarginal, .mg = 100'000}), kNow + hours{hour}));
  }
  EXPECT_FALSE(levels.judge(make({.kind = SignalKind::kMarginal, .mg = 0}), kNow + hours{49}));
}

TEST(Levels, ActualsThatStandStillAreNoticedAcrossReplies) {
  Levels levels;
  std::optional<std::string> problem;
  int replies = 0;
  // Each reply holds the newest hour.
  for (; replies < 30 && !problem; ++replies) {
    Instant const now = kNow + replies * hours{1};
    problem = levels.judge(make({.begin = kHalfHour + (replies - 1) * hours{1},
                                 .count = 2,
                                 .spread = 0,
                                 .state = PointState::kActual}),
                           now);
  }
  EXPECT_EQ(replies, 12);
  EXPECT_THAT(problem.value_or(""), HasSubstr("frozen"));
  Instant const end = kNow + hours{13};
  EXPECT_FALSE(levels.judge(
      make({.begin = kHalfHour + hours{12}, .count = 2, .spread = 1, .state = PointState::kActual}), end));
}

TEST(Levels, ActualsOfACleanZoneMayStandStill) {
  Levels levels;
  EXPECT_FALSE(levels.judge(make({.begin = kHalfHour - hours{24},
                                  .count = 48,
                                  .mg = 20'000,
                                  .spread = 0,
                                  .state = PointState::kActual}),
                            kNow));
}

}  // namespace
}  // namespace greenq::feed
