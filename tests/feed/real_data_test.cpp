// Real series: the shipped excerpts always, the shared data when present.
#include <gtest/gtest.h>

#include "feed/replay.hpp"
#include "feed_fixture.hpp"

namespace greenq::feed {
namespace {

using core::Instant;
using core::Span;
using std::chrono::hours;
using std::chrono::seconds;
using test::at;

std::string shipped(char const* name) {
  return std::string(GREENQ_SOURCE_DIR) + "/config/replay/" + name;
}

TEST(ShippedReplay, BothKindsCoverTheSameFortnight) {
  auto const marginal = load_recording({shipped("caiso-pge-2020-07-marginal.csv")});
  auto const average = load_recording({shipped("ciso-2020-07-average.csv")});
  ASSERT_TRUE(marginal) << marginal.error().message;
  ASSERT_TRUE(average) << average.error().message;
  EXPECT_EQ(marginal->kind, core::SignalKind::kMarginal);
  EXPECT_EQ(average->kind, core::SignalKind::kAverage);
  EXPECT_EQ(marginal->points.size(), 14U * 24U);
  EXPECT_EQ(marginal->begin(), average->begin());
  EXPECT_EQ(marginal->end(), average->end());
  EXPECT_FALSE(marginal->attribution.empty());
  EXPECT_FALSE(average->attribution.empty());
}

// Replays a month hour by hour: what is over equals the file, every reply is sound.
void play_through(Recording const& recording, Span step) {
  ReplayOptions const options{"Z", "replay", recording.begin(), 1800, false};
  Instant const t0 = at("2026-01-01T00:00Z");
  for (int turn = 1; turn <= 24 * 28; turn += 37) {
    Instant const now = t0 + turn * step / 1800;
    core::Signal const signal = replay_at(recording, options, t0, now, hours{1});
    ASSERT_EQ(core::problem_of(signal).value_or(""), "") << turn;
    core::Curve const curve(signal.points);
    ASSERT_EQ(curve.at(now - Span{1})->value, recording.points[static_cast<std::size_t>(turn) - 1].value)
        << turn;
    ASSERT_EQ(curve.at(now - Span{1})->state, core::PointState::kActual);
    ASSERT_EQ(curve.at(now)->state, core::PointState::kForecast);
  }
}

TEST(SharedData, EverySeriesLoadsAndHourlyOnesPlay) {
  auto const data = test::shared_data();
  if (data.empty()) GTEST_SKIP() << "no shared data directory; set GREENQ_SHARED_DATA";
  int played = 0;
  for (auto const& entry : std::filesystem::directory_iterator(data / "carbon")) {
    std::string const name = entry.path().filename().string();
    if (!name.ends_with(".csv") || name.find("lifecycle") != std::string::npos) continue;
    auto const recording = load_recording({entry.path().string()});
    // Two modelled series hold negative rates, which are named and refused.
    bool const negative = name.starts_with("AVERT-TE") || name.starts_with("AVERT-FL");
    ASSERT_EQ(recording.has_value(), !negative) << name << (recording ? "" : recording.error().message);
    if (negative) {
      EXPECT_NE(recording.error().message.find("is negative"), std::string::npos) << name;
      continue;
    }
    EXPECT_EQ(recording->end() - recording->begin(),
              recording->step * static_cast<std::int64_t>(recording->points.size()))
        << name << ": no gaps";
    play_through(*recording, recording->step);
    ++played;
  }
  EXPECT_GE(played, 10);
}

TEST(SharedData, RecordedForecastsPlay) {
  auto const data = test::shared_data();
  if (data.empty()) GTEST_SKIP() << "no shared data directory; set GREENQ_SHARED_DATA";
  auto const recording =
      load_recording({(data / "carbon" / "CISO_2021_average_direct.csv").string(),
                      (data / "forecast" / "CISO_2021H2_average_direct_96h.csv").string()});
  ASSERT_TRUE(recording) << recording.error().message;
  EXPECT_EQ(recording->issues.size(), 180U);  // one of 181 rows repeats a day
  ReplayOptions const options{"US-CAL-CISO", "replay", at("2021-07-01T00:00Z"), 1800, false};
  Instant const t0 = at("2026-01-01T00:00Z");
  // 07:30 of the first day: the issue of that midnight, 96 h of which 7 are over.
  core::Signal const signal = replay_at(*recording, options, t0, t0 + seconds{15}, hours{24});
  EXPECT_EQ(core::problem_of(signal).value_or(""), "");
  EXPECT_EQ(signal.issued_at, t0);
  core::Curve const curve(signal.points);
  EXPECT_EQ(curve.at(t0 + seconds{15})->value, (core::Intensity{242'540}));  // h007 of that issue
  EXPECT_EQ(curve.points().back().interval.end, t0 + seconds{2 * 96});
  auto const minutes = load_recording({(data / "carbon" / "CAISO-PGE-5min_2020_marginal_direct.csv").string(),
                                       (data / "forecast" / "CAISO-PGE_2020-06_marginal_3h.csv").string()});
  ASSERT_TRUE(minutes) << minutes.error().message;
  EXPECT_EQ(minutes->issue_step, Span{300'000});
}

}  // namespace
}  // namespace greenq::feed
