// Shapes as documented for Energy-Charts, values of our own.
#include "feed/energy_charts.hpp"

#include <gmock/gmock.h>

#include "fake_host.hpp"
#include "feed/eirgrid.hpp"
#include "feed_fixture.hpp"
#include "provider_checks.hpp"

namespace greenq::feed {
namespace {

using core::PointState;
using std::chrono::minutes;
using test::at;
using test::verdict;
using testing::HasSubstr;
using testing::StartsWith;

core::Instant const kNow = at("2026-03-01T10:20Z");

std::string times(core::Instant begin, core::Span step, int count) {
  std::string text;
  for (int i = 0; i < count; ++i) {
    text += (text.empty() ? "" : ",") + std::to_string(core::to_ms(begin + i * step) / 1000);
  }
  return text;
}
std::string reply(std::string const& seconds, std::string const& actual, std::string const& forecast,
                  std::string const& more = "") {
  return R"({"unix_seconds":[)" + seconds + R"(],"co2eq":[)" + actual + R"(],"co2eq_forecast":[)" + forecast +
         "]" + more + "}";
}
core::Result<core::Signal> read(std::string const& body, core::Instant now = kNow) {
  return read_energy_charts({body}, "DE", "de", now);
}
std::string refusal(std::string const& body) {
  return verdict(read(body));
}

TEST(EnergyCharts, AsksForTodayAndTheMissingDays) {
  auto const asks = energy_charts_asks("https://host", "de", {kNow, at("2026-03-01T00:00Z")});
  ASSERT_EQ(asks.size(), 1U);
  EXPECT_EQ(asks[0].url, "https://host/co2eq?country=de");
  auto const more = energy_charts_asks("https://host", "de", {kNow, at("2026-02-27T23:00Z")});
  ASSERT_EQ(more.size(), 2U);
  EXPECT_EQ(more[1].url, "https://host/co2eq?country=de&start=2026-02-27&end=2026-02-28");
  EXPECT_TRUE(more[1].optional);
  EXPECT_THAT(energy_charts_asks("h", "de", {kNow, {}})[1].url, HasSubstr("start=2026-02-15&"));
}

TEST(EnergyCharts, ActualsInThePastForecastAhead) {
  // 09:30 … 11:00 in quarters; the running one is 10:15.
  std::string const body =
      reply(times(at("2026-03-01T09:30Z"), minutes{15}, 7), "300,null,320.5,330,null,null,null",
            "1,2,3,350.25,null,370,0", R"(,"deprecated":true)");
  auto const signal = read(body);
  ASSERT_TRUE(signal) << signal.error().message;
  ASSERT_EQ(signal->points.size(), 4U);
  EXPECT_EQ(signal->points[0],
            (core::IntensityPoint{
                {at("2026-03-01T09:30Z"), at("2026-03-01T09:45Z")}, {300'000}, PointState::kActual}));
  EXPECT_EQ(signal->points[1].interval.begin,
            at("2026-03-01T10:00Z"));  // 09:45 has a forecast of the past only
  EXPECT_EQ(signal->points[1].value, (core::Intensity{320'500}));
  EXPECT_EQ(signal->points[2].value, (core::Intensity{350'250}));  // running: the actual is of a part of it
  EXPECT_EQ(signal->points[2].state, PointState::kForecast);
  EXPECT_EQ(signal->points[3].interval.begin, at("2026-03-01T10:45Z"));  // 10:30 is null, 11:00 zero
  EXPECT_EQ(signal->source.basis, core::SignalBasis::kUnknown);
  EXPECT_TRUE(signal->issue_time_is_receipt);
  EXPECT_EQ(signal->issued_at, kNow);
  EXPECT_EQ(signal->received_at, kNow);
  test::check_provider(energy_charts_provider(test::feed_config("energy_charts", "DE")), *signal);
}

TEST(EnergyCharts, TheStepFollowsFromTheTimes) {
  auto const hourly =
      read(reply(times(at("2026-03-01T08:00Z"), minutes{60}, 4), "80,90,95,null", "70,71,72,73"));
  ASSERT_TRUE(hourly);
  ASSERT_EQ(hourly->points.size(), 4U);
  EXPECT_EQ(hourly->points[1].value, (core::Intensity{90'000}));  // overlap in the past: the actual
  EXPECT_EQ(hourly->points[2].value, (core::Intensity{72'000}));
  EXPECT_EQ(hourly->points[3].interval, (core::Interval{at("2026-03-01T11:00Z"), at("2026-03-01T12:00Z")}));
  auto const running = read(reply(times(at("2026-03-01T09:00Z"), minutes{60}, 2), "90,95", "null,null"));
  ASSERT_TRUE(running);
  EXPECT_EQ(running->points[1].state, PointState::kEstimated);
  // A missing row is an absent point.
  auto const gap = read(reply(
      times(at("2026-03-01T08:00Z"), minutes{15}, 2) + "," + times(at("2026-03-01T09:00Z"), minutes{15}, 1),
      "1,2,3", "null,null,null"));
  ASSERT_TRUE(gap);
  ASSERT_EQ(gap->points.size(), 3U);
  EXPECT_EQ(gap->points[1].interval.end, at("2026-03-01T08:30Z"));
  EXPECT_THAT(refusal(reply(times(kNow - minutes{20}, minutes{20}, 3), "1,2,3", "1,2,3")), HasSubstr("step"));
  EXPECT_THAT(refusal(reply(times(at("2026-03-01T08:05Z"), minutes{15}, 3), "1,2,3", "1,2,3")),
              HasSubstr("off the step"));
  EXPECT_THAT(refusal(reply(times(at("2026-03-01T08:00Z"), minutes{15}, 1), "1", "1")),
              StartsWith("NO_DATA"));
}

TEST(EnergyCharts, OlderDaysAreJoined) {
  std::string const today =
      reply(times(at("2026-03-01T00:00Z"), minutes{60}, 12), "10,10,10,10,10,10,10,10,10,10,10,null",
            "null,null,null,null,null,null,null,null,null,null,null,20");
  std::string const before = reply(times(at("2026-02-28T22:00Z"), minutes{60}, 3), "5,null,7", "9,9,9");
  auto const signal = read_energy_charts({today, before}, "DE", "de", kNow);
  ASSERT_TRUE(signal);
  ASSERT_EQ(signal->points.size(), 13U);
  EXPECT_EQ(signal->points[0].value, (core::Intensity{5'000}));
  EXPECT_EQ(signal->points[1].interval.begin, at("2026-03-01T00:00Z"));
  EXPECT_EQ(signal->points[1].value, (core::Intensity{10'000}));
  for (std::string const& nothing : {std::string{}, std::string{"{}"}, reply("", "", "")}) {
    EXPECT_EQ(verdict(read_energy_charts({today, nothing}, "DE", "de", kNow)), "accepted") << nothing;
  }
  EXPECT_THAT(verdict(read_energy_charts({today, "{"}, "DE", "de", kNow)), StartsWith("BAD_JSON"));
}

TEST(EnergyCharts, RejectsWhatDoesNotFit) {
  std::string const three = times(at("2026-03-01T09:00Z"), minutes{15}, 3);
  EXPECT_EQ(refusal(reply(three, "1,2,3", "1,2,3")), "accepted");
  EXPECT_THAT(refusal(reply(three, "1,2", "1,2,3")), HasSubstr("another length"));
  EXPECT_THAT(refusal(reply(three, "1,2,3", "1,2,3,4")), HasSubstr("another length"));
  for (char const* value : {"-1", "1500.1", "1e300", "\"2\"", "[]", "false"}) {
    EXPECT_THAT(refusal(reply(three, std::string("1,2,") + value, "1,2,3")), StartsWith("BAD_REPLY"))
        << value;
    EXPECT_THAT(refusal(reply(three, "1,2,3", std::string("1,2,") + value)), StartsWith("BAD_REPLY"))
        << value;
  }
  EXPECT_THAT(refusal(reply("1772355600,1772355600", "1,2", "1,2")), HasSubstr("appears twice"));
  EXPECT_THAT(refusal(reply("1772356500,1772355600", "1,2", "1,2")), HasSubstr("out of order"));
  for (char const* time : {"\"1772355600\"", "1.5", "-900", "1e300", "null", "1772355600000"}) {
    EXPECT_THAT(refusal(reply(time, "1", "1")), HasSubstr("no time")) << time;
  }
  EXPECT_THAT(refusal(reply(three, "null,null,null", "null,null,null")), StartsWith("NO_DATA"));
  EXPECT_THAT(refusal(reply("", "", "")), StartsWith("NO_DATA"));
  EXPECT_THAT(refusal(R"({"unix_seconds":5})"), StartsWith("BAD_REPLY"));
  EXPECT_THAT(refusal(R"({"unix_seconds":[)" + three + R"(],"co2eq":"none"})"), StartsWith("BAD_REPLY"));
  EXPECT_THAT(refusal(R"({"unix_seconds":[)" + three + R"(],"co2eq":null})"), StartsWith("NO_DATA"));
  EXPECT_THAT(refusal("[]"), StartsWith("BAD_REPLY"));
  for (auto const& [body, reason] : test::hostile_bodies())
    EXPECT_THAT(refusal(body), StartsWith(reason)) << body;
}

// Tomorrow's figures appear at 19:00 local time; until then they end at midnight.
std::string published(core::Instant now) {
  using namespace std::chrono;
  core::Span const offset = hours{eu_summer_time(now) ? 2 : 1};
  auto const today = floor<days>(now + offset);
  bool const evening = now + offset >= today + hours{19};
  core::Instant const begin = core::Instant{today} - offset;
  int const past = static_cast<int>((now - begin) / hours{1});
  int const count = evening ? 48 : 24;
  std::string actual;
  std::string forecast;
  for (int i = 0; i < count; ++i) {
    std::string const value = std::to_string(300 + i);
    actual += (i == 0 ? "" : ",") + (i < past ? value : "null");
    forecast += (i == 0 ? "" : ",") + (i < past ? "null" : value);
  }
  return reply(times(begin, minutes{60}, count), actual, forecast);
}

TEST(EnergyCharts, TomorrowIsFetchedInTheEvening) {
  using std::chrono::hours;
  for (char const* const start : {"2026-01-10T09:17Z", "2026-03-27T13:40Z", "2026-07-01T20:59Z"}) {
    for (int i = 0; i < 12; ++i) {
      SCOPED_TRACE(start + std::string(", installation ") + std::to_string(i));
      test::FakeHost host(at(start));
      test::RememberingInbox inbox;
      FeedContext context;
      context.clock = &host.clock;
      context.inbox = &inbox;
      context.host = &host;
      context.random = [n = i]() mutable { return 0.999 * (n++ % 3) / 2; };
      context.install_id = "installation-" + std::to_string(i);
      host.serve = [&](HttpRequest const&) { return test::served(200, published(host.clock.now())); };
      auto feed = make_feed(test::feed_config("energy_charts", "DE"), std::move(context));
      ASSERT_TRUE(feed);
      (*feed)->start();
      auto const first = std::chrono::floor<std::chrono::days>(at(start)) + std::chrono::days{1};
      for (int day = 0; day < 4; ++day) {
        core::Instant const noon = first + std::chrono::days{day} + hours{12};
        core::Instant const evening = noon + hours{eu_summer_time(noon) ? 5 : 6};  // 19:00
        host.run_until(evening + minutes{5});
        EXPECT_EQ(inbox.signals().back().signal.points.back().interval.end, evening + hours{5});
        host.run_until(evening + minutes{40});
        EXPECT_GE(inbox.signals().back().signal.points.back().interval.end, evening + hours{28});
      }
      EXPECT_EQ((*feed)->status().rejected, 0);
      std::erase_if(host.asked, [](auto const& each) {
        return each.request.url.find("&start=") != std::string::npos;  // a day that is over
      });
      for (std::size_t k = 2; k < host.asked.size(); ++k) {
        core::Span const apart = host.asked[k].at - host.asked[k - 1].at;
        EXPECT_GE(apart, minutes{49});
        EXPECT_LE(apart, minutes{71});
      }
    }
  }
}

TEST(EnergyCharts, ConfigurationIsChecked) {
  EXPECT_EQ(energy_charts_region("DE"), "de");
  EXPECT_EQ(energy_charts_region("GB"), "uk");
  for (char const* zone : {"DK-DK1", "US-CAL-CISO", "de", ""})
    EXPECT_FALSE(energy_charts_region(zone)) << zone;
  auto const unknown = energy_charts_provider(test::feed_config("energy_charts", "DK-DK1"));
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().reason, "BAD_FEED");
  EXPECT_THAT(unknown.error().message, HasSubstr("set `region`"));
  EXPECT_FALSE(energy_charts_provider(test::feed_config("energy_charts", "DE", "de&x=y")));
  auto const provider = energy_charts_provider(test::feed_config("energy_charts", "DK-DK1", "dk"));
  ASSERT_TRUE(provider);
  EXPECT_EQ(provider->source.zone, "DK-DK1");
  EXPECT_TRUE(provider->refused(404, "")->permanent);
  EXPECT_THAT(provider->refused(422, "")->words, HasSubstr("country dk"));
  EXPECT_FALSE(provider->refused(503, ""));
}

TEST(EnergyCharts, ADeprecatedAddressIsSaid) {
  EXPECT_EQ(energy_charts_deprecation({R"({"deprecated":false})", "", "rubbish", "[]"}), "");
  EXPECT_EQ(energy_charts_deprecation({R"({"deprecated":null})", R"({"deprecated":"true"})"}), "");
  EXPECT_THAT(energy_charts_deprecation({"", R"({"deprecated":true})"}), testing::HasSubstr("deprecated"));
  FeedConfig config;
  config.provider = "energy_charts";
  config.zone = "DE";
  EXPECT_TRUE(energy_charts_provider(config)->deprecation);
}

}  // namespace
}  // namespace greenq::feed
