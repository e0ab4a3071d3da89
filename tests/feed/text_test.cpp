#include <gtest/gtest.h>

#include "feed/poll_plan.hpp"
#include "feed/text.hpp"
#include "feed/time_text.hpp"
#include "feed_fixture.hpp"

namespace greenq::feed {
namespace {

using core::Span;
using std::chrono::minutes;
using std::chrono::seconds;
using test::at;

TEST(ParseTime, ReadsTheFormsOfFeeds) {
  EXPECT_EQ(core::to_ms(*parse_time("1970-01-01T00:00Z")), 0);
  EXPECT_EQ(core::to_ms(*parse_time("1970-01-01T00:00:01Z")), 1000);
  EXPECT_EQ(core::to_ms(*parse_time("1970-01-01T01:00:00.5+01:00")), 500);
  EXPECT_EQ(core::to_ms(*parse_time("1970-01-01T00:00:00.123456-00:30")), 1'800'123);
  EXPECT_EQ(core::to_ms(*parse_time("2020-02-29T12:00:00Z")), 1'582'977'600'000);
}

TEST(ParseTime, RefusesWhatIsAmbiguousOrImpossible) {
  for (char const* text : {"", "2020-01-01", "2020-01-01T00:00", "2020-01-01 00:00Z", "2020-13-01T00:00Z",
                           "2021-02-29T00:00Z", "2020-01-01T24:00Z", "2020-01-01T00:60Z", "2020-1-1T0:0Z",
                           "2020-01-01T00:00:00Zx", "2020-01-01T00:00:00.Z", "2020-01-01T00:00+1"}) {
    EXPECT_FALSE(parse_time(text)) << text;
  }
}

TEST(RetryAfter, ReadsSecondsAndDatesAndClampsBoth) {
  core::Instant const now = at("1994-11-06T08:49:00Z");
  EXPECT_EQ(parse_retry_after("120", now), Span{120'000});
  EXPECT_EQ(parse_retry_after("0", now), Span{1'000});
  EXPECT_EQ(parse_retry_after("99999999999999999999", now), Span{3'600'000});
  EXPECT_EQ(parse_retry_after("Sun, 06 Nov 1994 08:49:37 GMT", now), Span{37'000});
  EXPECT_EQ(parse_retry_after("Sun, 06 Nov 1994 07:00:00 GMT", now), Span{1'000});
  EXPECT_EQ(parse_retry_after("Mon, 07 Nov 1994 08:49:37 GMT", now), Span{3'600'000});
  EXPECT_FALSE(parse_retry_after("", now));
  EXPECT_FALSE(parse_retry_after("soon", now));
  EXPECT_FALSE(parse_retry_after("-5", now));
}

TEST(ParseGrams, IsExactToAMilligramAndFinite) {
  EXPECT_EQ(parse_grams("245.39"), (core::Intensity{245'390}));
  EXPECT_EQ(parse_grams("0"), (core::Intensity{0}));
  EXPECT_EQ(parse_grams("0.0005"), (core::Intensity{1}));
  for (char const* text : {"", "nan", "NaN", "inf", "1e999", "1e300", "12,5", "12 ", "x"}) {
    EXPECT_FALSE(parse_grams(text)) << text;
  }
}

TEST(PollPlan, KeepsThePhaseOfTheInstallation) {
  PollSettings settings;
  settings.interval = minutes{30};
  settings.jitter = seconds{60};
  Span const phase = phase_of("installation-a", settings);
  EXPECT_GE(phase, Span{0});
  EXPECT_LT(phase, settings.interval);
  EXPECT_EQ(phase, phase_of("installation-a", settings));
  EXPECT_NE(phase, phase_of("installation-b", settings));
  core::Instant const now = at("2026-01-01T10:00Z");
  // 7 minutes past each half hour; at least 15 minutes away: 10:37 of (10:07, 10:37, …).
  EXPECT_EQ(next_regular(settings, minutes{7}, now, 0), at("2026-01-01T10:37Z"));
  EXPECT_EQ(next_regular(settings, minutes{7}, now, 0.5), at("2026-01-01T10:37:30Z"));
  // Exactly half an interval away counts.
  EXPECT_EQ(next_regular(settings, minutes{15}, now, 0), at("2026-01-01T10:15Z"));
}

TEST(PollPlan, AWindowBoundsThePhase) {
  PollSettings settings;
  settings.interval = minutes{60};
  settings.jitter = minutes{10};
  settings.window_begin = minutes{5};
  settings.window_length = minutes{35};
  Span first{minutes{60}};
  Span last{0};
  for (int i = 0; i < 200; ++i) {
    Span const phase = phase_of("installation-" + std::to_string(i), settings);
    first = std::min(first, phase);
    last = std::max(last, phase);
  }
  EXPECT_GE(first, minutes{5});
  EXPECT_LT(first, minutes{8});
  EXPECT_GT(last, minutes{27});
  EXPECT_LT(last, minutes{30});
}

TEST(PollPlan, BacksOffWithFullJitterUpToTheCap) {
  PollSettings const settings;
  EXPECT_EQ(backoff(settings, 0, 0.5), Span{2'500});
  EXPECT_EQ(backoff(settings, 3, 0.5), Span{20'000});
  EXPECT_EQ(backoff(settings, 100, 0.5), Span{450'000});
  EXPECT_EQ(backoff(settings, 5, 0), Span{0});
}

TEST(PollPlan, ClassifiesStatuses) {
  EXPECT_EQ(classify(200), StatusClass::kOk);
  EXPECT_EQ(classify(302), StatusClass::kRedirect);
  for (int const status : {429, 503}) EXPECT_EQ(classify(status), StatusClass::kOverloaded);
  for (int const status : {400, 404, 410, 422}) EXPECT_EQ(classify(status), StatusClass::kPermanent);
  for (int const status : {204, 401, 403, 500, 502, 504})
    EXPECT_EQ(classify(status), StatusClass::kTransient);
}

}  // namespace
}  // namespace greenq::feed
