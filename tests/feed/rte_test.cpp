// Shapes as documented for éCO2mix on the open data portal, values of our own.
#include "feed/rte.hpp"

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

core::Instant const kNow = at("2026-03-01T10:20Z");
core::Instant const kLast = at("2026-03-01T10:00Z");  // the newest whole quarter begins

std::string row(core::Instant begin, std::string const& value) {
  return R"({"taux_co2":)" + value + R"(,"date_heure":")" + core::utc_text(begin).substr(0, 16) +
         ":00+00:00\"}";
}
std::string rows(std::vector<std::string> const& entries) {
  std::string text = "[";
  for (std::string const& entry : entries) text += (text == "[" ? "" : ",") + entry;
  return text + "]";
}
std::string reply(std::vector<std::string> const& entries) {
  return R"({"total_count":99,"results":)" + rows(entries) + "}";
}
core::Result<core::Signal> read(std::vector<std::string> const& bodies) {
  return read_rte(bodies, "FR", kNow);
}
std::string refusal(std::vector<std::string> const& entries) {
  return verdict(read({reply(entries)}));
}

TEST(Rte, AsksForTheNewestAndForWhatIsMissing) {
  auto const asks = rte_asks("https://host", {kNow, kLast});
  ASSERT_EQ(asks.size(), 1U);
  EXPECT_EQ(
      asks[0].url,
      "https://host/api/explore/v2.1/catalog/datasets/eco2mix-national-tr/records?select=taux_co2,date_heure"
      "&where=date_heure%20in%20%5Bdate%272026-03-01T09:00%27%20TO%20now()%5D%20and%20taux_co2%20is%20not%"
      "20null"
      "&order_by=date_heure%20desc&limit=100&timezone=UTC");
  auto const more = rte_asks("https://host", {kNow, {}});
  ASSERT_EQ(more.size(), 2U);
  EXPECT_THAT(more[0].url, HasSubstr("date%272026-02-28T10:00%27"));
  EXPECT_THAT(more[1].url, HasSubstr("/eco2mix-national-tr/exports/json?"));
  EXPECT_THAT(more[1].url, HasSubstr("date%272026-02-15T10:00%27"));
  EXPECT_THAT(more[1].url, HasSubstr("limit=-1"));
  EXPECT_TRUE(more[1].optional);
}

TEST(Rte, ReadsNewestFirstAndEndsInThePast) {
  auto const signal = read({reply({row(kNow + minutes{40}, "null"), row(kLast + minutes{15}, "30"),
                                   row(kLast, "25"), row(kLast - minutes{15}, "null"),
                                   row(kLast - minutes{30}, "0"), row(kLast - minutes{45}, "21.5")})});
  ASSERT_TRUE(signal) << signal.error().message;
  ASSERT_EQ(signal->points.size(), 2U);  // null, zero and the running quarter are absent
  EXPECT_EQ(
      signal->points[0],
      (core::IntensityPoint{{kLast - minutes{45}, kLast - minutes{30}}, {21'500}, PointState::kActual}));
  EXPECT_EQ(signal->points[1],
            (core::IntensityPoint{{kLast, kLast + minutes{15}}, {25'000}, PointState::kActual}));
  EXPECT_EQ(signal->source.basis, core::SignalBasis::kDirect);
  EXPECT_EQ(signal->issued_at, kNow);
  EXPECT_TRUE(signal->issue_time_is_receipt);
  test::check_provider(rte_provider(test::feed_config("rte", "FR")), *signal);
}

TEST(Rte, TheStepFollowsFromTheTimes) {
  auto const length = [](std::vector<std::string> const& entries) {
    auto const signal = read({reply(entries)});
    return signal ? signal->points.front().interval.length() : core::Span{-1};
  };
  EXPECT_EQ(length({row(kLast, "25")}), minutes{15});
  EXPECT_EQ(length({row(kLast - minutes{30}, "25"), row(kLast - minutes{60}, "25")}), minutes{30});
  EXPECT_EQ(length({row(kLast - minutes{60}, "25"), row(kLast - minutes{120}, "25")}), minutes{60});
  EXPECT_EQ(length({row(kLast, "25"), row(kLast - minutes{30}, "25"), row(kLast - minutes{75}, "25")}),
            minutes{15});
  EXPECT_EQ(length({row(kLast, "25"), row(kLast - minutes{45}, "25")}), minutes{15});
}

TEST(Rte, TheExportIsABareListAndIsJoined) {
  std::string const newest = reply({row(kLast, "25"), row(kLast - minutes{15}, "24")});
  auto const signal = read({newest, rows({row(kLast - minutes{15}, "99"), row(kLast - minutes{30}, "23")})});
  ASSERT_TRUE(signal) << signal.error().message;
  ASSERT_EQ(signal->points.size(), 3U);
  EXPECT_EQ(signal->points[0].value, (core::Intensity{23'000}));
  EXPECT_EQ(signal->points[1].value, (core::Intensity{24'000}));
  for (std::string const& nothing : {std::string{}, std::string{"[]"}, std::string{"{}"},
                                     std::string{R"({"error_code":"Quota","message":"too much"})"}}) {
    EXPECT_EQ(verdict(read({newest, nothing})), "accepted") << nothing;
  }
  EXPECT_THAT(verdict(read({newest, "[17]"})), StartsWith("BAD_REPLY"));
}

TEST(Rte, RejectsTheWholeReplyForOneBadRow) {
  std::string const good = row(kLast, "25");
  core::Instant const next = kLast - minutes{15};
  for (char const* value : {"-1", "1501", "1e300", "\"25\"", "\"ND\"", "{}", "true"}) {
    EXPECT_THAT(refusal({good, row(next, value)}), StartsWith("BAD_REPLY")) << value;
  }
  EXPECT_THAT(refusal({good, good}), HasSubstr("appears twice"));
  EXPECT_THAT(refusal({row(next, "25"), good}), HasSubstr("out of order"));
  EXPECT_THAT(refusal({good, row(next - minutes{1}, "25")}), HasSubstr("quarter hour"));
  for (char const* time : {"2026-03-01T10:00:00", "2026-03-01", "1772355600", ""}) {
    EXPECT_THAT(refusal({R"({"taux_co2":20,"date_heure":")" + std::string(time) + "\"}"}),
                HasSubstr("date_heure"))
        << time;
  }
  EXPECT_EQ(refusal({R"({"taux_co2":20,"date_heure":"2026-03-01T11:00:00+01:00"})"}), "accepted");
  EXPECT_THAT(refusal({}), StartsWith("NO_DATA"));
  EXPECT_THAT(refusal({row(kLast, "null")}), StartsWith("NO_DATA"));
  EXPECT_THAT(refusal({row(kNow + minutes{10}, "20")}), StartsWith("NO_DATA"));
  EXPECT_THAT(verdict(read({R"({"results":{}})"})), StartsWith("BAD_REPLY"));
  EXPECT_THAT(verdict(read({R"({"error_code":"ODSQLError","message":"no such field"})"})),
              HasSubstr("NO_DATA: the reply holds no data: no such field"));
  for (auto const& [body, reason] : test::hostile_bodies())
    EXPECT_THAT(verdict(read({body})), StartsWith(reason)) << body;
}

TEST(Rte, ConfigurationIsChecked) {
  EXPECT_EQ(rte_region("FR"), "FR");
  EXPECT_FALSE(rte_region("FR-COR"));
  auto const unknown = rte_provider(test::feed_config("rte", "DE"));
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().reason, "BAD_FEED");
  EXPECT_THAT(unknown.error().message, HasSubstr("France only, not DE; set `region` to FR"));
  auto const provider = rte_provider(test::feed_config("rte", "home", "FR"));
  ASSERT_TRUE(provider);
  EXPECT_EQ(provider->source.zone, "home");
  EXPECT_TRUE(provider->refused(400, R"({"message":"bad where"})")->permanent);
  EXPECT_THAT(provider->refused(400, R"({"message":"bad where"})")->words, HasSubstr("(bad where)"));
  EXPECT_FALSE(provider->refused(503, ""));
}

}  // namespace
}  // namespace greenq::feed
