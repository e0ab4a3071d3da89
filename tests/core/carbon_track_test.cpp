// The ladder of one zone and kind.
#include "core/carbon/track.hpp"

#include <gmock/gmock.h>

#include <cmath>

#include "core/carbon/hours.hpp"

namespace greenq::core {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

Instant const kStart = from_ms(1'700'000'000'000 / 86'400'000 * 86'400'000);

double shape(std::int64_t hour) {
  return 300 + 100 * std::sin(2 * M_PI * static_cast<double>(hour % 24) / 24);
}

struct Say {
  std::string provider = "a";
  Instant now = kStart;
  int past = 24;    // hours of actuals before now
  int future = 48;  // hours of forecast from now on
  Span step = hours{1};
  double offset = 0;  // of the forecast, g/kWh
  SignalKind kind = SignalKind::kMarginal;
};

Signal reply(Say const& say) {
  Signal signal;
  signal.source = {"Z", say.kind, SignalBasis::kDirect, say.provider, say.provider + " label", ""};
  signal.issued_at = signal.received_at = say.now;
  auto const add = [&](Instant from, Instant to, PointState state, double offset) {
    for (Instant t = from; t < to; t += say.step) {
      double const grams = shape(hour_of(t)) + offset;
      signal.points.push_back({{t, t + say.step}, {std::llround(grams * 1000)}, state, std::nullopt});
    }
  };
  add(say.now - hours{say.past}, say.now, PointState::kActual, 0);
  add(say.now, say.now + hours{say.future}, PointState::kForecast, say.offset);
  return signal;
}

TEST(Track, LearnsFromTheFirstReplyAndReachesAWeek) {
  Track track;
  track.put(0, reply({.past = 24 * 20}));
  auto const view = track.view(kStart, hours{24 * 7});
  ASSERT_TRUE(view.curve);
  EXPECT_TRUE(view.curve->covered({kStart, kStart + hours{24 * 7}}));
  EXPECT_EQ(view.learned_hours, 24 * 20);
  EXPECT_FALSE(view.feed_stale);
  EXPECT_EQ(view.source.provider, "a");
  EXPECT_EQ(view.curve->at(kStart - minutes{1})->state, PointState::kActual);
  EXPECT_EQ(view.curve->at(kStart)->state, PointState::kForecast);
  EXPECT_TRUE(view.curve->at(kStart)->spread);
  EXPECT_EQ(view.curve->at(kStart + hours{120})->state, PointState::kClimatology);
  for (int h = 0; h < 24 * 7; ++h) {
    auto const* point = view.curve->at(kStart + hours{h});
    EXPECT_NEAR(static_cast<double>(point->value.value) / 1000, shape(hour_of(kStart) + h), 25) << h;
  }
}

TEST(Track, FiguresThatAreGivenAreUsedAsTheyAre) {
  Track track;
  Signal given = reply({.past = 24 * 20, .offset = 500});
  given.as_given = true;
  track.put(0, given);
  EXPECT_FALSE(track.forecaster());
  auto const view = track.view(kStart, hours{48});
  EXPECT_EQ(view.curve->at(kStart)->value, given.points[24 * 20].value);
  EXPECT_EQ(view.learned_hours, 0);
}

TEST(Track, ABiasedForecastIsCorrectedByExperience) {
  Track track;
  track.put(0, reply({.now = kStart - hours{24 * 40}, .past = 24 * 20}));
  for (int day = 39; day >= 0; --day) {
    for (int hour = 0; hour < 24; hour += 6) {
      track.put(0, reply({.now = kStart - hours{24 * day + 24 - hour - 6}, .past = 12, .offset = 120}));
    }
  }
  auto const view = track.view(kStart, hours{24});
  double error = 0;
  for (int h = 0; h < 24; ++h) {
    error += (static_cast<double>(view.curve->at(kStart + hours{h})->value.value) / 1000 -
              shape(hour_of(kStart) + h)) /
             24;
  }
  EXPECT_LT(std::abs(error), 15) << "the published figures are 120 too high";
}

TEST(Track, FiveMinuteFiguresKeepTheirShapeWithinTheHour) {
  Track track;
  Signal fine = reply({.past = 24 * 10, .future = 3, .step = minutes{5}});
  for (std::size_t i = 0; i < fine.points.size(); ++i) {
    if (fine.points[i].state == PointState::kForecast)
      fine.points[i].value.value += i % 2 == 0 ? 50'000 : -50'000;
  }
  track.put(0, fine);
  auto const view = track.view(kStart, hours{24});
  Instant const late = kStart + hours{2} + minutes{30};
  auto const* first = view.curve->at(late);
  auto const* second = view.curve->at(late + minutes{5});
  EXPECT_EQ(first->interval.length(), minutes{5});
  EXPECT_NEAR(static_cast<double>(std::abs((first->value - second->value).value)), 100'000, 2'000);
}

// At half past, the rest of the hour has the published slope, not the mean of the whole hour.
TEST(Track, TheOpenHourKeepsItsShape) {
  Track track;
  Say say{.now = kStart + hours{3} + minutes{30}, .past = 24 * 10, .future = 24, .step = minutes{5}};
  Signal fine = reply(say);
  for (IntensityPoint& point : fine.points) {
    double const at = static_cast<double>(point.interval.begin.time_since_epoch().count()) / 3'600'000;
    point.value = {std::llround((300 + 100 * std::sin(2 * M_PI * at / 24)) * 1000)};
  }
  track.put(0, fine);
  auto const view = track.view(say.now, hours{24});
  for (int k = 0; k < 6; ++k) {
    Instant const at = say.now + minutes{5} * k;
    auto const* point = view.curve->at(at);
    ASSERT_EQ(point->interval.length(), minutes{5});
    double const truth =
        300 + 100 * std::sin(2 * M_PI * static_cast<double>(at.time_since_epoch().count()) / 86'400'000);
    EXPECT_NEAR(static_cast<double>(point->value.value) / 1000, truth, 5) << k;
  }
}

TEST(Track, TheNewestFigureCountsForTheNextMinutes) {
  Track track;
  Signal fine = reply({.past = 24 * 10, .future = 0, .step = minutes{5}});
  fine.points.back().value = {900'000};
  track.put(0, fine);
  auto const view = track.view(kStart, hours{24});
  double const usual = shape(hour_of(kStart));
  double const soon = static_cast<double>(view.curve->at(kStart)->value.value) / 1000;
  EXPECT_GT(soon, usual + 200);
  EXPECT_NEAR(static_cast<double>(view.curve->at(kStart + hours{5})->value.value) / 1000,
              shape(hour_of(kStart) + 5), 60);
}

TEST(Track, TwoFeedsAreNotMixedWhileTheFirstOneLives) {
  Track track;
  track.put(1, reply({.provider = "second", .past = 24 * 5}));
  EXPECT_EQ(track.learned_from(), "second");
  track.put(0, reply({.provider = "first", .past = 24 * 3}));
  EXPECT_EQ(track.learned_from(), "first") << "the preferred one teaches as soon as it measures";
  track.put(1, reply({.provider = "second", .now = kStart + hours{1}, .past = 24}));
  EXPECT_EQ(track.learned_from(), "first");
  track.put(1, reply({.provider = "second", .now = kStart + hours{60}, .past = 24}));
  EXPECT_EQ(track.learned_from(), "second") << "the first one has measured nothing for more than two days";
}

TEST(Track, RungsInOrder) {
  Track track;
  track.put_factor(
      {{7'000}, {"Z", SignalKind::kMarginal, SignalBasis::kDirect, "yearly", "a yearly factor", ""}});
  EXPECT_EQ(track.best_state(), PointState::kConstant);
  EXPECT_EQ(track.view(kStart, hours{24}).source.provider, "yearly");
  Profile profile{};
  profile.source = {"Z", SignalKind::kMarginal, SignalBasis::kDirect, "climatology", "typical day", ""};
  for (auto& season : profile.hours) {
    for (Intensity& value : season) value = {3'000};
  }
  track.put_profile(profile);
  EXPECT_EQ(track.best_state(), PointState::kClimatology);
  EXPECT_EQ(track.view(kStart, hours{24}).curve->at(kStart)->value.value, 3'000);
  track.put(2, reply({.provider = "no-actuals", .past = 0, .future = 6}));
  auto const view = track.view(kStart, hours{24});
  EXPECT_EQ(view.source.provider, "no-actuals");
  EXPECT_EQ(view.curve->at(kStart + hours{5})->state, PointState::kForecast);
  EXPECT_EQ(view.curve->at(kStart + hours{6})->value.value, 3'000);
}

TEST(Track, ASilentFeedIsStaleAndItsExperienceGoesOnAsClimatology) {
  Track track;
  track.put(0, reply({.past = 24 * 20, .future = 24}));
  EXPECT_FALSE(track.view(kStart + hours{20}, hours{24}).feed_stale);
  auto const view = track.view(kStart + hours{70}, hours{24});
  EXPECT_TRUE(view.feed_stale);
  EXPECT_EQ(view.curve->at(kStart + hours{70})->state, PointState::kClimatology);
}

TEST(Track, AFeedThatOnlyMeasuresIsNotStale) {
  Track track;
  track.put(0, reply({.past = 24 * 20, .future = 0}));
  auto const view = track.view(kStart + hours{1}, hours{24});
  EXPECT_FALSE(view.feed_stale);
  EXPECT_EQ(view.source.provider, "a");
  EXPECT_EQ(view.curve->at(kStart + hours{1})->state, PointState::kForecast);
}

TEST(Track, AFeedThatCameBackMustAnswerTwiceToLead) {
  Track track;
  track.put(0, reply({.provider = "first", .past = 0, .future = 2}));
  track.put(1, reply({.provider = "second", .past = 0, .future = 40}));
  Instant const later = kStart + hours{10};
  EXPECT_EQ(track.view(later, hours{24}).source.provider, "second");
  track.put(0, reply({.provider = "first", .now = later, .past = 0, .future = 20}));
  EXPECT_EQ(track.view(later, hours{24}).source.provider, "second");
  track.put(0, reply({.provider = "first", .now = later + minutes{30}, .past = 0, .future = 20}));
  EXPECT_EQ(track.view(later + minutes{30}, hours{24}).source.provider, "first");
}

TEST(Track, GoesOnAfterARestart) {
  Track before;
  before.put(0, reply({.past = 24 * 20}));
  std::string const bytes = before.forecaster()->dump();
  Signal const next = reply({.now = kStart + hours{3}, .past = 24});
  before.put(0, next);
  Track after;
  auto stored = Forecaster::read(bytes);
  ASSERT_TRUE(stored);
  std::vector<IntensityPoint> actuals(next.points.begin(), next.points.begin() + 24);
  after.restore(SignalKind::kMarginal, 0, "a", std::move(*stored), actuals);
  EXPECT_EQ(after.forecaster()->next(), before.forecaster()->next());
  after.put(0, next);
  auto const a = before.view(kStart + hours{3}, hours{24});
  auto const b = after.view(kStart + hours{3}, hours{24});
  for (int h = 3; h < 24; ++h)
    EXPECT_EQ(a.curve->at(kStart + hours{h})->value, b.curve->at(kStart + hours{h})->value) << h;
}

std::size_t index_of(Signal const& signal, Instant at) {
  auto const found = std::find_if(signal.points.begin(), signal.points.end(),
                                  [at](IntensityPoint const& p) { return p.interval.begin == at; });
  return static_cast<std::size_t>(found - signal.points.begin());
}

// A null in the forecast was bridged as "estimated" and learned as measured: the forecaster jumped there.
TEST(Track, ABridgedGapOfTheForecastIsNotLearned) {
  Track track;
  Signal holed = reply({.past = 48});
  holed.points.erase(holed.points.begin() + static_cast<std::ptrdiff_t>(index_of(holed, kStart + hours{5})));
  holed.points = bridge_gaps(holed.points, holed.received_at);
  EXPECT_EQ(holed.points[index_of(holed, kStart + hours{5})].state, PointState::kForecast);
  track.put(0, holed);
  EXPECT_EQ(track.forecaster()->next(), hour_of(kStart));
  EXPECT_EQ(track.measured_until("a"), kStart);
  EXPECT_FALSE(track.stale(kStart + hours{3}));
  EXPECT_TRUE(track.stale(kStart + hours{60}));
}

// Electricity Maps gives the running hour as estimated.
TEST(Track, TheRunningHourIsLearnedWhenItIsOver) {
  Track track;
  Signal running = reply({.past = 48, .future = 0});
  running.points.push_back({{kStart, kStart + hours{1}}, {900'000}, PointState::kEstimated, std::nullopt});
  running.received_at = running.issued_at = kStart + minutes{10};
  track.put(0, running);
  EXPECT_EQ(track.forecaster()->next(), hour_of(kStart));
  EXPECT_EQ(track.measured_until("a"), kStart);
  running.received_at = kStart + minutes{70};
  track.put(0, running);
  EXPECT_EQ(track.forecaster()->next(), hour_of(kStart) + 1);
  EXPECT_DOUBLE_EQ(track.forecaster()->actual(hour_of(kStart)), 900);
}

// Negative hours indexed rings before their first element.
TEST(Track, FiguresBeforeTheEpochTeachNothing) {
  Track track;
  Signal liar = reply({.past = 0});
  for (int h = 0; h < 200; ++h) {
    Instant const at{hours{h - 150}};
    liar.points.insert(liar.points.begin() + h,
                       {{at, at + hours{1}}, {300'000}, PointState::kActual, std::nullopt});
  }
  track.put(0, liar);
  EXPECT_TRUE(!track.forecaster() || track.forecaster()->empty());
  EXPECT_TRUE(track.view(kStart, hours{24}).curve->at(kStart));
  Forecaster forecaster;
  forecaster.publish({-500, std::vector<double>(600, 300.0)});
  forecaster.observe({{-40, 1.0}, {-1, 1.0}, {0, 1.0}, {1, 200.0}, {2, 210.0}});
  EXPECT_EQ(forecaster.first(), 1);
  EXPECT_EQ(forecaster.next(), 3);
  EXPECT_EQ(forecaster.forecast().size(), static_cast<std::size_t>(Forecaster::kHorizon));
}

TEST(Track, WhatIsOlderThanFiveWeeksOnlyCorrects) {
  Track track;
  track.put(0, reply({.past = 24 * 50}));
  EXPECT_EQ(track.forecaster()->first(), hour_of(kStart) - 24 * 35);
  Track old;
  old.put(0, reply({.now = kStart - hours{24 * 40}, .past = 24 * 20}));
  Hour const before = old.forecaster()->next();
  Signal corrected = reply({.past = 24 * 50});
  for (IntensityPoint& point : corrected.points) point.value.value += 1'000;
  old.put(0, corrected);
  EXPECT_EQ(old.forecaster()->next(), hour_of(kStart));
  EXPECT_NEAR(old.forecaster()->actual(before - 1), shape(before - 1) + 1, 0.01) << "a correction";
  EXPECT_TRUE(std::isnan(old.forecaster()->actual(before + 1))) << "too old to be a lesson";
  EXPECT_FALSE(std::isnan(old.forecaster()->actual(hour_of(kStart) - 24 * 35)));
}

// What a lower feed taught lay over the replies of the preferred one, and under its name.
TEST(Track, GivenFiguresAboveTheTeacherAreUsed) {
  Track track;
  track.put(1, reply({.provider = "teacher", .past = 24 * 10}));
  Signal given = reply({.provider = "file", .past = 24, .future = 6, .offset = 200});
  given.as_given = true;
  track.put(0, given);
  auto const view = track.view(kStart, hours{48});
  EXPECT_EQ(view.source.provider, "file");
  EXPECT_NEAR(static_cast<double>(view.curve->at(kStart + hours{5})->value.value) / 1000,
              shape(hour_of(kStart) + 5) + 200, 0.01);
  EXPECT_LT(static_cast<double>(view.curve->at(kStart + hours{6})->value.value) / 1000,
            shape(hour_of(kStart) + 6) + 100)
      << "the teacher goes on where the file ends";
  EXPECT_EQ(track.view(kStart + hours{7}, hours{48}).source.provider, "teacher");
}

// A file that only measured teaches; once it reaches beyond now, its figures are used as they are.
TEST(Track, GivenFiguresOfTheTeacherItselfAreUsedAsTheyAre) {
  Track track;
  track.put(0, reply({.provider = "file", .past = 24 * 10, .future = 0}));
  ASSERT_EQ(track.learned_from(), "file");
  Signal given = reply({.provider = "file", .past = 24, .future = 6, .offset = 200});
  given.as_given = true;
  track.put(0, given);
  EXPECT_NEAR(static_cast<double>(track.view(kStart, hours{24}).curve->at(kStart)->value.value) / 1000,
              shape(hour_of(kStart)) + 200, 0.01);
}

TEST(Track, AForecastWithoutActualsAboveTheTeacherIsUsed) {
  Track track;
  track.put(0, reply({.provider = "forecast-only", .past = 0, .future = 24, .offset = 200}));
  track.put(1, reply({.provider = "teacher", .past = 24 * 10}));
  auto const view = track.view(kStart, hours{48});
  EXPECT_EQ(view.source.provider, "forecast-only");
  EXPECT_NEAR(static_cast<double>(view.curve->at(kStart)->value.value) / 1000, shape(hour_of(kStart)) + 200,
              0.01);
  EXPECT_EQ(view.curve->at(kStart - hours{1})->state, PointState::kActual);
}

TEST(Track, AnOldReplyOfASilentFeedDoesNotStandAboveItsSuccessor) {
  Track track;
  track.put(0, reply({.provider = "silent", .past = 24 * 10, .future = 72, .offset = 300}));
  Instant const now = kStart + hours{55};
  track.put(1, reply({.provider = "successor", .now = now, .past = 24 * 10}));
  auto const view = track.view(now, hours{24});
  EXPECT_EQ(view.source.provider, "successor");
  EXPECT_NEAR(static_cast<double>(view.curve->at(now)->value.value) / 1000, shape(hour_of(now)), 60);
}

TEST(Track, AFeedThatOnlyMeasuresIsNamedBesideAnother) {
  Track track;
  for (int h = 0; h < 3; ++h) {
    Instant const now = kStart + hours{h};
    track.put(0, reply({.provider = "measures", .now = now, .past = 48, .future = 0}));
    track.put(1, reply({.provider = "forecasts", .now = now, .past = 0, .future = 48}));
    EXPECT_EQ(track.view(now, hours{24}).source.provider, "measures") << h;
  }
}

TEST(Track, AFeedThatComesBackGoesOnFromItsOwnExperience) {
  Track track;
  track.put(0, reply({.provider = "first", .past = 24 * 20}));
  Instant const later = kStart + hours{60};
  track.put(1, reply({.provider = "second", .now = later, .past = 24 * 10}));
  ASSERT_EQ(track.learned_from(), "second");
  EXPECT_EQ(track.measured_until("first"), kStart);
  track.put(0, reply({.provider = "first", .now = later + hours{1}, .past = 24}));
  EXPECT_EQ(track.learned_from(), "first");
  EXPECT_EQ(track.forecaster()->first(), hour_of(kStart) - 24 * 20);
  EXPECT_EQ(track.view(later + hours{1}, hours{24}).learned_hours, 24 * 20 + 24) << "gaps teach nothing";
  track.put(1, reply({.provider = "second", .now = later + hours{2}, .past = 24}));
  EXPECT_EQ(track.learned_from(), "first");
}

// It took over with each of its replies and lost the place again with each of the other's.
TEST(Track, APreferredFeedWithOldActualsDoesNotFlap) {
  Track track;
  track.put(1, reply({.provider = "second", .past = 24 * 10}));
  Signal old = reply({.provider = "first", .past = 24 * 10});
  std::erase_if(old.points, [](IntensityPoint const& p) {
    return p.state == PointState::kActual && p.interval.end > kStart - hours{72};
  });
  track.put(0, old);
  EXPECT_EQ(track.learned_from(), "second");
}

TEST(Track, OfSeveralStoredLessonsThePreferredOneCounts) {
  for (bool const in_order : {true, false}) {
    Track track;
    auto const restore = [&](int rank, std::string const& provider, int silent) {
      Signal const known = reply({.now = kStart - hours{silent}, .past = 24 * 5, .future = 0});
      track.restore(SignalKind::kMarginal, rank, provider, Forecaster{}, known.points);
    };
    if (in_order) restore(0, "first", 3);
    restore(1, "second", 0);
    if (!in_order) restore(0, "first", 3);
    EXPECT_EQ(track.learned_from(), "first");
    restore(2, "third", 0);
    EXPECT_EQ(track.learned_from(), "first");
    EXPECT_EQ(track.measured_until("third"), kStart);
  }
  Track silent;
  Signal const old = reply({.now = kStart - hours{100}, .past = 24 * 5, .future = 0});
  silent.restore(SignalKind::kMarginal, 0, "first", Forecaster{}, old.points);
  silent.restore(SignalKind::kMarginal, 1, "second", Forecaster{}, reply({.future = 0}).points);
  EXPECT_EQ(silent.learned_from(), "second");
}

TEST(Hours, MeansOfWholeHoursOnly) {
  std::vector<IntensityPoint> points;
  for (int i = 6; i < 30; ++i) {
    Instant const at = kStart + minutes{5} * i;
    points.push_back({{at, at + minutes{5}}, {i * 1000}, PointState::kActual, std::nullopt});
  }
  auto const whole = whole_hours(points);
  ASSERT_EQ(whole.size(), 1U);
  EXPECT_EQ(whole[0].first, hour_of(kStart) + 1);
  EXPECT_DOUBLE_EQ(whole[0].second, 17.5);
  auto const published = published_hours(points);
  EXPECT_EQ(published.first, hour_of(kStart));
  ASSERT_EQ(published.values.size(), 3U);
  EXPECT_DOUBLE_EQ(published.values[0], 8.5);
}

TEST(Hours, AnHourlyPointThatIsNotOnTheHourCountsByParts) {
  std::vector<IntensityPoint> const points{
      {{kStart + minutes{30}, kStart + minutes{90}}, {10'000}, PointState::kActual, std::nullopt},
      {{kStart + minutes{90}, kStart + minutes{150}}, {20'000}, PointState::kActual, std::nullopt}};
  auto const whole = whole_hours(points);
  ASSERT_EQ(whole.size(), 1U);
  EXPECT_DOUBLE_EQ(whole[0].second, 15);
}

}  // namespace
}  // namespace greenq::core
