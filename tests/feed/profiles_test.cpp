#include "feed/profiles.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <set>

#include "feed/recording.hpp"
#include "feed_fixture.hpp"

namespace greenq::feed {
namespace {

using core::SignalKind;

TEST(Profiles, AboutADozenZonesWithinBounds) {
  auto const zones = shipped_zones();
  EXPECT_GE(zones.size(), 10U);
  std::set<std::string> ids;
  for (ShippedZone const& zone : zones) {
    EXPECT_TRUE(ids.insert(zone.id).second) << zone.id;
    EXPECT_FALSE(zone.name.empty());
    EXPECT_TRUE(zone.marginal || zone.average) << zone.id;
    std::size_t const kinds = (zone.marginal ? 1U : 0U) + (zone.average ? 1U : 0U);
    EXPECT_EQ(shipped_profiles(zone.id).size(), kinds) << zone.id;
  }
  for (core::Profile const& profile : shipped_profiles()) {
    EXPECT_EQ(profile.source.provider, "climatology");
    EXPECT_THAT(profile.source.label, testing::HasSubstr("climatology"));
    EXPECT_FALSE(profile.source.attribution.empty());
    core::Signal signal;
    signal.source = profile.source;
    for (int month : {1, 4, 7, 10}) {
      auto const day = std::chrono::time_point_cast<core::Span>(
          std::chrono::sys_days{std::chrono::year{2026} / month / 15});
      auto const points = core::climatology(profile, {day, day + std::chrono::hours{24}});
      ASSERT_EQ(points.size(), 24U);
      signal.points.insert(signal.points.end(), points.begin(), points.end());
    }
    EXPECT_EQ(core::problem_of(signal).value_or(""), "") << profile.source.label;
  }
}

TEST(Profiles, KnowsWhichKindAZoneHas) {
  auto const kinds = [](std::string const& zone) {
    std::set<SignalKind> found;
    for (core::Profile const& profile : shipped_profiles(zone)) found.insert(profile.source.kind);
    return found;
  };
  EXPECT_EQ(kinds("US-CAL-CISO"), (std::set{SignalKind::kMarginal, SignalKind::kAverage}));
  EXPECT_EQ(kinds("GB"), std::set{SignalKind::kAverage});
  EXPECT_TRUE(kinds("ATLANTIS").empty());
}

TEST(Profiles, RefusesDamagedTables) {
  EXPECT_FALSE(read_profiles("Z,marginal,direct,DJF,1\n", "Z;Name;marginal;direct;s;l;p\n"));
  EXPECT_FALSE(read_profiles("", "Z;Name;odd;direct;s;l;p\n"));
  EXPECT_TRUE(read_profiles("", ""));
}

// The shipped summer of California, recomputed from the recorded years.
TEST(Profiles, EqualTheMeansOfTheRecordedYears) {
  auto const data = test::shared_data();
  if (data.empty()) GTEST_SKIP() << "no shared data directory; set GREENQ_SHARED_DATA";
  double sums[24] = {};
  int counts[24] = {};
  for (char const* year : {"2019", "2020"}) {
    auto const recording = load_recording(
        {(data / "carbon" / (std::string("CAISO-PGE_") + year + "_marginal_direct.csv")).string()});
    ASSERT_TRUE(recording) << recording.error().message;
    for (RecordedPoint const& point : recording->points) {
      auto const day = std::chrono::floor<std::chrono::days>(point.begin);
      auto const month = static_cast<unsigned>(std::chrono::year_month_day{day}.month());
      if (month < 6 || month > 8) continue;
      auto const hour = static_cast<std::size_t>((point.begin - day) / std::chrono::hours{1});
      sums[hour] += static_cast<double>(point.value.value);
      ++counts[hour];
    }
  }
  auto const profiles = shipped_profiles("US-CAL-CISO");
  ASSERT_FALSE(profiles.empty());
  ASSERT_EQ(profiles[0].source.kind, SignalKind::kMarginal);
  for (std::size_t hour = 0; hour < 24; ++hour) {
    ASSERT_GT(counts[hour], 0);
    // Rounded to 0.1 g/kWh.
    EXPECT_NEAR(static_cast<double>(profiles[0].hours[2][hour].value), sums[hour] / counts[hour], 50.5)
        << hour;
  }
}

}  // namespace
}  // namespace greenq::feed
