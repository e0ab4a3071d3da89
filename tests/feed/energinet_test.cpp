// Shapes as documented for the Energi Data Service, values of our own.
#include "feed/energinet.hpp"

#include <gmock/gmock.h>

#include "core/carbon/utc_text.hpp"
#include "feed_fixture.hpp"
#include "provider_checks.hpp"

namespace greenq::feed {
namespace {

using core::PointState;
using std::chrono::hours;
using std::chrono::minutes;
using test::at;
using test::verdict;
using testing::HasSubstr;
using testing::StartsWith;

core::Instant const kNow = at("2026-03-01T10:22Z");
core::Instant const kStart = at("2026-03-01T10:20Z");  // of the running step

std::string row(core::Instant begin, std::string const& area, std::string const& value) {
  return R"({"Minutes5UTC":")" + core::utc_text(begin).substr(0, 16) +
         R"(:00","Minutes5DK":"2026-03-01T00:00:00","PriceArea":")" + area + R"(","CO2Emission":)" + value +
         "}";
}
std::string reply(std::vector<std::string> const& rows, std::string const& dataset = "CO2EmisProg") {
  std::string text = R"({"total":99,"limit":10000,"dataset":")" + dataset + R"(","records":[)";
  for (std::string const& each : rows) text += (text.back() == '[' ? "" : ",") + each;
  return text + "]}";
}
core::Result<core::Signal> read(std::vector<std::string> const& bodies, std::string const& area = "DK1") {
  return read_energinet(bodies, "DK-" + area, area, kNow);
}
std::string refusal(std::vector<std::string> const& rows) {
  return verdict(read({reply(rows)}));
}

TEST(Energinet, AsksForBothAreasWithOneAddress) {
  auto const asks = energinet_asks("https://host", {kNow, at("2026-03-01T09:59Z")});
  ASSERT_EQ(asks.size(), 2U);
  EXPECT_EQ(asks[0].url,
            "https://host/dataset/CO2EmisProg?start=2026-03-01T10:00&timezone=UTC"
            "&filter=%7B%22PriceArea%22:%5B%22DK1%22,%22DK2%22%5D%7D&sort=Minutes5UTC%20ASC&limit=10000");
  EXPECT_FALSE(asks[0].optional);
  EXPECT_THAT(asks[1].url,
              StartsWith("https://host/dataset/CO2Emis?start=2026-03-01T09:00&timezone=UTC&filter="));
  EXPECT_TRUE(asks[1].optional);
  EXPECT_EQ(energinet_asks("h", {kNow, kNow - minutes{2}}).size(), 1U);
  EXPECT_THAT(energinet_asks("h", {kNow, {}})[1].url, HasSubstr("start=2026-02-15T10:00&"));
  // Two feeds that poll within the hour use the same addresses, so that the second is served from the first.
  auto const one = energinet_provider(test::feed_config("energinet", "DK-DK1"));
  auto const two = energinet_provider(test::feed_config("energinet", "DK-DK2"));
  ASSERT_TRUE(one && two);
  EXPECT_EQ(one->shared_for, std::chrono::seconds{60});
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(one->asks({kNow, kNow - minutes{10}})[i].url,
              two->asks({kNow + minutes{1}, kNow - minutes{5}})[i].url);
  }
}

TEST(Energinet, ReadsOneAreaOfTwo) {
  std::string const ahead =
      reply({row(kStart - minutes{5}, "DK1", "1"), row(kStart - minutes{5}, "DK2", "1"),
             row(kStart, "DK1", "101.5"), row(kStart, "DK2", "202"), row(kStart + minutes{5}, "DK1", "null"),
             row(kStart + minutes{5}, "DK2", "203"), row(kStart + minutes{10}, "DK1", "103"),
             row(kStart + minutes{10}, "DK2", "0")});
  std::string const past =
      reply({row(kStart - minutes{10}, "DK1", "90"), row(kStart - minutes{10}, "DK2", "190"),
             row(kStart, "DK1", "5"), row(kStart, "DK2", "5")},
            "CO2Emis");
  auto const signal = read({ahead, past});
  ASSERT_TRUE(signal) << signal.error().message;
  ASSERT_EQ(signal->points.size(), 3U);
  EXPECT_EQ(
      signal->points[0],
      (core::IntensityPoint{{kStart - minutes{10}, kStart - minutes{5}}, {90'000}, PointState::kActual}));
  EXPECT_EQ(signal->points[1],
            (core::IntensityPoint{{kStart, kStart + minutes{5}}, {101'500}, PointState::kForecast}));
  EXPECT_EQ(signal->points[2].interval.begin, kStart + minutes{10});
  EXPECT_EQ(signal->source.zone, "DK-DK1");
  EXPECT_EQ(signal->issued_at, kNow);
  EXPECT_TRUE(signal->issue_time_is_receipt);
  test::check_provider(energinet_provider(test::feed_config("energinet", "DK-DK1")), *signal);
  auto const other = read({ahead, past}, "DK2");
  ASSERT_TRUE(other);
  ASSERT_EQ(other->points.size(), 3U);
  EXPECT_EQ(other->points[0].value, (core::Intensity{190'000}));
  EXPECT_EQ(other->points[2].value, (core::Intensity{203'000}));
}

TEST(Energinet, ADayWithoutAnHourHas288Steps) {
  // 29 March 2026: Denmark skips an hour, UTC does not.
  std::vector<std::string> rows;
  for (int i = 0; i < 288; ++i) rows.push_back(row(at("2026-03-28T23:00Z") + i * minutes{5}, "DK1", "150"));
  auto const signal = read_energinet({reply(rows)}, "DK-DK1", "DK1", at("2026-03-28T23:00Z"));
  ASSERT_TRUE(signal);
  ASSERT_EQ(signal->points.size(), 288U);
  EXPECT_EQ(signal->points.back().interval.end - signal->points.front().interval.begin, hours{24});
}

TEST(Energinet, WithoutActualsTheForecastIsEnough) {
  std::string const ahead = reply({row(kStart, "DK1", "100")});
  for (std::string const& nothing : {std::string{}, std::string{"{}"}, reply({}, "CO2Emis")}) {
    EXPECT_EQ(verdict(read({ahead, nothing})), "accepted") << nothing;
  }
  EXPECT_THAT(verdict(read({ahead, "<html>"})), StartsWith("BAD_JSON"));
  EXPECT_THAT(verdict(read({ahead, reply({row(kStart - hours{1}, "DK1", "1")})})),
              HasSubstr("dataset CO2Emis"));
  EXPECT_THAT(refusal({row(kStart, "DK2", "100")}), StartsWith("NO_DATA"));
  EXPECT_THAT(refusal({row(kStart, "DK1", "null")}), StartsWith("NO_DATA"));
  EXPECT_THAT(refusal({row(kStart, "DK1", "0")}), StartsWith("NO_DATA"));
  EXPECT_THAT(refusal({}), StartsWith("NO_DATA"));
}

TEST(Energinet, RejectsTheWholeReplyForOneBadRow) {
  std::string const good = row(kStart, "DK1", "100");
  core::Instant const next = kStart + minutes{5};
  for (char const* value : {"-1", "1501", "1e300", "\"100\"", "{}", "true"}) {
    EXPECT_THAT(refusal({good, row(next, "DK1", value)}), StartsWith("BAD_REPLY")) << value;
    EXPECT_THAT(refusal({good, row(next, "DK2", value)}), StartsWith("BAD_REPLY")) << value;
  }
  EXPECT_THAT(refusal({good, good}), HasSubstr("appears twice"));
  EXPECT_THAT(refusal({row(next, "DK1", "100"), good}),
              HasSubstr("out of order"));  // the default sort, and cut off
  EXPECT_THAT(refusal({good, row(next, "SE4", "100")}), HasSubstr("neither for DK1"));
  EXPECT_THAT(refusal({good, row(next + minutes{1}, "DK1", "100")}), HasSubstr("five minutes"));
  EXPECT_THAT(refusal({good, "17"}), StartsWith("BAD_REPLY"));
  for (char const* time :
       {"2026-03-01T10:20:00Z", "2026-03-01T10:20:00+01:00", "2026-03-01", "2026-02-30T10:20:00", ""}) {
    EXPECT_THAT(
        refusal({R"({"Minutes5UTC":")" + std::string(time) + R"(","PriceArea":"DK1","CO2Emission":1})"}),
        HasSubstr("Minutes5UTC"))
        << time;
  }
  EXPECT_THAT(verdict(read({R"({"records":"none"})"})), StartsWith("BAD_REPLY"));
  EXPECT_THAT(verdict(read({"[]"})), StartsWith("BAD_REPLY"));
  for (auto const& [body, reason] : test::hostile_bodies())
    EXPECT_THAT(verdict(read({body})), StartsWith(reason)) << body;
}

TEST(Energinet, ConfigurationIsChecked) {
  EXPECT_EQ(energinet_region("DK-DK1"), "DK1");
  EXPECT_EQ(energinet_region("DK-DK2"), "DK2");
  EXPECT_FALSE(energinet_region("DK"));
  auto const unknown = energinet_provider(test::feed_config("energinet", "DK"));
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().reason, "BAD_FEED");
  EXPECT_THAT(unknown.error().message, HasSubstr("set `region` to DK1 or DK2"));
  EXPECT_FALSE(energinet_provider(test::feed_config("energinet", "DK-DK1", "DK3")));
  auto const provider = energinet_provider(test::feed_config("energinet", "home", "DK2"));
  ASSERT_TRUE(provider);
  EXPECT_EQ(provider->source.zone, "home");
  EXPECT_TRUE(provider->refused(400, R"({"message":"no such column"})")->permanent);
  EXPECT_THAT(provider->refused(400, R"({"message":"no such column"})")->words,
              HasSubstr("(no such column)"));
  EXPECT_FALSE(provider->refused(429, ""));  // the general pause, with its Retry-After
}

}  // namespace
}  // namespace greenq::feed
