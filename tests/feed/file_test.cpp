// The `file` feed on a virtual clock: a real file that changes while it is in use.
#include "feed/file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/carbon/utc_text.hpp"
#include "fake_host.hpp"

namespace greenq::feed {
namespace {

using core::Instant;
using core::PointState;
using core::Span;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using test::at;
using testing::HasSubstr;

Instant const kNow = at("2026-03-01T10:10Z");

class FileTest : public testing::Test {
 protected:
  // `count` hours of `grams` from a time on.
  static std::string rows(Instant begin, int count, int grams, std::string const& kind = "marginal direct") {
    std::string text = "# kind: " + kind + "  step_s: 3600\ntime_utc,gco2_per_kwh\n";
    for (int i = 0; i < count; ++i) {
      text += core::utc_text(begin + i * hours{1}) + "," + std::to_string(grams + i) + "\n";
    }
    return text;
  }
  // As one should: beside it, then renamed.
  void replace(std::string const& text) {
    dir_.write("new", text);
    std::filesystem::rename(dir_.path() / "new", dir_.path() / "feed.csv");
  }
  // In place; the time of change is told apart however coarse the clock of the file system is.
  void overwrite(std::string const& name, std::string const& text) {
    auto const before = std::filesystem::last_write_time(dir_.path() / name);
    dir_.write(name, text);
    std::filesystem::last_write_time(dir_.path() / name, before + seconds{1});
  }
  FeedContext context() {
    FeedContext context;
    context.clock = &host_.clock;
    context.inbox = &inbox_;
    context.host = &host_;
    context.random = [] { return 0.5; };
    context.log = [this](LogLevel, std::string const& id, std::string const& text) {
      log_.push_back(id + " " + text);
    };
    return context;
  }
  FeedConfig config() {
    FeedConfig config;
    config.provider = "file";
    config.zone = "Z";
    config.rank = 3;
    config.path = dir_.path("feed.csv");
    return config;
  }
  app::Feed& start() {
    auto feed = make_feed(config(), context());
    EXPECT_TRUE(feed) << feed.error().message;
    feed_ = std::move(*feed);
    feed_->start();
    host_.run_for(Span{1});
    return *feed_;
  }
  std::int64_t now_grams() {
    core::Curve const curve(inbox_.signals().back().signal.points);
    auto const* point = curve.at(host_.clock.now());
    return point == nullptr ? -1 : point->value.value / 1000;
  }

  test::TempDir dir_;
  test::FakeHost host_{kNow};
  test::RememberingInbox inbox_;
  std::vector<std::string> log_;
  std::unique_ptr<app::Feed> feed_;
};

TEST_F(FileTest, ShowsFiguresAtTheirOwnTimes) {
  replace(rows(at("2026-03-01T00:00Z"), 24, 100));
  auto& feed = start();
  ASSERT_EQ(inbox_.signals().size(), 1U);
  auto const [rank, signal] = inbox_.signals()[0];
  EXPECT_EQ(rank, 3);
  EXPECT_EQ(now_grams(), 110);
  EXPECT_EQ(signal.points[9].state, PointState::kActual);
  EXPECT_EQ(signal.points[10].state, PointState::kForecast);
  EXPECT_EQ(signal.points.size(), 24U);
  EXPECT_EQ(signal.source.provider, "file");
  EXPECT_EQ(signal.source.label, "file feed");
  EXPECT_TRUE(signal.as_given);
  EXPECT_EQ(feed.status().health, app::FeedHealth::kFresh);
  host_.run_until(at("2026-03-01T11:01Z"));  // a figure is over
  EXPECT_EQ(inbox_.signals().size(), 2U);
  host_.run_until(at("2026-03-01T11:59Z"));
  EXPECT_EQ(inbox_.signals().size(), 2U);
  EXPECT_EQ(feed.status().polls, 1);  // it was looked at, not read
}

TEST_F(FileTest, ANewVersionIsReadWithin30Seconds) {
  replace(rows(at("2026-03-01T00:00Z"), 24, 100));
  auto& feed = start();
  host_.run_for(minutes{5});
  replace(rows(at("2026-03-01T00:00Z"), 48, 300));
  host_.run_for(seconds{30});
  ASSERT_EQ(inbox_.signals().size(), 2U);
  EXPECT_EQ(now_grams(), 310);
  EXPECT_EQ(feed.status().polls, 2);
  EXPECT_EQ(feed.status().accepted, 2);
  EXPECT_EQ(feed.status().rejected, 0);
  // The same figures written in place, with the same size.
  overwrite("feed.csv", rows(at("2026-03-01T00:00Z"), 48, 400));
  host_.run_for(seconds{30});
  EXPECT_EQ(now_grams(), 410);
  host_.run_for(minutes{20});
  EXPECT_EQ(feed.status().polls, 3);
}

TEST_F(FileTest, ABadVersionLeavesTheOldFigures) {
  replace(rows(at("2026-03-01T00:00Z"), 24, 100));
  auto& feed = start();
  replace(rows(at("2026-03-01T00:00Z"), 24, -5));
  host_.run_for(minutes{10});
  EXPECT_EQ(inbox_.signals().size(), 1U);
  EXPECT_EQ(feed.status().rejected, 1);  // once, not at every look
  EXPECT_EQ(feed.status().health, app::FeedHealth::kFresh);
  EXPECT_THAT(feed.status().last_error, HasSubstr("the old figures stay: "));
  EXPECT_THAT(feed.status().last_error, HasSubstr("feed.csv:3: the value -5 is negative;"));
  EXPECT_THAT(feed.status().last_error, testing::Not(HasSubstr("\n")));
  ASSERT_EQ(log_.size(), 1U);
  EXPECT_THAT(log_[0], testing::StartsWith("feed.failed file Z: the old figures stay"));
  host_.run_until(at("2026-03-01T11:01Z"));
  EXPECT_EQ(inbox_.signals().size(), 2U);  // the old ones go on
  EXPECT_EQ(now_grams(), 111);
  replace(rows(at("2026-03-01T00:00Z"), 24, 200));
  host_.run_for(minutes{1});
  EXPECT_EQ(feed.status().last_error, "");
  EXPECT_EQ(now_grams(), 211);
  EXPECT_THAT(log_.back(), testing::StartsWith("feed.recovered file Z: "));
}

TEST_F(FileTest, AMissingFileIsABadVersion) {
  replace(rows(at("2026-03-01T00:00Z"), 24, 100));
  auto& feed = start();
  std::filesystem::remove(dir_.path() / "feed.csv");
  host_.run_for(minutes{5});
  EXPECT_EQ(feed.status().rejected, 1);
  EXPECT_THAT(feed.status().last_error, HasSubstr("feed.csv: cannot be read (No such file"));
  replace(rows(at("2026-03-01T00:00Z"), 24, 100));
  host_.run_for(minutes{1});
  EXPECT_EQ(feed.status().last_error, "");
}

TEST_F(FileTest, AVersionOfAnotherKindIsRefused) {
  replace(rows(at("2026-03-01T00:00Z"), 24, 100));
  auto& feed = start();
  for (char const* kind : {"average direct", "marginal lifecycle"}) {
    replace(rows(at("2026-03-01T00:00Z"), 24, 200, kind));
    host_.run_for(minutes{1});
    EXPECT_THAT(feed.status().last_error,
                HasSubstr("the kind or the basis is not that of the version before"));
  }
  EXPECT_EQ(feed.status().rejected, 2);
  EXPECT_EQ(now_grams(), 110);
}

TEST_F(FileTest, FiguresOfThePastAreTakenForADay) {
  replace(rows(at("2026-03-01T00:00Z"), 9, 100));  // until 09:00
  auto& feed = start();
  ASSERT_EQ(inbox_.signals().size(), 1U);
  EXPECT_EQ(inbox_.signals()[0].signal.points.size(), 9U);
  EXPECT_EQ(inbox_.signals()[0].signal.points.back().state, PointState::kActual);
  EXPECT_FALSE(inbox_.signals()[0].signal.as_given) << "the forecaster makes the curve then";
  EXPECT_EQ(feed.status().health, app::FeedHealth::kStale);
  EXPECT_EQ(feed.status().last_error, "");
  replace(rows(at("2026-03-01T00:00Z"), 10, 100));
  host_.run_for(minutes{1});
  EXPECT_EQ(inbox_.signals().size(), 2U);
  host_.run_for(hours{26});
  EXPECT_EQ(inbox_.signals().size(), 2U);
  EXPECT_EQ(feed.status().health, app::FeedHealth::kDead);
  EXPECT_THAT(feed.status().last_error,
              HasSubstr("the figures of the file end at 2026-03-01T10:00Z; write newer ones"));
  replace(rows(at("2026-03-02T00:00Z"), 24, 500));
  host_.run_for(minutes{1});
  EXPECT_EQ(now_grams(), 512);
  EXPECT_EQ(feed.status().last_error, "");
}

// As for a server, see AnAcceptedReplyReachesTheInbox: stale is what is old and still of use.
TEST_F(FileTest, SaysWhenItsFiguresBegin) {
  replace(rows(at("2026-03-02T00:00Z"), 48, 100));
  auto& feed = start();
  EXPECT_EQ(feed.status().last_error,
            "the figures of the file begin only at 2026-03-02T00:00Z; until then another source of the zone "
            "decides");
  host_.run_for(hours{15});
  EXPECT_EQ(feed.status().last_error, "");
}

TEST_F(FileTest, StaleMeansTheSameAsForAServer) {
  Instant const end = at("2026-03-01T09:00Z");
  EXPECT_EQ(health_of_old(end + hours{1}, end), app::FeedHealth::kStale);
  EXPECT_EQ(health_of_old(end, end + hours{23}), app::FeedHealth::kStale);
  EXPECT_EQ(health_of_old(end, end + hours{24}), app::FeedHealth::kDead);
  replace(rows(at("2026-03-01T00:00Z"), 9, 100));
  auto& feed = start();
  for (Instant const now : {end + hours{2}, end + hours{23}, end + hours{24}}) {
    host_.run_until(now);
    EXPECT_EQ(feed.status().health, health_of_old(end, now)) << core::utc_text(now);
  }
}

TEST_F(FileTest, IssuesAreWatchedToo) {
  replace(rows(at("2026-03-01T00:00Z"), 10, 100));
  FeedConfig with_issues = config();
  with_issues.issues_path = dir_.write("issues.csv", "issued_utc,h000,h001\n2026-03-01T10:00Z,50,60\n");
  auto feed = make_feed(with_issues, context());
  ASSERT_TRUE(feed) << feed.error().message;
  (*feed)->start();
  host_.run_for(seconds{1});
  EXPECT_EQ(now_grams(), 50);
  overwrite("issues.csv", "issued_utc,h000,h001\n2026-03-01T10:00Z,70,80\n");
  host_.run_for(seconds{30});
  EXPECT_EQ(now_grams(), 70);
}

TEST_F(FileTest, TakesJson) {
  replace(R"({"zone":"Z","kind":"marginal","unit":"kg/kWh","step_s":3600,)"
          R"("points":[{"time":"2026-03-01T10:00Z","value":0.2},{"time":"2026-03-01T11:00Z","value":0.3}]})");
  auto& feed = start();
  EXPECT_EQ(now_grams(), 200);
  replace(R"({"zone":"Y","kind":"marginal","unit":"kg/kWh","step_s":3600,)"
          R"("points":[{"time":"2026-03-01T10:00Z","value":0.2}]})");
  host_.run_for(minutes{1});
  EXPECT_THAT(feed.status().last_error, HasSubstr("feed.csv: zone: is Y, but this feed is for zone Z"));
  EXPECT_EQ(feed.status().rejected, 1);
}

TEST_F(FileTest, NeedsAUsableFileAtTheStart) {
  auto const absent = make_feed(config(), context());
  ASSERT_FALSE(absent);
  EXPECT_EQ(absent.error().reason, "BAD_RECORDING");
  EXPECT_THAT(absent.error().message, HasSubstr("feed.csv: cannot be read"));
}

TEST_F(FileTest, AHungMountLeavesTheOldFiguresAndTheOthersAlone) {
  replace(rows(at("2026-03-01T00:00Z"), 24, 100));
  auto& feed = start();
  FeedConfig local = config();
  local.zone = "Y";
  local.path = dir_.write("local.csv", rows(at("2026-03-01T00:00Z"), 24, 500));
  auto other = make_feed(local, context());
  ASSERT_TRUE(other);
  (*other)->start();
  host_.hangs = [&](std::string const& key) { return key.find(dir_.path("feed.csv")) != std::string::npos; };
  replace(rows(at("2026-03-01T00:00Z"), 24, 200));
  host_.run_for(minutes{10});
  EXPECT_EQ(feed.status().last_error, "the old figures stay: " + dir_.path("feed.csv") +
                                          ": could not be read within 5 s; check the disk or network mount "
                                          "that it is on");
  ASSERT_EQ(log_.size(), 1U);  // once, not at every look
  EXPECT_THAT(log_[0], testing::StartsWith("feed.failed file Z: the old figures stay"));
  EXPECT_EQ(feed.status().polls, 1);
  EXPECT_EQ(feed.status().rejected, 0);
  overwrite("local.csv", rows(at("2026-03-01T00:00Z"), 24, 600));
  host_.run_for(seconds{30});
  EXPECT_EQ((*other)->status().polls, 2);
  EXPECT_EQ((*other)->status().last_error, "");
  std::size_t const before = inbox_.signals().size();
  host_.run_until(at("2026-03-01T11:01Z"));  // both say what the new hour has
  EXPECT_EQ(inbox_.signals().size(), before + 2);
  EXPECT_EQ(feed.status().health, app::FeedHealth::kFresh);
  host_.hangs = nullptr;
  host_.run_for(minutes{1});
  EXPECT_EQ(feed.status().last_error, "");
  EXPECT_EQ(feed.status().polls, 2);
  EXPECT_EQ(now_grams(), 211);
  EXPECT_THAT(log_.back(), testing::StartsWith("feed.recovered file Z: "));
}

TEST_F(FileTest, NothingHappensAfterStop) {
  replace(rows(at("2026-03-01T00:00Z"), 24, 100));
  auto& feed = start();
  feed.stop();
  replace(rows(at("2026-03-01T00:00Z"), 24, 200));
  host_.run_for(hours{3});
  EXPECT_EQ(inbox_.signals().size(), 1U);
  EXPECT_EQ(host_.waiting(), 0U);
  EXPECT_EQ(feed.status().polls, 1);
}

TEST_F(FileTest, StopsWhileAReadingHangs) {
  replace(rows(at("2026-03-01T00:00Z"), 24, 100));
  auto& feed = start();
  host_.hangs = [](std::string const&) { return true; };
  host_.run_for(seconds{31});
  feed.stop();
  host_.run_for(hours{3});
  EXPECT_EQ(inbox_.signals().size(), 1U);
  EXPECT_TRUE(log_.empty());
  EXPECT_EQ(host_.waiting(), 0U);
}

}  // namespace
}  // namespace greenq::feed
