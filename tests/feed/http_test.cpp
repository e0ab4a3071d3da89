#include "feed/http.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>

#include "feed_fixture.hpp"
#include "http_server.hpp"

namespace greenq::feed {
namespace {

using core::Span;
using test::Answer;
using test::HttpServer;
using test::reply;
using testing::HasSubstr;

class HttpTest : public testing::Test {
 protected:
  core::Result<HttpReply> get(std::string const& url, std::string const& ca_file = "") {
    request_.url = url;
    request_.ca_file = ca_file;
    auto done = std::make_shared<std::promise<core::Result<HttpReply>>>();
    auto result = done->get_future();
    host_.get(request_, [done](core::Result<HttpReply> answer) { done->set_value(std::move(answer)); });
    if (result.wait_for(std::chrono::seconds{30}) != std::future_status::ready) {
      return core::fail(core::ErrorCode::kInternal, "NEVER", "no call back");
    }
    return result.get();
  }
  std::string reason(core::Result<HttpReply> const& answer) {
    return answer ? "accepted" : answer.error().reason;
  }

  AsioHost host_;
  HttpRequest request_;
  test::TempDir dir_;
};

TEST_F(HttpTest, GetsAReplyAndSaysWhoAsks) {
  HttpServer server({reply(200, "{}", "application/json; charset=utf-8",
                           "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\nRetry-After: 7\r\n")});
  auto const answer = get(server.url("/a/b?c=d"));
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->status, 200);
  EXPECT_EQ(answer->body, "{}");
  EXPECT_EQ(answer->content_type, "application/json; charset=utf-8");
  EXPECT_EQ(answer->retry_after, "7");
  EXPECT_EQ(answer->date, "Sun, 06 Nov 1994 08:49:37 GMT");
  std::string const asked = server.requests().at(0);
  EXPECT_TRUE(asked.starts_with("GET /a/b?c=d HTTP/1.1\r\n")) << asked;
  EXPECT_THAT(asked, HasSubstr("Host: 127.0.0.1:" + std::to_string(server.port()) + "\r\n"));
  EXPECT_THAT(asked, HasSubstr("User-Agent: greenq/"));
  EXPECT_THAT(asked, testing::Not(HasSubstr("Accept-Encoding")));
}

TEST_F(HttpTest, DoesNotFollowRedirects) {
  HttpServer server({reply(302, "", "text/html", "Location: http://169.254.169.254/\r\n")});
  auto const answer = get(server.url());
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 302);
  EXPECT_EQ(answer->location, "http://169.254.169.254/");
  EXPECT_EQ(server.requests().size(), 1U);
}

TEST_F(HttpTest, LimitsTheBodyWithAndWithoutALength) {
  request_.max_body = 1000;
  HttpServer server({reply(200, std::string(1001, 'x')),
                     {"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + std::string(5000, 'x')},
                     {"HTTP/1.1 200 OK\r\nContent-Length: 999999999999\r\n\r\nx"},
                     reply(200, std::string(1000, 'x'))});
  EXPECT_EQ(reason(get(server.url())), "TOO_LARGE");
  EXPECT_EQ(reason(get(server.url())), "TOO_LARGE");
  EXPECT_EQ(reason(get(server.url())), "TOO_LARGE");
  EXPECT_EQ(reason(get(server.url())), "accepted");
}

TEST_F(HttpTest, LimitsTheHeader) {
  HttpServer server({{"HTTP/1.1 200 OK\r\nX-Long: " + std::string(100'000, 'x') + "\r\n\r\n"}});
  EXPECT_EQ(reason(get(server.url())), "TOO_LARGE");
}

TEST_F(HttpTest, GivesUpOnASlowOrSilentServer) {
  request_.total_timeout = Span{400};
  HttpServer drip({{"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n" + std::string(5000, 'x'),
                    Answer::After::kClose, std::chrono::milliseconds{10}}});
  EXPECT_EQ(reason(get(drip.url())), "TIMEOUT");
  HttpServer silent({{"", Answer::After::kHang}});
  EXPECT_EQ(reason(get(silent.url())), "TIMEOUT");
  HttpServer after_header({{"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n", Answer::After::kHang}});
  EXPECT_EQ(reason(get(after_header.url())), "TIMEOUT");
}

TEST_F(HttpTest, NoticesABrokenReply) {
  HttpServer server({{"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf", Answer::After::kReset},
                     {"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"},
                     {"not http at all\r\n\r\n"},
                     {""}});
  for (int i = 0; i < 4; ++i) EXPECT_EQ(reason(get(server.url())), "BROKEN") << i;
}

TEST_F(HttpTest, RefusesAnEncodedBody) {
  HttpServer server({reply(200, "\x1f\x8b", "application/json", "Content-Encoding: gzip\r\n")});
  EXPECT_EQ(reason(get(server.url())), "ENCODED");
}

TEST_F(HttpTest, NamesAServerThatIsNotThere) {
  std::string url;
  {
    HttpServer const server({reply(200, "")});
    url = server.url();
  }
  EXPECT_EQ(reason(get(url)), "CONNECT");
}

TEST_F(HttpTest, RefusesAddressesThatAreNotSafe) {
  for (char const* url : {"", "nonsense", "ftp://127.0.0.1/", "file:///etc/passwd", "http://example.com/",
                          "https://user:secret@127.0.0.1/"}) {
    EXPECT_EQ(reason(get(url)), "BAD_URL") << url;
  }
}

TEST_F(HttpTest, TrustsOnlyCertificatesItCanVerify) {
  test::Certificate const good = test::make_certificate(false);
  test::Certificate const other = test::make_certificate(false);
  test::Certificate const expired = test::make_certificate(true);
  test::Certificate const wrong_name = test::make_certificate(false, "DNS:elsewhere.example");
  std::string const good_file = dir_.write("good.pem", good.cert_pem);
  HttpServer server({reply(200, "{}")}, &good);
  auto const answer = get(server.url("/x"), good_file);
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->body, "{}");
  EXPECT_EQ(reason(get(server.url())), "TLS");  // self-signed, not trusted
  EXPECT_EQ(reason(get(server.url(), dir_.write("other.pem", other.cert_pem))), "TLS");
  HttpServer old({reply(200, "{}")}, &expired);
  auto const late = get(old.url(), dir_.write("expired.pem", expired.cert_pem));
  EXPECT_EQ(reason(late), "TLS");
  HttpServer stranger({reply(200, "{}")}, &wrong_name);
  EXPECT_EQ(reason(get(stranger.url(), dir_.write("wrong.pem", wrong_name.cert_pem))), "TLS");
  EXPECT_EQ(reason(get(server.url(), "/nonexistent.pem")), "TLS");
  EXPECT_TRUE(old.requests().empty());
}

TEST_F(HttpTest, StoppingLeavesNothingBehind) {
  HttpServer silent({{"", Answer::After::kHang}});
  std::atomic<int> calls{0};
  request_.url = silent.url();
  host_.get(request_, [&](core::Result<HttpReply> const&) { ++calls; });
  host_.after(Span{60'000}, [&] { ++calls; });
  ASSERT_TRUE(test::eventually([&] { return silent.requests().size() == 1; }));
  host_.stop();
  EXPECT_EQ(calls, 0);
}

}  // namespace
}  // namespace greenq::feed
