// `greenq report --savings`: the screen, word for word.
#include <gmock/gmock.h>

#include "client/cli/savings_text.hpp"
#include "tests/client/verb_fixture.hpp"

namespace greenq::client {
namespace {

using grpc::Status;
using testing::HasSubstr;
using testing::Not;

v1::Savings savings_of(std::int64_t marginal_plain) {
  v1::Savings savings;
  *savings.mutable_ended_after() = timestamp(kNow - std::chrono::days(7));
  *savings.mutable_ended_before() = timestamp(kNow);
  savings.set_jobs(40);
  savings.set_bounded_jobs(38);
  savings.set_queued_jobs(58);
  savings.set_days(7);
  savings.set_days_needed(5);
  savings.set_pue(1.25);
  auto& energy = *savings.mutable_energy();
  energy.set_total_mj(36'000'000'000);
  auto& part = *energy.add_parts();
  part.set_device(v1::DEVICE_CLASS_GPU);
  part.set_quality(v1::ENERGY_QUALITY_MEASURED);
  part.set_energy_mj(36'000'000'000);
  auto& marginal = *savings.mutable_marginal();
  *marginal.mutable_source() = source_of(v1::SIGNAL_KIND_MARGINAL);
  marginal.set_jobs(39);
  marginal.set_energy_mj(36'000'000'000);
  marginal.set_actual_mg(1'900'000);
  marginal.set_plain_queue_mg(marginal_plain);
  marginal.set_saving_mg(marginal_plain - 1'900'000);
  marginal.set_saving_low_mg(marginal_plain - 2'200'000);
  marginal.set_saving_high_mg(marginal_plain - 1'400'000);
  savings.mutable_average()->set_unpriced_jobs(39);
  auto& actual = *savings.mutable_actual();
  actual.set_mean_wait_ms(7'800'000);
  actual.set_p95_wait_ms(32'400'000);
  actual.set_mean_delay_ms(9'000'000);
  actual.set_p95_delay_ms(36'000'000);
  actual.set_missed_bounds(1);
  savings.mutable_plain_queue()->set_mean_wait_ms(1'200'000);
  savings.mutable_plain_queue()->set_p95_wait_ms(4'200'000);
  savings.mutable_plain_queue()->set_mean_delay_ms(1'200'000);
  savings.mutable_plain_queue()->set_p95_delay_ms(4'200'000);
  auto& live = *savings.add_left_out();
  live.set_reason(v1::LeftOutJobs::REASON_NOT_ENDED);
  live.set_jobs(3);
  auto& unknown = *savings.add_left_out();
  unknown.set_reason(v1::LeftOutJobs::REASON_ENERGY_UNKNOWN);
  unknown.set_jobs(1);
  auto& machine = *savings.mutable_capacity();
  machine.set_cpus(8);
  machine.set_memory_bytes(64'000'000'000);
  auto& gpus = *machine.add_gpus();
  gpus.set_model("nvidia h100");
  gpus.set_count(4);
  return savings;
}

class SavingsTest : public VerbTest {
 protected:
  void answer(v1::Savings const& savings) {
    server->footprints.on_GetSavings = [savings](auto const&, auto& response) {
      *response.mutable_savings() = savings;
      return Status::OK;
    };
  }
};

TEST_F(SavingsTest, BothBooksSideBySideWithWaitsAndWhatIsMissing) {
  answer(savings_of(3'400'000));
  EXPECT_EQ(greenq({"report", "--savings"}), 0) << err();
  EXPECT_EQ(
      out(),
      "Savings beside a plain queue: 40 jobs that ended from 2026-11-16 17:38 to 2026-11-23 17:38 UTC\n"
      "CO2e                                 MARGINAL  AVERAGE\n"
      "as they ran                           1.90 kg  unknown\n"
      "in the plain queue (modelled)         3.40 kg  unknown\n"
      "saved                          1.50 kg (44 %)  unknown\n"
      "jobs                                       39        0\n"
      "their energy                         10.0 kWh        -\n"
      "Marginal: 1.50 kg less than the plain queue, between 1.20 kg and 2.00 kg less (90 % interval).\n"
      "Average: no job with known energy and intensity.\n"
      "\n"
      "WAITS                             AS THEY RAN  PLAIN QUEUE (modelled)\n"
      "until the start, mean                   2h10m                     20m\n"
      "until the start, 95 % within               9h                   1h10m\n"
      "in all, with pauses, mean               2h30m                     20m\n"
      "in all, with pauses, 95 % within          10h                   1h10m\n"
      "bounds missed by over 1 min           1 of 38                 0 of 38\n"
      "\n"
      "Carbon includes PUE 1.25.\n"
      "Energy: measured 100 %.\n"
      "Left out: 3 not ended (they compete in the plain queue); 1 with unknown energy; 39 without an average "
      "intensity.\n"
      "Plain queue: the same submissions on this machine as it is now (8 CPUs, 64 GB, 4 x nvidia h100),\n"
      "first come, first served with backfill, blind to carbon; 58 jobs competed.\n"
      "Intensity: marginal, GB, neso, issued 8m ago\n"
      "An interval tells how much the total depends on which days were in it, not how wrong the signal may "
      "be.\n"
      "The books answer different questions and are never added.\n");
}

TEST_F(SavingsTest, ANegativeSavingIsSaidToBeMore) {
  answer(savings_of(1'600'000));
  EXPECT_EQ(greenq({"report", "--savings"}), 0) << err();
  EXPECT_THAT(out(), HasSubstr("-300 g (-19 %)"));
  EXPECT_THAT(out(), HasSubstr("Marginal: 300 g more than the plain queue, between 600 g more and 200 g less "
                               "(90 % interval).\n"));
}

TEST_F(SavingsTest, WithoutEnoughDaysThereIsNoInterval) {
  auto savings = savings_of(3'400'000);
  savings.mutable_marginal()->clear_saving_low_mg();
  savings.mutable_marginal()->clear_saving_high_mg();
  savings.mutable_marginal()->set_provisional_jobs(1);
  savings.set_days(3);
  answer(savings);
  EXPECT_EQ(greenq({"report", "--savings"}), 0) << err();
  EXPECT_THAT(out(), HasSubstr("Marginal: 1.50 kg less than the plain queue, no interval: it needs jobs "
                               "submitted on 5 days, these are of 3; not final for 1 job.\n"));
  EXPECT_THAT(out(), Not(HasSubstr("An interval tells")));
}

TEST_F(SavingsTest, NothingToCompareStillSaysWhy) {
  v1::Savings savings;
  *savings.mutable_ended_before() = timestamp(kNow);
  *savings.mutable_ended_after() = timestamp(kNow - std::chrono::hours(1));
  auto& live = *savings.add_left_out();
  live.set_reason(v1::LeftOutJobs::REASON_NOT_ENDED);
  live.set_jobs(2);
  answer(savings);
  EXPECT_EQ(greenq({"report", "--savings"}), 0) << err();
  EXPECT_THAT(out(), HasSubstr("0 jobs that ended from"));
  EXPECT_THAT(out(), HasSubstr("Left out: 2 not ended (they compete in the plain queue).\n"));
  EXPECT_THAT(out(), Not(HasSubstr("WAITS")));
  savings.clear_left_out();
  answer(savings);
  EXPECT_EQ(greenq({"report", "--savings"}), 0) << err();
  EXPECT_EQ(out(), "No job has ended from 2026-11-23 16:38 to 2026-11-23 17:38 UTC.\n");
}

TEST_F(SavingsTest, SendsTheFilter) {
  server->footprints.on_GetSavings = [](auto const& request, auto&) {
    EXPECT_EQ(request.parent(), "projects/vision");
    EXPECT_EQ(request.owner(), "ada");
    EXPECT_EQ(instant(request.ended_after()), kNow - std::chrono::days(7));
    EXPECT_EQ(instant(request.ended_before()), kNow - std::chrono::days(1));
    return Status::OK;
  };
  EXPECT_EQ(greenq({"report", "--savings", "--project", "vision", "--user", "ada", "--since", "7d", "--until",
                    "1d"}),
            0)
      << err();
}

TEST_F(SavingsTest, JsonHasNullWhereNothingIsKnown) {
  answer(savings_of(1'600'000));
  EXPECT_EQ(greenq({"report", "--savings", "-o", "json"}), 0) << err();
  EXPECT_THAT(out(), HasSubstr(R"("saving_mg":-300000,"saving_low_mg":-600000,"saving_high_mg":200000)"));
  EXPECT_THAT(out(), HasSubstr(R"("saving_mg":null)"));
  EXPECT_THAT(out(), HasSubstr(R"({"reason":"REASON_NOT_ENDED","jobs":3})"));
}

TEST_F(SavingsTest, IsNotMixedWithOtherReports) {
  EXPECT_EQ(greenq({"report", "--savings", "7"}), 2);
  EXPECT_EQ(greenq({"report", "--savings", "--by", "user"}), 2);
  EXPECT_EQ(greenq({"report", "--savings", "-n"}), 2);
}

TEST_F(SavingsTest, TheTableOfSumsPointsToIt) {
  server->footprints.on_AggregateFootprints = [](auto const&, auto& response) {
    response.add_groups()->add_keys("ada");
    return Status::OK;
  };
  EXPECT_EQ(greenq({"report"}), 0) << err();
  EXPECT_THAT(out(), HasSubstr("--savings compares with a plain queue on the same machine."));
}

TEST(SavingsWords, LessMoreAndAsMuch) {
  EXPECT_EQ(saved_words(1'500'000), "1.50 kg less than the plain queue");
  EXPECT_EQ(saved_words(-300'000), "300 g more than the plain queue");
  EXPECT_EQ(saved_words(0), "as much as the plain queue");
  EXPECT_EQ(range_words(1'200'000, 3'400'000), "between 1.20 kg and 3.40 kg less");
  EXPECT_EQ(range_words(-300'000, -100'000), "between 100 g and 300 g more");
  EXPECT_EQ(range_words(-300'000, 1'200'000), "between 300 g more and 1.20 kg less");
  EXPECT_EQ(range_words(0, 0), "no less and no more");
}

}  // namespace
}  // namespace greenq::client
