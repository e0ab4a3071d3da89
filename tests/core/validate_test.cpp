#include "core/validate.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/fakes.hpp"

namespace greenq {
namespace {

using namespace std::chrono_literals;

core::Capacity machine() {
  return {"node", 4, 8LL << 30, {{"nvidia a100", 40LL << 30, {"GPU-a"}}}};
}
core::Instant const kNow = core::from_ms(1'600'000'000'000);

std::vector<std::string> fields(core::JobSpec const& spec) {
  std::vector<std::string> out;
  for (auto const& error : core::violations(spec)) out.push_back(error.field);
  return out;
}

TEST(Validate, AGoodJobHasNoViolations) {
  EXPECT_THAT(fields(test::spec()), testing::IsEmpty());
}

TEST(Validate, AllViolationsAreReportedAtOnce) {
  core::JobSpec spec = test::spec("Bad Name");
  spec.command.clear();
  spec.workdir = "relative";
  spec.priority = 101;
  spec.env["GREENQ_JOB"] = "1";
  spec.carbon.interruptible = true;
  EXPECT_THAT(fields(spec),
              testing::UnorderedElementsAre("spec.display_name", "spec.command", "spec.workdir",
                                            "spec.priority", "spec.env", "spec.carbon.interruptible"));
}

TEST(Validate, WhatLinuxDoesNotTakeAsOneArgumentIsRefused) {
  std::string const most(128 * 1024 - 1, 'x');
  core::JobSpec spec = test::spec();
  spec.command = {"/bin/echo", most};
  spec.env = {{"A", most.substr(2)}};
  EXPECT_THAT(fields(spec), testing::IsEmpty());
  spec.command.back() += 'x';
  spec.env["A"] += 'x';
  EXPECT_THAT(fields(spec), testing::ElementsAre("spec.command", "spec.env"));
  spec.run = spec.command.back();
  EXPECT_THAT(fields(spec), testing::ElementsAre("spec.run", "spec.env"));
}

TEST(Validate, ImpossibleResourcesAreRefusedAtOnce) {
  core::JobSpec spec = test::spec();
  spec.resources.gpus = 2;
  auto const result = core::accept(spec, {}, machine(), kNow);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().reason, "NEVER_FITS");
}

TEST(Validate, DefaultsAreFilledIn) {
  core::JobSpec spec = test::spec();
  spec.time_limit.reset();
  spec.expected_duration.reset();
  core::SiteConfig site;
  auto const result = core::accept(spec, site, machine(), kNow);
  ASSERT_TRUE(result);
  EXPECT_EQ(result->time_limit, site.max_time_limit);
  EXPECT_EQ(result->expected_duration, core::Span{1h});
  ASSERT_TRUE(result->carbon.bound);
  EXPECT_EQ(result->carbon.bound->delay, site.default_max_delay);
}

TEST(Validate, ABoundInThePastIsRefused) {
  core::JobSpec spec = test::spec();
  spec.carbon.bound = core::Bound{core::BoundKind::kFinishBy, kNow - 1s, {}};
  auto const result = core::accept(spec, {}, machine(), kNow);
  ASSERT_FALSE(result);
  ASSERT_EQ(result.error().fields.size(), 1U);
  EXPECT_EQ(result.error().fields[0].field, "spec.carbon.finish_by");
}

TEST(Validate, TheSitesTimeLimitHolds) {
  core::JobSpec spec = test::spec();
  spec.time_limit = 24h * 30;
  auto const result = core::accept(spec, {}, machine(), kNow);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().fields[0].field, "spec.time_limit");
}

}  // namespace
}  // namespace greenq
