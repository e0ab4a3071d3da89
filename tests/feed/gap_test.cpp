// History that did not come at first is asked for again, though newer actuals came meanwhile.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "double_fixture.hpp"

namespace greenq::feed {
namespace {

using core::Instant;
using core::Span;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using test::ProviderDouble;
using test::served;
using testing::HasSubstr;

Instant const kNow = test::at("2026-03-10T10:07Z");
Instant const kKnown = test::at("2026-03-05T00:00Z");

// Those whose main reply has actuals of its own.
struct Row {
  std::string name;
  std::string history;  // in the address
};
void PrintTo(Row const& row, std::ostream* out) {
  *out << row.name;
}

class GapTest : public test::DoubleFixture, public testing::WithParamInterface<Row> {
 protected:
  GapTest() : DoubleFixture(kNow) {}
  void SetUp() override {
    provider_ = double_named(GetParam().name);
    make(provider_, kKnown);
  }
  bool is_history(std::string const& url) const { return url.find(GetParam().history) != std::string::npos; }
  test::FakeHost::Served serve(std::string const& url) override {
    Instant const now = host_.clock.now();
    if (is_history(url)) {
      histories_.push_back(url);
      if (bad_) return *bad_;
      return served(200, provider_.body(provider_, url, entries(kKnown, now), now));
    }
    // The main reply has a few hours of actuals, and a forecast if it is one that has.
    if (provider_.is_extra(url)) return served(200, provider_.good(url, now, 200));
    if (!main_.empty()) return served(200, main_);
    Instant const begin = now - hours{5};
    return served(200, provider_.body(provider_, url,
                                      entries(begin, provider_.past_only ? now : now + hours{20}), now));
  }
  test::Entries entries(Instant begin, Instant end) const {
    test::Entries out;
    for (Instant at = provider_.floor(begin); at + provider_.step <= end; at += provider_.step) {
      out.push_back({at, provider_.value(200 + static_cast<int>(out.size() % 7))});
    }
    return out;
  }
  bool posted(Instant begin) const {
    for (auto const& each : inbox_.signals()) {
      for (core::IntensityPoint const& point : each.signal.points) {
        if (point.interval.begin == begin && point.state == core::PointState::kActual) return true;
      }
    }
    return false;
  }
  void poll_again() {
    auto const next = feed_->status().next_poll;
    ASSERT_TRUE(next);
    host_.run_until(*next + seconds{5});
  }
  // What they ask for from where on, without the end, which goes with the time.
  static std::string from(std::string const& url) { return url.substr(0, url.find("end")); }

  ProviderDouble provider_;
  std::optional<test::FakeHost::Served> bad_;
  std::string main_;  // instead of figures
  std::vector<std::string> histories_;
};

TEST_P(GapTest, OneFailedHistoryRequestDoesNotLoseTheGap) {
  feed_->start();
  bad_ = served(500, "{}");
  host_.run_for(seconds{5});
  ASSERT_EQ(feed_->status().accepted, 1) << feed_->status().last_error;
  ASSERT_EQ(histories_.size(), 1U);
  for (auto const& bad : {served(200, "{}"), served(200, "rubbish"), served(403, "{}")}) {
    bad_ = bad;
    poll_again();
  }
  EXPECT_EQ(feed_->status().accepted, 4);
  ASSERT_EQ(histories_.size(), 4U);
  EXPECT_FALSE(posted(kKnown + hours{24}));
  bad_.reset();
  poll_again();
  ASSERT_EQ(histories_.size(), 5U);
  EXPECT_EQ(from(histories_[4]), from(histories_[0]));
  EXPECT_TRUE(posted(kKnown + hours{24}));
  for (int i = 0; i < 3; ++i) poll_again();
  EXPECT_EQ(histories_.size(), 5U);  // and now it is known
  for (std::string const& line : log_) EXPECT_THAT(line, testing::Not(HasSubstr("feed.gap")));
}

TEST_P(GapTest, AHistoryThatNeverComesIsGivenUp) {
  feed_->start();
  bad_ = served(403, "{}");
  host_.run_for(seconds{5});
  for (int i = 1; i < kHistoryTries; ++i) {
    EXPECT_TRUE(log_.empty());
    poll_again();
  }
  EXPECT_EQ(histories_.size(), static_cast<std::size_t>(kHistoryTries));
  ASSERT_EQ(log_.size(), 1U);
  EXPECT_THAT(log_[0], testing::StartsWith("feed.gap "));
  EXPECT_THAT(log_[0], HasSubstr("from 2026-03-05T00:00Z on did not come in 24 polls"));
  for (int i = 0; i < 5; ++i) poll_again();
  EXPECT_EQ(histories_.size(), static_cast<std::size_t>(kHistoryTries));
  EXPECT_EQ(feed_->status().rejected, 0);
}

TEST_P(GapTest, AGoodHistoryDoesNotSaveAMainReplyWithoutFigures) {
  feed_->start();
  bad_ = served(500, "{}");
  host_.run_for(seconds{5});
  bad_.reset();
  main_ = "{}";
  poll_again();
  EXPECT_GE(histories_.size(), 2U);
  EXPECT_EQ(feed_->status().accepted, 1);
  EXPECT_GE(feed_->status().rejected, 1);
  EXPECT_FALSE(posted(kKnown + hours{24}));
  main_.clear();
  poll_again();
  EXPECT_TRUE(posted(kKnown + hours{24}));
}

INSTANTIATE_TEST_SUITE_P(Provider, GapTest,
                         testing::Values(Row{"midas", "/api/historicaldata"}, Row{"energy_charts", "&start="},
                                         Row{"electricity_maps", "/past-range"}, Row{"rte", "/exports/"}),
                         [](auto const& row) { return row.param.name; });

}  // namespace
}  // namespace greenq::feed
