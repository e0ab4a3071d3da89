// Shapes as documented by WattTime, values of our own.
#include "feed/watttime.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/carbon/utc_text.hpp"
#include "feed_fixture.hpp"
#include "provider_doubles.hpp"

namespace greenq::feed {
namespace {

using core::PointState;
using core::SignalKind;
using std::chrono::hours;
using std::chrono::minutes;
using test::at;
using testing::HasSubstr;

core::Instant const kNow = at("2026-03-01T10:12Z");
core::Instant const kTick = at("2026-03-01T10:10Z");
WattTimeAsk const kAsk{"US-CAL-CISO", "CAISO_NORTH", SignalKind::kMarginal};
WattTimeAsk const kAverageAsk{"US-CAL-CISO", "CAISO_NORTH", SignalKind::kAverage};
WattTimeAsk const kRelativeAsk{"US-NW-PSCO", "PSCO", SignalKind::kRelative};

struct Meta {
  std::string region = "CAISO_NORTH";
  std::string signal_type = "co2_moer";
  std::string units = "lbs_co2_per_mwh";
  std::string generated = R"("2026-03-01T10:10:00+00:00")";
  std::string period = "300";
  std::string warnings = "[]";
};

std::string point(core::Instant begin, std::string const& value) {
  return R"({"point_time":")" + core::utc_text(begin) + R"(","value":)" + value + "}";
}

std::string reply(std::vector<std::string> const& points, Meta const& meta = {}) {
  std::string list;
  for (std::string const& entry : points) list += (list.empty() ? "" : ",") + entry;
  std::string text = R"({"data":[)" + list + R"(],"meta":{"data_point_period_seconds":)" + meta.period +
                     R"(,"region":")" + meta.region + R"(","signal_type":")" + meta.signal_type +
                     R"(","units":")" + meta.units + R"(","warnings":)" + meta.warnings +
                     R"(,"model":{"date":"2025-01-01"})";
  if (!meta.generated.empty()) {
    text += R"(,"generated_at_period_seconds":300,"generated_at":)" + meta.generated;
  }
  return text + "}}";
}

std::string refusal(std::vector<std::string> const& bodies, WattTimeAsk const& ask = kAsk) {
  auto const signal = read_watttime(bodies, ask, kNow);
  return signal ? "accepted" : signal.error().reason + ": " + signal.error().message;
}

std::string refusal(std::string const& body) {
  return refusal(std::vector{body});
}

FeedConfig config() {
  FeedConfig config;
  config.provider = "watttime";
  config.zone = "US-CAL-CISO";
  config.region = "CAISO_NORTH";
  config.user = "someone";
  config.secret = "hidden-word";
  return config;
}

TEST(WattTime, AsksForForecastAndMissingHistory) {
  auto asks = watttime_asks("https://host", kAsk, {kNow, at("2026-03-01T09:00Z")});
  ASSERT_EQ(asks.size(), 2U);
  EXPECT_EQ(asks[0].url, "https://host/v3/forecast?region=CAISO_NORTH&signal_type=co2_moer&horizon_hours=72");
  EXPECT_FALSE(asks[0].optional);
  EXPECT_EQ(asks[1].url,
            "https://host/v3/historical?region=CAISO_NORTH&signal_type=co2_moer&start=2026-03-01T09:00Z"
            "&end=2026-03-01T10:10Z");
  EXPECT_TRUE(asks[1].optional);
  EXPECT_EQ(watttime_asks("https://host", kAsk, {kNow, kTick}).size(), 1U);
  asks = watttime_asks("https://host", kAsk, {kNow, {}});
  ASSERT_EQ(asks.size(), 2U);
  EXPECT_THAT(asks[1].url, HasSubstr("&start=2026-01-29T10:10Z&end="));  // 31 days
}

TEST(WattTime, AsksAgainForADayThatMayBeRevised) {
  auto const asks = watttime_asks("https://host", kAsk, {kNow, kTick, true});
  ASSERT_EQ(asks.size(), 2U);
  EXPECT_THAT(asks[1].url, HasSubstr("&start=2026-02-28T10:10Z&end=2026-03-01T10:10Z"));
  EXPECT_TRUE(asks[1].optional);
  EXPECT_THAT(watttime_asks("https://host", kAsk, {kNow, kTick - hours{50}, true})[1].url,
              HasSubstr("&start=2026-02-27T08:10Z&"));  // more is missing
  EXPECT_EQ(watttime_asks("https://host", kRelativeAsk, {kNow, kTick, true}).size(), 1U);
}

TEST(WattTime, AsksForAverageAndIndex) {
  auto const average = watttime_asks("https://host", kAverageAsk, {kNow, kTick});
  ASSERT_EQ(average.size(), 2U);
  EXPECT_THAT(average[0].url, HasSubstr("/v3/forecast?region=CAISO_NORTH&signal_type=co2_aoer"));
  EXPECT_TRUE(average[0].optional);
  EXPECT_THAT(average[1].url,
              HasSubstr("signal_type=co2_aoer&start=2026-02-28T10:10Z&end=2026-03-01T10:10Z"));
  EXPECT_FALSE(average[1].optional);
  auto const index = watttime_asks("https://host", kRelativeAsk, {kNow, {}});
  ASSERT_EQ(index.size(), 1U);
  EXPECT_EQ(index[0].url, "https://host/v3/signal-index?region=PSCO&signal_type=co2_moer");
}

TEST(WattTime, ReadsThreeDays) {
  std::vector<std::string> points;
  for (int i = 0; i < 864; ++i) points.push_back(point(kTick + i * minutes{5}, "1000"));
  auto const signal = read_watttime({reply(points)}, kAsk, kNow);
  ASSERT_TRUE(signal) << signal.error().message;
  ASSERT_EQ(signal->points.size(), 864U);
  EXPECT_EQ(signal->points[0].value, (core::Intensity{453'592}));  // 1000 lb/MWh = 453.59237 g/kWh
  EXPECT_EQ(signal->points[0].state, PointState::kForecast);
  EXPECT_EQ(signal->points[863].interval.end, kTick + hours{72});
  EXPECT_EQ(signal->issued_at, kTick);
  EXPECT_FALSE(signal->issue_time_is_receipt);
  EXPECT_EQ(signal->received_at, kNow);
  EXPECT_EQ(signal->source.zone, "US-CAL-CISO");
  EXPECT_EQ(signal->source.kind, SignalKind::kMarginal);
  EXPECT_EQ(signal->source.basis, core::SignalBasis::kDirect);
  EXPECT_EQ(signal->source.label, "WattTime, CAISO_NORTH, marginal");
  EXPECT_FALSE(core::problem_of(*signal));
}

TEST(WattTime, JoinsHistoryAndForecast) {
  std::string const forecast =
      reply({point(kTick, "870"), point(kTick + minutes{5}, "880"), point(kTick + minutes{10}, "890")});
  std::string const history =
      reply({point(kTick - minutes{15}, "200"), point(kTick - minutes{5}, "0"), point(kTick, "100")},
            Meta{.generated = ""});
  auto const signal = read_watttime({forecast, history}, kAsk, kNow);
  ASSERT_TRUE(signal) << signal.error().message;
  ASSERT_EQ(signal->points.size(), 5U);                           // 10:00 is absent
  EXPECT_EQ(signal->points[0].value, (core::Intensity{90'718}));  // 200 x 0.45359237
  EXPECT_EQ(signal->points[0].state, PointState::kActual);
  EXPECT_EQ(signal->points[1].interval.begin, kTick - minutes{5});
  EXPECT_EQ(signal->points[1].value, (core::Intensity{0}));  // a marginal zero is real
  EXPECT_EQ(signal->points[2].value, (core::Intensity{45'359}));
  EXPECT_EQ(signal->points[2].state, PointState::kForecast);  // still running
  EXPECT_EQ(signal->points[3].value, (core::Intensity{399'161}));
  EXPECT_EQ(signal->issued_at, kTick);
  EXPECT_FALSE(core::problem_of(*signal));
}

TEST(WattTime, TheStatedUnitAndStepDecide) {
  auto const signal = read_watttime(
      {reply({point(at("2026-03-01T10:00Z"), "250")}, Meta{.units = "g/kWh", .period = "3600"})}, kAsk, kNow);
  ASSERT_TRUE(signal) << signal.error().message;
  EXPECT_EQ(signal->points[0].value, (core::Intensity{250'000}));
  EXPECT_EQ(signal->points[0].interval.length(), hours{1});
  EXPECT_THAT(refusal(reply({point(kTick, "250")}, Meta{.units = "percentile"})), HasSubstr("percentile"));
  EXPECT_THAT(refusal(reply({point(kTick, "250")}, Meta{.units = "lbs_per_damage"})), HasSubstr("BAD_REPLY"));
  for (char const* period : {"0", "-300", "299.5", "\"300\"", "null", "90000"}) {
    EXPECT_THAT(refusal(reply({point(kTick, "250")}, Meta{.period = period})), HasSubstr("period")) << period;
  }
}

TEST(WattTime, AnAverageNeedsNoForecast) {
  std::string const history =
      reply({point(kTick - minutes{10}, "500"), point(kTick - minutes{5}, "0"), point(kTick, "510")},
            Meta{.signal_type = "co2_aoer", .generated = ""});
  auto const signal = read_watttime({"", history}, kAverageAsk, kNow);
  ASSERT_TRUE(signal) << signal.error().message;
  ASSERT_EQ(signal->points.size(), 2U);  // an average zero is missing
  EXPECT_EQ(signal->points[0].value, (core::Intensity{226'796}));
  EXPECT_EQ(signal->source.kind, SignalKind::kAverage);
  EXPECT_TRUE(signal->issue_time_is_receipt);
  EXPECT_THAT(refusal({"", reply({point(kTick, "500")})}, kAverageAsk), HasSubstr("not co2_aoer"));
  EXPECT_THAT(refusal({"", ""}, kAverageAsk), HasSubstr("NO_DATA"));
}

TEST(WattTime, TheIndexIsRelative) {
  Meta const meta{.region = "PSCO", .units = "percentile", .generated = ""};
  auto const signal = read_watttime({reply({point(kTick, "96.0")}, meta)}, kRelativeAsk, kNow);
  ASSERT_TRUE(signal) << signal.error().message;
  ASSERT_EQ(signal->points.size(), 1U);
  EXPECT_EQ(signal->points[0].value, (core::Intensity{96'000}));
  EXPECT_EQ(signal->points[0].interval, (core::Interval{kTick, kTick + minutes{5}}));
  EXPECT_EQ(signal->source.kind, SignalKind::kRelative);
  EXPECT_THAT(signal->source.label, HasSubstr("percentile"));
  EXPECT_TRUE(signal->issue_time_is_receipt);
  EXPECT_THAT(refusal({reply({point(kTick, "100.1")}, meta)}, kRelativeAsk), HasSubstr("0..100"));
  EXPECT_THAT(refusal({reply({point(kTick, "96")}, Meta{.region = "PSCO"})}, kRelativeAsk),
              HasSubstr("lbs_co2_per_mwh"));
}

TEST(WattTime, NoDataIsNoSuccess) {
  EXPECT_THAT(refusal("{}"), HasSubstr("NO_DATA"));
  EXPECT_THAT(refusal(R"({"data":null})"), HasSubstr("NO_DATA"));
  EXPECT_THAT(refusal(R"({"data":[]})"), HasSubstr("NO_DATA"));
  EXPECT_THAT(refusal(reply({point(kTick, "null")})), HasSubstr("NO_DATA"));
  std::string const warned =
      reply({}, Meta{.warnings = R"([{"type":"MISSING_DATA","message":"some are missing"}])"});
  EXPECT_THAT(refusal(warned), HasSubstr("NO_DATA: the reply holds no data: `data` is empty (MISSING_DATA)"));
  // A history without data does not spoil the forecast.
  EXPECT_EQ(refusal({reply({point(kTick, "870")}), warned}), "accepted");
  EXPECT_EQ(refusal({reply({point(kTick, "870")}), ""}), "accepted");
  EXPECT_THAT(refusal(std::vector<std::string>{}), HasSubstr("NO_DATA"));
}

TEST(WattTime, NullsAndGapsStayAbsent) {
  auto const signal = read_watttime(
      {reply({point(kTick, "870"), point(kTick + minutes{5}, "null"), point(kTick + minutes{20}, "900")})},
      kAsk, kNow);
  ASSERT_TRUE(signal) << signal.error().message;
  ASSERT_EQ(signal->points.size(), 2U);
  EXPECT_EQ(signal->points[0].interval.end, kTick + minutes{5});
  EXPECT_EQ(signal->points[1].interval.begin, kTick + minutes{20});
}

TEST(WattTime, RejectsTheWholeReplyForOneBadPart) {
  std::string const good = point(kTick, "870");
  core::Instant const next = kTick + minutes{5};
  for (char const* value : {"-1", "1e300", "3308", "\"870\"", "[]", "true", "{}"}) {
    EXPECT_THAT(refusal(reply({good, point(next, value)})), HasSubstr("BAD_REPLY")) << value;
  }
  EXPECT_THAT(refusal(reply({good, point(next, "1e999")})), HasSubstr("not finite"));
  EXPECT_THAT(refusal(reply({good, point(next, "NaN")})), HasSubstr("BAD_JSON"));
  EXPECT_THAT(refusal(reply({good, good})), HasSubstr("appears twice"));
  EXPECT_THAT(refusal(reply({point(next, "870"), good})), HasSubstr("out of order"));
  EXPECT_THAT(refusal(reply({good, point(kTick + minutes{7}, "870")})), HasSubstr("off the step"));
  EXPECT_THAT(refusal(reply({good}, Meta{.region = "PSCO"})), HasSubstr("not for region CAISO_NORTH"));
  EXPECT_THAT(refusal(reply({good}, Meta{.signal_type = "co2_aoer"})), HasSubstr("not co2_moer"));
  EXPECT_THAT(refusal(reply({good}, Meta{.generated = "\"soon\""})), HasSubstr("generated_at"));
  EXPECT_THAT(refusal(reply({good}, Meta{.generated = "\"2026-03-01T11:00Z\""})), HasSubstr("in the future"));
  EXPECT_THAT(refusal(R"({"data":[{"point_time":"2026-03-01T10:10","value":1}],"meta":{}})"),
              HasSubstr("BAD_REPLY"));
  EXPECT_THAT(refusal(reply({R"({"point_time":"2026-03-01 10:10","value":1})"})), HasSubstr("point_time"));
  EXPECT_THAT(refusal(reply({"17"})), HasSubstr("BAD_REPLY"));
  EXPECT_THAT(refusal(R"({"data":[17]})"), HasSubstr("no `meta`"));
  EXPECT_THAT(refusal(R"({"data":"none","meta":{}})"), HasSubstr("BAD_REPLY"));
  EXPECT_THAT(refusal("[]"), HasSubstr("BAD_REPLY"));
  EXPECT_THAT(refusal("<html>403 Forbidden</html>"), HasSubstr("BAD_JSON"));
  std::string const whole = reply({good});
  EXPECT_THAT(refusal(whole.substr(0, whole.size() / 2)), HasSubstr("BAD_JSON"));
  // A history that is wrong is as bad.
  EXPECT_THAT(refusal({whole, reply({good}, Meta{.region = "PSCO"})}), HasSubstr("BAD_REPLY"));
}

TEST(WattTime, SaysWhatARefusalMeans) {
  auto const scope = refused_by_watttime(
      403, R"({"error":"Invalid query parameters","message":"Invalid scope. Ask for more."})", kAsk);
  ASSERT_TRUE(scope);
  EXPECT_TRUE(scope->permanent);
  EXPECT_THAT(scope->words, HasSubstr("co2_moer of region CAISO_NORTH (Invalid scope. Ask for more.)"));
  EXPECT_THAT(scope->words, HasSubstr("/v3/my-access"));
  auto const page = refused_by_watttime(403, "<html><h1>403 Forbidden</h1></html>", kAsk);
  ASSERT_TRUE(page);
  EXPECT_FALSE(page->permanent);
  EXPECT_THAT(page->words, HasSubstr("login"));
  EXPECT_FALSE(refused_by_watttime(401, "", kAsk)->permanent);
  auto const odd = refused_by_watttime(
      422, R"({"detail":[{"loc":["query","region"],"msg":"no such region","type":"value_error"}]})", kAsk);
  ASSERT_TRUE(odd);
  EXPECT_TRUE(odd->permanent);
  EXPECT_THAT(odd->words, HasSubstr("(no such region)"));
  EXPECT_TRUE(refused_by_watttime(404, "", kAsk)->permanent);
  EXPECT_FALSE(refused_by_watttime(429, "", kAsk));  // the general meaning honours Retry-After
  EXPECT_FALSE(refused_by_watttime(503, "", kAsk));
}

TEST(WattTime, MakesAProvider) {
  auto const provider = watttime_provider(config());
  ASSERT_TRUE(provider) << provider.error().message;
  ASSERT_TRUE(provider->login);
  EXPECT_EQ(provider->login->url, "https://api.watttime.org/login");
  EXPECT_EQ(provider->login->user, "someone");
  EXPECT_EQ(provider->login->lifetime, minutes{25});
  EXPECT_TRUE(provider->headers.empty());
  EXPECT_EQ(provider->poll.interval, minutes{5});
  for (Ask const& ask : provider->asks({kNow, {}})) {
    EXPECT_THAT(ask.url, testing::StartsWith("https://api.watttime.org/v3/"));
    EXPECT_THAT(ask.url, testing::Not(HasSubstr("hidden-word")));
  }
  auto const signal = provider->read({reply({point(kTick, "870")})}, kNow);
  ASSERT_TRUE(signal);
  EXPECT_EQ(signal->source, provider->source);
}

TEST(WattTime, SaysWhatToSet) {
  FeedConfig changed = config();
  changed.secret.clear();
  EXPECT_THAT(watttime_provider(changed).error().message, HasSubstr("`user` and `secret_file`"));
  changed = config();
  changed.region = "DE&x=1";
  EXPECT_EQ(watttime_provider(changed).error().reason, "BAD_FEED");
  EXPECT_THAT(watttime_provider(changed).error().message,
              HasSubstr("set `region` to a name from its /v3/my-access"));
  changed.region = "DE";
  changed.kind = SignalKind::kAverage;
  auto const provider = watttime_provider(changed);
  ASSERT_TRUE(provider);
  EXPECT_EQ(provider->source.kind, SignalKind::kAverage);
}

// Which regions there are is not known here: the zone's own name is asked for, and the account says.
TEST(WattTime, NoRegionIsWrittenDown) {
  FeedConfig changed = config();
  changed.region.clear();
  auto const provider = watttime_provider(changed);
  ASSERT_TRUE(provider);
  EXPECT_THAT(provider->asks({kNow, {}})[0].url, HasSubstr("region=US-CAL-CISO&"));
  ASSERT_TRUE(provider->access);
  EXPECT_EQ(provider->access->url, "https://api.watttime.org/v3/my-access");
  auto const refusal = provider->access->judge(test::ProviderDouble::access({"CAISO_NORTH"}));
  ASSERT_TRUE(refusal);
  EXPECT_TRUE(refusal->permanent);
  EXPECT_THAT(refusal->words,
              HasSubstr("region US-CAL-CISO is not in the plan of the WattTime account; it may "
                        "read co2_moer of CAISO_NORTH; set `region`"));
  changed.kind = SignalKind::kRelative;
  EXPECT_FALSE(watttime_provider(changed)->access);  // free in every region
}

TEST(WattTime, SaysWhichRegionsTheAccountMayRead) {
  auto const access = [](std::string const& body, WattTimeAsk const& ask = kAsk) {
    auto const refusal = watttime_access(body, ask);
    return refusal ? refusal->words : "";
  };
  using test::ProviderDouble;
  EXPECT_EQ(access(ProviderDouble::access({"PSCO", "CAISO_NORTH"})), "");
  EXPECT_THAT(access(ProviderDouble::access({"PSCO", "IE"})),
              HasSubstr("co2_moer of PSCO, IE; set `region`"));
  EXPECT_THAT(access(ProviderDouble::access({})), HasSubstr("co2_moer of no region; "));
  EXPECT_THAT(access(ProviderDouble::access({"A\\n\\u001b"})), HasSubstr("co2_moer of A  ; "));
  EXPECT_THAT(access(ProviderDouble::access({"CAISO_NORTH"}), kAverageAsk),
              HasSubstr("co2_aoer of no region; "));
  EXPECT_THAT(access(R"({"signal_types":[]})"), HasSubstr("of no region; "));
  std::vector<std::string> many(50, "R");
  EXPECT_THAT(access(ProviderDouble::access(many)), HasSubstr("R, R and 38 more; "));
  // In the list, but only with an index; or without a list of addresses.
  std::string const begin =
      R"({"signal_types":[{"signal_type":"co2_moer","regions":[{"region":"CAISO_NORTH","endpoints":)";
  EXPECT_THAT(access(begin + R"([{"endpoint":"v3/signal-index"}]}]}]})"), HasSubstr("of no region; "));
  EXPECT_EQ(access(begin + R"([{"endpoint":"/v3/forecast"}]}]}]})"), "");
  EXPECT_EQ(access(begin + "[]}]}]}"), "");
  // What is not understood is no refusal.
  for (char const* body : {"", "{}", "[]", R"({"signal_types":7})", R"({"signal_types":[{}]})",
                           R"({"signal_types":[{"signal_type":"co2_moer","regions":[7]}]})"}) {
    EXPECT_EQ(access(body), "") << body;
  }
}

}  // namespace
}  // namespace greenq::feed
