// Skill of forecasts by hand-made figures.
#include "core/carbon/skill.hpp"

#include <gmock/gmock.h>

#include <array>
#include <cmath>

#include "core/carbon/hours.hpp"

namespace greenq::core {
namespace {

using testing::DoubleEq;
using testing::Optional;

HourlyActuals ramp(int hours) {
  HourlyActuals out;
  for (int i = 0; i < hours; ++i) out[i] = 100 + i;
  return out;
}

TEST(Skill, RankCorrelationByHand) {
  std::array<double, 4> const up{1, 2, 3, 4};
  std::array<double, 4> const down{9, 7, 5, 3};
  std::array<double, 4> const mixed{1, 3, 2, 4};
  std::array<double, 4> const tied{1, 1, 2, 2};
  std::array<double, 4> const flat{5, 5, 5, 5};
  EXPECT_THAT(rank_correlation(up, up), Optional(DoubleEq(1)));
  EXPECT_THAT(rank_correlation(up, down), Optional(DoubleEq(-1)));
  EXPECT_THAT(rank_correlation(up, mixed), Optional(DoubleEq(0.8)));  // 1 - 6 x 2 / (4 x 15)
  EXPECT_NEAR(*rank_correlation(up, tied), 0.8944271909999159, 1e-12);
  EXPECT_FALSE(rank_correlation(up, flat));
}

TEST(Skill, CheapestStartTakesTheEarliestOfEquals) {
  std::array<double, 6> const values{3, 1, 1, 2, 1, 1};
  EXPECT_EQ(cheapest_start(values, 4, 2), 1);
  EXPECT_EQ(cheapest_start(values, 5, 1), 1);
  EXPECT_EQ(cheapest_start(values, 0, 3), 0);
}

TEST(Skill, ErrorsByLeadTime) {
  HourlyIssue issue{0, std::vector<double>(96, 0)};
  for (std::size_t k = 0; k < 96; ++k)
    issue.values[k] = 100 + static_cast<double>(k) + (k % 2 == 0 ? 10 : -4);
  auto const skill = skill_of({issue}, ramp(96));
  ASSERT_EQ(skill.issues, 1);
  ASSERT_GE(skill.leads.size(), 3U);
  EXPECT_EQ(skill.leads[0].pairs, 1);
  EXPECT_DOUBLE_EQ(skill.leads[0].mae, 10);
  EXPECT_EQ(skill.leads[1].first_lead, 1);
  EXPECT_EQ(skill.leads[1].last_lead, 2);
  EXPECT_DOUBLE_EQ(skill.leads[1].mae, 7);
  EXPECT_DOUBLE_EQ(skill.leads[1].bias, 3);
}

// Costs at once 100; the least is 76 (hour 24); the forecast points to hour 12: 88. Kept: (100 - 88) / (100 -
// 76).
TEST(Skill, KeptShareOfThePossibleSaving) {
  HourlyActuals falling;
  for (int i = 0; i < 48; ++i) falling[i] = 100 - i;
  HourlyIssue issue{0, std::vector<double>(48, 200)};
  issue.values[12] = 100;
  auto const skill = skill_of({issue}, falling);
  ASSERT_EQ(skill.kept.size(), 3U);
  EXPECT_EQ(skill.kept[0].job_hours, 1);
  EXPECT_THAT(skill.kept[0].share, Optional(DoubleEq(0.5)));
  EXPECT_THAT(skill.kept[0].possible, Optional(DoubleEq(0.24)));
}

TEST(Skill, WhatCannotBeJudgedIsLeftOut) {
  HourlyIssue const future{1000, std::vector<double>(48, 1)};
  EXPECT_EQ(skill_of({future}, ramp(48)).issues, 0);
  HourlyIssue const brief{0, std::vector<double>(12, 1)};
  auto const skill = skill_of({brief}, ramp(48));
  EXPECT_EQ(skill.issues, 1);
  EXPECT_FALSE(skill.rank_correlation);
  EXPECT_FALSE(skill.kept[0].share);
  EXPECT_EQ(skill.kept[0].jobs, 0);
  HourlyActuals flat;
  for (int i = 0; i < 48; ++i) flat[i] = 7;
  HourlyIssue const full{0, std::vector<double>(48, 1)};
  EXPECT_FALSE(skill_of({full}, flat).kept[0].share) << "nothing can be saved on a flat day";
}

// Leads were counted from the first point, an hour ago for one source and half an hour ahead for another.
TEST(Skill, LeadsOfAllSourcesCountFromTheSameHour) {
  using std::chrono::minutes;
  auto const points = [](int first, int step, int count) {
    std::vector<IntensityPoint> out;
    for (int i = 0; i < count; ++i) {
      Instant const at{minutes{first + i * step}};
      out.push_back({{at, at + minutes{step}}, {(first + i * step) * 1000}, PointState::kForecast, {}});
    }
    return out;
  };
  Instant const issued{minutes{60 * 10 + 32}};
  auto const own = judged_hours(issued, points(60 * 9, 60, 6));
  EXPECT_EQ(own.first, 11);
  EXPECT_THAT(own.values, testing::ElementsAre(660, 720, 780, 840));
  auto const half_hours = judged_hours(issued, points(60 * 10 + 30, 30, 6));
  EXPECT_EQ(half_hours.first, 11);
  EXPECT_THAT(half_hours.values, testing::ElementsAre(675, 735)) << "the last half hour is no hour";
  auto const late = judged_hours(issued, points(60 * 12 + 30, 60, 2));
  EXPECT_EQ(late.first, 11);
  ASSERT_EQ(late.values.size(), 3U);
  EXPECT_TRUE(std::isnan(late.values[0]) && std::isnan(late.values[1]));
  EXPECT_DOUBLE_EQ(late.values[2], 780);
  EXPECT_EQ(judged_hours(Instant{minutes{60 * 10}}, points(60 * 10, 60, 1)).first, 10);
  EXPECT_TRUE(judged_hours(issued, points(60 * 10, 60, 1)).values.empty());
}

TEST(Skill, PlainHistoryUsesOnlyWhatWasKnown) {
  HourlyActuals actuals;
  for (int i = 0; i < 24 * 10; ++i) actuals[i] = i / 24 * 100 + i % 24;
  HourlyIssue const like{24 * 8, std::vector<double>(30, 0)};
  auto const yesterday = as_yesterday({like}, actuals);
  EXPECT_DOUBLE_EQ(yesterday[0].values[5], 705);
  EXPECT_DOUBLE_EQ(yesterday[0].values[29], 705) << "the day before the issue, not the day before the hour";
  EXPECT_DOUBLE_EQ(yesterday[0].values[22], 722);
  EXPECT_DOUBLE_EQ(yesterday[0].values[23], 623) << "that hour of day 7 was running at the time of issue";
  auto const week = as_last_week({like}, actuals);
  EXPECT_DOUBLE_EQ(week[0].values[5], 405);  // mean of days 1 to 7 at hour 5
  EXPECT_DOUBLE_EQ(week[0].values[29], 405);
}

}  // namespace
}  // namespace greenq::core
