// Shapes as documented by NESO, values of our own.
#include "feed/neso.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/carbon/utc_text.hpp"
#include "feed/json.hpp"
#include "feed_fixture.hpp"
#include "neso_shapes.hpp"

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
  auto const urls = neso_urls("https://host", kNow);
  ASSERT_EQ(urls.size(), 2U);
  EXPECT_EQ(urls[0], "https://host/intensity/2026-03-01T10:01Z/fw48h");
  EXPECT_EQ(urls[1], "https://host/intensity/2026-03-01T10:01Z/pt24h");
  EXPECT_EQ(neso_urls("https://host", at("2026-03-01T10:59:59Z"))[0],
            "https://host/intensity/2026-03-01T10:31Z/fw48h");
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

TEST(Neso, CoversGreatBritainOnly) {
  FeedConfig config;
  config.provider = "neso";
  config.zone = "DE";
  auto const provider = neso_provider(config);
  ASSERT_FALSE(provider);
  EXPECT_THAT(provider.error().message, HasSubstr("zone GB only"));
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
