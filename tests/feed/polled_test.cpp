// The neso feed from socket to inbox: what is bad is rejected whole, the old figures stay, and it comes back.
#include "feed/polled.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "feed/neso.hpp"
#include "feed_fixture.hpp"
#include "http_server.hpp"
#include "neso_shapes.hpp"

namespace greenq::feed {
namespace {

using core::Instant;
using core::Span;
using std::chrono::hours;
using std::chrono::minutes;
using test::Answer;
using test::at;
using test::HttpServer;
using test::neso_list;
using test::neso_period;
using test::reply;
using testing::HasSubstr;

Instant const kNow = at("2026-03-01T10:10Z");
Instant const kHalfHour = at("2026-03-01T10:00Z");

std::string forecast(int grams) {
  std::vector<std::string> periods;
  for (int i = 0; i < 96; ++i) {
    periods.push_back(neso_period(kHalfHour + i * minutes{30}, std::to_string(grams + i % 7), "null"));
  }
  return neso_list(periods);
}
std::string actuals() {
  std::vector<std::string> periods;
  for (int i = 48; i > 0; --i) periods.push_back(neso_period(kHalfHour - i * minutes{30}, "1", "150"));
  return neso_list(periods);
}

class PolledTest : public testing::Test {
 protected:
  FeedContext context() {
    FeedContext context;
    context.clock = &clock_;
    context.inbox = &inbox_;
    context.host = &host_;
    context.random = [] { return 0.5; };
    context.install_id = "test";
    context.log = [this](LogLevel, std::string const& id, std::string const&) {
      std::lock_guard const lock(mutex_);
      log_.push_back(id);
    };
    return context;
  }
  // Polls without pauses, so that scripts play through.
  std::unique_ptr<app::Feed> eager(std::string const& base_url) {
    FeedConfig config;
    config.provider = "neso";
    config.zone = "GB";
    config.base_url = base_url;
    auto provider = neso_provider(config);
    provider->poll.interval = Span{2};
    provider->poll.jitter = Span{1};
    provider->poll.backoff_base = Span{2};
    provider->poll.backoff_cap = Span{2};
    provider->poll.overload_pause = Span{2};
    provider->request.total_timeout = Span{500};
    return make_polled(std::move(*provider), 2, context());
  }
  bool logged(std::string const& id) {
    std::lock_guard const lock(mutex_);
    return std::find(log_.begin(), log_.end(), id) != log_.end();
  }

  test::FakeClock clock_{kNow};
  test::RememberingInbox inbox_;
  std::mutex mutex_;
  std::vector<std::string> log_;
  FeedHost host_;
};

TEST_F(PolledTest, AnAcceptedReplyReachesTheInbox) {
  HttpServer server({reply(200, forecast(180)), reply(200, actuals())});
  FeedConfig config;
  config.provider = "neso";
  config.zone = "GB";
  config.rank = 1;
  config.base_url = server.url() + "/";
  auto const feed = make_feed(config, context());
  ASSERT_TRUE(feed) << feed.error().message;
  EXPECT_EQ((*feed)->status().health, app::FeedHealth::kNever);
  (*feed)->start();
  ASSERT_TRUE(inbox_.wait_for(1));
  auto const received = inbox_.signals().front();
  EXPECT_EQ(received.rank, 1);
  EXPECT_EQ(received.signal.points.size(), 96U + 48U);
  EXPECT_EQ(server.requests().size(), 2U);
  EXPECT_TRUE(server.requests()[0].starts_with("GET /intensity/2026-03-01T10:01Z/fw48h HTTP/1.1"));
  app::FeedStatus const status = (*feed)->status();
  EXPECT_EQ(status.health, app::FeedHealth::kFresh);
  EXPECT_EQ(status.last_success, kNow);
  ASSERT_TRUE(status.next_poll);
  EXPECT_GE(*status.next_poll, kNow + minutes{15});
  EXPECT_LE(*status.next_poll, kNow + minutes{46});
  clock_.set(kNow + hours{2});
  EXPECT_EQ((*feed)->status().health, app::FeedHealth::kStale);
  clock_.set(kNow + hours{49});
  EXPECT_EQ((*feed)->status().health, app::FeedHealth::kDead);
}

struct Hostile {
  char const* name;
  Answer answer;
  char const* error;
  bool complete = false;  // a whole JSON reply: judged only after the second address was asked too
  friend void PrintTo(Hostile const& row, std::ostream* out) { *out << row.name; }
};

class HostileTest : public PolledTest, public testing::WithParamInterface<Hostile> {};

TEST_P(HostileTest, IsRejectedWholeAndTheFeedComesBack) {
  std::vector<Answer> script;
  for (int const grams : {180, 190}) {
    script.push_back(GetParam().answer);
    if (GetParam().complete) script.push_back(reply(200, actuals()));
    script.push_back(reply(200, forecast(grams)));
    script.push_back(reply(200, actuals()));
  }
  HttpServer server(script);
  auto const feed = eager(server.url());
  feed->start();
  ASSERT_TRUE(
      test::eventually([&] { return !feed->status().last_error.empty() || !inbox_.signals().empty(); }));
  ASSERT_TRUE(inbox_.wait_for(2)) << feed->status().last_error;
  feed->stop();
  auto const signals = inbox_.signals();
  EXPECT_EQ(signals[0].signal.points[48].value, (core::Intensity{180'000}));
  EXPECT_EQ(signals[1].signal.points[48].value, (core::Intensity{190'000}));
  EXPECT_TRUE(logged("feed.failed"));
  EXPECT_TRUE(logged("feed.recovered"));
}

TEST_P(HostileTest, SaysWhy) {
  HttpServer server({GetParam().answer});
  auto const feed = eager(server.url());
  feed->start();
  ASSERT_TRUE(test::eventually([&] { return !feed->status().last_error.empty(); }));
  feed->stop();
  EXPECT_THAT(feed->status().last_error, HasSubstr(GetParam().error));
  EXPECT_TRUE(inbox_.signals().empty());
  EXPECT_EQ(feed->status().health, app::FeedHealth::kNever);
}

std::vector<Hostile> hostile() {
  std::string const one = neso_period(kHalfHour, "120", "null");
  return {
      {"SlowDrip",
       {reply(200, forecast(1)).bytes, Answer::After::kClose, std::chrono::milliseconds{3}},
       "too long"},
      {"HugeBody", reply(200, std::string(std::size_t{5} << 20, ' ')), "larger than"},
      {"ResetMidBody",
       {"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{", Answer::After::kReset},
       "broke off"},
      {"Redirect", reply(301, "", "text/html", "Location: http://10.0.0.1/\r\n"),
       "http://10.0.0.1/, which is not followed"},
      {"Unauthorized", reply(401, "{}"), "HTTP status 401"},
      {"ServerError", reply(500, "{}"), "HTTP status 500"},
      {"BadGateway", reply(502, "<html>", "text/html"), "HTTP status 502"},
      {"Overloaded", reply(503, "{}"), "asks for a pause"},
      {"Html", reply(200, "<html></html>", "text/html"), "`text/html`, not JSON"},
      {"HtmlAsJson", reply(200, "<html></html>"), "not usable JSON", true},
      {"NoType", {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"}, "not JSON"},
      {"Empty", reply(200, ""), "it is empty", true},
      {"NoContent", {"HTTP/1.1 204 No Content\r\n\r\n"}, "HTTP status 204"},
      {"EmptyObject", reply(200, "{}"), "no data", true},
      {"EmptyList", reply(200, R"({"data":[]})"), "no data", true},
      {"ErrorInOk", reply(200, R"({"error":{"code":"500","message":"gone fishing"}})"), "gone fishing", true},
      {"Nan", reply(200, neso_list({neso_period(kHalfHour, "NaN", "null")})), "not usable JSON", true},
      {"Infinite", reply(200, neso_list({neso_period(kHalfHour, "1e999", "null")})), "not finite", true},
      {"Negative", reply(200, neso_list({neso_period(kHalfHour, "-5", "null")})), "outside 0..1500", true},
      {"WrongUnitMegawatt", reply(200, neso_list({neso_period(kHalfHour, "180000", "null")})),
       "outside 0..1500", true},
      {"Duplicate", reply(200, neso_list({one, one})), "appears twice", true},
      {"Unsorted", reply(200, neso_list({neso_period(kHalfHour + minutes{30}, "1", "null"), one})),
       "out of order", true},
      {"DuplicateKey", reply(200, R"({"data":[],"data":[]})"), "appears twice", true},
  };
}

INSTANTIATE_TEST_SUITE_P(Table, HostileTest, testing::ValuesIn(hostile()),
                         [](testing::TestParamInfo<Hostile> const& row) {
                           return std::string(row.param.name);
                         });

TEST_F(PolledTest, APermanentAnswerIsNotAskedAgain) {
  for (int const status : {400, 404, 410, 422}) {
    HttpServer server({reply(status, "{}")});
    auto const feed = eager(server.url());
    feed->start();
    ASSERT_TRUE(test::eventually([&] { return !feed->status().last_error.empty(); }));
    EXPECT_THAT(feed->status().last_error, HasSubstr("not asked again"));
    EXPECT_FALSE(feed->status().next_poll);
    EXPECT_EQ(feed->status().rejected, 1);
    EXPECT_EQ(server.requests().size(), 1U);
  }
  EXPECT_TRUE(logged("feed.given_up"));
}

TEST_F(PolledTest, HonoursRetryAfterInBothForms) {
  HttpServer in_seconds({reply(429, "{}", "application/json", "Retry-After: 120\r\n")});
  auto const first = eager(in_seconds.url());
  first->start();
  ASSERT_TRUE(test::eventually([&] { return first->status().next_poll.has_value(); }));
  EXPECT_EQ(*first->status().next_poll, kNow + std::chrono::seconds{120});
  HttpServer as_date(
      {reply(503, "{}", "application/json", "Retry-After: Sun, 01 Mar 2026 10:12:00 GMT\r\n")});
  auto const second = eager(as_date.url());
  second->start();
  ASSERT_TRUE(test::eventually([&] { return second->status().next_poll.has_value(); }));
  EXPECT_EQ(*second->status().next_poll, at("2026-03-01T10:12Z"));
}

TEST_F(PolledTest, WarnsWhenTheClocksDiffer) {
  std::string const date = "Date: Sun, 01 Mar 2026 11:00:00 GMT\r\n";
  HttpServer server(
      {reply(200, forecast(180), "application/json", date), reply(200, actuals(), "application/json", date)});
  auto const feed = eager(server.url());
  feed->start();
  ASSERT_TRUE(inbox_.wait_for(1));
  EXPECT_THAT(feed->status().last_error, HasSubstr("check time synchronisation"));
  EXPECT_TRUE(logged("feed.clock_skew"));
}

TEST(Implausible, NamesTimesAndValuesThatCannotBe) {
  auto const make = [](Instant begin, int count, int mg, int spread) {
    core::Signal signal;
    signal.source = {"GB", core::SignalKind::kAverage, core::SignalBasis::kDirect, "neso", "label"};
    for (int i = 0; i < count; ++i) {
      signal.points.push_back({{begin + i * minutes{30}, begin + (i + 1) * minutes{30}},
                               {mg + spread * (i % 2)},
                               core::PointState::kForecast});
    }
    return signal;
  };
  EXPECT_FALSE(implausible(make(kHalfHour, 96, 180'000, 500), kNow));
  EXPECT_THAT(*implausible(make(kHalfHour - hours{100}, 96, 180'000, 500), kNow),
              HasSubstr("ends in the past"));
  EXPECT_THAT(*implausible(make(kHalfHour, 48 * 11, 180'000, 500), kNow), HasSubstr("10 days"));
  EXPECT_THAT(*implausible(make(kHalfHour + hours{2}, 9, 180'000, 500), kNow),
              HasSubstr("begin in the future"));
  EXPECT_THAT(*implausible(make(kHalfHour, 24, 180'000, 0), kNow), HasSubstr("frozen"));
  EXPECT_FALSE(implausible(make(kHalfHour, 23, 180'000, 0), kNow));
  EXPECT_THAT(*implausible(make(kHalfHour, 23, 180, 1), kNow),
              HasSubstr("is the unit right?"));  // kg read as g
  EXPECT_THAT(*implausible(make(kHalfHour, 23, 1'000'000, 1), kNow), HasSubstr("is the unit right?"));
}

}  // namespace
}  // namespace greenq::feed
