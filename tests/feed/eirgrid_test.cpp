// Shapes as documented for EirGrid's dashboard, values of our own; and the clock of Dublin.
#include "feed/eirgrid.hpp"

#include <gmock/gmock.h>

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

core::Instant const kNow = at("2026-03-01T10:20Z");

std::string row(std::string const& time, std::string const& value, std::string const& region = "ROI") {
  return R"({"EffectiveTime":")" + time + R"(","FieldName":"CO2_INTENSITY","Region":")" + region +
         R"(","Value":)" + value + "}";
}
std::string reply(std::vector<std::string> const& rows, std::string const& error = "null") {
  std::string text = R"({"ErrorMessage":)" + error + R"(,"LastUpdated":"01-Mar-2026 10:15:00","Rows":[)";
  for (std::string const& each : rows) text += (text.back() == '[' ? "" : ",") + each;
  return text + "]}";
}
core::Result<core::Signal> read(std::string const& body, core::Instant now = kNow) {
  return read_eirgrid({body}, "IE", "ROI", now);
}
std::string refusal(std::vector<std::string> const& rows) {
  return verdict(read(reply(rows)));
}

TEST(EuSummerTime, ChangesOnTheLastSundaysAtOneUtc) {
  struct Year {
    char const* begin;
    char const* end;
  };
  for (Year const& year :
       {Year{"2022-03-27T01:00Z", "2022-10-30T01:00Z"}, Year{"2023-03-26T01:00Z", "2023-10-29T01:00Z"},
        Year{"2024-03-31T01:00Z", "2024-10-27T01:00Z"}, Year{"2025-03-30T01:00Z", "2025-10-26T01:00Z"},
        Year{"2026-03-29T01:00Z", "2026-10-25T01:00Z"}, Year{"2027-03-28T01:00Z", "2027-10-31T01:00Z"},
        Year{"2028-03-26T01:00Z", "2028-10-29T01:00Z"}}) {
    core::Span const tick{1};
    EXPECT_FALSE(eu_summer_time(at(year.begin) - tick)) << year.begin;
    EXPECT_TRUE(eu_summer_time(at(year.begin))) << year.begin;
    EXPECT_TRUE(eu_summer_time(at(year.end) - tick)) << year.end;
    EXPECT_FALSE(eu_summer_time(at(year.end))) << year.end;
  }
  EXPECT_FALSE(eu_summer_time(at("2026-01-01T00:00Z")));
  EXPECT_FALSE(eu_summer_time(at("2026-12-31T23:59Z")));
}

TEST(DublinTime, IsUtcInWinterAndAnHourAheadInSummer) {
  auto const utc = [](char const* text) {
    auto const time = parse_dublin_time(text);
    return time && time->certain ? time->utc : core::Instant{};
  };
  EXPECT_EQ(utc("04-Nov-2023 16:30:00"), at("2023-11-04T16:30Z"));
  EXPECT_EQ(utc("04-Jul-2023 00:15:00"), at("2023-07-03T23:15Z"));
  EXPECT_EQ(utc("29-Mar-2026 00:45:00"), at("2026-03-29T00:45Z"));
  EXPECT_EQ(utc("29-Mar-2026 02:00:00"), at("2026-03-29T01:00Z"));
  EXPECT_EQ(utc("25-Oct-2026 00:45:00"), at("2026-10-24T23:45Z"));
  EXPECT_EQ(utc("25-Oct-2026 02:00:00"), at("2026-10-25T02:00Z"));
  for (char const* text :
       {"29-Mar-2026 01:00:00", "29-Mar-2026 01:59:59", "25-Oct-2026 01:00:00", "25-Oct-2026 01:45:00"}) {
    auto const time = parse_dublin_time(text);
    ASSERT_TRUE(time) << text;
    EXPECT_FALSE(time->certain) << text;
  }
  for (char const* text :
       {"", "4-Nov-2023 16:30:00", "04-nov-2023 16:30:00", "31-Nov-2023 16:30:00", "04-Nov-2023 24:00:00",
        "04-Nov-2023T16:30:00", "04-Nov-2023 16:30:0Z", "2023-11-04 16:30:00 "}) {
    EXPECT_FALSE(parse_dublin_time(text)) << text;
  }
}

TEST(Eirgrid, AsksForWholeLocalDays) {
  auto const asks = eirgrid_asks("https://host", "ROI", {kNow, at("2026-02-28T23:50Z")});
  ASSERT_EQ(asks.size(), 1U);
  EXPECT_EQ(
      asks[0].url,
      "https://host/api/chart/?region=ROI&chartType=co2&dateRange=day&dateFrom=28-Feb-2026&dateTo=01-Mar-2026"
      "&areas=co2intensity");
  EXPECT_THAT(eirgrid_asks("h", "NI", {kNow, {}})[0].url, HasSubstr("dateFrom=01-Feb-2026&"));
  // 23:50 UTC in summer is tomorrow in Dublin; just after midnight the newest quarter is yesterday's.
  EXPECT_THAT(eirgrid_asks("h", "NI", {at("2026-07-01T23:50Z"), at("2026-07-01T23:45Z")})[0].url,
              HasSubstr("dateFrom=02-Jul-2026&dateTo=02-Jul-2026"));
  EXPECT_THAT(eirgrid_asks("h", "NI", {at("2026-01-02T00:05Z"), at("2026-01-02T00:00Z")})[0].url,
              HasSubstr("dateFrom=01-Jan-2026&dateTo=02-Jan-2026"));
}

TEST(Eirgrid, ReadsActualsAndEndsInThePast) {
  auto const signal = read(reply({row("01-Mar-2026 09:30:00", "250"), row("01-Mar-2026 09:45:00", "null"),
                                  row("01-Mar-2026 10:00:00", "241.5"), row("01-Mar-2026 10:15:00", "240"),
                                  row("01-Mar-2026 10:30:00", "null")}));
  ASSERT_TRUE(signal) << signal.error().message;
  ASSERT_EQ(signal->points.size(), 2U);
  EXPECT_EQ(signal->points[0],
            (core::IntensityPoint{
                {at("2026-03-01T09:30Z"), at("2026-03-01T09:45Z")}, {250'000}, PointState::kActual}));
  EXPECT_EQ(signal->points[1].interval.begin, at("2026-03-01T10:00Z"));
  EXPECT_EQ(signal->points[1].value, (core::Intensity{241'500}));
  EXPECT_EQ(signal->issued_at, kNow);
  EXPECT_TRUE(signal->issue_time_is_receipt);
  test::check_provider(eirgrid_provider(test::feed_config("eirgrid", "IE")), *signal);
}

TEST(Eirgrid, TheRepeatedAndTheSkippedHourAreLeftOut) {
  auto const october = read(reply({row("25-Oct-2026 00:45:00", "200"), row("25-Oct-2026 01:00:00", "201"),
                                   row("25-Oct-2026 01:30:00", "202"), row("25-Oct-2026 01:00:00", "203"),
                                   row("25-Oct-2026 01:30:00", "204"), row("25-Oct-2026 02:00:00", "205")}),
                            at("2026-10-25T12:00Z"));
  ASSERT_TRUE(october) << october.error().message;
  ASSERT_EQ(october->points.size(), 2U);
  EXPECT_EQ(october->points[0].interval.begin, at("2026-10-24T23:45Z"));
  EXPECT_EQ(october->points[1].interval.begin, at("2026-10-25T02:00Z"));
  auto const march = read(reply({row("29-Mar-2026 00:45:00", "200"), row("29-Mar-2026 01:15:00", "201"),
                                 row("29-Mar-2026 02:00:00", "202")}),
                          at("2026-03-29T12:00Z"));
  ASSERT_TRUE(march) << march.error().message;
  ASSERT_EQ(march->points.size(), 2U);
  EXPECT_EQ(march->points[0].interval.end, march->points[1].interval.begin);
  EXPECT_THAT(verdict(read(reply({row("25-Oct-2026 01:00:00", "-1")}), at("2026-10-25T12:00Z"))),
              StartsWith("BAD_REPLY"));
}

TEST(Eirgrid, RejectsTheWholeReplyForOneBadRow) {
  std::string const good = row("01-Mar-2026 09:00:00", "200");
  std::string const next = "01-Mar-2026 09:15:00";
  for (char const* value : {"-1", "1501", "1e300", "\"200\"", "{}", "true"}) {
    EXPECT_THAT(refusal({good, row(next, value)}), StartsWith("BAD_REPLY")) << value;
  }
  EXPECT_THAT(refusal({good, good}), HasSubstr("appears twice"));
  EXPECT_THAT(refusal({row(next, "200"), good}), HasSubstr("out of order"));
  EXPECT_THAT(refusal({good, row("01-Mar-2026 09:20:00", "200")}), HasSubstr("quarter hour"));
  EXPECT_THAT(refusal({good, row(next, "200", "NI")}), HasSubstr("not for region ROI"));
  EXPECT_THAT(
      refusal(
          {good,
           R"({"EffectiveTime":"01-Mar-2026 09:15:00","FieldName":"WIND_ACTUAL","Region":"ROI","Value":1})"}),
      HasSubstr("not a CO2 intensity"));
  EXPECT_THAT(refusal({row("2026-03-01T09:00:00Z", "200")}), HasSubstr("EffectiveTime"));
  EXPECT_THAT(refusal({"17"}), StartsWith("BAD_REPLY"));
  EXPECT_THAT(refusal({}), StartsWith("NO_DATA"));
  EXPECT_THAT(refusal({row("01-Mar-2026 09:00:00", "0")}), StartsWith("NO_DATA"));
  EXPECT_THAT(refusal({row("01-Mar-2026 11:00:00", "200")}), StartsWith("NO_DATA"));
  EXPECT_THAT(verdict(read(reply({good}, "\"closed for\\u0007 stocktaking\""))),
              HasSubstr("NO_DATA: the reply holds no data: closed for  stocktaking"));
  EXPECT_EQ(verdict(read(reply({good}, "\"\""))), "accepted");
  EXPECT_THAT(verdict(read(R"({"Rows":{}})")), StartsWith("BAD_REPLY"));
  EXPECT_THAT(verdict(read("[]")), StartsWith("BAD_REPLY"));
  EXPECT_THAT(verdict(read_eirgrid({}, "IE", "ROI", kNow)), StartsWith("NO_DATA"));
  for (auto const& [body, reason] : test::hostile_bodies())
    EXPECT_THAT(verdict(read(body)), StartsWith(reason)) << body;
}

TEST(Eirgrid, ConfigurationIsChecked) {
  EXPECT_EQ(eirgrid_region("IE"), "ROI");
  EXPECT_EQ(eirgrid_region("GB-NIR"), "NI");
  EXPECT_FALSE(eirgrid_region("GB"));
  auto const unknown = eirgrid_provider(test::feed_config("eirgrid", "GB"));
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().reason, "BAD_FEED");
  EXPECT_THAT(unknown.error().message, HasSubstr("set `region` to ROI, NI or ALL"));
  auto const provider = eirgrid_provider(test::feed_config("eirgrid", "IE", "ALL"));
  ASSERT_TRUE(provider);
  EXPECT_THAT(provider->source.label, HasSubstr("ALL"));
  EXPECT_TRUE(provider->refused(404, "")->permanent);
  EXPECT_FALSE(provider->refused(503, ""));
}

}  // namespace
}  // namespace greenq::feed
