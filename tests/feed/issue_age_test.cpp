// A server that repeats an old issue answers well and is not fresh.
#include "feed/issue_age.hpp"

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
using test::served;
using testing::HasSubstr;

Instant const kStart = at("2026-03-01T10:07Z");

TEST(IssueAge, LearnsHowOldIssuesGet) {
  IssueAge age(minutes{10});
  EXPECT_FALSE(age.overdue(minutes{5}, kStart));
  age.saw(kStart, kStart + minutes{2});
  EXPECT_FALSE(age.overdue(minutes{5}, kStart + minutes{20}));
  EXPECT_EQ(age.overdue(minutes{5}, kStart + minutes{21}), kStart);
  // A day's issue, and one outage.
  for (int day = 1; day < 6; ++day) {
    Instant const issue = kStart + hours{24 * day};
    age.saw(issue, issue + minutes{5});
    age.saw(issue, issue + hours{day == 3 ? 90 : 23});
  }
  EXPECT_EQ(age.usual(), hours{23});
  EXPECT_FALSE(age.overdue(minutes{15}, kStart + hours{24 * 5 + 23}));
  EXPECT_TRUE(age.overdue(minutes{15}, kStart + hours{24 * 5 + 24}));
}

TEST(IssueAge, WithoutAnIssueTimeNothingIsOverdue) {
  IssueAge age;
  age.saw(kStart, kStart);
  age.saw(std::nullopt, kStart + hours{1});
  EXPECT_FALSE(age.overdue(minutes{5}, kStart + hours{99}));
  age.saw(kStart + minutes{3}, kStart + minutes{1});  // of a clock that is ahead
  EXPECT_FALSE(age.overdue(minutes{5}, kStart));
}

class OldIssue : public test::DoubleFixture {
 protected:
  OldIssue() : DoubleFixture(kStart) {}

  void start(std::string const& name) {
    provider_ = double_named(name);
    make(provider_, kStart);
    feed_->start();
  }
  // The newest issue is that of `issued_`, of 72 hours; nothing: a new one at every step.
  test::FakeHost::Served serve(std::string const& url) override {
    Instant const now = host_.clock.now();
    if (provider_.is_extra(url)) return served(500, "{}");
    if (provider_.is_side(url)) return served(200, provider_.good(url, now, 200));
    Instant const issued = provider_.floor(issued_.value_or(now));
    if (issued != made_for_) {
      // Hourly figures, for there are many polls; the issue time is that asked for.
      test::ProviderDouble coarse = provider_;
      bool const hourly = provider_.name == "watttime";
      if (hourly) coarse.step = hours{1};
      auto const count = static_cast<std::size_t>(hours{hourly ? 72 : 28} / coarse.step);
      body_ = coarse.body(coarse, url, coarse.entries(url, issued, count, 200), issued);
      if (hourly)
        body_.replace(body_.find("generated_at") + 14, std::string::npos, test::doubles::time(issued) + "}}");
      made_for_ = issued;
    }
    return served(200, body_);
  }
  app::FeedStatus status() { return feed_->status(); }

  test::ProviderDouble provider_;
  std::optional<Instant> issued_;
  Instant made_for_{};
  std::string body_;
};

TEST_F(OldIssue, AFeedThatIsStuckOnOneIssueIsNotFresh) {
  start("watttime");
  Instant const begin = host_.clock.now();
  host_.run_until(begin + hours{1});
  EXPECT_EQ(status().health, app::FeedHealth::kFresh);
  EXPECT_EQ(status().last_error, "");
  issued_ = provider_.floor(host_.clock.now());
  host_.run_for(minutes{10});
  EXPECT_EQ(status().health, app::FeedHealth::kFresh);
  host_.run_until(*issued_ + hours{60});
  EXPECT_EQ(status().rejected, 0);  // its forecast covers now still
  EXPECT_LT(host_.clock.now() - *status().last_success, minutes{6});
  EXPECT_EQ(status().health, app::FeedHealth::kStale);
  EXPECT_THAT(status().last_error, HasSubstr("repeats its issue of " + core::utc_text(*issued_)));
  ASSERT_EQ(log_.size(), 1U);
  EXPECT_THAT(log_[0], testing::StartsWith("feed.old_issue "));
  issued_.reset();
  host_.run_for(minutes{10});
  EXPECT_EQ(status().health, app::FeedHealth::kFresh);
  EXPECT_EQ(status().last_error, "");
}

TEST_F(OldIssue, AFeedThatWasStuckFromTheBeginningIsNotFresh) {
  issued_ = kStart - hours{30};
  start("watttime");
  host_.run_for(seconds{5});
  EXPECT_EQ(status().accepted, 1);
  EXPECT_EQ(status().health, app::FeedHealth::kStale);
}

TEST_F(OldIssue, SlowIssuesAreFreshWhereTheyAreUsual) {
  start("casdk");  // one issue a day
  for (int day = 0; day < 4; ++day) {
    issued_ = provider_.floor(host_.clock.now());
    for (int hour = 0; hour < 24; ++hour) {
      host_.run_for(hours{1});
      ASSERT_EQ(status().health, app::FeedHealth::kFresh) << day << " " << hour;
    }
  }
  host_.run_for(hours{3});
  EXPECT_EQ(status().health, app::FeedHealth::kStale);
}

}  // namespace
}  // namespace greenq::feed
