// What all feeds of the network share, on a virtual clock: polls, failures, optional and conditional
// requests, levels, gaps and what is known.
#include "feed/polled.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>

#include "feed/neso.hpp"
#include "http_server.hpp"
#include "neso_shapes.hpp"
#include "polled_fixture.hpp"

namespace greenq::feed {
namespace {

using core::Instant;
using core::PointState;
using core::Span;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using test::at;
using test::kPollStart;
using test::served;
using testing::HasSubstr;
using testing::Not;

using PolledTest = test::PolledFixture;

TEST_F(PolledTest, AnAcceptedReplyReachesTheInbox) {
  answer("main", served(200, "180"));
  auto& feed = start(plain());
  EXPECT_EQ(feed.status().health, app::FeedHealth::kNever);
  host_.run_for(seconds{1});
  ASSERT_EQ(posted(), 1U);
  EXPECT_EQ(inbox_.signals()[0].rank, 2);
  EXPECT_EQ(inbox_.signals()[0].signal.points.size(), 48U);
  app::FeedStatus const status = feed.status();
  EXPECT_EQ(status.health, app::FeedHealth::kFresh);
  EXPECT_EQ(status.last_success, kPollStart + Span{200});
  ASSERT_TRUE(status.next_poll);
  EXPECT_GE(*status.next_poll, kPollStart + minutes{15});
  EXPECT_LE(*status.next_poll, kPollStart + minutes{45} + Span{200});
  feed.stop();
  host_.clock.set(kPollStart + hours{2});
  EXPECT_EQ(feed.status().health, app::FeedHealth::kStale);
  host_.clock.set(kPollStart + hours{25});  // its figures ended less than a day ago
  EXPECT_EQ(feed.status().health, app::FeedHealth::kStale);
  host_.clock.set(kPollStart + hours{48});
  EXPECT_EQ(feed.status().health, app::FeedHealth::kDead);
}

TEST_F(PolledTest, AFeedThatFailsFromTheStartIsNotCalledNeverAsked) {
  answer("main", served(500, "{}"));
  auto& feed = start(plain());
  host_.run_for(seconds{1});
  EXPECT_EQ(feed.status().health, app::FeedHealth::kDead);
  EXPECT_THAT(feed.status().last_error, HasSubstr("500"));
}

TEST_F(PolledTest, OfARedirectOnlyTheHostIsSaid) {
  auto moved = served(302, "");
  moved.result->location = "https://elsewhere.test:8443/v3?auth-token=S3CR%2FET";
  answer("main", moved);
  auto& feed = start(plain());
  host_.run_for(seconds{1});
  EXPECT_THAT(feed.status().last_error,
              HasSubstr("points to https://elsewhere.test:8443/, which is not followed"));
}

TEST_F(PolledTest, BackoffGrowsToItsCapAndEndsWithASuccess) {
  answer("main", served(500, "{}"));
  chance_ = 1;
  auto& feed = start(plain());
  for (int const wait : {5, 10, 20, 40, 80, 160, 320, 640, 900, 900, 900}) {
    ASSERT_TRUE(host_.run_until_true([&] { return feed.status().next_poll > host_.clock.now(); }));
    EXPECT_EQ(*feed.status().next_poll - host_.clock.now(), seconds{wait});
    host_.run_until(*feed.status().next_poll);
  }
  answer("main", served(200, "180"));
  poll_again(feed);
  poll_again(feed);
  EXPECT_EQ(feed.status().health, app::FeedHealth::kFresh);
  EXPECT_TRUE(logged("feed.recovered plain Z: figures arrive again"));
  answer("main", served(500, "{}"));
  host_.run_until(*feed.status().next_poll + Span{200});
  EXPECT_EQ(*feed.status().next_poll - host_.clock.now(), seconds{5});
}

TEST_F(PolledTest, ARequestedPauseIsKeptButDoesNotShortenTheOwn) {
  chance_ = 1;
  auto overloaded = served(429, "{}");
  overloaded.result->retry_after = "1";
  answer("main", overloaded);
  auto& feed = start(plain());
  std::vector<Span> pauses;
  for (int i = 0; i < 9; ++i) {
    host_.run_for(Span{200});
    pauses.push_back(*feed.status().next_poll - host_.clock.now());
    host_.run_until(*feed.status().next_poll);
  }
  EXPECT_EQ(pauses.front(), seconds{5});
  EXPECT_EQ(pauses.back(), minutes{15});
  overloaded.result->retry_after = "100000";
  answer("main", overloaded);
  host_.run_for(Span{200});
  host_.run_until(*feed.status().next_poll + Span{200});
  EXPECT_EQ(*feed.status().next_poll - host_.clock.now(), hours{1});
}

TEST_F(PolledTest, AWrongAddressInTheSettingsIsNotAskedAgain) {
  answer("main", {core::fail(core::ErrorCode::kInvalidArgument, "BAD_URL", "the address is not a URL")});
  auto& feed = start(plain());
  host_.run_for(hours{24});
  EXPECT_TRUE(feed.status().given_up);
  EXPECT_FALSE(feed.status().next_poll);
  EXPECT_EQ(asked("/main"), 1U);
  EXPECT_TRUE(logged("feed.given_up plain Z: the address is not a URL"));
}

TEST_F(PolledTest, ContentTypesAreReadAsTheyAreWritten) {
  for (char const* type : {"application/json", "Application/JSON; charset=utf-8",
                           "application/json ;charset=x", "application/geo+json"}) {
    answer("main", served(200, "180", type));
    auto& feed = start(plain());
    host_.run_for(seconds{1});
    EXPECT_EQ(feed.status().accepted, 1) << type;
    feed.stop();
  }
  for (char const* type : {"", "text/json+x", "application/jsonp", "text/html\x1b[31m"}) {
    answer("main", served(200, "180", type));
    auto& feed = start(plain());
    host_.run_for(seconds{1});
    EXPECT_THAT(feed.status().last_error, HasSubstr("not JSON")) << type;
    EXPECT_THAT(feed.status().last_error, Not(HasSubstr("\x1b")));
    feed.stop();
  }
}

TEST_F(PolledTest, FiguresThatAreTheSameAreNotPostedAgain) {
  answer("main", served(200, "180"));
  auto provider = plain();
  provider.poll.interval = minutes{5};
  auto& feed = start(std::move(provider));
  host_.run_until(at("2026-03-01T10:29Z"));
  EXPECT_GE(feed.status().accepted, 3);
  EXPECT_EQ(posted(), 1U);
  host_.run_until(at("2026-03-01T10:37Z"));  // the next half hour runs
  EXPECT_EQ(posted(), 2U);
  answer("main", served(200, "181"));
  poll_again(feed);
  EXPECT_EQ(posted(), 3U);
}

// Optional requests.

TEST_F(PolledTest, AFailedOptionalRequestLeavesAnEmptyBody) {
  for (auto const& failure :
       {served(403, "{}"), served(500, ""), served(429, "{}"), served(200, "<html>", "text/html"),
        test::FakeHost::Served{core::fail(core::ErrorCode::kUnavailable, "BROKEN", "broke off")}}) {
    answer("main", served(200, "180"));
    answer("extra0", failure);
    auto& feed = start(plain(1));
    host_.run_for(seconds{1});
    EXPECT_EQ(feed.status().accepted, 1);
    EXPECT_EQ(feed.status().last_error, "");
    EXPECT_EQ(inbox_.signals().back().signal.points.size(), 48U);
    feed.stop();
  }
}

TEST_F(PolledTest, ABadOptionalBodyIsLeftOut) {
  answer("main", served(200, "180"));
  answer("extra0", served(200, "rubbish"));
  auto& feed = start(plain(1));
  host_.run_for(seconds{1});
  EXPECT_EQ(feed.status().accepted, 1);
  EXPECT_EQ(feed.status().rejected, 0);
  EXPECT_EQ(inbox_.signals().back().signal.points.size(), 48U);
  EXPECT_THAT(feed.status().last_error,
              HasSubstr("an additional reply is left out: the reply is rejected: `rubbish`"));
  EXPECT_TRUE(logged("feed.left_out plain Z: an additional reply"));
  std::size_t const lines = log_.size();
  poll_again(feed);
  EXPECT_EQ(log_.size(), lines);  // said once
  answer("extra0", served(200, "170"));
  poll_again(feed);
  EXPECT_EQ(feed.status().last_error, "");
  EXPECT_EQ(inbox_.signals().back().signal.points.size(), 52U);
}

TEST_F(PolledTest, OnlyTheBadOneOfTwoIsLeftOut) {
  answer("main", served(200, "180"));
  for (bool const first : {true, false}) {
    answer("extra0", served(200, first ? "rubbish" : "170"));
    answer("extra1", served(200, first ? "160" : "rubbish"));
    auto& feed = start(plain(2));
    host_.run_for(seconds{1});
    EXPECT_EQ(inbox_.signals().back().signal.points.size(), 52U);
    EXPECT_EQ(inbox_.signals().back().signal.points[0].value.value / 1000, first ? 160 : 170);
    feed.stop();
  }
  answer("extra0", served(200, "rubbish"));
  answer("extra1", served(200, "waste"));
  start(plain(2));
  host_.run_for(seconds{1});
  EXPECT_EQ(inbox_.signals().back().signal.points.size(), 48U);
}

TEST_F(PolledTest, AnImplausibleOptionalBodyIsLeftOut) {
  answer("main", served(200, "180"));
  answer("extra0", served(200, "9000"));  // above 1500 g/kWh
  auto& feed = start(plain(1));
  host_.run_for(seconds{1});
  EXPECT_EQ(inbox_.signals().back().signal.points.size(), 48U);
  EXPECT_THAT(feed.status().last_error, HasSubstr("above 1500"));
}

TEST_F(PolledTest, AGoodOptionalBodyDoesNotSaveABadMainOne) {
  answer("main", served(200, "rubbish"));
  answer("extra0", served(200, "170"));
  auto& feed = start(plain(1));
  host_.run_for(seconds{1});
  EXPECT_EQ(posted(), 0U);
  EXPECT_EQ(feed.status().rejected, 1);
  EXPECT_THAT(feed.status().last_error, HasSubstr("`rubbish` is no number"));
}

// Conditional requests.

test::FakeHost::Served tagged(std::string body, std::string etag, std::string modified = "") {
  auto reply = served(200, std::move(body));
  reply.result->etag = std::move(etag);
  reply.result->modified = std::move(modified);
  return reply;
}

TEST_F(PolledTest, AsksWhetherAReplyIsStillTheSame) {
  answer("main", tagged("180", "\"one\"", "Sun, 01 Mar 2026 10:00:00 GMT"));
  auto& feed = start(plain());
  host_.run_for(seconds{1});
  EXPECT_EQ(host_.asked[0].header("If-None-Match"), "");
  EXPECT_EQ(host_.asked[0].header("If-Modified-Since"), "");
  answer("main", served(304, "", ""));
  poll_again(feed);
  EXPECT_EQ(host_.asked[1].header("If-None-Match"), "\"one\"");
  EXPECT_EQ(host_.asked[1].header("If-Modified-Since"), "Sun, 01 Mar 2026 10:00:00 GMT");
  EXPECT_EQ(feed.status().accepted, 2);
  EXPECT_EQ(feed.status().last_error, "");
  poll_again(feed);  // the validator outlives a 304
  EXPECT_EQ(host_.asked[2].header("If-None-Match"), "\"one\"");
  answer("main", tagged("190", "\"two\""));
  poll_again(feed);
  EXPECT_EQ(inbox_.signals().back().signal.points[0].value.value / 1000, 190);
  answer("main", served(304, "", ""));
  poll_again(feed);
  EXPECT_EQ(host_.asked.back().header("If-None-Match"), "\"two\"");
  EXPECT_EQ(host_.asked.back().header("If-Modified-Since"), "");
  answer("main", served(200, "190"));
  poll_again(feed);
  poll_again(feed);
  EXPECT_EQ(host_.asked.back().header("If-None-Match"), "");  // the server gave none
}

TEST_F(PolledTest, ARejectedReplyIsNeverTheSame) {
  answer("main", tagged("rubbish", "\"bad\""));
  auto& feed = start(plain());
  host_.run_for(seconds{1});
  poll_again(feed);
  EXPECT_EQ(host_.asked.back().header("If-None-Match"), "");
  answer("main", tagged("180", "\"good\""));
  poll_again(feed);
  answer("main", tagged("rubbish", "\"bad\""));
  poll_again(feed);
  EXPECT_EQ(feed.status().rejected, 3);
  poll_again(feed);
  EXPECT_EQ(host_.asked.back().header("If-None-Match"), "\"good\"");
}

TEST_F(PolledTest, ABadOptionalBodyIsAskedForAnew) {
  answer("main", tagged("180", "\"main\""));
  answer("extra0", tagged("rubbish", "\"extra\""));
  auto& feed = start(plain(1));
  host_.run_for(seconds{1});
  poll_again(feed);
  EXPECT_EQ(host_.asked[2].header("If-None-Match"), "\"main\"");
  EXPECT_EQ(host_.asked[3].header("If-None-Match"), "");
}

TEST_F(PolledTest, SharedRepliesAreNotAskedForConditionally) {
  auto provider = plain();
  provider.shared_for = seconds{60};
  answer("main", tagged("180", "\"one\""));
  auto& feed = start(std::move(provider));
  host_.run_for(seconds{1});
  poll_again(feed);
  EXPECT_EQ(host_.asked.back().header("If-None-Match"), "");
  EXPECT_EQ(feed.status().accepted, 2);
}

// What is known, gaps and levels.

TEST_F(PolledTest, TheStoreIsAskedOnceWhatIsKnown) {
  int calls = 0;
  known_until_ = [&] {
    ++calls;
    return at("2026-03-01T09:00Z");
  };
  answer("main", served(200, "180"));
  auto& feed = start(plain(1));
  host_.run_for(seconds{1});
  EXPECT_EQ(moments_.back().known_until, at("2026-03-01T09:00Z"));
  EXPECT_EQ(moments_.back().now, kPollStart);
  answer("extra0", served(200, "170"));
  poll_again(feed);
  EXPECT_EQ(moments_.back().known_until, at("2026-03-01T09:00Z"));
  Instant const half_hour = host_.clock.now() - host_.clock.now().time_since_epoch() % minutes{30};
  poll_again(feed);
  EXPECT_EQ(moments_.back().known_until, half_hour);
  EXPECT_EQ(calls, 1);
}

TEST_F(PolledTest, NothingOfTheFutureIsKnown) {
  known_until_ = [] { return kPollStart + hours{5}; };
  answer("main", served(200, "180"));
  start(plain());
  host_.run_for(seconds{1});
  EXPECT_EQ(moments_.back().known_until, kPollStart);
}

TEST_F(PolledTest, GapsOfTwoStepsAreBridgedAndNotKnown) {
  auto provider = plain();
  provider.read = [source = provider.source](auto const& bodies, Instant now) {
    auto signal = test::PolledFixture::read(source, bodies, now);
    auto& points = signal->points;
    points.erase(points.begin() + 20, points.begin() + 23);  // three steps
    points.erase(points.begin() + 10, points.begin() + 12);  // two steps
    return signal;
  };
  answer("main", served(200, "180"));
  auto& feed = start(std::move(provider));
  host_.run_for(seconds{1});
  auto const points = inbox_.signals()[0].signal.points;
  ASSERT_EQ(points.size(), 45U);
  EXPECT_EQ(points[10].state, PointState::kForecast) << "nobody measured on either side";
  EXPECT_EQ(points[11].state, PointState::kForecast);
  EXPECT_EQ(points[20].interval.begin - points[19].interval.end, minutes{90});
  poll_again(feed);
  EXPECT_EQ(moments_.back().known_until, Instant{});
}

TEST_F(PolledTest, AJumpOfTheLevelIsRefusedUntilItLastsAWeek) {
  answer("main", served(200, "180"));
  auto& feed = start(plain());
  host_.run_for(hours{30});
  EXPECT_EQ(feed.status().rejected, 0);
  answer("main", served(200, "1200"));
  poll_again(feed);
  EXPECT_EQ(feed.status().rejected, 1);
  EXPECT_THAT(feed.status().last_error, HasSubstr("mean of 1200 g/kWh is far from the 180 g/kWh"));
  EXPECT_THAT(feed.status().last_error, HasSubstr("is the unit right?"));
  Instant const jumped = host_.clock.now();
  ASSERT_TRUE([&] {
    for (int day = 0; day < 10 && feed.status().last_error != ""; ++day) host_.run_for(hours{24});
    return feed.status().last_error == "";
  }());
  EXPECT_GE(host_.clock.now() - jumped, hours{24 * 5});
  EXPECT_LE(host_.clock.now() - jumped, hours{24 * 8});
  EXPECT_EQ(inbox_.signals().back().signal.points[0].value.value / 1000, 1200);
}

TEST_F(PolledTest, AFirstLevelIsNoJump) {
  answer("main", served(200, "100"));
  auto& feed = start(plain());
  host_.run_for(hours{3});
  answer("main", served(200, "1200"));
  poll_again(feed);
  EXPECT_EQ(feed.status().rejected, 0);  // too little is known of its days
}

// Texts and the end.

TEST_F(PolledTest, WhatStrangersSayIsOneLineOfPlainText) {
  auto provider = plain();
  provider.read = [](auto const&, Instant) -> core::Result<core::Signal> {
    return bad_reply("unit `\n\x1b[2J\xc3\xa9\xff` " + std::string(5000, 'x'));
  };
  answer("main", served(200, "180"));
  auto& feed = start(std::move(provider));
  host_.run_for(seconds{1});
  EXPECT_THAT(feed.status().last_error, HasSubstr("unit `??[2J???` xxx"));
  EXPECT_EQ(feed.status().last_error.size(), 1000U);
}

TEST_F(PolledTest, SecretsAreHiddenInWhatAServerEchoes) {
  auto provider = plain();
  provider.headers = {{"auth-token", "key-of-mine"}};
  provider.refused = [](int, std::string const& body) { return Refusal{body, false}; };
  answer("main", served(403, "no auth-token key-of-mine, no key-of-mine at all"));
  auto& feed = start(std::move(provider));
  host_.run_for(seconds{1});
  EXPECT_EQ(host_.asked[0].header("auth-token"), "key-of-mine");
  EXPECT_EQ(feed.status().last_error, "HTTP status 403: no auth-token ***, no *** at all");
  EXPECT_FALSE(logged("key-of-mine"));
}

TEST_F(PolledTest, NothingHappensAfterStop) {
  answer("main", served(200, "180"));
  auto& feed = start(plain());
  feed.stop();
  host_.run_for(hours{1});
  EXPECT_TRUE(host_.asked.empty());
  for (auto const& reply : {served(200, "180"), served(500, "{}"), served(404, "{}")}) {
    answer("main", reply);
    auto& other = start(plain());
    host_.run_for(Span{100});  // the request is on its way
    other.stop();
    host_.run_for(hours{1});
  }
  EXPECT_EQ(host_.asked.size(), 3U);
  EXPECT_EQ(posted(), 0U);
  EXPECT_TRUE(log_.empty());
  EXPECT_EQ(host_.waiting(), 0U);
}

// The line is on its way while stop() is called: stop() waits for it.
TEST_F(PolledTest, NothingIsBeingLoggedWhenStopReturns) {
  answer("main", served(500, "{}"));
  FeedContext watched = context();
  std::future<void> stopped;
  std::unique_ptr<app::Feed> feed;
  bool during = false;
  watched.log = [&](LogLevel, std::string const&, std::string const&) {
    stopped = std::async(std::launch::async, [&] { feed->stop(); });
    during = stopped.wait_for(std::chrono::milliseconds{100}) == std::future_status::ready;
  };
  feed = make_polled(plain(), 0, std::move(watched));
  feed->start();
  while (!stopped.valid()) ASSERT_TRUE(host_.step(kPollStart + seconds{5}));
  stopped.get();  // before the host, which is of one thread, goes on
  EXPECT_FALSE(during);
  EXPECT_EQ(host_.waiting(), 0U);
}

TEST_F(PolledTest, WhatTheProviderSaysOfItsEndIsLoggedOnceAndShown) {
  auto provider = plain();
  std::string words = "the address is deprecated";
  provider.deprecation = [&](auto const&) { return words; };
  answer("main", served(200, "180"));
  auto& feed = start(std::move(provider));
  host_.run_for(seconds{1});
  EXPECT_EQ(feed.status().last_error, words);
  EXPECT_EQ(feed.status().accepted, 1);
  poll_again(feed);
  EXPECT_EQ(log_, std::vector<std::string>{"feed.deprecated plain Z: the address is deprecated"});
  words.clear();
  poll_again(feed);
  EXPECT_EQ(feed.status().last_error, "");
}

TEST(PolledOverSockets, TheNesoFeedFromTheSocketToTheInbox) {
  Instant const half_hour = at("2026-03-01T10:00Z");
  std::vector<std::string> ahead;
  std::vector<std::string> past;
  for (int i = 0; i < 96; ++i) {
    ahead.push_back(test::neso_period(half_hour + i * minutes{30}, std::to_string(180 + i % 7), "null"));
    if (i < 48) past.push_back(test::neso_period(half_hour - (48 - i) * minutes{30}, "1", "150"));
  }
  test::HttpServer const server(
      {test::reply(200, test::neso_list(ahead)), test::reply(200, test::neso_list(past))});
  test::FakeClock clock(kPollStart);
  test::RememberingInbox inbox;
  AsioHost host;
  FeedContext context;
  context.clock = &clock;
  context.inbox = &inbox;
  context.host = &host;
  context.random = [] { return 0.5; };
  FeedConfig config;
  config.provider = "neso";
  config.zone = "GB";
  config.rank = 1;
  config.base_url = server.url() + "/";
  auto const feed = make_feed(config, context);
  ASSERT_TRUE(feed) << feed.error().message;
  (*feed)->start();
  ASSERT_TRUE(inbox.wait_for(1));
  EXPECT_EQ(inbox.signals()[0].rank, 1);
  EXPECT_EQ(inbox.signals()[0].signal.points.size(), 96U + 48U);
  ASSERT_EQ(server.requests().size(), 2U);
  EXPECT_TRUE(server.requests()[0].starts_with("GET /intensity/2026-03-01T10:01Z/fw48h HTTP/1.1"));
}

}  // namespace
}  // namespace greenq::feed
