#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "feed/recording.hpp"
#include "feed_fixture.hpp"

namespace greenq::feed {
namespace {

using test::at;
using testing::HasSubstr;

std::string file(std::string const& points, std::string const& head = R"("kind":"marginal","unit":"g/kWh")") {
  return "{" + head + R"(,"points":[)" + points + "]}";
}
std::string point(std::string const& time, std::string const& value) {
  return R"({"time":")" + time + R"(","value":)" + value + "}";
}
std::string const kTwo = point("2026-01-01T00:00Z", "100") + "," + point("2026-01-01T01:00Z", "120.5");

class RecordingJson : public testing::Test {
 protected:
  core::Result<Recording> load(std::string const& text, RecordingOptions options = {}) {
    options.path = dir_.write("in.json", text);
    return load_recording(options);
  }
  // Without the directory.
  std::string problem(std::string const& text, RecordingOptions options = {}) {
    auto const loaded = load(text, std::move(options));
    if (loaded) return "accepted";
    EXPECT_EQ(loaded.error().reason, "BAD_RECORDING");
    std::string message = loaded.error().message;
    std::string const path = dir_.path().native() + "/";
    for (auto at = message.find(path); at != std::string::npos; at = message.find(path))
      message.erase(at, path.size());
    return message;
  }
  test::TempDir dir_;
};

TEST_F(RecordingJson, ReadsAWholeFile) {
  auto const loaded = load(R"(
    {"zone": "GB", "kind": "average", "basis": "lifecycle", "unit": "kg CO2eq/kWh", "step_s": 1800,
     "source": "the site", "licence": "free",
     "points": [{"time": "2026-01-01T00:00Z", "value": 0.15}, {"time": "2026-01-01T01:30:00+00:00", "value": 0.2}]})",
                           {.path = "", .zone = "GB"});
  ASSERT_TRUE(loaded) << loaded.error().message;
  EXPECT_EQ(loaded->name, "in");
  EXPECT_EQ(loaded->kind, core::SignalKind::kAverage);
  EXPECT_EQ(loaded->basis, core::SignalBasis::kLifecycle);
  EXPECT_EQ(loaded->attribution, "the site; free");
  EXPECT_EQ(loaded->step, core::Span{1'800'000});
  ASSERT_EQ(loaded->points.size(), 2U);
  EXPECT_EQ(loaded->points[0].value, (core::Intensity{150'000}));
  EXPECT_EQ(loaded->points[1].value, (core::Intensity{200'000}));
  EXPECT_EQ(loaded->points[1].begin, at("2026-01-01T01:30Z"));
}

TEST_F(RecordingJson, TheUnitIsConverted) {
  auto const first = [&](std::string const& unit, std::string const& value) {
    auto const loaded = load(
        file(point("2026-01-01T00:00Z", value), R"("kind":"marginal","step_s":300,"unit":")" + unit + "\""));
    return loaded ? loaded->points[0].value.value : -1;
  };
  EXPECT_EQ(first("g/kWh", "250"), 250'000);
  EXPECT_EQ(first("gCO2eq/kWh", "250"), 250'000);
  EXPECT_EQ(first("kg/kWh", "0.25"), 250'000);
  EXPECT_EQ(first("kg/MWh", "250"), 250'000);
  EXPECT_EQ(first("lb/MWh", "1000"), 453'592);
  auto const relative = load(
      file(kTwo.substr(0, kTwo.find("},") + 1), R"("kind":"relative","unit":"percentile","step_s":3600)"));
  ASSERT_TRUE(relative) << relative.error().message;
  EXPECT_EQ(relative->points[0].value, (core::Intensity{100'000}));
}

TEST_F(RecordingJson, TheConfigurationDecides) {
  auto const loaded =
      load(file(kTwo), {.path = "", .kind = core::SignalKind::kAverage, .basis = core::SignalBasis::kDirect});
  ASSERT_TRUE(loaded);
  EXPECT_EQ(loaded->kind, core::SignalKind::kAverage);
  EXPECT_EQ(loaded->basis, core::SignalBasis::kDirect);
  EXPECT_EQ(loaded->step, core::Span{3'600'000});
  EXPECT_EQ(problem(file(kTwo, R"("unit":"g/kWh")"), {.path = "", .kind = core::SignalKind::kMarginal}),
            "accepted");
}

TEST_F(RecordingJson, NamesEveryBadEntryAtOnce) {
  std::string const points = point("2026-01-01T00:00Z", "10") + "," + point("2026-01-01T01:00Z", "\"much\"") +
                             "," + point("2026-01-01T01:00Z", "10") + "," + point("2026-01-01T00:00Z", "10") +
                             "," + point("2026-01-01T03:00Z", "-1") + "," +
                             point("2026-01-01T04:00Z", "1500.5") + "," + point("2026-01-01T05:00Z", "null") +
                             R"(,{"value":1},{"time":"2026-01-01 07:00","value":1},17,)" +
                             point("2026-01-01T09:30Z", "10");
  EXPECT_EQ(
      problem(file(points)),
      "in.json: points[1]: has a `value` that is not a number\n"
      "in.json: points[2]: the time 2026-01-01T01:00Z appears twice\n"
      "in.json: points[3]: the time 2026-01-01T00:00Z is before that of the entry above; sort the file\n"
      "in.json: points[4]: the value -1 is negative\n"
      "in.json: points[5]: the value 1.5005E3 is above 1500 g/kWh; is the unit gCO2/kWh?\n"
      "in.json: points[6]: has no `value`; leave the entry out to mark a gap\n"
      "in.json: points[7]: has no `time` like 2020-06-01T00:00:00Z\n"
      "in.json: points[8]: has no `time` like 2020-06-01T00:00:00Z\n"
      "in.json: points[9]: has no `time` like 2020-06-01T00:00:00Z\n"
      "in.json: points[9]: has no `value`; leave the entry out to mark a gap");
  EXPECT_EQ(
      problem(file(kTwo + "," + point("2026-01-01T01:30Z", "1") + "," + point("2026-01-01T03:15Z", "1"))),
      "in.json: points[3]: the time is not a whole number of steps (1800 s) after the row above");
}

TEST_F(RecordingJson, NamesEveryBadKeyAtOnce) {
  EXPECT_EQ(
      problem(R"({"zone":"DE","kind":"brown","basis":7,"unit":"g/mile","step_s":0.5,"colour":1,"points":[]})",
              {.path = "", .zone = "GB"}),
      "in.json: colour: is not known here; known are zone, kind, basis, unit, step_s, points, source and "
      "licence\n"
      "in.json: zone: is DE, but this feed is for zone GB\n"
      "in.json: kind: must be marginal, average or relative\n"
      "in.json: basis: must be a text\n"
      "in.json: unit: `g/mile` is not known; it must be one such as g/kWh, kg/kWh or lb/MWh\n"
      "in.json: step_s: must be a whole number of seconds from 1 to 86400");
  EXPECT_EQ(problem(R"({"points":[]})"),
            "in.json: kind: is absent; it must be marginal, average or relative\n"
            "in.json: unit: is absent; it must be one such as g/kWh, kg/kWh or lb/MWh");
  EXPECT_THAT(problem(file(kTwo, R"("kind":"relative","unit":"g/kWh")")), HasSubstr("it must be percentile"));
  EXPECT_THAT(problem(file(kTwo, R"("kind":"marginal","unit":"percentile")")),
              HasSubstr("`percentile` is not known"));
  EXPECT_EQ(problem(file("")), "in.json: points: is empty");
  EXPECT_THAT(problem(R"({"kind":"marginal","unit":"g/kWh","points":{}})"),
              HasSubstr("points: must be a list"));
  EXPECT_THAT(problem(R"({"kind":"marginal","unit":"g/kWh"})"), HasSubstr("points: must be a list"));
}

TEST_F(RecordingJson, RefusesWhatIsNotOneObject) {
  EXPECT_THAT(problem("[1]"), HasSubstr("in.json: is a list or a value; a recording is one object"));
  EXPECT_THAT(problem("{"), HasSubstr("in.json: is not usable JSON: "));
  EXPECT_THAT(problem(file(point("2026-01-01T00:00Z", "1e999"))), HasSubstr("not finite"));
  EXPECT_THAT(problem(R"({"kind":"marginal","kind":"average"})"), HasSubstr("the key `kind` appears twice"));
  EXPECT_THAT(problem(file(kTwo) + "x"), HasSubstr("something follows its end"));
}

TEST_F(RecordingJson, KeepsTheRulesOfItsKind) {
  EXPECT_THAT(
      problem(file(point("2026-01-01T00:00Z", "0"), R"("kind":"average","unit":"g/kWh","step_s":300)")),
      HasSubstr("points[0]: an average of 0 means missing"));
  EXPECT_EQ(
      problem(file(point("2026-01-01T00:00Z", "0"), R"("kind":"marginal","unit":"g/kWh","step_s":300)")),
      "accepted");
  EXPECT_THAT(problem(file(point("2026-01-01T00:00Z", "101"),
                           R"("kind":"relative","unit":"percentile","step_s":300)")),
              HasSubstr("the percentile 101 is above 100"));
  EXPECT_THAT(
      problem(file(point("2026-01-01T00:00Z", "0.2"), R"("kind":"marginal","unit":"g/kWh","step_s":300)")),
      HasSubstr("looks like kg/kWh"));
  EXPECT_THAT(problem(file(point("2026-01-01T00:00Z", "20"))), HasSubstr("has a single row and no `step_s`"));
}

}  // namespace
}  // namespace greenq::feed
