// Shapes as documented by NESO, values of our own.
#include "feed/neso.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/carbon/utc_text.hpp"
#include "feed/json.hpp"
#include "feed_fixture.hpp"
#include "neso_shapes.hpp"
#include "provider_checks.hpp"

namespace greenq::feed {
namespace {

using core::PointState;
using std::chrono::hours;
using std::chrono::minutes;
using test::at;
using test::neso_list;
using test::neso_period;
using testing::HasSubstr;

core::Instant const kNow = at("2026-03-01T10:10Z");
core::Instant const kHalfHour = at("2026-03-01T10:00Z");

std::string refusal(std::string const& body) {
  auto const signal = read_neso({body}, kNow);
  return signal ? "accepted" : signal.error().reason + ": " + signal.error().message;
}

TEST(Neso, AsksForStableAddresses) {
  auto const asks = neso_asks("https://host", {kNow, at("2026-02-20T09:45Z")});
  ASSERT_EQ(asks.size(), 2U);
  EXPECT_EQ(asks[0].url, "https://host/intensity/2026-03-01T10:01Z/fw48h");
  EXPECT_FALSE(asks[0].optional);
  EXPECT_EQ(asks[1].url, "https://host/intensity/2026-02-20T09:31Z/2026-03-01T10:01Z");
  EXPECT_TRUE(asks[1].optional);
  EXPECT_EQ(neso_asks("https://host", {at("2026-03-01T10:59:59Z"), {}})[0].url,
            "https://host/intensity/2026-03-01T10:31Z/fw48h");
}

TEST(Neso, AsksForADayOfActualsAtLeastAndFourteenAtMost) {
  EXPECT_EQ(neso_asks("h", {kNow, kNow})[1].url, "h/intensity/2026-02-28T10:01Z/2026-03-01T10:01Z");
  EXPECT_EQ(neso_asks("h", {kNow, {}})[1].url, "h/intensity/2026-02-15T10:31Z/2026-03-01T10:01Z");
}

TEST(Neso, JoinsForecastAndActuals) {
  std::string const future = neso_list(
      {neso_period(kHalfHour, "181", "null"), neso_period(kHalfHour + minutes{30}, "190.5", "null")});
  std::string const past =
      neso_list({neso_period(kHalfHour - minutes{60}, "150", "140"),
                 neso_period(kHalfHour - minutes{30}, "160", "null"), neso_period(kHalfHour, "199", "null")});
  auto const signal = read_neso({future, past}, kNow);
  ASSERT_TRUE(signal) << signal.error().message;
  ASSERT_EQ(signal->points.size(), 3U);  // the half hour without an actual is absent
  EXPECT_EQ(signal->points[0].value, (core::Intensity{140'000}));
  EXPECT_EQ(signal->points[0].state, PointState::kActual);
  EXPECT_EQ(signal->points[1].interval.begin, kHalfHour);
  EXPECT_EQ(signal->points[1].value, (core::Intensity{181'000}));
  EXPECT_EQ(signal->points[1].state, PointState::kForecast);
  EXPECT_EQ(signal->points[2].value, (core::Intensity{190'500}));
  EXPECT_EQ(signal->source.kind, core::SignalKind::kAverage);
  EXPECT_EQ(signal->source.zone, "GB");
  EXPECT_THAT(signal->source.attribution, HasSubstr("CC BY 4.0"));
  EXPECT_EQ(signal->issued_at, kNow);
  EXPECT_TRUE(signal->issue_time_is_receipt);
  EXPECT_FALSE(core::problem_of(*signal));
}

TEST(Neso, ZeroAndNullAreMissing) {
  auto const signal = read_neso(
      {neso_list({neso_period(kHalfHour - minutes{60}, "99", "0"), neso_period(kHalfHour, "0", "null"),
                  neso_period(kHalfHour + minutes{30}, "77", "null")})},
      kNow);
  ASSERT_TRUE(signal) << signal.error().message;
  ASSERT_EQ(signal->points.size(), 1U);
  EXPECT_EQ(signal->points[0].value, (core::Intensity{77'000}));
}

TEST(Neso, AcceptsAShortHorizonAndBothWrappings) {
  std::vector<std::string> periods;
  for (int i = 0; i < 29; ++i) periods.push_back(neso_period(kHalfHour + i * minutes{30}, "120", "null"));
  auto const signal = read_neso({neso_list(periods)}, kNow);
  ASSERT_TRUE(signal);
  EXPECT_EQ(signal->points.size(), 29U);
  std::string const list = neso_list(periods);
  auto const as_object = read_neso({R"({"data":{"regionid":18,)" + list.substr(1) + "}"}, kNow);
  ASSERT_TRUE(as_object) << as_object.error().message;
  EXPECT_EQ(as_object->points.size(), 29U);
  auto const as_list = read_neso({R"({"data":[{"regionid":18,)" + list.substr(1) + "]}"}, kNow);
  ASSERT_TRUE(as_list) << as_list.error().message;
  EXPECT_EQ(as_list->points.size(), 29U);
}

TEST(Neso, NoDataIsNoSuccess) {
  EXPECT_THAT(refusal("{}"), HasSubstr("NO_DATA"));
  EXPECT_THAT(refusal(R"({"data":[]})"), HasSubstr("NO_DATA"));
  EXPECT_THAT(refusal(R"({"error":{"code":"500 Internal Server Error","message":"Nobody is at home."}})"),
              HasSubstr("NO_DATA: the reply holds no data: Nobody is at home."));
  EXPECT_THAT(refusal(neso_list({neso_period(kHalfHour, "null", "null")})), HasSubstr("NO_DATA"));
}

TEST(Neso, RejectsTheWholeReplyForOneBadEntry) {
  std::string const good = neso_period(kHalfHour, "120", "null");
  core::Instant const next = kHalfHour + minutes{30};
  for (char const* value : {"-1", "1e300", "1500.1", "\"120\"", "[]", "true"}) {
    EXPECT_THAT(refusal(neso_list({good, neso_period(next, value, "null")})), HasSubstr("BAD_REPLY"))
        << value;
  }
  EXPECT_THAT(refusal(neso_list({good, neso_period(next, "1e999", "null")})), HasSubstr("not finite"));
  EXPECT_THAT(refusal(neso_list({good, neso_period(next, "NaN", "null")})), HasSubstr("BAD_JSON"));
  EXPECT_THAT(refusal(neso_list({good, good})), HasSubstr("appears twice"));
  EXPECT_THAT(refusal(neso_list({neso_period(next, "120", "null"), good})), HasSubstr("out of order"));
  EXPECT_THAT(refusal(neso_list({neso_period(kHalfHour + minutes{7}, "1", "null")})),
              HasSubstr("not a half hour"));
  EXPECT_THAT(refusal(R"({"data":[{"from":"yesterday","to":"today","intensity":{}}]})"), HasSubstr("from"));
  EXPECT_THAT(refusal(R"({"data":[17]})"), HasSubstr("BAD_REPLY"));
  EXPECT_THAT(refusal(R"({"data":"none"})"), HasSubstr("BAD_REPLY"));
  EXPECT_THAT(refusal("[]"), HasSubstr("BAD_REPLY"));
}

TEST(Neso, WithoutActualsTheForecastIsEnough) {
  std::string const future = neso_list({neso_period(kHalfHour, "181", "null")});
  for (char const* nothing : {"", "{}", R"({"data":[]})", R"({"error":{"message":"later"}})"}) {
    auto const signal = read_neso({future, nothing}, kNow);
    ASSERT_TRUE(signal) << nothing;
    EXPECT_EQ(signal->points.size(), 1U);
  }
  auto const broken = read_neso({future, R"({"data":[)"}, kNow);
  ASSERT_FALSE(broken);
  EXPECT_EQ(broken.error().reason, "BAD_JSON");
  for (auto const& [body, reason] : test::hostile_bodies()) {
    EXPECT_THAT(refusal(body), testing::StartsWith(reason)) << body;
  }
}

TEST(Neso, CoversGreatBritainOnly) {
  for (char const* zone : {"DE", "GB-REG-18", "GB-REG-0", "GB-NIR"}) {
    auto const provider = neso_provider(test::feed_config("neso", zone));
    ASSERT_FALSE(provider) << zone;
    EXPECT_EQ(provider.error().reason, "BAD_FEED");
    EXPECT_THAT(provider.error().message, HasSubstr("zone GB only"));
  }
  EXPECT_FALSE(neso_provider(test::feed_config("neso", "DE", "13")));
  EXPECT_FALSE(neso_provider(test::feed_config("neso", "GB", "nowhere")));
  auto const signal = read_neso({neso_list({neso_period(kHalfHour, "120", "null")})}, kNow);
  ASSERT_TRUE(signal);
  test::check_provider(neso_provider(test::feed_config("neso", "GB")), *signal);
}

TEST(NesoRegion, IsANumberANameOrAPostcode) {
  EXPECT_EQ(neso_region("GB-REG-13"), "13");
  EXPECT_EQ(neso_region("1"), "1");
  EXPECT_EQ(neso_region("17"), "17");
  EXPECT_EQ(neso_region("London"), "13");
  EXPECT_EQ(neso_region("south wales"), "7");
  EXPECT_EQ(neso_region("North Wales & Merseyside"), "6");
  EXPECT_EQ(neso_region("North Wales and Merseyside"), "6");
  EXPECT_EQ(neso_region("rg10 9nx"), "RG10");
  EXPECT_EQ(neso_region("SW1A1AA"), "SW1A");
  EXPECT_EQ(neso_region("M1"), "M1");
  for (char const* text :
       {"", "GB", "0", "18", "013", "GB-REG-18", "Atlantis", "RG", "RG10/../x", "1A", "RGX10"}) {
    EXPECT_FALSE(neso_region(text)) << text;
  }
}

std::string region_reply(std::string const& id, std::vector<std::string> const& periods, bool list = false) {
  std::string const part =
      R"({"regionid":)" + id + R"(,"dnoregion":"A","shortname":"B",)" + neso_list(periods).substr(1);
  return R"({"data":)" + (list ? "[" + part + "]" : part) + "}";
}

TEST(NesoRegional, AsksForTheForecastAlone) {
  PollMoment const moment{kNow, {}};
  auto const by_id = neso_regional_asks("https://host", "13", moment);
  ASSERT_EQ(by_id.size(), 1U);
  EXPECT_EQ(by_id[0].url, "https://host/regional/intensity/2026-03-01T10:01Z/fw48h/regionid/13");
  EXPECT_EQ(neso_regional_asks("https://host", "RG10", moment)[0].url,
            "https://host/regional/intensity/2026-03-01T10:01Z/fw48h/postcode/RG10");
}

TEST(NesoRegional, ReadsObjectAndListWithoutAPast) {
  std::vector<std::string> const periods{neso_period(kHalfHour - minutes{30}, "90", "null"),
                                         neso_period(kHalfHour, "100", "null"),
                                         neso_period(kHalfHour + minutes{30}, "110", "null")};
  for (bool const list : {false, true}) {
    auto const signal = read_neso_regional({region_reply("13", periods, list)}, "GB-REG-13", "13", kNow);
    ASSERT_TRUE(signal) << signal.error().message;
    ASSERT_EQ(signal->points.size(), 2U);
    EXPECT_EQ(signal->points[0].interval.begin, kHalfHour);
    EXPECT_EQ(signal->points[0].value, (core::Intensity{100'000}));
    EXPECT_EQ(signal->points[1].state, PointState::kForecast);
    test::check_provider(neso_provider(test::feed_config("neso", "GB-REG-13")), *signal);
  }
  auto const by_code = read_neso_regional({region_reply("12", periods)}, "GB", "RG10", kNow);
  ASSERT_TRUE(by_code) << by_code.error().message;
  test::check_provider(neso_provider(test::feed_config("neso", "GB", "rg10 9nx")), *by_code);
}

TEST(NesoRegional, RefusesAnotherRegion) {
  std::vector<std::string> const periods{neso_period(kHalfHour, "100", "null")};
  auto const said = [&](std::string const& body, std::string const& region) {
    return test::verdict(read_neso_regional({body}, "GB", region, kNow));
  };
  EXPECT_THAT(said(region_reply("12", periods), "13"), HasSubstr("another region than 13"));
  for (char const* id : {"18", "0", "1e300", "-1"}) {
    EXPECT_THAT(said(region_reply(id, periods), "RG10"), HasSubstr("another region")) << id;
  }
  EXPECT_THAT(said(region_reply("\"13\"", periods), "13"), HasSubstr("does not say its region"));
  EXPECT_THAT(said(neso_list(periods), "13"), HasSubstr("does not say its region"));
  EXPECT_THAT(said(region_reply("12,\"postcode\":\"SW1A\"", periods), "RG10"), HasSubstr("another postcode"));
  EXPECT_EQ(said(region_reply("12,\"postcode\":\"RG10\"", periods), "RG10"), "accepted");
  EXPECT_THAT(said(R"({"data":[]})", "RG10"), HasSubstr("NO_DATA"));
  EXPECT_THAT(said(region_reply("13", {}), "13"), HasSubstr("NO_DATA"));
  EXPECT_THAT(refusal(region_reply("13", periods)), HasSubstr("it is for a region"));
  auto const provider = neso_provider(test::feed_config("neso", "GB", "London"));
  ASSERT_TRUE(provider);
  EXPECT_TRUE(provider->refused(400, "")->permanent);
  EXPECT_FALSE(provider->refused(500, ""));
}

TEST(ParseJson, IsStrict) {
  auto const message = [](std::string const& text) {
    auto const value = parse_json(text);
    return value ? "accepted" : value.error().message;
  };
  EXPECT_EQ(message(R"( {"a":[1,2.5,-3,null,true,"x"],"b":{"a":1}} )"), "accepted");
  EXPECT_THAT(message(""), HasSubstr("empty"));
  EXPECT_THAT(message(" \n"), HasSubstr("empty"));
  EXPECT_THAT(message(R"({"a":1,"b":2,"a":3})"), HasSubstr("`a` appears twice"));
  EXPECT_THAT(message(R"({"a":1,"\u0061":3})"), HasSubstr("appears twice"));
  EXPECT_THAT(message("1e999"), HasSubstr("not finite"));
  EXPECT_THAT(message("-1e999"), HasSubstr("not finite"));
  EXPECT_NE(message("{\"a\":NaN}"), "accepted");
  EXPECT_NE(message("{\"a\":Infinity}"), "accepted");
  EXPECT_NE(message("{\"a\":1} x"), "accepted");
  EXPECT_NE(message("{\"a\":"), "accepted");
  EXPECT_NE(message("<html></html>"), "accepted");
  EXPECT_EQ(message(std::string(32, '[') + std::string(32, ']')), "accepted");
  EXPECT_NE(message(std::string(33, '[') + std::string(33, ']')), "accepted");
  std::string many = "[";
  for (int i = 0; i < 200'001; ++i) many += "[],";
  EXPECT_THAT(message(many + "[]]"), HasSubstr("too many values"));
}

}  // namespace
}  // namespace greenq::feed
