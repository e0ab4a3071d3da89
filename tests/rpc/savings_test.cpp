// GetSavings over a real socket.
#include <gtest/gtest.h>

#include "rpc/daemon.hpp"
#include "rpc/savings_mapping.hpp"

namespace greenq::rpc {
namespace {

using test::Daemon;
using test::reason_of;
using Footprints = v1::FootprintService::Stub;

struct SavingsCall : Daemon {
  std::unique_ptr<Footprints> stub = v1::FootprintService::NewStub(channel);
  v1::GetSavingsRequest request;
  v1::GetSavingsResponse response;

  grpc::Status ask() {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds{20});
    return stub->GetSavings(&context, request, &response);
  }
  app::SavingsQuery asked() {
    return store.locked([&] { return reads.inner().saved_for; });
  }
};

TEST(GetSavings, AsksForThirtyDaysOnTheMachineAsItIs) {
  SavingsCall daemon;
  ASSERT_TRUE(daemon.ask().ok());
  auto const asked = daemon.asked();
  EXPECT_EQ(asked.ended.end, asked.now);
  EXPECT_EQ(asked.ended.length(), std::chrono::hours{24 * 30});
  EXPECT_EQ(asked.capacity.cpus, 64U);
  EXPECT_TRUE(asked.project.empty());
  EXPECT_EQ(daemon.response.savings().capacity().cpus(), 64);
  EXPECT_EQ(daemon.response.savings().days_needed(), 5);
  EXPECT_FALSE(daemon.response.savings().marginal().has_saving_mg()) << "no job is summed";
}

TEST(GetSavings, TakesFiltersAndPeriod) {
  SavingsCall daemon;
  daemon.request.set_parent("projects/vision");
  daemon.request.set_owner("ada");
  daemon.request.mutable_ended_after()->set_seconds(1'000);
  daemon.request.mutable_ended_before()->set_seconds(2'000);
  ASSERT_TRUE(daemon.ask().ok());
  auto const asked = daemon.asked();
  EXPECT_EQ(asked.project, "vision");
  EXPECT_EQ(asked.owner, "ada");
  EXPECT_EQ(asked.ended, (core::Interval{core::from_ms(1'000'000), core::from_ms(2'000'000)}));
}

TEST(GetSavings, RefusesWhatHasNoSense) {
  SavingsCall daemon;
  daemon.request.mutable_ended_after()->set_seconds(2'000);
  daemon.request.mutable_ended_before()->set_seconds(2'000);
  auto status = daemon.ask();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_FALSE(reason_of(status).empty());
  daemon.request.clear_ended_before();
  daemon.request.mutable_ended_after()->set_seconds(9'000'000'000);  // after now
  EXPECT_EQ(daemon.ask().error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  daemon.request.mutable_ended_after()->set_seconds(1'000);
  status = daemon.ask();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(reason_of(status), "PERIOD_TOO_LONG");
  daemon.request.clear_ended_after();
  daemon.request.set_parent("vision");
  EXPECT_EQ(daemon.ask().error_code(), grpc::StatusCode::INVALID_ARGUMENT);
}

core::Savings sample() {
  core::Savings savings;
  savings.ended = {core::from_ms(1'000), core::from_ms(2'000)};
  savings.marginal.jobs = 2;
  savings.marginal.energy = {500};
  savings.marginal.actual = {300};
  savings.marginal.plain = {100};
  savings.marginal.interval = core::CarbonRange{{-400}, {-50}};
  savings.marginal.provisional = 1;
  savings.average.kind = core::SignalKind::kAverage;
  savings.average.unpriced = 3;
  savings.jobs = 3;
  savings.bounded = 2;
  savings.actual = {core::Span{1}, core::Span{2}, core::Span{3}, core::Span{4}, 5};
  savings.left_out[core::LeftOut::kNotEnded] = 7;
  savings.queued = 9;
  savings.days = 6;
  return savings;
}

TEST(SavingsMapping, KeepsSignsAndLeavesOutWhatIsNotKnown) {
  core::SiteConfig site;
  site.pue_set = true;
  site.pue_milli = 1250;
  core::Capacity const capacity{"node", 8, 64, {{"h100", 1, {"GPU-1", "GPU-2"}}}};
  v1::Savings wire;
  savings_to_wire(sample(), site, capacity, wire);
  EXPECT_EQ(wire.marginal().saving_mg(), -200);
  EXPECT_EQ(wire.marginal().saving_low_mg(), -400);
  EXPECT_EQ(wire.marginal().saving_high_mg(), -50);
  EXPECT_EQ(wire.marginal().provisional_jobs(), 1);
  EXPECT_FALSE(wire.average().has_saving_mg());
  EXPECT_FALSE(wire.average().has_saving_low_mg());
  EXPECT_EQ(wire.average().unpriced_jobs(), 3);
  EXPECT_EQ(wire.average().kind(), v1::SIGNAL_KIND_AVERAGE);
  EXPECT_EQ(wire.pue(), 1.25);
  EXPECT_EQ(wire.actual().mean_wait_ms(), 1);
  EXPECT_EQ(wire.actual().p95_wait_ms(), 2);
  EXPECT_EQ(wire.actual().mean_delay_ms(), 3);
  EXPECT_EQ(wire.actual().p95_delay_ms(), 4);
  EXPECT_EQ(wire.actual().missed_bounds(), 5);
  EXPECT_EQ(wire.bounded_jobs(), 2);
  ASSERT_EQ(wire.left_out_size(), 1);
  EXPECT_EQ(wire.left_out(0).reason(), v1::LeftOutJobs::REASON_NOT_ENDED);
  EXPECT_EQ(wire.left_out(0).jobs(), 7);
  ASSERT_EQ(wire.capacity().gpus_size(), 1);
  EXPECT_EQ(wire.capacity().gpus(0).count(), 2);
  EXPECT_EQ(wire.queued_jobs(), 9);
  EXPECT_EQ(wire.days(), 6);
}

}  // namespace
}  // namespace greenq::rpc
