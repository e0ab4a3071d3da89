#include "client/cli/format.hpp"

#include <gtest/gtest.h>

#include "client/cli/json.hpp"
#include "client/cli/table.hpp"
#include "tests/client/cli_fixture.hpp"

namespace greenq::client {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

TEST(Format, Durations) {
  EXPECT_EQ(duration_text(Milliseconds(0)), "0s");
  EXPECT_EQ(duration_text(Milliseconds(20)), "0.1s");
  EXPECT_EQ(duration_text(Milliseconds(400)), "0.4s");
  EXPECT_EQ(duration_text(seconds(45)), "45s");
  EXPECT_EQ(duration_text(seconds(90)), "1m30s");
  EXPECT_EQ(duration_text(hours(5)), "5h");
  EXPECT_EQ(duration_text(hours(6) + minutes(2)), "6h02m");
  EXPECT_EQ(duration_text(hours(27)), "1d03h");
  EXPECT_EQ(duration_text(-hours(1)), "-1h");
}

TEST(Format, Quantities) {
  EXPECT_EQ(energy_text(0), "0 J");
  EXPECT_EQ(energy_text(36'000), "36.0 J");
  EXPECT_EQ(energy_text(3'600'000), "1.00 Wh");
  EXPECT_EQ(energy_text(23'760'000'000), "6.60 kWh");
  EXPECT_EQ(energy_text(1'234'000'000'000), "343 kWh");
  EXPECT_EQ(carbon_text(0), "0 mg");
  EXPECT_EQ(carbon_text(450), "450 mg");
  EXPECT_EQ(carbon_text(12'345), "12.3 g");
  EXPECT_EQ(carbon_text(-60'000), "-60.0 g");
  EXPECT_EQ(carbon_text(1'900'800), "1.90 kg");
  EXPECT_EQ(intensity_text(287'600), "288");
  EXPECT_EQ(bytes_text(64'000'000'000), "64 GB");
  EXPECT_EQ(bytes_text(0), "0 B");
}

TEST(Format, Times) {
  ::setenv("TZ", "UTC", 1);
  ::tzset();
  EXPECT_EQ(rfc3339(kNow + Milliseconds(7)), "2026-11-23T17:38:00.007Z");
  EXPECT_EQ(local_time(kNow + hours(1), kNow), "18:38");
  EXPECT_EQ(local_time(kNow + hours(24), kNow), "Tue 17:38");
  EXPECT_EQ(local_time(kNow + hours(24 * 20), kNow), "2026-12-13 17:38");
  EXPECT_EQ(local_time_with_zone(kNow, kNow), "17:38 UTC");
  EXPECT_EQ(relative_time(kNow - hours(3), kNow), "3h ago");
  EXPECT_EQ(relative_time(kNow + minutes(20), kNow), "in 20m");
  EXPECT_EQ(relative_time(kNow, kNow), "now");
  EXPECT_EQ(instant(timestamp(kNow + Milliseconds(5))), kNow + Milliseconds(5));
}

TEST(Format, NamesAndUnknownEnums) {
  EXPECT_EQ(short_id("projects/vision/jobs/4213"), "4213");
  EXPECT_EQ(full_id("projects/vision/jobs/4213"), "vision/4213");
  EXPECT_EQ(short_id("nonsense"), "");
  EXPECT_EQ(state_text(static_cast<v1::Job::State>(99)), "other");
  EXPECT_EQ(reason_text(static_cast<v1::HoldReason::Code>(99)), "other");
  EXPECT_EQ(kind_text(static_cast<v1::SignalKind>(99)), "other");
  EXPECT_EQ(point_state_text(v1::POINT_STATE_CLIMATOLOGY), "typical day");
}

TEST(Format, ForeignTextCannotDriveTheTerminal) {
  EXPECT_EQ(safe("a\x1b[2Jb\nc\td"), "a?[2Jb c d");
  EXPECT_EQ(safe("caf\xC3\xA9"), "café");
  EXPECT_EQ(safe("x\xC2\x9By"), "x?y");
  EXPECT_EQ(safe("x\xFFy"), "x\xEF\xBF\xBDy");
}

TEST(Json, KeysAreStableAndNumbersAreNumbers) {
  v1::Job job;
  job.set_name("projects/a/jobs/1");
  job.mutable_spec()->mutable_resources()->set_memory_bytes(9'007'199'254'740'993);
  (*job.mutable_spec()->mutable_env())["B"] = "2";
  (*job.mutable_spec()->mutable_env())["A"] = "\"\n";
  *job.mutable_spec()->mutable_time_limit() = duration(Milliseconds(1500));
  auto const text = to_json(job);
  EXPECT_NE(text.find(R"("memory_bytes":9007199254740993)"), std::string::npos) << text;
  EXPECT_NE(text.find(R"("env":{"A":"\"\n","B":"2"})"), std::string::npos) << text;
  EXPECT_NE(text.find(R"("time_limit":1.5)"), std::string::npos) << text;
  EXPECT_NE(text.find(R"("expected_duration":null)"), std::string::npos) << text;
  EXPECT_NE(text.find(R"("priority":null)"), std::string::npos) << text;
  EXPECT_NE(text.find(R"("attempts":[])"), std::string::npos) << text;
  EXPECT_NE(text.find(R"("state":"STATE_UNSPECIFIED")"), std::string::npos) << text;
  EXPECT_EQ(quote_json(std::string_view("\0\x1f\x7f\xff", 4)), "\"\\u0000\\u001f\\u007f\xEF\xBF\xBD\"");
}

TEST(Json, AFigureThatIsNotKnownIsNotZero) {
  v1::Plan plan;
  plan.mutable_chosen();
  auto text = to_json(plan);
  EXPECT_NE(text.find(R"("mean_mg_per_kwh":null,"known":false,"energy_mj":0,"carbon_mg":null)"),
            std::string::npos)
      << text;
  plan.mutable_chosen()->set_known(true);
  EXPECT_NE(to_json(plan).find(R"("mean_mg_per_kwh":0,"known":true,"energy_mj":0,"carbon_mg":0)"),
            std::string::npos);

  v1::CarbonBook book;
  EXPECT_NE(to_json(book).find(R"("carbon_mg":0)"), std::string::npos);
  book.set_unpriced_mj(1);
  EXPECT_NE(to_json(book).find(R"("carbon_mg":null)"), std::string::npos);
  book.set_priced_mj(1);
  EXPECT_NE(to_json(book).find(R"("carbon_mg":0)"), std::string::npos);

  v1::Job job;
  EXPECT_NE(to_json(job).find(R"("exit_status":null)"), std::string::npos);
  auto& attempt = *job.add_attempts();
  EXPECT_EQ(to_json(job).find(R"("exit_status":0)"), std::string::npos);
  attempt.mutable_end_time();
  EXPECT_EQ(to_json(job).find(R"("exit_status":null)"), std::string::npos);
}

TEST(Table, AlignsByCodePoints) {
  Table table({{"NAME"}, {"N", Table::Align::kRight}});
  table.add({"é", "1"});
  table.add({"longer", "10"});
  EXPECT_EQ(table.text(true, {}), "NAME     N\né        1\nlonger  10\n");
  EXPECT_EQ(table.text(false, {}), "é        1\nlonger  10\n");
}

TEST(Table, Bars) {
  EXPECT_EQ(bar(1, 4, true), "████");
  EXPECT_EQ(bar(0.5, 3, true), "█▌");
  EXPECT_EQ(bar(0.5, 4, false), "##");
  EXPECT_EQ(bar(0, 4, true), "");
  EXPECT_EQ(bar(7, 2, false), "##");
}

}  // namespace
}  // namespace greenq::client
