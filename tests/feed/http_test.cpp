#include "feed/http.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

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

  // No name server is ever asked.
  AsioHost host_{[](std::string const& name) -> core::Result<std::vector<std::string>> {
    return core::fail(core::ErrorCode::kUnavailable, "DNS", "the name " + name + " is not known");
  }};
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
  for (char const* url :
       {"", "nonsense", "ftp://127.0.0.1/", "file:///etc/passwd", "http://example.com/",
        "https://user:secret@127.0.0.1/", "https://127.0.0.1:70000/", "http://127.0.0.1:0/"}) {
    EXPECT_EQ(reason(get(url)), "BAD_URL") << url;
  }
}

TEST_F(HttpTest, ANameThatBeginsLikeAnAddressOfThisHostIsNotThisHost) {
  for (char const* url :
       {"http://127.example.org/", "http://127.0.0.1.example.org/", "http://127.0.0/", "http://128.0.0.1/",
        "http://localhost.example.org/", "http://[::2]/", "http://[::ffff:10.0.0.1]/"}) {
    EXPECT_EQ(reason(get(url)), "BAD_URL") << url;
  }
  request_.proxy = "http://127.0.0.1:1";
  EXPECT_EQ(reason(get("https://127.example.org/")),
            "CONNECT");  // a host elsewhere is asked through the proxy
  for (char const* url : {"http://127.0.0.2:1/", "http://[::1]:1/"})
    EXPECT_EQ(reason(get(url)), "CONNECT") << url;
  EXPECT_EQ(reason(get("http://localhost:1/")), "DNS");  // good so far
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

TEST_F(HttpTest, CertificatesAreReadOnceAndAgainWhenTheirFileChanges) {
  test::Certificate const before = test::make_certificate(false);
  test::Certificate const after = test::make_certificate(false);
  HttpServer old_server({reply(200, "{}")}, &before);
  HttpServer new_server({reply(200, "{}")}, &after);
  std::string const file = dir_.write("ca.pem", before.cert_pem);
  EXPECT_EQ(reason(get(old_server.url(), file)), "accepted");
  // The same time and size: it is taken for the one that was read, and what it says now does not matter.
  auto const time = std::filesystem::last_write_time(file);
  std::ofstream(file, std::ios::in | std::ios::out).write("#", 1);
  std::filesystem::last_write_time(file, time);
  EXPECT_EQ(reason(get(old_server.url(), file)), "accepted");
  dir_.write("ca.pem", after.cert_pem);
  std::filesystem::last_write_time(file, time + std::chrono::seconds{1});
  EXPECT_EQ(reason(get(new_server.url(), file)), "accepted");
  EXPECT_EQ(reason(get(old_server.url(), file)), "TLS");
  std::filesystem::remove(file);
  EXPECT_EQ(reason(get(new_server.url(), file)), "TLS");  // what is gone is not trusted
}

// Opening it would wait for ever, and every feed with it.
TEST_F(HttpTest, ACertificateFileThatIsAFifoIsRefused) {
  std::string const fifo = dir_.path() / "ca.fifo";
  ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
  EXPECT_EQ(reason(get("https://localhost:1/", fifo)), "TLS");
}

TEST_F(HttpTest, PortsThatDoNotExistAreNotTakenForOthers) {
  for (char const* url : {"http://127.0.0.1:65536/", "http://127.0.0.1:85447/", "http://127.0.0.1:0/",
                          "http://127.0.0.1:184467440737095516160/"})
    EXPECT_EQ(reason(get(url)), "BAD_URL") << url;
}

TEST_F(HttpTest, APasswordInAnAddressIsNotRepeated) {
  auto const result = get("https://user:hunter22@example.test/");
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().message.find("hunter22"), std::string::npos);
}

TEST_F(HttpTest, SendsHeadersLoginAndValidators) {
  HttpServer server({reply(200, "{}", "application/json",
                           "ETag: \"v1\"\r\nLast-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\n")});
  request_.headers = {{"If-None-Match", "\"v0\""}, {"auth-token", "hidden"}};
  request_.basic = {"someone", "pass:word"};
  auto const answer = get(server.url());
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->etag, "\"v1\"");
  EXPECT_EQ(answer->modified, "Sun, 06 Nov 1994 08:49:37 GMT");
  std::string const asked = server.requests().at(0);
  EXPECT_THAT(asked, HasSubstr("\r\nIf-None-Match: \"v0\"\r\n"));
  EXPECT_THAT(asked, HasSubstr("\r\nauth-token: hidden\r\n"));
  EXPECT_THAT(asked, HasSubstr("\r\nAuthorization: Basic c29tZW9uZTpwYXNzOndvcmQ=\r\n"));
}

TEST_F(HttpTest, TakesAnAnswerWithoutABody) {
  HttpServer server(
      {{"HTTP/1.1 304 Not Modified\r\nETag: \"v1\"\r\n\r\n"}, {"HTTP/1.1 204 No Content\r\n\r\n"}});
  auto const same = get(server.url());
  ASSERT_TRUE(same) << same.error().message;
  EXPECT_EQ(same->status, 304);
  EXPECT_EQ(get(server.url())->status, 204);
}

// A name that no server has, so that only the proxy can know the way.
std::string const kFarHost = "figures.grid.invalid";

TEST_F(HttpTest, AsksAProxyToConnect) {
  test::Certificate const certificate = test::make_certificate(false, "DNS:" + kFarHost);
  HttpServer proxy([](std::string const&) { return reply(200, R"({"far":true})"); }, &certificate,
                   "HTTP/1.1 200 Connection established\r\n\r\n");
  request_.proxy = proxy.url();
  request_.headers = {{"Authorization", "Bearer hidden"}};
  auto const answer = get("https://" + kFarHost + "/a?b", dir_.write("far.pem", certificate.cert_pem));
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->body, R"({"far":true})");
  ASSERT_EQ(proxy.requests().size(), 2U);
  EXPECT_EQ(proxy.requests()[0],
            "CONNECT " + kFarHost + ":443 HTTP/1.1\r\nHost: " + kFarHost + ":443\r\n\r\n");
  EXPECT_TRUE(proxy.requests()[1].starts_with("GET /a?b HTTP/1.1\r\n"));
  EXPECT_THAT(proxy.requests()[1], HasSubstr("\r\nHost: " + kFarHost + "\r\n"));
  EXPECT_THAT(proxy.requests()[1], HasSubstr("Bearer hidden"));
  auto const other = get("https://" + kFarHost + ":8443/", dir_.write("far.pem", certificate.cert_pem));
  ASSERT_TRUE(other) << other.error().message;
  EXPECT_TRUE(proxy.requests()[2].starts_with("CONNECT " + kFarHost + ":8443 HTTP/1.1\r\n"));
}

TEST_F(HttpTest, BehindAProxyTheCertificateIsThatOfTheServer) {
  test::Certificate const certificate = test::make_certificate(false);  // of the proxy's own address
  HttpServer proxy([](std::string const&) { return reply(200, "{}"); }, &certificate,
                   "HTTP/1.1 200 Connection established\r\n\r\n");
  request_.proxy = proxy.url();
  EXPECT_EQ(reason(get("https://" + kFarHost, dir_.write("ca.pem", certificate.cert_pem))), "TLS");
  EXPECT_EQ(proxy.requests().size(), 1U);  // the request was not sent
}

TEST_F(HttpTest, SaysWhatAProxyRefuses) {
  HttpServer proxy([](std::string const&) { return reply(200, "{}"); }, nullptr,
                   "HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n");
  request_.proxy = proxy.url();
  auto const answer = get("https://" + kFarHost + "/");
  EXPECT_EQ(reason(answer), "CONNECT");
  EXPECT_EQ(answer.error().message, "the proxy 127.0.0.1:" + std::to_string(proxy.port()) +
                                        " refused to connect to " + kFarHost + ": HTTP status 407");
  HttpServer odd([](std::string const&) { return reply(200, "{}"); }, nullptr, "nonsense\r\n\r\n");
  request_.proxy = odd.url();
  EXPECT_EQ(reason(get("https://" + kFarHost + "/")), "CONNECT");
  request_.proxy = "http://proxy.grid.invalid:3128";
  auto const lost = get("https://" + kFarHost + "/");
  EXPECT_EQ(reason(lost), "DNS");
  EXPECT_EQ(lost.error().message, "the name proxy.grid.invalid is not known");
}

TEST_F(HttpTest, RefusesProxiesThatAreNotUnderstood) {
  for (char const* proxy : {"proxy:3128", "https://proxy:3128", "http://someone:hidden@proxy:3128", "http://",
                            "socks5://p:1", "http://proxy:70000", "http://127.0.0.1.example.org:1"}) {
    request_.proxy = proxy;
    auto const answer = get("https://" + kFarHost + "/");
    EXPECT_EQ(reason(answer), "BAD_PROXY") << proxy;
    EXPECT_THAT(answer.error().message, testing::Not(HasSubstr("hidden")));
  }
}

TEST_F(HttpTest, ThisHostIsReachedWithoutAProxy) {
  HttpServer proxy([](std::string const&) { return reply(500, ""); }, nullptr, "HTTP/1.1 200 OK\r\n\r\n");
  HttpServer server({reply(200, "{}")});
  request_.proxy = proxy.url();
  EXPECT_EQ(reason(get(server.url())), "accepted");
  EXPECT_TRUE(proxy.requests().empty());
}

TEST_F(HttpTest, TimersRunInOrderUnlessCancelled) {
  std::promise<std::string> done;
  auto const text = std::make_shared<std::string>();
  host_.after(Span{60}, [&done, text] { done.set_value(*text + "3"); });
  host_.after(Span{30}, [text] { *text += "2"; });
  auto const never = host_.after(Span{20}, [text] { *text += "x"; });
  host_.cancel(never);
  host_.post([text] { *text += "1"; });
  auto result = done.get_future();
  ASSERT_EQ(result.wait_for(std::chrono::seconds{20}), std::future_status::ready);
  EXPECT_EQ(result.get(), "123");
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
