// Shapes as documented by the California Energy Commission, values of our own.
#include "feed/midas.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/carbon/utc_text.hpp"
#include "feed_fixture.hpp"

namespace greenq::feed {
namespace {

using core::PointState;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using test::at;
using testing::HasSubstr;

core::Instant const kNow = at("2026-07-10T16:02Z");
core::Instant const kMidnight = at("2026-07-10T07:00Z");  // Pacific
MidasAsk const kAsk{"US-CAL-BANC", "USCA-SGIP-MOER-SMUD"};

// "2026-07-10" and "07:04:59".
std::pair<std::string, std::string> stamp(core::Instant when) {
  std::string const text = core::utc_text(when);
  std::string time = text.substr(11, text.size() - 12);
  if (time.size() == 5) time += ":00";
  return {text.substr(0, 10), time};
}

std::string row(core::Instant begin, std::string const& value, std::string const& unit = "g/kWh CO2") {
  auto const [date, time] = stamp(begin);
  auto const [end_date, end_time] = stamp(begin + minutes{5} - seconds{1});
  return R"({"ValueName":"Realtime SGIP GHG Emission","DateStart":")" + date + R"(","DateEnd":")" + end_date +
         R"(","DayStart":5,"DayEnd":5,"TimeStart":")" + time + R"(","TimeEnd":")" + end_time +
         R"(","Unit":")" + unit + R"(","Value":)" + value + "}";
}

std::string reply(std::vector<std::string> const& rows, std::string const& rin = "USCA-SGIP-MOER-SMUD",
                  std::string const& clock = "2026-07-10T16:01:30.250111Z") {
  std::string list;
  for (std::string const& entry : rows) list += (list.empty() ? "" : ",") + entry;
  return R"({"RateID":")" + rin + R"(","SystemTime_UTC":")" + clock +
         R"(","RateName":"SGIP_BANC_SMUD Realtime GHG Emissions","Sector":null,"API_Url":"https://sgipsignal.com",)"
         R"("SignalType":"Greenhouse Gas Emissions","ValueInformation":[)" +
         list + "]}";
}

std::vector<std::string> rows_from(core::Instant begin, int count, std::string const& value = "333.5") {
  std::vector<std::string> rows;
  for (int i = 0; i < count; ++i) rows.push_back(row(begin + i * minutes{5}, value));
  return rows;
}

std::string refusal(std::vector<std::string> const& bodies) {
  auto const signal = read_midas(bodies, kAsk, kNow);
  return signal ? "accepted" : signal.error().reason + ": " + signal.error().message;
}

std::string refusal(std::string const& body) {
  return refusal(std::vector{body});
}

TEST(Midas, AsksForTheWindowAndMissingDays) {
  auto asks = midas_asks("https://host", kAsk, {kNow, at("2026-07-10T15:55Z")});
  ASSERT_EQ(asks.size(), 1U);
  EXPECT_EQ(asks[0].url, "https://host/api/valuedata?ID=USCA-SGIP-MOER-SMUD&QueryType=realtime");
  EXPECT_FALSE(asks[0].optional);
  asks = midas_asks("https://host", kAsk, {kNow, at("2026-07-08T03:00Z")});
  ASSERT_EQ(asks.size(), 2U);
  EXPECT_EQ(asks[1].url,
            "https://host/api/historicaldata/USCA-SGIP-MOER-SMUD?startdate=2026-07-07&enddate=2026-07-10");
  EXPECT_TRUE(asks[1].optional);
  asks = midas_asks("https://host", kAsk, {kNow, {}});
  EXPECT_THAT(asks.back().url, HasSubstr("startdate=2026-06-26&enddate=2026-07-10"));  // 14 days
  // Between the two midnights the earlier one counts.
  EXPECT_EQ(midas_asks("https://host", kAsk, {at("2026-07-10T07:30Z"), at("2026-07-10T07:10Z")}).size(), 1U);
  EXPECT_EQ(midas_asks("https://host", kAsk, {at("2026-07-10T07:30Z"), at("2026-07-10T06:50Z")}).size(), 2U);
}

TEST(Midas, ReadsDaysOfAnyLength) {
  for (int const count : {852, 864, 876}) {
    auto const signal = read_midas({reply(rows_from(kMidnight, count))}, kAsk, kNow);
    ASSERT_TRUE(signal) << signal.error().message;
    ASSERT_EQ(signal->points.size(), static_cast<std::size_t>(count));
    EXPECT_EQ(signal->points.back().interval.end, kMidnight + count * minutes{5});
    EXPECT_FALSE(core::problem_of(*signal));
  }
}

TEST(Midas, TheClockOfTheReplyDividesPastAndFuture) {
  auto const signal = read_midas({reply(rows_from(kMidnight, 864))}, kAsk, kNow);
  ASSERT_TRUE(signal) << signal.error().message;
  EXPECT_EQ(signal->points[0].value, (core::Intensity{333'500}));
  EXPECT_EQ(signal->points[0].interval, (core::Interval{kMidnight, kMidnight + minutes{5}}));
  EXPECT_EQ(signal->points[108].interval.begin, at("2026-07-10T16:00Z"));  // began before 16:01:30
  EXPECT_EQ(signal->points[108].state, PointState::kActual);
  EXPECT_EQ(signal->points[109].state, PointState::kForecast);
  EXPECT_EQ(signal->issued_at, at("2026-07-10T16:01:30.250Z"));
  EXPECT_TRUE(signal->issue_time_is_receipt);
  EXPECT_EQ(signal->received_at, kNow);
  EXPECT_EQ(signal->source.zone, "US-CAL-BANC");
  EXPECT_EQ(signal->source.kind, core::SignalKind::kMarginal);
  EXPECT_EQ(signal->source.label, "CEC MIDAS, USCA-SGIP-MOER-SMUD, marginal");
  EXPECT_THAT(signal->source.attribution, HasSubstr("California Energy Commission"));
}

TEST(Midas, TheUnitOfTheRowsDecides) {
  core::Instant const begin = at("2026-07-10T16:00Z");
  auto const signal = read_midas(
      {reply({row(begin, "0.25", "kg/kWh CO2"), row(begin + minutes{5}, "0", "kg/kWh CO2")})}, kAsk, kNow);
  ASSERT_TRUE(signal) << signal.error().message;
  EXPECT_EQ(signal->points[0].value, (core::Intensity{250'000}));
  EXPECT_EQ(signal->points[1].value, (core::Intensity{0}));  // a marginal zero is real
  EXPECT_THAT(refusal(reply({row(begin, "0.25", "$/kWh")})), HasSubstr("`$/kWh`"));
  EXPECT_THAT(refusal(reply({row(begin, "250"), row(begin + minutes{5}, "0.25", "kg/kWh CO2")})),
              HasSubstr("another unit"));
  EXPECT_THAT(refusal(reply({row(begin, "250", "kg/kWh CO2"), row(begin + minutes{5}, "250", "kg/kWh CO2")})),
              HasSubstr("outside 0..1500"));
}

TEST(Midas, AddsTheHistoryOfOlderDays) {
  std::string const window = reply(rows_from(kMidnight, 864));
  std::string const old = reply(rows_from(kMidnight - minutes{10}, 3, "100"));
  auto const signal = read_midas({window, old}, kAsk, kNow);
  ASSERT_TRUE(signal) << signal.error().message;
  ASSERT_EQ(signal->points.size(), 866U);
  EXPECT_EQ(signal->points[1].value, (core::Intensity{100'000}));
  EXPECT_EQ(signal->points[1].state, PointState::kActual);
  EXPECT_EQ(signal->points[2].value, (core::Intensity{333'500}));  // the window knows better
  EXPECT_FALSE(core::problem_of(*signal));
  for (char const* odd : {"", "{}", "[]", "17", "<html></html>", R"({"ValueInformation":"?"})"}) {
    auto const alone = read_midas({window, odd}, kAsk, kNow);
    ASSERT_TRUE(alone) << odd;
    EXPECT_EQ(alone->points.size(), 864U);
  }
}

TEST(Midas, AnOldWindowFromTheCacheIsNoData) {
  EXPECT_THAT(refusal(reply(rows_from(kMidnight - hours{24 * 4}, 864))), HasSubstr("NO_DATA"));
  std::string const yesterday = refusal(reply(rows_from(kMidnight - hours{24}, 864)));
  EXPECT_THAT(yesterday, HasSubstr("NO_DATA"));
  EXPECT_THAT(yesterday, HasSubstr("/watttime/status"));
}

TEST(Midas, NoDataIsNoSuccess) {
  EXPECT_THAT(refusal("{}"), HasSubstr("NO_DATA"));
  EXPECT_THAT(refusal(R"({"RateID":"USCA-SGIP-MOER-SMUD","ValueInformation":null})"), HasSubstr("NO_DATA"));
  EXPECT_THAT(refusal(reply({})), HasSubstr("NO_DATA"));
  EXPECT_THAT(refusal(reply({row(kNow - minutes{2}, "null")})), HasSubstr("NO_DATA"));
  EXPECT_THAT(refusal(R"({"error":"no upstream"})"),
              HasSubstr("NO_DATA: the reply holds no data: no upstream"));
  EXPECT_THAT(refusal(std::vector<std::string>{}), HasSubstr("NO_DATA"));
}

TEST(Midas, NullsAndGapsStayAbsent) {
  core::Instant const begin = at("2026-07-10T16:00Z");
  auto const signal = read_midas({reply({row(begin, "1"), row(begin + minutes{5}, "2"),
                                         row(begin + minutes{10}, "null"), row(begin + minutes{25}, "3")})},
                                 kAsk, kNow);
  ASSERT_TRUE(signal) << signal.error().message;
  ASSERT_EQ(signal->points.size(), 3U);
  EXPECT_EQ(signal->points[1].interval.end, begin + minutes{10});
  EXPECT_EQ(signal->points[2].interval.begin, begin + minutes{25});
}

TEST(Midas, RejectsTheWholeReplyForOneBadPart) {
  core::Instant const begin = at("2026-07-10T16:00Z");
  core::Instant const next = begin + minutes{5};
  std::string const good = row(begin, "333.5");
  for (char const* value : {"-99999", "-1", "1500.1", "\"333.5\"", "[]", "true"}) {
    EXPECT_THAT(refusal(reply({good, row(next, value)})), HasSubstr("BAD_REPLY")) << value;
  }
  EXPECT_THAT(refusal(reply({good, row(next, "1e999")})), HasSubstr("not finite"));
  EXPECT_THAT(refusal(reply({good, row(next, "NaN")})), HasSubstr("BAD_JSON"));
  EXPECT_THAT(refusal(reply({good, row(next, "1"), row(next, "1")})), HasSubstr("appears twice"));
  EXPECT_THAT(refusal(reply({good, row(next, "1"), row(begin - minutes{5}, "1")})),
              HasSubstr("out of order"));
  EXPECT_THAT(refusal(reply({good, row(next, "1"), row(begin + minutes{13}, "1")})),
              HasSubstr("off the step"));
  EXPECT_THAT(refusal(reply({good})), HasSubstr("its step"));
  EXPECT_THAT(refusal(reply({good, row(begin + hours{24}, "1")})), HasSubstr("its step"));
  EXPECT_THAT(refusal(reply({good, row(next, "1")}, "USCA-SGIP-MOER-PGE")),
              HasSubstr("not for USCA-SGIP-MOER-SMUD"));
  EXPECT_THAT(refusal(reply({good, row(next, "1")}, "USCA-SGIP-MOER-SMUD", "now")),
              HasSubstr("SystemTime_UTC"));
  EXPECT_THAT(refusal(reply({good, row(next, "1")}, "USCA-SGIP-MOER-SMUD", "2026-07-10T17:00:00Z")),
              HasSubstr("in the future"));
  EXPECT_THAT(
      refusal(reply({R"({"DateStart":"07/10/2026","TimeStart":"07:00","Unit":"g/kWh CO2","Value":1})"})),
      HasSubstr("DateStart"));
  EXPECT_THAT(refusal(reply({R"({"DateStart":"2026-07-10","TimeStart":"16:00:00","Value":1})"})),
              HasSubstr("no `Unit`"));
  EXPECT_THAT(refusal(reply({"17"})), HasSubstr("BAD_REPLY"));
  EXPECT_THAT(refusal(R"({"ValueInformation":{}})"), HasSubstr("BAD_REPLY"));
  EXPECT_THAT(refusal("[]"), HasSubstr("BAD_REPLY"));
  EXPECT_THAT(refusal("<html></html>"), HasSubstr("BAD_JSON"));
  EXPECT_THAT(refusal(reply({good}).substr(0, 90)), HasSubstr("BAD_JSON"));
}

TEST(Midas, SaysWhatARefusalMeans) {
  auto const gone = refused_by_midas(410, R"({"message":"this RIN is retired"})", kAsk);
  ASSERT_TRUE(gone);
  EXPECT_TRUE(gone->permanent);
  EXPECT_THAT(gone->words, HasSubstr("USCA-SGIP-MOER-SMUD (this RIN is retired)"));
  EXPECT_THAT(gone->words, HasSubstr("set `region`"));
  EXPECT_TRUE(refused_by_midas(404, "not found", kAsk)->permanent);
  EXPECT_TRUE(refused_by_midas(400, "", kAsk)->permanent);
  EXPECT_TRUE(refused_by_midas(422, "", kAsk)->permanent);
  EXPECT_FALSE(refused_by_midas(429, "", kAsk));  // the general meaning honours Retry-After
  EXPECT_FALSE(refused_by_midas(503, "", kAsk));
}

TEST(Midas, KnowsRegionsByAllTheirNames) {
  EXPECT_EQ(midas_rin("P2"), "USCA-SGIP-MOER-P2");
  EXPECT_EQ(midas_rin("SGIP_BANC_SMUD"), "USCA-SGIP-MOER-SMUD");
  EXPECT_EQ(midas_rin("USCA-SGIP-MOER-SMUD"), "USCA-SGIP-MOER-SMUD");
  EXPECT_FALSE(midas_rin(""));
  EXPECT_FALSE(midas_rin("PGE&x"));
}

TEST(Midas, MakesAProviderWithoutAnAccount) {
  FeedConfig config;
  config.provider = "midas";
  config.zone = "US-CAL-CISO";
  auto provider = midas_provider(config);
  ASSERT_TRUE(provider) << provider.error().message;
  EXPECT_FALSE(provider->login);
  EXPECT_EQ(provider->poll.interval, minutes{15});
  // A port in the Host header is answered with 404, so the address must name none.
  EXPECT_EQ(provider->asks({kNow, kNow}).front().url,
            "https://midasapi.energy.ca.gov/api/valuedata?ID=USCA-SGIP-MOER-PGE&QueryType=realtime");
  auto const signal = provider->read({reply(rows_from(kMidnight, 864), "USCA-SGIP-MOER-PGE")}, kNow);
  ASSERT_TRUE(signal);
  EXPECT_EQ(signal->source, provider->source);
  config.zone = "DE";
  EXPECT_THAT(midas_provider(config).error().message, HasSubstr("set `region`"));
  config.region = "SCE";
  EXPECT_THAT(midas_provider(config)->source.label, HasSubstr("USCA-SGIP-MOER-SCE"));
  config.kind = core::SignalKind::kAverage;
  EXPECT_THAT(midas_provider(config).error().message, HasSubstr("is marginal"));
}

}  // namespace
}  // namespace greenq::feed
