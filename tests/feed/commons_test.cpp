// Logins and replies that feeds share, on a virtual clock.
#include "feed/commons.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "polled_fixture.hpp"
#include "provider_doubles.hpp"

namespace greenq::feed {
namespace {

using core::Instant;
using core::Span;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using test::FakeHost;
using test::served;
using testing::HasSubstr;
using testing::Not;

std::string const kHtml = "<html><h1>403 Forbidden</h1></html>";

class LoginTest : public test::PolledFixture {
 protected:
  Provider with_login(int extras = 0, std::string zone = "Z") {
    Provider provider = plain(extras, std::move(zone));
    provider.login = Login{"https://plain.test/login", "someone", "hidden-word"};
    return provider;
  }
  // Tokens are "token-1", "token-2", …; figures need one that `good` takes, else they are answered with
  // `otherwise`.
  void serve_tokens(std::function<bool(std::string const&)> good,
                    FakeHost::Served otherwise = served(401, "{}")) {
    host_.serve = [this, good = std::move(good), otherwise](HttpRequest const& request) {
      if (request.url.ends_with("/login")) {
        return served(200, R"({"token":"token-)" + std::to_string(++tokens_) + "\"}");
      }
      std::string token;
      for (auto const& [name, value] : request.headers) {
        if (name == "Authorization") token = value.substr(7);
      }
      if (!good(token)) return otherwise;
      return served(200, request.url.ends_with("/main") ? "180" : "170");
    };
  }
  int tokens_ = 0;
};

TEST_F(LoginTest, FeedsOfOneAccountShareOneLogin) {
  serve_tokens([](std::string const& token) { return token == "token-1"; });
  auto& one = start(with_login(1, "A"));
  auto& two = start(with_login(1, "B"));
  host_.run_for(seconds{2});
  EXPECT_EQ(one.status().accepted, 1);
  EXPECT_EQ(two.status().accepted, 1);
  EXPECT_EQ(asked("/login"), 1U);
  auto const& login = host_.asked[0].request;
  EXPECT_EQ(login.basic, (std::pair<std::string, std::string>{"someone", "hidden-word"}));
  EXPECT_TRUE(login.headers.empty());
  EXPECT_FALSE(host_.asked[1].request.basic);
  EXPECT_EQ(host_.asked[1].header("Authorization"), "Bearer token-1");
}

TEST_F(LoginTest, ATokenIsUsedFor25Minutes) {
  serve_tokens([](std::string const&) { return true; });
  auto provider = with_login();
  provider.poll.interval = minutes{5};
  start(std::move(provider));
  host_.run_for(minutes{24});
  EXPECT_EQ(asked("/login"), 1U);
  host_.run_for(minutes{7});
  EXPECT_EQ(asked("/login"), 2U);
  EXPECT_EQ(host_.asked.back().header("Authorization"), "Bearer token-2");
}

TEST_F(LoginTest, OtherUsersHaveOtherTokens) {
  serve_tokens([](std::string const&) { return true; });
  start(with_login());
  auto other = with_login();
  other.login->user = "another";
  start(std::move(other));
  host_.run_for(seconds{2});
  EXPECT_EQ(asked("/login"), 2U);
}

TEST_F(LoginTest, AnOldTokenIsRenewedOnce) {
  for (auto const& refusal : {served(401, "{}"), served(403, kHtml, "text/html"), served(403, "")}) {
    tokens_ = 0;
    host_.asked.clear();
    serve_tokens([](std::string const& token) { return token == "token-2"; }, refusal);
    auto provider = with_login(2);
    provider.login->url = "https://plain.test/" + std::to_string(feeds_.size()) + "/login";
    auto& feed = start(std::move(provider));
    host_.run_for(seconds{3});
    EXPECT_EQ(feed.status().accepted, 1);
    EXPECT_EQ(feed.status().rejected, 0);
    // Once for all three addresses of the poll.
    EXPECT_EQ(asked("/login"), 2U);
    EXPECT_EQ(asked("/main"), 2U);
    EXPECT_EQ(asked("/extra"), 2U);
    feed.stop();
  }
}

TEST_F(LoginTest, TwoFeedsRenewTheirCommonTokenOnce) {
  bool old = false;
  serve_tokens([&](std::string const& token) { return token == (old ? "token-2" : "token-1"); });
  auto& one = start(with_login(0, "A"));
  auto& two = start(with_login(0, "B"));
  host_.run_for(seconds{2});
  old = true;
  host_.run_until(*one.status().next_poll + seconds{3});
  EXPECT_EQ(one.status().accepted, 2);
  EXPECT_EQ(two.status().accepted, 2);
  EXPECT_EQ(asked("/login"), 2U);
}

TEST_F(LoginTest, ATokenThatIsNeverGoodCausesNoLoop) {
  serve_tokens([](std::string const&) { return false; });
  auto& feed = start(with_login());
  host_.run_for(seconds{2});
  EXPECT_EQ(asked("/login"), 2U);
  EXPECT_EQ(asked("/main"), 2U);
  EXPECT_EQ(feed.status().rejected, 1);
  EXPECT_FALSE(feed.status().given_up);
  EXPECT_THAT(feed.status().last_error, HasSubstr("HTTP status 401"));
  host_.run_for(hours{24});
  EXPECT_LE(asked("/login"), 250U);  // at most one in each poll that backs off, half of 15 min apart
  EXPECT_GE(asked("/login"), 100U);
}

TEST_F(LoginTest, ARefusalInJsonIsNotTheToken) {
  serve_tokens([](std::string const&) { return false; }, served(403, R"({"message":"Invalid scope"})"));
  start(with_login());
  host_.run_for(seconds{2});
  EXPECT_EQ(asked("/login"), 1U);
  EXPECT_EQ(asked("/main"), 1U);
}

TEST_F(LoginTest, AWrongPasswordIsNotTriedAgain) {
  for (auto const& refusal : {served(401, "nobody hidden-word"), served(403, R"({"error":"hidden-word"})")}) {
    host_.asked.clear();
    host_.serve = [&](HttpRequest const&) { return refusal; };
    auto& feed = start(with_login());
    host_.run_for(hours{24});
    EXPECT_EQ(host_.asked.size(), 1U);
    EXPECT_TRUE(feed.status().given_up);
    EXPECT_FALSE(feed.status().next_poll);
    EXPECT_EQ(feed.status().rejected, 1);
    EXPECT_THAT(feed.status().last_error, HasSubstr("check `user` and `secret_file` of this feed"));
    EXPECT_TRUE(logged("feed.given_up plain Z: the login was answered"));
    EXPECT_FALSE(logged("hidden-word"));
    feed.stop();
  }
}

TEST_F(LoginTest, OtherFailuresOfTheLoginAreSaid) {
  auto redirect = served(302, "");
  redirect.result->location = "https://elsewhere.test/";
  struct Row {
    FakeHost::Served served;
    std::string words;
    bool permanent = false;
    bool answered = true;
  };
  for (Row const& row :
       std::vector<Row>{{served(403, kHtml, "text/html"), "HTTP status 403"},
                        {served(500, "{}"), "HTTP status 500"},
                        {served(404, "{}"), "check `base_url`", true},
                        {redirect, "points to https://elsewhere.test/, which is not followed"},
                        {served(200, kHtml, "text/html"), "without a usable token"},
                        {served(200, "{}"), "without a usable token"},
                        {served(200, R"({"token":""})"), "without a usable token"},
                        {served(200, R"({"token":"a\r\nX-Evil: 1"})"), "without a usable token"},
                        {served(200, R"({"token":7})"), "without a usable token"},
                        {{core::fail(core::ErrorCode::kUnavailable, "CONNECT", "no connection")},
                         "no connection",
                         false,
                         false},
                        {{core::fail(core::ErrorCode::kInvalidArgument, "BAD_PROXY", "the proxy must")},
                         "the proxy must",
                         true,
                         false}}) {
    host_.serve = [&](HttpRequest const&) { return row.served; };
    auto& feed = start(with_login());
    host_.run_for(seconds{1});
    EXPECT_THAT(feed.status().last_error, HasSubstr(row.words));
    EXPECT_EQ(feed.status().given_up, row.permanent) << row.words;
    EXPECT_EQ(feed.status().rejected, row.answered ? 1 : 0) << row.words;
    EXPECT_EQ(asked("/main"), 0U);
    feed.stop();
  }
}

TEST_F(LoginTest, ThePauseThatALoginAsksForIsKept) {
  auto busy = served(429, "{}");
  busy.result->retry_after = "300";
  host_.serve = [&](HttpRequest const&) { return busy; };
  auto& feed = start(with_login());
  host_.run_for(Span{200});
  EXPECT_EQ(feed.status().next_poll, host_.clock.now() + minutes{5});
  busy.result->retry_after.clear();
  host_.run_for(minutes{5});
  host_.run_for(Span{200});
  EXPECT_EQ(feed.status().next_poll, host_.clock.now() + minutes{1});
}

TEST_F(LoginTest, NeitherTokenNorPasswordIsSaid) {
  auto provider = with_login();
  provider.refused = [](int, std::string const& body) { return Refusal{body, false}; };
  serve_tokens([](std::string const&) { return false; },
               served(400, "Bearer token-1 of someone with hidden-word is odd"));
  auto& feed = start(std::move(provider));
  host_.run_for(seconds{2});
  EXPECT_EQ(feed.status().last_error, "HTTP status 400: Bearer *** of someone with *** is odd");
  EXPECT_FALSE(logged("token-1"));
  EXPECT_FALSE(logged("hidden-word"));
  for (auto const& each : host_.asked) EXPECT_THAT(each.request.url, Not(HasSubstr("token")));
}

// What the account may read.

TEST_F(LoginTest, TheAccountIsAskedOnceWhatItMayRead) {
  serve_tokens([](std::string const&) { return true; });
  auto provider = with_login(1);
  std::vector<std::string> judged;
  provider.access = Access{"https://plain.test/my-access", [&](std::string const& body) {
                             judged.push_back(body);
                             return std::optional<Refusal>{};
                           }};
  auto& feed = start(std::move(provider));
  host_.run_for(hours{3});
  EXPECT_GT(feed.status().accepted, 4);
  EXPECT_EQ(judged, std::vector<std::string>{"170"});
  EXPECT_EQ(host_.asked[1].request.url,
            "https://plain.test/my-access");  // after the login, before the figures
  EXPECT_EQ(host_.asked[1].header("Authorization"), "Bearer token-1");
}

TEST_F(LoginTest, ARegionOutsideThePlanIsSaidAndNotAskedFor) {
  serve_tokens([](std::string const&) { return true; });
  auto provider = with_login(1);
  provider.access = Access{"https://plain.test/my-access", [](std::string const&) {
                             return Refusal{"not in the plan of hidden-word; it may read CAISO_NORTH", true};
                           }};
  auto& feed = start(std::move(provider));
  host_.run_for(hours{24});
  EXPECT_TRUE(feed.status().given_up);
  EXPECT_EQ(feed.status().rejected, 1);
  EXPECT_EQ(feed.status().last_error, "not in the plan of ***; it may read CAISO_NORTH");
  EXPECT_TRUE(logged("feed.given_up plain Z: not in the plan"));
  EXPECT_EQ(asked("/main"), 0U);
  EXPECT_EQ(asked("/my-access"), 1U);
}

TEST_F(LoginTest, NothingIsAskedWithAnAccountAfterStop) {
  serve_tokens([](std::string const&) { return true; });
  auto provider = with_login(1);
  provider.access = Access{"https://plain.test/my-access", [](std::string const&) {
                             return Refusal{"not in the plan", true};
                           }};
  auto& feed = start(std::move(provider));
  host_.run_for(Span{300});  // my-access is on its way
  feed.stop();
  host_.run_for(hours{1});
  EXPECT_EQ(asked("/my-access"), 1U);
  EXPECT_EQ(asked("/main"), 0U);
  EXPECT_TRUE(log_.empty());
}

class SharedReply : public test::PolledFixture {
 protected:
  void get(std::string const& url, Span shared_for = seconds{60}) {
    HttpRequest request;
    request.url = url;
    commons_->get(std::move(request), shared_for, [this](core::Result<HttpReply> const& reply) {
      got_.push_back(reply ? reply->body : reply.error().message);
    });
  }
  void SetUp() override {
    host_.serve = [this](HttpRequest const& request) {
      ++served_;
      return served(200, request.url + " " + std::to_string(served_));
    };
  }
  int served_ = 0;
  std::vector<std::string> got_;
};

TEST_F(SharedReply, ServesAllWhoAskWithinItsTime) {
  get("https://a.test/x?1");
  get("https://a.test/x?1");
  host_.run_for(seconds{30});
  get("https://a.test/x?1");
  EXPECT_EQ(got_, std::vector<std::string>(3, "https://a.test/x?1 1"));
  host_.run_for(seconds{31});
  get("https://a.test/x?1");
  host_.run_for(seconds{1});
  EXPECT_EQ(got_.back(), "https://a.test/x?1 2");
}

TEST_F(SharedReply, IsNotUsedWhereNothingIsShared) {
  get("https://a.test/x?1", Span{0});
  get("https://a.test/x?1", Span{0});
  host_.run_for(seconds{1});
  EXPECT_EQ(served_, 2);
  EXPECT_EQ(commons_->remembered(), 0U);
}

TEST_F(SharedReply, AFailureIsSharedToo) {
  host_.serve = [this](HttpRequest const&) {
    ++served_;
    return served(429, "busy");
  };
  get("https://a.test/x?1");
  host_.run_for(seconds{10});
  get("https://a.test/x?1");
  EXPECT_EQ(got_, (std::vector<std::string>{"busy", "busy"}));
  EXPECT_EQ(served_, 1);
}

TEST_F(SharedReply, AnotherQueryOfTheSameAddressWaits) {
  get("https://a.test/x?1");
  get("https://a.test/x?2");
  get("https://a.test/x?3");
  get("https://a.test/x?2");
  get("https://a.test/y?2");
  host_.run_for(seconds{1});
  EXPECT_EQ(got_.size(), 2U);
  host_.run_for(seconds{60});
  EXPECT_EQ(got_.size(), 4U);  // both that asked for ?2
  host_.run_for(seconds{60});
  EXPECT_EQ(got_.back(), "https://a.test/x?3 4");
  EXPECT_EQ(served_, 4);
}

TEST_F(SharedReply, OldOnesAreForgotten) {
  for (int i = 0; i < 500; ++i) {
    get("https://a.test/x?" + std::to_string(i));
    host_.run_for(minutes{2});
    EXPECT_LE(commons_->remembered(), 2U);
  }
  EXPECT_EQ(got_.size(), 500U);
}

TEST_F(SharedReply, TwoAreasOfDenmarkCostOneRequest) {
  auto const denmark = test::provider_doubles()[5];
  ASSERT_EQ(denmark.name, "energinet");
  host_.serve = [&](HttpRequest const& request) {
    return served(200, denmark.good(request.url, host_.clock.now(), 200));
  };
  for (char const* zone : {"DK-DK1", "DK-DK2"}) {
    auto config = denmark.config("https://energinet.test");
    config.zone = zone;
    auto feed = make_feed(config, context());
    ASSERT_TRUE(feed) << feed.error().message;
    feeds_.push_back(std::move(*feed));
    feeds_.back()->start();
  }
  host_.run_for(seconds{5});
  EXPECT_EQ(asked("/dataset/CO2EmisProg?"), 1U);
  EXPECT_EQ(asked("/dataset/CO2Emis?"), 1U);
  ASSERT_EQ(posted(), 2U);
  EXPECT_EQ(inbox_.signals()[0].signal.source.zone, "DK-DK1");
  EXPECT_EQ(inbox_.signals()[1].signal.source.zone, "DK-DK2");
}

}  // namespace
}  // namespace greenq::feed
