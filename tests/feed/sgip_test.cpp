// Shapes as documented for SGIP Signal, values of our own.
#include "feed/sgip.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/carbon/utc_text.hpp"
#include "feed_fixture.hpp"

namespace greenq::feed {
namespace {

using core::PointState;
using std::chrono::hours;
using std::chrono::minutes;
using test::at;
using testing::HasSubstr;

core::Instant const kNow = at("2026-05-02T15:07Z");
core::Instant const kIssued = at("2026-05-02T15:05Z");
core::Instant const kFirst = at("2026-05-02T15:10Z");
SgipAsk const kAsk{"US-CAL-CISO", "SGIP_CAISO_PGE"};

std::string row(core::Instant begin, std::string const& value, std::string const& key = "value",
                std::string const& ba = "SGIP_CAISO_PGE", std::string const& freq = "") {
  return R"({"point_time":")" + core::utc_text(begin) + R"(",")" + key + R"(":)" + value +
         R"(,"version":"2.0-1.0.0","ba":")" + ba + "\"" + (freq.empty() ? "" : ",\"freq\":" + freq) + "}";
}

std::string moer(core::Instant begin, std::string const& value, std::string const& freq = "300") {
  return row(begin, value, "moer", "SGIP_CAISO_PGE", freq);
}

std::string list(std::vector<std::string> const& rows) {
  std::string text;
  for (std::string const& entry : rows) text += (text.empty() ? "" : ",") + entry;
  return "[" + text + "]";
}

std::string forecast(std::vector<std::string> const& rows,
                     std::string const& generated = R"("2026-05-02T15:05:00+00:00")") {
  return R"({"generated_at":)" + generated + R"(,"forecast":)" + list(rows) + "}";
}

std::string refusal(std::vector<std::string> const& bodies) {
  auto const signal = read_sgip(bodies, kAsk, kNow);
  return signal ? "accepted" : signal.error().reason + ": " + signal.error().message;
}

std::string refusal(std::string const& body) {
  return refusal(std::vector{body});
}

TEST(Sgip, AsksForForecastAndMissingHistory) {
  auto asks = sgip_asks("https://host", kAsk, {kNow, at("2026-05-02T14:00Z")});
  ASSERT_EQ(asks.size(), 2U);
  EXPECT_EQ(asks[0].url, "https://host/sgipforecast?ba=SGIP_CAISO_PGE");
  EXPECT_FALSE(asks[0].optional);
  EXPECT_EQ(asks[1].url,
            "https://host/sgipmoer?ba=SGIP_CAISO_PGE&starttime=2026-05-02T14:00Z&endtime=2026-05-02T15:05Z");
  EXPECT_TRUE(asks[1].optional);
  EXPECT_EQ(sgip_asks("https://host", kAsk, {kNow, kIssued}).size(), 1U);
  asks = sgip_asks("https://host", kAsk, {kNow, kIssued, true});  // what may be revised
  EXPECT_THAT(asks.back().url, HasSubstr("starttime=2026-05-01T15:05Z&endtime=2026-05-02T15:05Z"));
  asks = sgip_asks("https://host", kAsk, {kNow, {}});
  EXPECT_THAT(asks.back().url, HasSubstr("starttime=2026-04-02T15:05Z"));  // 30 days
}

TEST(Sgip, ReadsThreeDaysOfKilograms) {
  std::vector<std::string> rows;
  for (int i = 0; i < 864; ++i) rows.push_back(row(kFirst + i * minutes{5}, "0.3125"));
  auto const signal = read_sgip({forecast(rows)}, kAsk, kNow);
  ASSERT_TRUE(signal) << signal.error().message;
  ASSERT_EQ(signal->points.size(), 864U);
  EXPECT_EQ(signal->points[0].value, (core::Intensity{312'500}));  // 0.3125 kg/kWh
  EXPECT_EQ(signal->points[0].state, PointState::kForecast);
  EXPECT_EQ(signal->points[863].interval.end, kFirst + hours{72});
  EXPECT_EQ(signal->issued_at, kIssued);
  EXPECT_FALSE(signal->issue_time_is_receipt);
  EXPECT_EQ(signal->source.kind, core::SignalKind::kMarginal);
  EXPECT_EQ(signal->source.basis, core::SignalBasis::kDirect);
  EXPECT_EQ(signal->source.label, "SGIP Signal, SGIP_CAISO_PGE, marginal");
  EXPECT_FALSE(core::problem_of(*signal));
}

TEST(Sgip, JoinsADescendingHistory) {
  std::string const future = forecast({row(kFirst, "\"0.25\""), row(kFirst + minutes{5}, "0.5")});
  std::string const past = list(
      {moer(kIssued, "0.4"), moer(kIssued - minutes{5}, "\"0.0\""), moer(kIssued - minutes{15}, "0.125")});
  auto const signal = read_sgip({future, past}, kAsk, kNow);
  ASSERT_TRUE(signal) << signal.error().message;
  ASSERT_EQ(signal->points.size(), 5U);
  EXPECT_EQ(signal->points[0].interval.begin, kIssued - minutes{15});
  EXPECT_EQ(signal->points[0].value, (core::Intensity{125'000}));
  EXPECT_EQ(signal->points[0].state, PointState::kActual);
  EXPECT_EQ(signal->points[1].interval.begin, kIssued - minutes{5});
  EXPECT_EQ(signal->points[1].value, (core::Intensity{0}));  // a marginal zero is real
  EXPECT_EQ(signal->points[2].value, (core::Intensity{400'000}));
  EXPECT_EQ(signal->points[2].state, PointState::kForecast);  // still running
  EXPECT_EQ(signal->points[3].value, (core::Intensity{250'000}));
  EXPECT_FALSE(core::problem_of(*signal));
}

TEST(Sgip, TheHistoryMayBeOneObjectOrNothing) {
  std::string const future = forecast({row(kFirst, "0.25")});
  auto const signal = read_sgip({future, moer(kIssued - minutes{5}, "\"0.2\"")}, kAsk, kNow);
  ASSERT_TRUE(signal) << signal.error().message;
  ASSERT_EQ(signal->points.size(), 2U);
  EXPECT_EQ(signal->points[0].value, (core::Intensity{200'000}));
  for (char const* none : {"", "[]", "{}", R"({"error":"no data"})"}) {
    EXPECT_EQ(refusal({future, none}), "accepted") << none;
  }
}

TEST(Sgip, NoDataIsNoSuccess) {
  EXPECT_THAT(refusal("{}"), HasSubstr("NO_DATA"));
  EXPECT_THAT(refusal(forecast({})), HasSubstr("NO_DATA"));
  EXPECT_THAT(refusal(R"({"error":"try later"})"), HasSubstr("NO_DATA: the reply holds no data: try later"));
  EXPECT_THAT(refusal(forecast({row(kFirst, "null")})), HasSubstr("NO_DATA"));
  EXPECT_THAT(refusal(std::vector<std::string>{}), HasSubstr("NO_DATA"));
}

TEST(Sgip, NullsAndGapsStayAbsent) {
  auto const signal = read_sgip(
      {forecast({row(kFirst, "0.25"), row(kFirst + minutes{5}, "null"), row(kFirst + minutes{20}, "0.5")})},
      kAsk, kNow);
  ASSERT_TRUE(signal) << signal.error().message;
  ASSERT_EQ(signal->points.size(), 2U);
  EXPECT_EQ(signal->points[0].interval.end, kFirst + minutes{5});
  EXPECT_EQ(signal->points[1].interval.begin, kFirst + minutes{20});
}

TEST(Sgip, RejectsTheWholeReplyForOneBadPart) {
  std::string const good = row(kFirst, "0.25");
  core::Instant const next = kFirst + minutes{5};
  for (char const* value : {"-0.1", "1.501", "312.5", "\"nan\"", "\"\"", "[]", "true"}) {
    EXPECT_THAT(refusal(forecast({good, row(next, value)})), HasSubstr("BAD_REPLY")) << value;
  }
  EXPECT_THAT(refusal(forecast({good, row(next, "1e999")})), HasSubstr("not finite"));
  EXPECT_THAT(refusal(forecast({good, row(next, "NaN")})), HasSubstr("BAD_JSON"));
  EXPECT_THAT(refusal(forecast({good, good})), HasSubstr("appears twice"));
  EXPECT_THAT(refusal(forecast({good, row(kFirst + minutes{10}, "0.2"), row(next, "0.2")})),
              HasSubstr("out of order"));
  EXPECT_THAT(refusal(forecast({good, row(kFirst + minutes{7}, "0.2")})), HasSubstr("off the step"));
  EXPECT_THAT(refusal(forecast({good, row(next, "0.2", "value", "SGIP_CAISO_SCE")})),
              HasSubstr("not for SGIP_CAISO_PGE"));
  EXPECT_THAT(refusal(forecast({R"({"point_time":"2026-05-02T15:10Z","value":0.2})"})),
              HasSubstr("not for SGIP_CAISO_PGE"));
  EXPECT_THAT(refusal(forecast({good}, "null")), HasSubstr("generated_at"));
  EXPECT_THAT(refusal(forecast({good}, R"("2026-05-02T16:00Z")")), HasSubstr("in the future"));
  EXPECT_THAT(refusal(forecast({"17"})), HasSubstr("point_time"));
  EXPECT_THAT(refusal(R"({"forecast":"none"})"), HasSubstr("BAD_REPLY"));
  EXPECT_THAT(refusal("[]"), HasSubstr("BAD_REPLY"));
  EXPECT_THAT(refusal("<html></html>"), HasSubstr("BAD_JSON"));
  std::string const whole = forecast({good});
  EXPECT_THAT(refusal(whole.substr(0, whole.size() - 3)), HasSubstr("BAD_JSON"));
  // A history that is wrong is as bad.
  EXPECT_THAT(refusal({whole, list({moer(kIssued, "0.2", "3600")})}), HasSubstr("5 minutes"));
  EXPECT_THAT(refusal({whole, list({moer(kIssued, "0.2"), moer(kIssued, "0.2")})}), HasSubstr("twice"));
  EXPECT_THAT(refusal({whole, "17"}), HasSubstr("BAD_REPLY"));
  EXPECT_THAT(refusal({whole, list({row(kIssued, "0.2", "moer", "SGIP_TID")})}), HasSubstr("not for"));
}

TEST(Sgip, SaysWhatARefusalMeans) {
  EXPECT_FALSE(refused_by_sgip(401, "", kAsk)->permanent);
  EXPECT_FALSE(refused_by_sgip(403, "<html></html>", kAsk)->permanent);
  auto const scope = refused_by_sgip(403, R"({"error":"not yours"})", kAsk);
  ASSERT_TRUE(scope);
  EXPECT_TRUE(scope->permanent);
  EXPECT_THAT(scope->words, HasSubstr("SGIP_CAISO_PGE (not yours)"));
  EXPECT_TRUE(refused_by_sgip(400, "", kAsk)->permanent);
  EXPECT_THAT(refused_by_sgip(404, "", kAsk)->words, HasSubstr("set `region`"));
  EXPECT_FALSE(refused_by_sgip(429, "", kAsk));
  EXPECT_FALSE(refused_by_sgip(500, "", kAsk));
}

TEST(Sgip, KnowsZones) {
  EXPECT_EQ(sgip_ba("US-CAL-CISO"), "SGIP_CAISO_PGE");
  EXPECT_EQ(sgip_ba("US-NW-PACW"), "SGIP_PACW");
  EXPECT_FALSE(sgip_ba("GB"));
}

TEST(Sgip, MakesAProvider) {
  FeedConfig config;
  config.provider = "sgip";
  config.zone = "US-CAL-CISO";
  EXPECT_THAT(sgip_provider(config).error().message, HasSubstr("`user` and `secret_file`"));
  config.user = "someone";
  config.secret = "hidden-word";
  auto provider = sgip_provider(config);
  ASSERT_TRUE(provider) << provider.error().message;
  ASSERT_TRUE(provider->login);
  EXPECT_EQ(provider->login->url, "https://sgipsignal.com/login/");
  EXPECT_EQ(provider->poll.interval, minutes{5});
  for (Ask const& ask : provider->asks({kNow, {}}))
    EXPECT_THAT(ask.url, testing::Not(HasSubstr("hidden-word")));
  auto const signal = provider->read({forecast({row(kFirst, "0.25")})}, kNow);
  ASSERT_TRUE(signal);
  EXPECT_EQ(signal->source, provider->source);
  config.region = "SGIP_CAISO_SCE";
  EXPECT_THAT(sgip_provider(config)->source.label, HasSubstr("SGIP_CAISO_SCE"));
  config.kind = core::SignalKind::kAverage;
  EXPECT_THAT(sgip_provider(config).error().message, HasSubstr("is marginal"));
  config.kind.reset();
  config.region.clear();
  config.zone = "DE";
  EXPECT_THAT(sgip_provider(config).error().message, HasSubstr("set `region`"));
}

}  // namespace
}  // namespace greenq::feed
