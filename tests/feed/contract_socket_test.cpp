// The contract where it depends on sockets: every provider against a server on this host that breaks off,
// drips, sends too much, points elsewhere or shows a certificate that is not to be trusted.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "feed/polled.hpp"
#include "feed_fixture.hpp"
#include "http_server.hpp"
#include "provider_doubles.hpp"

namespace greenq::feed {
namespace {

using core::Instant;
using core::Span;
using test::Answer;
using test::HttpServer;
using test::ProviderDouble;
using test::reply;
using testing::HasSubstr;

Instant const kNow = test::at("2026-03-10T10:07Z");

class SocketContract : public testing::TestWithParam<ProviderDouble> {
 protected:
  // "/a?b" of "GET /a?b HTTP/1.1".
  static std::string path_of(std::string const& request) {
    std::size_t const begin = request.find(' ') + 1;
    return request.substr(begin, request.find(' ', begin) - begin);
  }
  HttpServer::Script good(int grams) {
    return [grams](std::string const& request) {
      return reply(200, GetParam().good(path_of(request), kNow, grams));
    };
  }
  std::unique_ptr<app::Feed> feed_of(std::string const& base_url, std::string const& ca_file = "") {
    FeedConfig config = GetParam().config(base_url);
    config.ca_file = ca_file;
    auto provider = find_provider(config.provider)->make(config);
    EXPECT_TRUE(provider) << provider.error().message;
    provider->request.total_timeout = Span{400};
    FeedContext context;
    context.clock = &clock_;
    context.inbox = &inbox_;
    context.host = &host_;
    context.random = [] { return 0.5; };
    context.known_until = [](core::SignalSource const&) { return kNow - std::chrono::hours{1}; };
    return make_polled(std::move(*provider), 0, std::move(context));
  }
  void expect_refused(HttpServer const& server, std::string const& words, bool arrived,
                      std::string const& ca_file = "") {
    auto const feed = feed_of(server.url(), ca_file);
    feed->start();
    ASSERT_TRUE(test::eventually([&] { return !feed->status().last_error.empty(); })) << words;
    feed->stop();
    app::FeedStatus const status = feed->status();
    EXPECT_THAT(status.last_error, HasSubstr(words));
    EXPECT_EQ(status.rejected, arrived ? 1 : 0) << words;
    EXPECT_EQ(status.polls, 1) << words;
    EXPECT_FALSE(status.given_up) << words;
    ASSERT_TRUE(status.next_poll) << words;
    EXPECT_LE(*status.next_poll, kNow + std::chrono::seconds{60}) << words;
    EXPECT_EQ(status.health, app::FeedHealth::kDead) << words;
    EXPECT_TRUE(inbox_.signals().empty()) << words;
  }
  // Good logins, and then what is said.
  void expect_refused(Answer const& answer, std::string const& words, bool arrived) {
    HttpServer const server([answer, login = good(200)](std::string const& request) {
      return GetParam().is_side(request) ? login(request) : answer;
    });
    expect_refused(server, words, arrived);
  }

  test::FakeClock clock_{kNow};
  test::RememberingInbox inbox_;
  test::TempDir dir_;
  AsioHost host_;
};

TEST_P(SocketContract, AGoodReplyArrivesOverTls) {
  test::Certificate const certificate = test::make_certificate(false);
  HttpServer const server(good(200), &certificate);
  auto const feed = feed_of(server.url(), dir_.write("ca.pem", certificate.cert_pem));
  feed->start();
  ASSERT_TRUE(inbox_.wait_for(1)) << feed->status().last_error;
  EXPECT_EQ(inbox_.signals()[0].signal.source.zone, GetParam().zone);
  for (std::string const& request : server.requests()) {
    EXPECT_THAT(request, HasSubstr("\r\nHost: 127.0.0.1:" + std::to_string(server.port()) + "\r\n"));
    EXPECT_THAT(request, testing::Not(HasSubstr("Accept-Encoding")));
  }
}

TEST_P(SocketContract, WhatIsNoWholeReplyIsRefused) {
  std::string const head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n";
  expect_refused(Answer{head + "Content-Length: 100\r\n\r\n{", Answer::After::kReset}, "broke off", false);
  expect_refused(Answer{head + "Content-Length: 100\r\n\r\n{"}, "broke off", false);
  expect_refused(Answer{head + "Content-Length: 5000\r\n\r\n" + std::string(5000, ' '), Answer::After::kClose,
                        std::chrono::milliseconds{5}},
                 "too long", false);
  expect_refused(Answer{head + "Content-Length: 9\r\n\r\n", Answer::After::kHang}, "too long", false);
  expect_refused(reply(200, std::string(std::size_t{5} << 20, ' ')), "larger than 4194304 bytes", true);
  expect_refused(reply(200, "\x1f\x8b", "application/json", "Content-Encoding: gzip\r\n"), "is encoded",
                 true);
}

TEST_P(SocketContract, ARedirectIsNotFollowed) {
  HttpServer const elsewhere(good(200));
  expect_refused(reply(307, "", "text/html", "Location: " + elsewhere.url("/x") + "\r\n"),
                 elsewhere.url("/") + ", which is not followed", true);
  EXPECT_TRUE(elsewhere.requests().empty());
}

TEST_P(SocketContract, OnlyATrustedCertificateSeesTheRequest) {
  for (bool const expired : {false, true}) {
    test::Certificate const certificate = test::make_certificate(expired);
    HttpServer const server(good(200), &certificate);
    std::string const ca_file = expired ? dir_.write("expired.pem", certificate.cert_pem) : "";
    expect_refused(server, "no trusted TLS connection", false, ca_file);
    EXPECT_TRUE(server.requests().empty());
  }
}

INSTANTIATE_TEST_SUITE_P(Provider, SocketContract, testing::ValuesIn(test::provider_doubles()),
                         [](auto const& row) { return row.param.name; });

}  // namespace
}  // namespace greenq::feed
