// Shapes as documented for the Carbon Aware SDK WebApi, values of our own.
#include "feed/casdk.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/carbon/utc_text.hpp"
#include "feed_fixture.hpp"

namespace greenq::feed {
namespace {

using core::PointState;
using core::SignalBasis;
using core::SignalKind;
using std::chrono::minutes;
using test::at;
using testing::HasSubstr;

core::Instant const kNow = at("2026-02-03T12:04Z");
core::Instant const kFirst = at("2026-02-03T12:00Z");
CasdkAsk const kAsk{"IE", "northeurope", SignalKind::kMarginal, SignalBasis::kDirect};

std::string joined(std::vector<std::string> const& parts) {
  std::string text;
  for (std::string const& part : parts) text += (text.empty() ? "" : ",") + part;
  return "[" + text + "]";
}

std::string point(core::Instant begin, std::string const& value, std::string const& duration = "5",
                  std::string const& place = "IE") {
  return R"({"location":")" + place + R"(","timestamp":")" + core::utc_text(begin) + R"(","duration":)" +
         duration + R"(,"value":)" + value + "}";
}

std::string seen(core::Instant begin, std::string const& rating, std::string const& place = "IE",
                 std::string const& duration = R"("00:05:00")") {
  return R"({"location":")" + place + R"(","time":")" + core::utc_text(begin) + R"(","rating":)" + rating +
         R"(,"duration":)" + duration + "}";
}

std::string forecast(std::vector<std::string> const& points, std::string const& location = "northeurope",
                     std::string const& generated = R"("2026-02-03T12:00:00+00:00")",
                     std::string const& best = "optimalDataPoints") {
  return R"([{"generatedAt":)" + generated + R"(,"requestedAt":"2026-02-03T12:03:30+00:00","location":")" +
         location +
         R"(","dataStartAt":"2026-02-03T12:00:00+00:00","dataEndAt":"2026-02-03T12:20:00+00:00",)"
         R"("windowSize":5,")" +
         best +
         R"(":[{"location":"IE","timestamp":"?","duration":-1,"value":-1}],)"
         R"("forecastData":)" +
         joined(points) + "}]";
}

std::string refusal(std::vector<std::string> const& bodies) {
  auto const signal = read_casdk(bodies, kAsk, kNow);
  return signal ? "accepted" : signal.error().reason + ": " + signal.error().message;
}

std::string refusal(std::string const& body) {
  return refusal(std::vector{body});
}

TEST(Casdk, AsksForForecastAndMissingObservations) {
  auto asks =
      casdk_asks("https://host", {"GB", "UK South", SignalKind::kAverage}, {kNow, at("2026-02-03T11:00Z")});
  ASSERT_EQ(asks.size(), 2U);
  EXPECT_EQ(asks[0].url, "https://host/emissions/forecasts/current?location=UK%20South");
  EXPECT_FALSE(asks[0].optional);
  EXPECT_EQ(asks[1].url,
            "https://host/emissions/"
            "bylocation?location=UK%20South&time=2026-02-03T11:00Z&toTime=2026-02-03T12:00Z");
  EXPECT_TRUE(asks[1].optional);
  EXPECT_EQ(casdk_asks("https://host", kAsk, {kNow, kFirst}).size(), 1U);
  asks = casdk_asks("https://host", kAsk, {kNow, {}});
  EXPECT_THAT(asks.back().url, HasSubstr("time=2026-01-27T12:00Z"));  // 7 days
}

TEST(Casdk, ReadsAForecastAndIgnoresTheBestWindow) {
  for (char const* best : {"optimalDataPoints", "optimalDataPoint"}) {
    auto const signal = read_casdk({forecast({point(kFirst, "448.4451"), point(kFirst + minutes{5}, "0")},
                                             "northeurope", R"("2026-02-03T12:00:00+00:00")", best)},
                                   kAsk, kNow);
    ASSERT_TRUE(signal) << signal.error().message;
    ASSERT_EQ(signal->points.size(), 2U);
    EXPECT_EQ(signal->points[0].value, (core::Intensity{448'445}));
    EXPECT_EQ(signal->points[0].state, PointState::kForecast);
    EXPECT_EQ(signal->points[1].value, (core::Intensity{0}));
    EXPECT_EQ(signal->points[1].interval.end, kFirst + minutes{10});
    EXPECT_EQ(signal->issued_at, kFirst);
    EXPECT_FALSE(signal->issue_time_is_receipt);
    EXPECT_EQ(signal->source.zone, "IE");
    EXPECT_EQ(signal->source.kind, SignalKind::kMarginal);
    EXPECT_EQ(signal->source.basis, SignalBasis::kDirect);
    EXPECT_EQ(signal->source.label, "Carbon Aware SDK, northeurope, marginal as configured");
  }
}

TEST(Casdk, APlaceholderIsNoIssueTime) {
  for (char const* generated : {R"("0001-01-01T00:00:00+00:00")", "null"}) {
    auto const signal = read_casdk({forecast({point(kFirst, "100")}, "northeurope", generated)}, kAsk, kNow);
    ASSERT_TRUE(signal) << signal.error().message;
    EXPECT_EQ(signal->issued_at, kNow);
    EXPECT_TRUE(signal->issue_time_is_receipt);
  }
}

TEST(Casdk, JoinsObservationsInEitherOrder) {
  std::string const future = forecast({point(kFirst, "200"), point(kFirst + minutes{5}, "210")});
  std::string const newer = seen(kFirst - minutes{5}, "90.5");
  std::string const older = seen(kFirst - minutes{15}, "80");
  for (std::string const& past : {joined({older, newer}), joined({newer, older})}) {
    auto const signal = read_casdk({future, past}, kAsk, kNow);
    ASSERT_TRUE(signal) << signal.error().message;
    ASSERT_EQ(signal->points.size(), 4U);
    EXPECT_EQ(signal->points[0].value, (core::Intensity{80'000}));
    EXPECT_EQ(signal->points[0].state, PointState::kActual);
    EXPECT_EQ(signal->points[0].interval.end, kFirst - minutes{10});
    EXPECT_EQ(signal->points[1].value, (core::Intensity{90'500}));
    EXPECT_EQ(signal->points[2].state, PointState::kForecast);
    EXPECT_FALSE(core::problem_of(*signal));
  }
  EXPECT_EQ(refusal({future, joined({seen(kFirst, "80", "northeurope")})}), "accepted");
  for (char const* none : {"", "[]", R"({"title":"Internal Server Error","status":500})"}) {
    EXPECT_EQ(refusal({future, none}), "accepted") << none;
  }
}

TEST(Casdk, AnObservationOfTheFutureIsRefused) {
  std::string const future = forecast({point(kFirst, "200"), point(kFirst + minutes{5}, "210")});
  EXPECT_EQ(
      refusal({future, joined({seen(kFirst, "80"), seen(at("2026-02-06T12:00Z"), "70")})}),
      "BAD_REPLY: the reply is rejected: it reports an observation of the future, of 2026-02-06T12:00Z");
}

TEST(Casdk, AnAverageZeroIsMissing) {
  CasdkAsk average = kAsk;
  average.kind = SignalKind::kAverage;
  auto const signal =
      read_casdk({forecast({point(kFirst, "200"), point(kFirst + minutes{5}, "0")})}, average, kNow);
  ASSERT_TRUE(signal);
  EXPECT_EQ(signal->points.size(), 1U);
}

TEST(Casdk, NoDataIsNoSuccess) {
  EXPECT_THAT(refusal("[]"), HasSubstr("NO_DATA"));
  EXPECT_THAT(refusal(R"([{"location":"northeurope"}])"), HasSubstr("NO_DATA"));
  EXPECT_THAT(refusal(forecast({})), HasSubstr("NO_DATA"));
  EXPECT_THAT(refusal(forecast({point(kFirst, "null")})), HasSubstr("NO_DATA"));
  EXPECT_THAT(refusal(R"({"title":"Not today","status":500})"),
              HasSubstr("NO_DATA: the reply holds no data: Not today"));
  EXPECT_THAT(refusal(std::vector<std::string>{}), HasSubstr("NO_DATA"));
}

TEST(Casdk, NullsAndGapsStayAbsent) {
  auto const signal = read_casdk(
      {forecast({point(kFirst, "1"), point(kFirst + minutes{5}, "null"), point(kFirst + minutes{20}, "3")})},
      kAsk, kNow);
  ASSERT_TRUE(signal) << signal.error().message;
  ASSERT_EQ(signal->points.size(), 2U);
  EXPECT_EQ(signal->points[0].interval.end, kFirst + minutes{5});
}

TEST(Casdk, RejectsTheWholeReplyForOneBadPart) {
  std::string const good = point(kFirst, "200");
  core::Instant const next = kFirst + minutes{5};
  for (char const* value : {"-1", "1500.1", "\"200\"", "[]", "true"}) {
    EXPECT_THAT(refusal(forecast({good, point(next, value)})), HasSubstr("BAD_REPLY")) << value;
  }
  for (char const* duration : {"0", "-5", "5.5", "\"x\"", "null", "1e9"}) {
    EXPECT_THAT(refusal(forecast({point(kFirst, "1", duration)})), HasSubstr("duration")) << duration;
  }
  EXPECT_THAT(refusal(forecast({good, point(next, "1e999")})), HasSubstr("not finite"));
  EXPECT_THAT(refusal(forecast({good, point(next, "NaN")})), HasSubstr("BAD_JSON"));
  EXPECT_THAT(refusal(forecast({good, good})), HasSubstr("appears twice"));
  EXPECT_THAT(refusal(forecast({good, point(kFirst + minutes{10}, "1"), point(next, "1")})),
              HasSubstr("out of order"));
  // Rolling windows overlap.
  EXPECT_THAT(refusal(forecast({point(kFirst, "1", "10"), point(next, "1", "10")})),
              HasSubstr("off the step"));
  EXPECT_THAT(refusal(forecast({good, point(next, "1", "5", "UK")})), HasSubstr("differs from the others"));
  EXPECT_THAT(refusal(forecast({good}, "westeurope")), HasSubstr("not for location northeurope"));
  EXPECT_THAT(refusal(forecast({good}, "northeurope", "\"soon\"")), HasSubstr("generatedAt"));
  EXPECT_THAT(refusal(forecast({good}, "northeurope", "\"2026-02-03T13:00Z\"")), HasSubstr("in the future"));
  EXPECT_THAT(refusal("{}"), HasSubstr("BAD_REPLY"));
  EXPECT_THAT(refusal("[17]"), HasSubstr("BAD_REPLY"));
  EXPECT_THAT(refusal(R"([{"location":"northeurope","forecastData":"none"}])"), HasSubstr("BAD_REPLY"));
  EXPECT_THAT(refusal(forecast({"17"})), HasSubstr("timestamp"));
  EXPECT_THAT(refusal("<html></html>"), HasSubstr("BAD_JSON"));
  std::string const whole = forecast({good});
  EXPECT_THAT(refusal(whole.substr(0, whole.size() - 4)), HasSubstr("BAD_JSON"));
  EXPECT_THAT(refusal({whole, joined({seen(kFirst, "80", "UK")})}), HasSubstr("not for location"));
  EXPECT_THAT(refusal({whole, joined({seen(kFirst, "-80")})}), HasSubstr("BAD_REPLY"));
  EXPECT_THAT(refusal({whole, "{}"}), HasSubstr("BAD_REPLY"));
}

TEST(Casdk, SaysWhatARefusalMeans) {
  std::string const problem =
      R"({"title":"Invalid","status":400,"detail":"no such\nlocation","errors":{"location":["?"]},"traceId":"1"})";
  auto const refused = refused_by_casdk(400, problem, kAsk);
  ASSERT_TRUE(refused);
  EXPECT_TRUE(refused->permanent);
  EXPECT_THAT(refused->words, HasSubstr("location northeurope (Invalid: no such location)"));
  EXPECT_FALSE(refused_by_casdk(204, "", kAsk)->permanent);
  EXPECT_THAT(refused_by_casdk(204, "", kAsk)->words, HasSubstr("no figures for location northeurope"));
  EXPECT_TRUE(refused_by_casdk(501, problem, kAsk)->permanent);
  EXPECT_TRUE(refused_by_casdk(404, "", kAsk)->permanent);
  EXPECT_FALSE(refused_by_casdk(500, problem, kAsk)->permanent);
  EXPECT_FALSE(refused_by_casdk(429, "", kAsk));
}

TEST(Casdk, NeedsAddressKindAndLocation) {
  FeedConfig config;
  config.provider = "casdk";
  config.zone = "IE";
  EXPECT_THAT(casdk_provider(config).error().message, HasSubstr("`base_url`"));
  config.base_url = "https://sdk.site/";
  EXPECT_THAT(casdk_provider(config).error().message, HasSubstr("`kind`"));
  config.kind = SignalKind::kRelative;
  EXPECT_THAT(casdk_provider(config).error().message, HasSubstr("`kind`"));
  config.kind = SignalKind::kAverage;
  EXPECT_THAT(casdk_provider(config).error().message, HasSubstr("`region`"));
  config.region = "northeurope";
  auto const provider = casdk_provider(config);
  ASSERT_TRUE(provider) << provider.error().message;
  EXPECT_EQ(provider->asks({kNow, kNow}).front().url,
            "https://sdk.site/emissions/forecasts/current?location=northeurope");
  EXPECT_EQ(provider->source.kind, SignalKind::kAverage);
  EXPECT_EQ(provider->source.basis, SignalBasis::kUnknown);
  auto const signal = provider->read({forecast({point(kFirst, "100")})}, kNow);
  ASSERT_TRUE(signal);
  EXPECT_EQ(signal->source, provider->source);
}

}  // namespace
}  // namespace greenq::feed
