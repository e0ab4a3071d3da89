// feeds, forecast with a band, forecast --skill: what people see of the grid's signals.
#include <gmock/gmock.h>

#include "tests/client/verb_fixture.hpp"

namespace greenq::client {
namespace {

using grpc::Status;
using ::testing::HasSubstr;
using ::testing::Not;

using SignalsTest = VerbTest;

v1::Feed feed(std::string const& provider, v1::FeedState state) {
  v1::Feed out;
  *out.mutable_source() = source_of(v1::SIGNAL_KIND_MARGINAL);
  out.mutable_source()->set_provider(provider);
  out.set_state(state);
  out.set_polls(12);
  return out;
}

TEST_F(SignalsTest, FeedsSayHowTheyAreAndWhatToDo) {
  server->carbon.on_ListFeeds = [](auto const&, auto& response) {
    auto good = feed("midas", v1::FEED_STATE_FRESH);
    good.set_in_use(true);
    *good.mutable_last_success_time() = timestamp(kNow - std::chrono::minutes(3));
    *good.mutable_next_poll_time() = timestamp(kNow + std::chrono::minutes(12));
    *response.add_feeds() = good;
    auto refused = feed("watttime", v1::FEED_STATE_UNSPECIFIED);
    refused.set_given_up(true);
    refused.set_rejected_replies(1);
    refused.set_last_error("HTTP status 403: check `user`\033[31m");
    *response.add_feeds() = refused;
    return Status::OK;
  };
  EXPECT_EQ(greenq({"feeds"}), 0) << err();
  EXPECT_THAT(out(), HasSubstr("midas     fresh"));
  EXPECT_THAT(out(), HasSubstr("given up"));
  EXPECT_THAT(out(), HasSubstr("watttime GB: HTTP status 403: check `user`"));
  EXPECT_THAT(out(), Not(HasSubstr("\033"))) << "words of strangers are made harmless";
  EXPECT_EQ(greenq({"feeds", "-o", "json"}), 0);
  EXPECT_THAT(out(), HasSubstr("\"given_up\":true"));
}

TEST_F(SignalsTest, WithoutFeedsItSaysHowToGetOne) {
  server->carbon.on_ListFeeds = [](auto const&, auto&) { return Status::OK; };
  EXPECT_EQ(greenq({"feeds"}), 0) << err();
  EXPECT_THAT(out(), HasSubstr("provider: auto"));
}

TEST_F(SignalsTest, AForecastShowsItsBandAndExperience) {
  server->carbon.on_GetForecast = [](auto const&, auto& response) {
    for (int hour = 0; hour < 3; ++hour) {
      auto& point = *response.add_points();
      *point.mutable_start_time() = timestamp(kNow + std::chrono::hours(hour));
      *point.mutable_end_time() = timestamp(kNow + std::chrono::hours(hour + 1));
      point.set_mg_per_kwh(200'000);
      point.set_low_mg_per_kwh(150'000);
      point.set_high_mg_per_kwh(260'000);
      point.set_state(v1::POINT_STATE_FORECAST);
    }
    *response.mutable_source() = source_of(v1::SIGNAL_KIND_MARGINAL);
    response.set_learned_hours(24 * 33);
    return Status::OK;
  };
  EXPECT_EQ(greenq({"forecast", "--horizon", "3h"}), 0) << err();
  EXPECT_THAT(out(), HasSubstr("150 to 260"));
  EXPECT_THAT(out(), HasSubstr("four of five hours"));
  EXPECT_THAT(out(), HasSubstr("Corrected by 33 days of what was measured."));
}

TEST_F(SignalsTest, SkillStandsBesidePlainHistory) {
  v1::GetForecastSkillRequest asked;
  server->carbon.on_GetForecastSkill = [&](auto const& request, auto& response) {
    asked = request;
    response.set_zone("GB");
    response.set_kind(v1::SIGNAL_KIND_AVERAGE);
    auto& own = *response.add_skills();
    own.set_provider("greenq");
    own.set_issues(700);
    own.set_rank_correlation(0.81);
    auto& kept = *own.add_kept();
    kept.set_job_hours(1);
    kept.set_share(0.74);
    auto& lead = *own.add_leads();
    lead.set_first_lead_hours(6);
    lead.set_last_lead_hours(11);
    lead.set_mae_mg_per_kwh(23'400);
    lead.set_bias_mg_per_kwh(-1'200);
    lead.set_pairs(4200);
    response.add_skills()->set_provider("yesterday");
    return Status::OK;
  };
  EXPECT_EQ(greenq({"forecast", "--skill", "--days", "60", "--signal", "average"}), 0) << err();
  EXPECT_EQ(asked.days(), 60);
  EXPECT_EQ(asked.kind(), v1::SIGNAL_KIND_AVERAGE);
  EXPECT_THAT(out(), HasSubstr("AVERAGE carbon intensity of GB, last 60 days"));
  EXPECT_THAT(out(), HasSubstr("74 %"));
  EXPECT_THAT(out(), HasSubstr("0.81"));
  EXPECT_THAT(out(), HasSubstr("6-11 h"));
  EXPECT_THAT(out(), HasSubstr("23.4"));
  EXPECT_THAT(out(), HasSubstr("-1.2"));
  EXPECT_THAT(out(), HasSubstr("yesterday"));
  server->carbon.on_GetForecastSkill = [](auto const&, auto& response) {
    response.add_skills()->set_provider("greenq");
    return Status::OK;
  };
  EXPECT_EQ(greenq({"forecast", "--skill"}), 0) << err();
  EXPECT_THAT(out(), HasSubstr("none can be judged yet"));
  EXPECT_EQ(greenq({"forecast", "--days", "3"}), 2) << "--days is for --skill";
}

TEST_F(SignalsTest, DoctorSaysWhetherJobsMoveHere) {
  std::string why;
  server->nodes.on_GetServerInfo = [](auto const&, auto&) { return Status::OK; };
  server->nodes.on_ListNodes = [](auto const&, auto&) { return Status::OK; };
  server->carbon.on_ListFeeds = [](auto const&, auto&) { return Status::OK; };
  server->carbon.on_GetForecast = [&](auto const&, auto& response) {
    *response.mutable_source() = source_of(why.empty() ? v1::SIGNAL_KIND_AVERAGE : v1::SIGNAL_KIND_MARGINAL);
    response.set_not_shifted_reason(why);
    return Status::OK;
  };
  EXPECT_EQ(greenq({"doctor"}), 0) << err();
  EXPECT_THAT(out(),
              HasSubstr("  ok jobs here move by the AVERAGE signal; AVERAGE describes the whole mix: "));
  why = "zone DE has no marginal signal: not shifted; set site.signal: average";
  EXPECT_EQ(greenq({"doctor"}), 0) << err();
  EXPECT_THAT(out(), HasSubstr("  !! jobs here are not shifted: zone DE has no marginal signal; set"));
  EXPECT_EQ(greenq({"doctor", "-o", "json"}), 0) << err();
  EXPECT_THAT(out(), HasSubstr(R"("not_shifted_reason":"zone DE has)"));
}

TEST_F(SignalsTest, AReportByTheAverageSaysWhatItIsWorth) {
  constexpr auto kCaution =
      "  AVERAGE describes the whole mix: a saving in it need not be one in what power plants emit.\n";
  bool priced = false;
  server->footprints.on_GetFootprint = [&](auto const&, auto& response) {
    auto& footprint = *response.mutable_footprint();
    footprint.set_job("projects/vision/jobs/7");
    *footprint.mutable_start_time() = timestamp(kNow - std::chrono::hours(2));
    footprint.mutable_energy()->set_total_mj(1'000'000);
    *footprint.mutable_average()->mutable_source() = source_of(v1::SIGNAL_KIND_AVERAGE);
    (priced ? *footprint.mutable_average() : *footprint.mutable_marginal()).set_priced_mj(1'000'000);
    return Status::OK;
  };
  EXPECT_EQ(greenq({"report", "7"}), 0) << err();
  EXPECT_THAT(out(), Not(HasSubstr(kCaution)));
  priced = true;
  EXPECT_EQ(greenq({"report", "7"}), 0) << err();
  EXPECT_THAT(out(), HasSubstr(kCaution));
}

}  // namespace
}  // namespace greenq::client
