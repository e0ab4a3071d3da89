// The chart below a plan: what it marks, what it leaves out, in both character sets and in little room.
#include "client/cli/plan_chart.hpp"

#include <gmock/gmock.h>

#include "tests/client/verb_fixture.hpp"

namespace greenq::client {
namespace {

using grpc::Status;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr int kGutter = 5;

void reject(v1::Plan& plan, UtcTime begin, std::int64_t mg, v1::RejectedWindow::Reason reason,
            std::string const& message) {
  auto& one = *plan.add_rejected();
  set_window(*one.mutable_window(), begin, std::chrono::hours(5), mg, 0);
  one.set_reason(reason);
  one.set_message(message);
}

// 500 g/kWh, 100 from 23:38 to 04:38, 300 from 13:38 to 18:38 the next day; the last five hours not known.
v1::Plan charted_plan() {
  auto plan = shifted_plan();
  for (int hour = 0; hour < 31; ++hour) {
    auto& point = *plan.add_curve();
    *point.mutable_start_time() = timestamp(kNow + std::chrono::hours(hour));
    *point.mutable_end_time() = timestamp(kNow + std::chrono::hours(hour + 1));
    point.set_mg_per_kwh(hour >= 6 && hour < 11 ? 100'000 : hour >= 20 && hour < 25 ? 300'000 : 500'000);
  }
  reject(plan, kNow + std::chrono::hours(20), 300'000, v1::RejectedWindow::REASON_DEARER,
         "200 % more carbon");
  reject(plan, kNow + std::chrono::hours(31), 90'000, v1::RejectedWindow::REASON_AFTER_BOUND,
         "10 % less carbon, begins after the latest start; start_by: 2026-11-25T00:38Z would allow it");
  return plan;
}

std::string const kList =
    "= chosen, ^ latest start Tue 02:00, ? not known; not chosen:\n"
    "a  Tue 13:38-18:38  300 g/kWh  200 % more carbon\n"
    "b  Wed 00:38-05:38   90 g/kWh  10 % less carbon, begins after the latest start; start_by: Wed 00:38 "
    "would allow it\n";

TEST(PlanChart, MarksWindowsOnTheCurve) {
  (void)Surroundings();
  EXPECT_EQ(plan_chart(charted_plan(), 36 + kGutter, true, kNow, Style{}),
            "MARGINAL carbon intensity of GB, g CO2e/kWh\n"
            "500 ┤██████     █████████     ██████\n"
            "    │██████     █████████     ██████\n"
            "    │██████     █████████▅▅▅▅▅██████\n"
            "250 ┤██████     ████████████████████\n"
            "    │██████▂▂▂▂▂████████████████████\n"
            "    │███████████████████████████████?????\n"
            "  0 └──────┬─^─────────┬───────────┬─────\n"
            "     now   Tue 00:00   12:00\n"
            "           ======        aaaaa      bbbbb\n" +
                kList);
}

TEST(PlanChart, AsciiHasTheSameShape) {
  (void)Surroundings();
  EXPECT_EQ(plan_chart(charted_plan(), 36 + kGutter, false, kNow, Style{}),
            "MARGINAL carbon intensity of GB, g CO2e/kWh\n"
            "500 +######     #########     ######\n"
            "    |######     #########     ######\n"
            "    |######     #########:::::######\n"
            "250 +######     ####################\n"
            "    |######.....####################\n"
            "    |###############################?????\n"
            "  0 +------+-^---------+-----------+-----\n"
            "     now   Tue 00:00   12:00\n"
            "           ======        aaaaa      bbbbb\n" +
                kList);
}

TEST(PlanChart, NoLineButTheReasonsIsWiderThanTheTerminal) {
  (void)Surroundings();
  for (int const columns : {20, 33, 50, 80, 101}) {
    std::istringstream lines(plan_chart(charted_plan(), columns, false, kNow, Style{}));
    std::string line;
    std::getline(lines, line);  // the title
    while (std::getline(lines, line) && !line.starts_with("= chosen"))
      EXPECT_LE(line.size(), static_cast<std::size_t>(columns)) << line;
    EXPECT_THAT(line, HasSubstr("^ latest start Tue 02:00, ? not known; not chosen:"));
  }
}

TEST(PlanChart, SegmentsAndARejectedWindowOverThemHaveTwoLines) {
  (void)Surroundings();
  auto plan = charted_plan();
  plan.clear_rejected();
  reject(plan, kNow + std::chrono::hours(4), 340'000, v1::RejectedWindow::REASON_DEARER, "240 % more carbon");
  for (int const hour : {6, 8}) {
    set_window(*plan.add_segments(), kNow + std::chrono::hours(hour), std::chrono::hours(1), 100'000, 0);
  }
  auto const chart = plan_chart(plan, 31 + kGutter, false, kNow, Style{});
  EXPECT_THAT(chart, HasSubstr("\n                  ==== ===\n              aaaaaaaaaaaa\n= chosen"));
}

TEST(PlanChart, ARecordingThatIsPlayedFastHasSeconds) {
  (void)Surroundings();
  v1::Plan plan;
  using std::chrono::seconds;
  set_window(*plan.mutable_now(), kNow, seconds(4), 400'000, 0);
  set_window(*plan.mutable_chosen(), kNow + seconds(20), seconds(4), 100'000, 0);
  set_window(*plan.mutable_latest(), kNow + seconds(40), seconds(4), 400'000, 0);
  auto& point = *plan.add_curve();
  *point.mutable_start_time() = timestamp(kNow);
  *point.mutable_end_time() = timestamp(kNow + seconds(44));
  point.set_mg_per_kwh(400'000);
  auto const chart = plan_chart(plan, 44 + kGutter, false, kNow, Style{});
  EXPECT_THAT(chart, HasSubstr("  0 +--------------------+-------------------^---\n"
                               "     now                 in 20s\n"
                               "                         ====\n"));
  EXPECT_THAT(chart, HasSubstr("\n= chosen, ^ latest start in 40s\n"));
}

TEST(PlanChart, TimesAreLocal) {
  (void)Surroundings();
  ::setenv("TZ", "XYZ-2", 1);
  ::tzset();
  auto const chart = plan_chart(charted_plan(), 80, false, kNow, Style{});
  EXPECT_THAT(chart, HasSubstr("now  "));
  EXPECT_THAT(chart, HasSubstr("Tue 00:00"));
  EXPECT_THAT(chart, HasSubstr("start_by: Wed 02:38 would allow it\n"));
  ::setenv("TZ", "UTC", 1);
  ::tzset();
}

TEST(PlanChart, WithoutACurveThereIsNone) {
  EXPECT_EQ(plan_chart(shifted_plan(), 80, true, kNow, Style{}), "");
  EXPECT_EQ(plan_chart(v1::Plan(), 80, true, kNow, Style{}), "");
}

TEST_F(VerbTest, PlanAndExplainShowTheChart) {
  server->jobs.on_PlanJob = [](auto const&, auto& response) {
    *response.mutable_plan() = charted_plan();
    return Status::OK;
  };
  server->jobs.on_ExplainJob = [](auto const&, auto& response) {
    *response.mutable_job() = job_of(7, v1::Job::STATE_QUEUED);
    *response.mutable_plan() = charted_plan();
    return Status::OK;
  };
  auto const chart = plan_chart(charted_plan(), 80, true, kNow, Style{});
  auto const file = dir.write("job.yaml", "run: x\nworkdir: /\nexpected_duration: 5h\n");
  EXPECT_EQ(greenq({"plan", file}), 0) << err();
  EXPECT_THAT(out(),
              HasSubstr("\nWhy: The cheapest 5 h before the bound.\n" + chart + "Nothing was submitted.\n"));
  EXPECT_EQ(greenq({"explain", "7"}), 0) << err();
  EXPECT_THAT(out(), HasSubstr(chart + "Times in UTC.\n"));
  here.env.utf8 = false;
  here.env.columns = 60;
  EXPECT_EQ(greenq({"explain", "7"}), 0) << err();
  EXPECT_THAT(out(), HasSubstr(plan_chart(charted_plan(), 60, false, kNow, Style{})));
  EXPECT_EQ(greenq({"plan", file, "-o", "json"}), 0) << err();
  EXPECT_THAT(out(), HasSubstr(R"("reason":"REASON_AFTER_BOUND","message":"10 % less carbon)"));
  EXPECT_THAT(out(), HasSubstr(R"("curve":[{"start_time":"2026-11-23T17:38:00.000Z")"));
  EXPECT_THAT(out(), Not(HasSubstr("MARGINAL carbon")));
}

}  // namespace
}  // namespace greenq::client
