// Actuals that WattTime and SGIP change after the fact, on a virtual clock: the changed ones are posted.
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
using test::at;
using test::ProviderDouble;
using test::served;

Instant const kStart = at("2026-05-02T15:07Z");
Instant const kKnown = at("2026-05-02T15:05Z");

std::vector<ProviderDouble> revising_doubles() {
  auto all = test::provider_doubles();
  std::erase_if(all, [](auto const& each) { return each.name != "watttime" && each.name != "sgip"; });
  return all;
}

class RevisionTest : public test::DoubleFixture, public testing::WithParamInterface<ProviderDouble> {
 protected:
  RevisionTest() : DoubleFixture(kStart) {}

  struct History {
    Instant at{};
    core::Interval asked{};
  };

  void SetUp() override {
    make(GetParam(), kKnown);
    feed_->start();
  }

  static Instant time_in(std::string const& url, std::string const& key) {
    std::size_t const begin = url.find(key + "=") + key.size() + 1;
    return at(url.substr(begin, url.find('&', begin) - begin));
  }
  test::FakeHost::Served serve(std::string const& url) override {
    Instant const now = host_.clock.now();
    auto const& provider = GetParam();
    if (!provider.is_extra(url)) return served(200, provider.good(url, now, 200));
    bool const watttime = provider.name == "watttime";
    core::Interval const asked{time_in(url, watttime ? "start" : "starttime"),
                               time_in(url, watttime ? "end" : "endtime")};
    histories_.push_back({now, asked});
    if (broken_) return served(500, "{}");
    test::Entries entries;
    for (Instant begin = asked.begin; begin < asked.end; begin += minutes{5}) {
      double const usual = 210 + static_cast<double>(begin.time_since_epoch() / minutes{5} % 5);
      entries.push_back({begin, provider.value(revised_ && begin == *revised_ ? 444 : usual)});
    }
    return served(200, provider.body(provider, url, entries, now));
  }
  // How often that figure was posted as an actual of 444 g/kWh.
  std::size_t posted(Instant begin) const {
    std::size_t count = 0;
    for (auto const& each : inbox_.signals()) {
      for (core::IntensityPoint const& point : each.signal.points) {
        bool const same = point.interval.begin == begin && point.state == core::PointState::kActual;
        count += same && (point.value.value + 500) / 1000 == 444 ? 1 : 0;
      }
    }
    return count;
  }
  std::vector<History> long_ones() const {
    std::vector<History> out;
    for (History const& each : histories_) {
      if (each.asked.length() >= hours{24}) out.push_back(each);
    }
    return out;
  }

  std::vector<History> histories_;
  std::optional<Instant> revised_;
  bool broken_ = false;
};

TEST_P(RevisionTest, ADayIsAskedForAgainOnceADay) {
  revised_ = kKnown - hours{3};  // while the daemon was off
  host_.run_for(minutes{1});
  EXPECT_EQ(posted(*revised_), 1U);
  revised_ = kStart - kStart.time_since_epoch() % minutes{5} + hours{9};
  host_.run_until(*revised_ + hours{12});
  EXPECT_EQ(posted(*revised_), 1U);  // as it was at first
  host_.run_until(kStart + hours{49});
  auto const asked = long_ones();
  ASSERT_EQ(asked.size(), 3U);
  for (std::size_t i = 1; i < asked.size(); ++i) {
    EXPECT_GE(asked[i].at - asked[i - 1].at, hours{24} - minutes{1});
    EXPECT_LE(asked[i].at - asked[i - 1].at, hours{24} + minutes{10});
    EXPECT_EQ(asked[i].asked.length(), hours{24});
  }
  for (auto const& each : histories_) {
    EXPECT_TRUE(each.asked.length() >= hours{24} || each.asked.length() <= minutes{10});
  }
  EXPECT_EQ(feed_->status().rejected, 0);
}

TEST_P(RevisionTest, AChangedFigureIsPostedOnceMore) {
  host_.run_until(kStart + hours{20});
  Instant const changed = kKnown + hours{10};
  revised_ = changed;
  host_.run_until(kStart + hours{23});
  EXPECT_EQ(posted(changed), 0U);
  host_.run_until(kStart + hours{24} + minutes{10});
  EXPECT_EQ(posted(changed), 1U);
  host_.run_until(kStart + hours{47});
  EXPECT_EQ(posted(changed), 1U);
}

TEST_P(RevisionTest, ADayThatDidNotComeIsAskedForAtTheNextPoll) {
  host_.run_until(kStart + hours{23});
  broken_ = true;
  host_.run_until(kStart + hours{25});
  EXPECT_EQ(feed_->status().health, app::FeedHealth::kFresh);  // the forecast is enough
  std::size_t const tries = long_ones().size();
  EXPECT_GT(tries, 5U);
  broken_ = false;
  host_.run_until(kStart + hours{47});
  EXPECT_EQ(long_ones().size(), tries + 1);
}

INSTANTIATE_TEST_SUITE_P(Provider, RevisionTest, testing::ValuesIn(revising_doubles()),
                         [](auto const& row) { return row.param.name; });

}  // namespace
}  // namespace greenq::feed
