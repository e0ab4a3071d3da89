#include "feed/recording.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "feed_fixture.hpp"

namespace greenq::feed {
namespace {

using test::at;
using testing::HasSubstr;

class RecordingTest : public testing::Test {
 protected:
  std::string problem(std::string const& text) const {
    auto const loaded = load_recording({dir_.write("in.csv", text)});
    if (loaded) return "accepted";
    EXPECT_EQ(loaded.error().reason, "BAD_RECORDING");
    std::string const path = loaded.error().fields.front().field;
    std::string message = loaded.error().message;
    for (std::size_t found = message.rfind("/in.csv"); found != std::string::npos;) {
      std::size_t const line =
          message.rfind('\n', found) == std::string::npos ? 0 : message.rfind('\n', found) + 1;
      message.erase(line, found + 1 - line);
      found = line == 0 ? std::string::npos : message.rfind("/in.csv", line);
    }
    return message;
  }
  test::TempDir dir_;
};

std::string const kHead = "# zone: X  kind: marginal direct  step_s: 3600  values\ntime_utc,gco2_per_kwh\n";

TEST_F(RecordingTest, ReadsValuesCommentsAndGaps) {
  auto const loaded =
      load_recording({dir_.write("my-zone.csv", "# source: someone\n# licence: free\n" + kHead +
                                                    "2020-01-01T00:00:00Z,0\r\n\n"
                                                    "2020-01-01T01:00:00Z, 120.25\n"
                                                    "2020-01-01T04:00Z,99\n")});
  ASSERT_TRUE(loaded) << loaded.error().message;
  EXPECT_EQ(loaded->name, "my-zone");
  EXPECT_EQ(loaded->kind, core::SignalKind::kMarginal);
  EXPECT_EQ(loaded->basis, core::SignalBasis::kDirect);
  EXPECT_EQ(loaded->attribution, "someone; free");
  ASSERT_EQ(loaded->points.size(), 3U);
  EXPECT_EQ(loaded->points[1].value, (core::Intensity{120'250}));
  EXPECT_EQ(loaded->points[2].begin, at("2020-01-01T04:00Z"));
  EXPECT_EQ(loaded->end(), at("2020-01-01T05:00Z"));
}

TEST_F(RecordingTest, ALineThatMayBeCutIsRefused) {
  EXPECT_EQ(problem(kHead + "2020-01-01T00:00:00Z,100\n2020-01-01T01:00:00Z,12"),
            "in.csv:4: the last line does not end with a newline, so it may be cut; write the file whole");
}

TEST_F(RecordingTest, NoFigureHoldsForMillennia) {
  auto const loaded = load_recording({dir_.write(
      "a.csv",
      "# kind: marginal direct\ntime_utc,gco2_per_kwh\n2026-11-26T00:00:00Z,5\n9999-12-31T23:00:00Z,9\n")});
  ASSERT_FALSE(loaded);
  EXPECT_THAT(loaded.error().message, HasSubstr("more than a day"));
}

TEST_F(RecordingTest, FindsTheStepWithoutAComment) {
  auto const loaded =
      load_recording({dir_.write("a.csv",
                                 "# kind: average lifecycle\ntime_utc,gco2_per_kwh\n"
                                 "2020-01-01T00:00Z,10\n2020-01-01T01:00Z,10\n2020-01-01T01:30Z,10\n")});
  ASSERT_TRUE(loaded) << loaded.error().message;
  EXPECT_EQ(loaded->step, core::Span{1'800'000});
  EXPECT_EQ(loaded->basis, core::SignalBasis::kLifecycle);
}

TEST_F(RecordingTest, OptionsOverrideTheComment) {
  auto const loaded = load_recording({dir_.write("a.csv", kHead + "2020-01-01T00:00Z,10\n"), "",
                                      core::SignalKind::kAverage, core::SignalBasis::kLifecycle});
  ASSERT_TRUE(loaded) << loaded.error().message;
  EXPECT_EQ(loaded->kind, core::SignalKind::kAverage);
  EXPECT_EQ(loaded->basis, core::SignalBasis::kLifecycle);
}

TEST_F(RecordingTest, NamesEveryProblemAtOnceWithItsLine) {
  std::string const text = kHead +
                           "2020-01-01T00:00:00Z,10\n"
                           "2020-01-01T01:00:00Z,nan\n"
                           "2020-01-01T01:00:00Z,10\n"
                           "2020-01-01T00:00:00Z,10\n"
                           "2020-01-01T02:30:00Z,10\n"
                           "2020-01-01T04:00:00Z,-1\n"
                           "2020-01-01T05:00:00Z,1500.1\n"
                           "2020-01-01T06:00:00Z,\n"
                           "2020-01-01 07:00,10\n"
                           "2020-01-01T08:00:00Z,1,2\n";
  EXPECT_EQ(problem(text),
            "in.csv:4: `nan` is not a number\n"
            "in.csv:5: the time 2020-01-01T01:00Z appears twice\n"
            "in.csv:6: the time 2020-01-01T00:00Z is before that of the row above; sort the file\n"
            "in.csv:8: the value -1 is negative\n"
            "in.csv:9: the value 1500.1 is above 1500 g/kWh; is the unit gCO2/kWh?\n"
            "in.csv:10: the value is missing; leave the row out to mark a gap\n"
            "in.csv:11: `2020-01-01 07:00` is not a time like 2020-06-01T00:00:00Z\n"
            "in.csv:12: a row has two cells: time and value\n"
            "in.csv:7: the time is not a whole number of steps (3600 s) after the row above");
}

TEST_F(RecordingTest, SaysHowManyMoreThereAre) {
  std::string text = kHead;
  for (int i = 0; i < 25; ++i) text += "x,1\n";
  EXPECT_THAT(problem(text), HasSubstr("\nand 5 more"));
}

TEST_F(RecordingTest, RecognisesAWrongUnit) {
  EXPECT_THAT(
      problem("# kind: marginal\ntime_utc,kgco2_per_kwh\n2020-01-01T00:00Z,0.2\n"),
      HasSubstr(
          "in.csv:2: the header must be `time_utc,gco2_per_kwh`; values in kg must be multiplied by 1000"));
  EXPECT_THAT(problem("# kind: marginal\ntime_utc,lb_per_mwh\n2020-01-01T00:00Z,500\n"),
              HasSubstr("0.45359237"));
  EXPECT_THAT(problem(kHead + "2020-01-01T00:00Z,0.21\n2020-01-01T01:00Z,0.3\n"),
              HasSubstr("looks like kg/kWh"));
  EXPECT_EQ(problem(kHead + "2020-01-01T00:00Z,0\n2020-01-01T01:00Z,0\n"),
            "accepted");  // marginal zero is real
}

TEST_F(RecordingTest, NeedsAKindRowsAndAReadableFile) {
  EXPECT_THAT(problem("time_utc,gco2_per_kwh\n2020-01-01T00:00Z,10\n"), HasSubstr("# kind: marginal direct"));
  EXPECT_THAT(problem(kHead), HasSubstr("has no rows"));
  EXPECT_THAT(problem("# kind: average\ntime_utc,gco2_per_kwh\n2020-01-01T00:00Z,0\n"),
              HasSubstr("in.csv:3: an average of 0 means missing"));
  EXPECT_THAT(problem("# kind: average\ntime_utc,gco2_per_kwh\n2020-01-01T00:00Z,10\n"),
              HasSubstr("# step_s:"));
  auto const absent = load_recording({"/nonexistent/feed.csv"});
  ASSERT_FALSE(absent);
  EXPECT_THAT(absent.error().message, HasSubstr("/nonexistent/feed.csv: cannot be read"));
}

TEST_F(RecordingTest, ReadsIssuesInHoursAndMinutes) {
  std::string const actuals = dir_.write("a.csv", kHead + "2020-01-01T00:00Z,10\n");
  auto const hours = load_recording(
      {actuals,
       dir_.write("h.csv", "# kind: marginal direct\nissued_utc,h000,h001,h002\n2020-01-01T00:00Z,1,2,3\n")});
  ASSERT_TRUE(hours) << hours.error().message;
  ASSERT_EQ(hours->issues.size(), 1U);
  EXPECT_EQ(hours->issue_step, core::Span{3'600'000});
  EXPECT_EQ(hours->issues[0].values[2], (core::Intensity{3'000}));
  auto const minutes =
      load_recording({actuals, dir_.write("m.csv", "issued_utc,m005,m010\n2020-01-01T00:00Z,1,2\n")});
  ASSERT_TRUE(minutes) << minutes.error().message;
  EXPECT_EQ(minutes->issue_first, core::Span{300'000});
}

TEST_F(RecordingTest, ARepeatedIssueReplacesTheEarlierRow) {
  std::string const actuals = dir_.write("a.csv", kHead + "2020-01-01T00:00Z,10\n");
  auto const loaded = load_recording(
      {actuals, dir_.write("i.csv", "issued_utc,h000,h001\n2020-01-01T00:00Z,1,2\n2020-01-01T00:00Z,3,4\n")});
  ASSERT_TRUE(loaded) << loaded.error().message;
  ASSERT_EQ(loaded->issues.size(), 1U);
  EXPECT_EQ(loaded->issues[0].values[0], (core::Intensity{3'000}));
}

TEST_F(RecordingTest, RefusesBrokenIssues) {
  std::string const actuals = dir_.write("a.csv", kHead + "2020-01-01T00:00Z,10\n");
  auto const message = [&](std::string const& text) {
    auto const loaded = load_recording({actuals, dir_.write("i.csv", text)});
    return loaded ? "accepted" : loaded.error().message;
  };
  EXPECT_THAT(message("issued_utc,h000,h002,h003\n"), HasSubstr("i.csv:1: the header must be"));
  EXPECT_THAT(message("issued_utc,h000,h001\n2020-01-01T00:00Z,1\n"),
              HasSubstr("i.csv:2: the row has 2 cells"));
  EXPECT_THAT(message("issued_utc,h000,h001\n2020-01-01T00:00Z,1,inf\n"), HasSubstr("`inf` is not a number"));
  EXPECT_THAT(message("# kind: average\nissued_utc,h000,h001\n2020-01-01T00:00Z,1,2\n"),
              HasSubstr("kinds are never mixed"));
  EXPECT_THAT(message("issued_utc,h000,h001\n"), HasSubstr("has no issues"));
  EXPECT_THAT(message("issued_utc,h000,h001\n2020-01-02T00:00Z,1,2\n2020-01-01T00:00Z,1,2\n"),
              HasSubstr("i.csv:3: the time 2020-01-01T00:00Z is before"));
}

}  // namespace
}  // namespace greenq::feed
