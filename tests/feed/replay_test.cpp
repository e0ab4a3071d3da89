#include "feed/replay.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "feed_fixture.hpp"

namespace greenq::feed {
namespace {

using core::Instant;
using core::Interval;
using core::PointState;
using core::Span;
using std::chrono::hours;
using std::chrono::seconds;
using test::at;
using testing::HasSubstr;

// Six hours from 2020-01-01T00:00: 100, 200, … 600 g/kWh.
Recording six_hours() {
  Recording recording;
  recording.name = "six";
  recording.step = hours{1};
  for (int i = 0; i < 6; ++i)
    recording.points.push_back({at("2020-01-01T00:00Z") + hours{i}, {100'000 * (i + 1)}});
  return recording;
}

ReplayOptions from_two(bool loop = false) {
  return {"Z", "replay", at("2020-01-01T02:00Z"), 1800, loop};
}

Instant const kT0 = at("2026-05-05T12:00:00Z");
Span const kFar = hours{24};

TEST(ReplayAt, MapsOneRecordedHourToTwoSeconds) {
  core::Signal const signal = replay_at(six_hours(), from_two(), kT0, kT0 + seconds{3}, kFar);
  ASSERT_EQ(signal.points.size(), 6U);
  // 00:00 and 01:00 lie before the start, 02:00 plays at t0, 03:00 from t0 + 2 s …
  EXPECT_EQ(signal.points[0].interval, (Interval{kT0 - seconds{4}, kT0 - seconds{2}}));
  EXPECT_EQ(signal.points[2].interval, (Interval{kT0, kT0 + seconds{2}}));
  EXPECT_EQ(signal.points[2].value, (core::Intensity{300'000}));
  EXPECT_EQ(signal.points[5].interval, (Interval{kT0 + seconds{6}, kT0 + seconds{8}}));
  EXPECT_EQ(signal.points[2].state, PointState::kActual);
  EXPECT_EQ(signal.points[3].state, PointState::kForecast);  // 03:00 is playing
  EXPECT_EQ(signal.points[5].state, PointState::kForecast);
  EXPECT_FALSE(core::problem_of(signal));
  EXPECT_EQ(signal.source.label, "replay of six from 2020-01-01T02:00Z at 1800x, perfect foresight");
  EXPECT_EQ(signal.source.zone, "Z");
  EXPECT_EQ(signal.received_at, kT0 + seconds{3});
}

TEST(ReplayAt, AStepIsOverAtItsEnd) {
  core::Signal const signal = replay_at(six_hours(), from_two(), kT0, kT0 + seconds{2}, kFar);
  EXPECT_EQ(signal.points[2].state, PointState::kActual);
  EXPECT_EQ(signal.points[3].state, PointState::kForecast);
}

TEST(ReplayAt, HorizonLimitsTheFuture) {
  core::Signal const signal = replay_at(six_hours(), from_two(), kT0, kT0, seconds{3});
  ASSERT_EQ(signal.points.size(), 4U);
  EXPECT_EQ(signal.points.back().interval.begin, kT0 + seconds{2});
}

TEST(ReplayAt, IsSilentAfterTheEnd) {
  EXPECT_EQ(replay_at(six_hours(), from_two(), kT0, kT0 + seconds{7}, kFar).points.size(), 6U);
  EXPECT_TRUE(replay_at(six_hours(), from_two(), kT0, kT0 + seconds{8}, kFar).points.empty());
  EXPECT_EQ(next_change(six_hours(), from_two(), kT0, kT0 + seconds{7}), kT0 + seconds{8});
  EXPECT_EQ(next_change(six_hours(), from_two(), kT0, kT0 + seconds{8}), std::nullopt);
}

TEST(ReplayAt, TellsThePastAfterTheEndOnRequest) {
  ReplayOptions options = from_two();
  options.past_only = true;
  core::Signal const signal = replay_at(six_hours(), options, kT0, kT0 + seconds{9}, kFar);
  ASSERT_EQ(signal.points.size(), 6U);
  EXPECT_EQ(signal.points.back().interval, (Interval{kT0 + seconds{6}, kT0 + seconds{8}}));
  EXPECT_EQ(signal.points.back().state, PointState::kActual);
  EXPECT_FALSE(signal.as_given) << "a forecaster goes on from it";
  EXPECT_TRUE(replay_at(six_hours(), options, kT0, kT0 + seconds{3}, kFar).as_given);
  EXPECT_TRUE(replay_at(six_hours(), from_two(), kT0, kT0 + seconds{7}, kFar).as_given);
}

TEST(ReplayAt, LoopsToTheBeginningOfTheRecording) {
  core::Signal const signal = replay_at(six_hours(), from_two(true), kT0, kT0 + seconds{9}, seconds{10});
  core::Curve const curve(signal.points);
  // The recording ends at t0 + 8 s; 00:00 plays again from there.
  EXPECT_EQ(curve.at(kT0 + seconds{7})->value, (core::Intensity{600'000}));
  EXPECT_EQ(curve.at(kT0 + seconds{9})->value, (core::Intensity{100'000}));
  EXPECT_EQ(curve.at(kT0 + seconds{9})->interval, (Interval{kT0 + seconds{8}, kT0 + seconds{10}}));
  EXPECT_EQ(curve.at(kT0 + seconds{18})->value, (core::Intensity{600'000}));
  EXPECT_TRUE(curve.covered({kT0, kT0 + seconds{19}}));
  // A hundred rounds later: 12 s each, 8 s + 99 * 12 s = 1196 s is the start of round 100.
  Instant const late = kT0 + seconds{1196 + 5};
  EXPECT_EQ(core::Curve(replay_at(six_hours(), from_two(true), kT0, late, seconds{5}).points).at(late)->value,
            (core::Intensity{300'000}));
  EXPECT_EQ(next_change(six_hours(), from_two(true), kT0, late), kT0 + seconds{1196 + 6});
}

TEST(ReplayAt, KeepsGaps) {
  Recording recording = six_hours();
  recording.points.erase(recording.points.begin() + 3);
  core::Signal const signal = replay_at(recording, from_two(), kT0, kT0 + seconds{3}, kFar);
  core::Curve const curve(signal.points);
  EXPECT_EQ(curve.at(kT0 + seconds{3}), nullptr);
  EXPECT_EQ(curve.at(kT0 + seconds{4})->value, (core::Intensity{500'000}));
  EXPECT_EQ(next_change(recording, from_two(), kT0, kT0 + seconds{3}), kT0 + seconds{4});
}

TEST(ReplayAt, ShowsTheNewestIssueOfTheMoment) {
  Recording recording = six_hours();
  recording.issue_step = hours{1};
  recording.issues.push_back({at("2020-01-01T00:00Z"), {{1}, {2}, {3}, {4}}});
  recording.issues.push_back({at("2020-01-01T04:00Z"), {{50}, {60}}});
  // At t0 + 1 s it is 02:30: issue 00:00 says 3 for 02:00 and 4 for 03:00, nothing later.
  core::Signal const early = replay_at(recording, from_two(), kT0, kT0 + seconds{1}, kFar);
  ASSERT_EQ(early.points.size(), 4U);
  EXPECT_EQ(early.points[1].state, PointState::kActual);
  EXPECT_EQ(early.points[1].value, (core::Intensity{200'000}));
  EXPECT_EQ(early.points[2].value, (core::Intensity{3}));
  EXPECT_EQ(early.points[3].value, (core::Intensity{4}));
  EXPECT_EQ(early.issued_at, kT0 - seconds{4});
  EXPECT_FALSE(early.issue_time_is_receipt);
  EXPECT_THAT(early.source.label, HasSubstr("recorded forecasts"));
  // At t0 + 4 s it is 04:00: the second issue is out.
  core::Signal const later = replay_at(recording, from_two(), kT0, kT0 + seconds{4}, kFar);
  EXPECT_EQ(later.points.back().value, (core::Intensity{60}));
  EXPECT_EQ(core::Curve(later.points).at(kT0 + seconds{4})->value, (core::Intensity{50}));
}

TEST(ReplayAt, ANewIssueIsAChange) {
  Recording recording = six_hours();
  recording.issue_step = hours{1};
  recording.issues.push_back({at("2020-01-01T02:15Z"), {{1}}});
  EXPECT_EQ(next_change(recording, from_two(), kT0, kT0), kT0 + Span{500});
  EXPECT_EQ(next_change(recording, from_two(), kT0, kT0 + Span{500}), kT0 + seconds{2});
}

TEST(ReplayAt, CutsAnIssueThatOverlapsWhatIsKnown) {
  Recording recording = six_hours();
  recording.issue_step = hours{4};
  recording.issues.push_back({at("2020-01-01T01:00Z"), {{7}}});  // one value for 01:00 to 05:00
  core::Signal const signal = replay_at(recording, from_two(), kT0, kT0 + seconds{2}, kFar);
  EXPECT_FALSE(core::problem_of(signal));
  EXPECT_EQ(signal.points.back().interval, (Interval{kT0 + seconds{2}, kT0 + seconds{6}}));
}

class ReplayFeedTest : public testing::Test {
 protected:
  FeedConfig config(std::string const& rows) {
    FeedConfig config;
    config.provider = "replay";
    config.zone = "Z";
    config.rank = 3;
    config.path =
        dir_.write("r.csv", "# kind: marginal direct  step_s: 3600\ntime_utc,gco2_per_kwh\n" + rows);
    return config;
  }
  FeedContext context() {
    FeedContext context;
    context.clock = &clock_;
    context.inbox = &inbox_;
    context.host = &host_;
    context.random = [] { return 0.5; };
    return context;
  }
  std::string refusal(FeedConfig const& config) {
    auto const feed = make_feed(config, context());
    return feed ? "accepted" : feed.error().message;
  }
  test::TempDir dir_;
  test::FakeClock clock_{kT0};
  test::RememberingInbox inbox_;
  AsioHost host_;
};

std::string const kRows = "2020-01-01T00:00Z,100\n2020-01-01T01:00Z,200\n2020-01-01T02:00Z,300\n";

TEST_F(ReplayFeedTest, SpeaksAtTheStartAndAtEachChange) {
  FeedConfig replay = config(kRows);
  replay.speed = 18'000;  // a recorded hour in 200 ms
  auto const feed = make_feed(replay, context());
  ASSERT_TRUE(feed) << feed.error().message;
  EXPECT_EQ((*feed)->status().health, app::FeedHealth::kNever);
  (*feed)->start();
  ASSERT_TRUE(inbox_.wait_for(1));
  EXPECT_EQ(inbox_.signals()[0].rank, 3);
  EXPECT_EQ(inbox_.signals()[0].signal.points.size(), 3U);
  EXPECT_EQ(inbox_.signals()[0].signal.points[0].interval.begin, kT0);
  EXPECT_EQ((*feed)->status().health, app::FeedHealth::kFresh);
  clock_.set(kT0 + Span{200});
  ASSERT_TRUE(inbox_.wait_for(2));
  EXPECT_EQ(inbox_.signals()[1].signal.points[0].state, PointState::kActual);
  clock_.set(kT0 + Span{600});
  ASSERT_TRUE(test::eventually([&] { return !(*feed)->status().last_error.empty(); }));
  EXPECT_EQ((*feed)->status().health, app::FeedHealth::kDead);
  EXPECT_THAT((*feed)->status().last_error, HasSubstr("the recording is over"));
}

TEST_F(ReplayFeedTest, AnAnchorFixesTheMappingAcrossRestarts) {
  FeedConfig replay = config(kRows);
  replay.speed = 1800;
  replay.anchor = kT0 - seconds{2};
  auto const feed = make_feed(replay, context());
  ASSERT_TRUE(feed);
  (*feed)->start();
  ASSERT_TRUE(inbox_.wait_for(1));
  EXPECT_EQ(core::Curve(inbox_.signals()[0].signal.points).at(kT0)->value, (core::Intensity{200'000}));
}

TEST_F(ReplayFeedTest, NothingIsPostedAfterStop) {
  FeedConfig replay = config(kRows);
  replay.speed = 18'000;
  replay.loop = true;
  auto const feed = make_feed(replay, context());
  ASSERT_TRUE(feed);
  (*feed)->start();
  ASSERT_TRUE(inbox_.wait_for(1));
  (*feed)->stop();
  std::size_t const before = inbox_.signals().size();
  std::atomic<bool> passed{false};
  host_.after(Span{500}, [&] { passed = true; });
  ASSERT_TRUE(test::eventually([&] { return passed.load(); }));
  EXPECT_EQ(inbox_.signals().size(), before);
}

TEST_F(ReplayFeedTest, RefusesWhatCannotPlay) {
  FeedConfig replay = config(kRows);
  replay.speed = 0;
  EXPECT_THAT(refusal(replay), HasSubstr("choose 1 to 36000"));
  replay.speed = 36'001;
  EXPECT_THAT(refusal(replay), HasSubstr("out of range"));
  replay.speed = 36'000;
  EXPECT_EQ(refusal(replay), "accepted");
  replay.start = at("2020-01-01T03:00Z");
  EXPECT_THAT(refusal(replay), HasSubstr("outside the recording"));
  EXPECT_THAT(refusal(config("2020-01-01T00:00Z,nan\n")), HasSubstr("r.csv:3: `nan` is not a number"));
  replay.provider = "crystal ball";
  EXPECT_THAT(refusal(replay), HasSubstr("there is no feed provider `crystal ball`"));
  replay.zone.clear();
  EXPECT_THAT(refusal(replay), HasSubstr("site.zone"));
}

}  // namespace
}  // namespace greenq::feed
