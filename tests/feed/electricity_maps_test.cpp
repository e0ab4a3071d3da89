// Shapes as documented by Electricity Maps, values of our own.
#include "feed/electricity_maps.hpp"

#include <gmock/gmock.h>

#include "core/carbon/utc_text.hpp"
#include "feed_fixture.hpp"
#include "provider_checks.hpp"

namespace greenq::feed {
namespace {

using core::PointState;
using std::chrono::hours;
using test::at;
using test::verdict;
using testing::HasSubstr;
using testing::StartsWith;

core::Instant const kNow = at("2026-03-01T10:20Z");
core::Instant const kHour = at("2026-03-01T10:00Z");
ElectricityMapsAsk const kAsk{"DE", "DE"};

// An hour of the history, measured half an hour after it unless said otherwise.
std::string measured(core::Instant begin, std::string const& value, std::string const& more = "") {
  std::string const later = core::utc_text(begin + std::chrono::minutes{90});
  return R"({"zone":"DE","carbonIntensity":)" + value + R"(,"datetime":")" + core::utc_text(begin) +
         R"(","emissionFactorType":"lifecycle",)" +
         (more.empty() ? R"("updatedAt":")" + later + R"(","isEstimated":false,"estimationMethod":null)"
                       : more) +
         "}";
}
std::string expected(core::Instant begin, std::string const& value) {
  return R"({"carbonIntensity":)" + value + R"(,"datetime":")" + core::utc_text(begin).substr(0, 16) +
         ":00.000Z\"}";
}
std::string reply(std::string const& key, std::vector<std::string> const& entries,
                  std::string const& more = "") {
  std::string text = R"({"zone":"DE",")" + key + "\":[";
  for (std::string const& entry : entries) text += (text.back() == '[' ? "" : ",") + entry;
  return text + "]" + more + "}";
}
std::string issue(std::vector<std::string> const& entries,
                  std::string const& updated = "2026-03-01T10:05:30.250Z") {
  return reply("forecast", entries, R"(,"updatedAt":")" + updated + R"(","temporalGranularity":"hourly")");
}
std::string const kPast =
    reply("history", {measured(kHour - hours{2}, "410"), measured(kHour - hours{1}, "395.5")});

std::string history(std::vector<std::string> const& entries, std::string const& more = "") {
  return verdict(read_electricity_maps({reply("history", entries, more)}, kAsk, kNow));
}

TEST(ElectricityMaps, AsksForHistoryThenForecastThenWhatIsMissing) {
  auto const asks = electricity_maps_asks("https://host/v3", kAsk, {kNow, kHour - hours{3}});
  ASSERT_EQ(asks.size(), 2U);
  EXPECT_EQ(asks[0].url, "https://host/v3/carbon-intensity/history?zone=DE&emissionFactorType=lifecycle");
  EXPECT_FALSE(asks[0].optional);
  EXPECT_EQ(asks[1].url,
            "https://host/v3/carbon-intensity/forecast?zone=DE&emissionFactorType=lifecycle&horizonHours=72");
  EXPECT_TRUE(asks[1].optional);
  ElectricityMapsAsk const direct{"DE", "DE", core::SignalBasis::kDirect};
  auto const more = electricity_maps_asks("https://host/v3", direct, {kNow, at("2026-02-27T07:30Z")});
  ASSERT_EQ(more.size(), 3U);
  EXPECT_EQ(more[2].url,
            "https://host/v3/carbon-intensity/past-range?zone=DE&emissionFactorType=direct"
            "&start=2026-02-27T07:00Z&end=2026-03-01T10:00Z");
  EXPECT_TRUE(more[2].optional);
  EXPECT_THAT(electricity_maps_asks("h", kAsk, {kNow, {}})[2].url, HasSubstr("&start=2026-02-19T10:00Z&"));
}

TEST(ElectricityMaps, JoinsHistoryForecastAndOlderHours) {
  std::string const past = reply(
      "history", {measured(kHour - hours{2}, "410"), measured(kHour - hours{1}, "395.5"),
                  measured(kHour, "380",
                           R"("updatedAt":"2026-03-01T09:48:00.123Z","createdAt":"2026-02-26T11:00:00Z")")});
  std::string const old =
      reply("data", {measured(kHour - hours{3}, "420"), measured(kHour - hours{2}, "999")});
  auto const signal =
      read_electricity_maps({past,
                             issue({expected(kHour, "370"), expected(kHour + hours{1}, "350"),
                                    expected(kHour + hours{2}, "null"), expected(kHour + hours{3}, "300")}),
                             old},
                            kAsk, kNow);
  ASSERT_TRUE(signal) << signal.error().message;
  std::vector<std::pair<std::int64_t, PointState>> points;
  for (auto const& point : signal->points) {
    EXPECT_EQ(point.interval.length(), hours{1});
    points.emplace_back(point.value.value, point.state);
  }
  EXPECT_THAT(points, testing::ElementsAre(
                          std::pair(420'000, PointState::kActual), std::pair(410'000, PointState::kActual),
                          std::pair(395'500, PointState::kActual),
                          std::pair(380'000, PointState::kEstimated),  // older than its own hour
                          std::pair(350'000, PointState::kForecast),
                          std::pair(300'000, PointState::kForecast)));  // the null hour is absent
  EXPECT_EQ(signal->points[5].interval.begin, kHour + hours{3});
  EXPECT_EQ(signal->issued_at, at("2026-03-01T10:05:30.250Z"));
  EXPECT_FALSE(signal->issue_time_is_receipt);
  EXPECT_EQ(signal->received_at, kNow);
  auto config = test::feed_config("electricity_maps", "DE");
  config.secret = "hush";
  test::check_provider(electricity_maps_provider(config), *signal, "hush");
}

TEST(ElectricityMaps, WithoutAForecastThePastIsEnough) {
  for (std::string const& forecast :
       {std::string{}, std::string(R"({"error":"Endpoint not available"})"), issue({})}) {
    auto const signal = read_electricity_maps({kPast, forecast}, kAsk, kNow);
    ASSERT_TRUE(signal) << signal.error().message;
    EXPECT_EQ(signal->points.size(), 2U);
    EXPECT_TRUE(signal->issue_time_is_receipt);
    EXPECT_EQ(signal->issued_at, kNow);
  }
}

TEST(ElectricityMaps, EstimatesAreMarked) {
  auto const state = [](std::string const& more) {
    auto const signal =
        read_electricity_maps({reply("history", {measured(kHour - hours{5}, "400", more)})}, kAsk, kNow);
    return signal ? signal->points.at(0).state : PointState::kConstant;
  };
  EXPECT_EQ(state(R"("isEstimated":true,"estimationMethod":"TIME_SLICER_AVERAGE")"), PointState::kEstimated);
  EXPECT_EQ(state(R"("isEstimated":false)"), PointState::kActual);
  EXPECT_EQ(state(R"("isEstimated":null)"), PointState::kActual);
  EXPECT_EQ(state(R"("updatedAt":"2026-03-01T05:00Z")"), PointState::kActual);
  EXPECT_EQ(state(R"("updatedAt":"2026-03-01T04:59:59Z")"), PointState::kEstimated);
  auto const running = read_electricity_maps(
      {reply("history", {measured(kHour, "400", R"("isEstimated":false)")})}, kAsk, kNow);
  ASSERT_TRUE(running);
  EXPECT_EQ(running->points.at(0).state, PointState::kEstimated);
}

TEST(ElectricityMaps, NullAndZeroAreMissing) {
  EXPECT_THAT(history({measured(kHour - hours{1}, "null")}), StartsWith("NO_DATA"));
  EXPECT_THAT(history({measured(kHour - hours{1}, "0")}), StartsWith("NO_DATA"));
  EXPECT_THAT(history({measured(kHour + hours{1}, "100")}), StartsWith("NO_DATA"));  // has not begun
  EXPECT_THAT(history({}), StartsWith("NO_DATA"));
}

TEST(ElectricityMaps, RefusesSandboxOtherZonesAndOtherFactors) {
  std::string const good = measured(kHour - hours{1}, "400");
  EXPECT_EQ(history({good}), "accepted");
  EXPECT_THAT(history({measured(kHour - hours{1}, "400", R"("estimationMethod":"SANDBOX_MODE_DATA")")}),
              HasSubstr("secret_file"));
  EXPECT_THAT(history({good}, R"(,"_disclaimer":"This is SANDBOX MODE data")"), HasSubstr("made up"));
  EXPECT_THAT(verdict(read_electricity_maps({kPast}, {"DE", "FR"}, kNow)), HasSubstr("not for zone FR"));
  EXPECT_THAT(history({measured(kHour - hours{1}, "400", R"("x":0)").replace(9, 2, "PL")}),
              HasSubstr("zone DE"));
  EXPECT_THAT(verdict(read_electricity_maps({R"({"history":[]})"}, kAsk, kNow)),
              HasSubstr("does not say its zone"));
  ElectricityMapsAsk const direct{"DE", "DE", core::SignalBasis::kDirect};
  EXPECT_THAT(verdict(read_electricity_maps({kPast}, direct, kNow)), HasSubstr("not direct"));
  EXPECT_THAT(history({good}, R"(,"temporalGranularity":"5_minutes")"), HasSubstr("not an hour"));
  EXPECT_THAT(history({good}, R"(,"units":{"carbonIntensity":"tCO2/acre"})"), HasSubstr("unit"));
  auto const kilograms = read_electricity_maps(
      {reply("history", {measured(kHour - hours{1}, "0.4")}, R"(,"units":{"carbonIntensity":"kg/kWh"})")},
      kAsk, kNow);
  ASSERT_TRUE(kilograms);
  EXPECT_EQ(kilograms->points[0].value, (core::Intensity{400'000}));
}

TEST(ElectricityMaps, RejectsTheWholeReplyForOneBadEntry) {
  std::string const good = measured(kHour - hours{3}, "400");
  core::Instant const next = kHour - hours{2};
  for (char const* value : {"-1", "1501", "1e300", "\"400\"", "[]", "true"}) {
    EXPECT_THAT(history({good, measured(next, value)}), StartsWith("BAD_REPLY")) << value;
  }
  EXPECT_THAT(history({good, good}), HasSubstr("appears twice"));
  EXPECT_THAT(history({measured(next, "400"), good}), HasSubstr("out of order"));
  EXPECT_THAT(history({measured(next + std::chrono::minutes{5}, "400")}), HasSubstr("on the hour"));
  EXPECT_THAT(history({good, measured(next, "400", R"("updatedAt":"yesterday")")}), HasSubstr("updatedAt"));
  EXPECT_THAT(history({good, measured(next, "400", R"("createdAt":5)")}), HasSubstr("createdAt"));
  EXPECT_THAT(history({good, measured(next, "400", R"("isEstimated":"no")")}), HasSubstr("isEstimated"));
  EXPECT_THAT(history({good, "17"}), HasSubstr("datetime"));
  EXPECT_THAT(verdict(read_electricity_maps({kPast, issue({expected(kHour, "-5")})}, kAsk, kNow)),
              StartsWith("BAD_REPLY"));
  EXPECT_THAT(
      verdict(read_electricity_maps({kPast, issue({expected(kHour, "5")}, "2026-03-01T10:26Z")}, kAsk, kNow)),
      HasSubstr("in the future"));
  EXPECT_THAT(verdict(read_electricity_maps({R"({"zone":"DE","history":{}})"}, kAsk, kNow)),
              StartsWith("BAD_REPLY"));
  EXPECT_THAT(verdict(read_electricity_maps({}, kAsk, kNow)), StartsWith("NO_DATA"));
  for (auto const& [body, reason] : test::hostile_bodies()) {
    EXPECT_THAT(verdict(read_electricity_maps({body}, kAsk, kNow)), StartsWith(reason)) << body;
  }
}

TEST(ElectricityMaps, SaysWhatTheErrorsMean) {
  auto const key = refused_by_electricity_maps(
      401, R"({"error":"Invalid auth-token","message":"Please provide …"})", kAsk);
  ASSERT_TRUE(key);
  EXPECT_TRUE(key->permanent);
  EXPECT_THAT(key->words, HasSubstr("secret_file"));
  EXPECT_FALSE(refused_by_electricity_maps(401, "", kAsk)->permanent);
  auto const zone =
      refused_by_electricity_maps(403, R"({"message":"Token unauthorized for zoneKey=DE"})", kAsk);
  ASSERT_TRUE(zone);
  EXPECT_TRUE(zone->permanent);
  EXPECT_THAT(zone->words, HasSubstr("not for zone DE"));
  EXPECT_THAT(refused_by_electricity_maps(403, "Endpoint not available", kAsk)->words, HasSubstr("plan"));
  EXPECT_FALSE(refused_by_electricity_maps(404, "{}", kAsk)->permanent);
  EXPECT_THAT(refused_by_electricity_maps(404, "{}", kAsk)->words, HasSubstr("no figures for zone DE"));
  EXPECT_TRUE(refused_by_electricity_maps(400, "{}", kAsk)->permanent);
  EXPECT_FALSE(refused_by_electricity_maps(429, "{}", kAsk));
  EXPECT_FALSE(refused_by_electricity_maps(500, "{}", kAsk));
}

TEST(ElectricityMaps, ConfigurationIsChecked) {
  EXPECT_EQ(electricity_maps_region("US-CAL-CISO"), "US-CAL-CISO");
  for (char const* zone : {"", "D", "de", "Germany", "DE&x=1", "DE-", "DEU"}) {
    EXPECT_FALSE(electricity_maps_region(zone)) << zone;
  }
  auto config = test::feed_config("electricity_maps", "home");
  EXPECT_THAT(electricity_maps_provider(config).error().message, HasSubstr("set `region`"));
  config.region = "FR";
  EXPECT_THAT(electricity_maps_provider(config).error().message, HasSubstr("secret_file"));
  EXPECT_EQ(electricity_maps_provider(config).error().reason, "BAD_FEED");
  config.secret = "hush";
  config.basis = core::SignalBasis::kDirect;
  auto const provider = electricity_maps_provider(config);
  ASSERT_TRUE(provider);
  EXPECT_EQ(provider->source.zone, "home");
  EXPECT_EQ(provider->source.basis, core::SignalBasis::kDirect);
  EXPECT_THAT(provider->headers, testing::ElementsAre(std::pair("auth-token", "hush")));
  config.kind = core::SignalKind::kMarginal;
  EXPECT_THAT(electricity_maps_provider(config).error().message, HasSubstr("is average"));
}

}  // namespace
}  // namespace greenq::feed
