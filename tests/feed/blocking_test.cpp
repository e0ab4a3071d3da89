// Lookups and other calls that hang: nobody but who waits for them notices, and that one not for long.
#include "feed/blocking.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <set>

#include "feed/file.hpp"
#include "feed/polled.hpp"
#include "feed_fixture.hpp"
#include "gate.hpp"
#include "http_server.hpp"
#include "provider_doubles.hpp"

namespace greenq::feed {
namespace {

using core::Span;
using test::Gate;
using test::HttpServer;
using test::reply;
using testing::HasSubstr;

constexpr std::chrono::seconds kPatience{20};

// Asks for names as the test says: what hangs does so until the gate opens, and what is asked for is counted.
struct Names {
  Gate slow;
  std::set<std::string> hanging{"slow.test"};
  std::mutex mutex;
  std::map<std::string, std::vector<std::string>> known;
  std::vector<std::string> asked;

  static Lookup of(std::shared_ptr<Names> const& names) {
    return [names](std::string const& host) -> core::Result<std::vector<std::string>> {
      {
        std::lock_guard const lock(names->mutex);
        names->asked.push_back(host);
      }
      if (names->hanging.contains(host)) names->slow.pass();
      std::lock_guard const lock(names->mutex);
      auto const found = names->known.find(host);
      if (found != names->known.end()) return found->second;
      return core::fail(core::ErrorCode::kUnavailable, "DNS", "the name " + host + " is not known");
    };
  }
  std::size_t count(std::string const& host) {
    std::lock_guard const lock(mutex);
    return static_cast<std::size_t>(std::count(asked.begin(), asked.end(), host));
  }
};

class BlockingTest : public testing::Test {
 protected:
  using Answer = core::Result<HttpReply>;

  ~BlockingTest() override { EXPECT_TRUE(names_->slow.open()); }

  std::future<Answer> get(std::string const& url) {
    HttpRequest request = request_;
    request.url = url;
    auto done = std::make_shared<std::promise<Answer>>();
    host_->get(std::move(request), [done](Answer answer) { done->set_value(std::move(answer)); });
    return done->get_future();
  }
  static Answer wait(std::future<Answer> answer) {
    if (answer.wait_for(kPatience) == std::future_status::ready) return answer.get();
    return core::fail(core::ErrorCode::kInternal, "NEVER", "no call back");
  }
  static std::string reason(Answer const& answer) { return answer ? "accepted" : answer.error().reason; }

  std::shared_ptr<Names> names_ = std::make_shared<Names>();
  std::unique_ptr<AsioHost> host_ = std::make_unique<AsioHost>(Names::of(names_));
  HttpRequest request_;
  test::TempDir dir_;
};

TEST_F(BlockingTest, AHangingNameDelaysNoOther) {
  test::Certificate const certificate = test::make_certificate(false, "DNS:fast.test");
  HttpServer server([](std::string const&) { return reply(200, "{}"); }, &certificate);
  names_->known["fast.test"] = {"127.0.0.2", "127.0.0.1"};  // nobody listens at the first
  request_.ca_file = dir_.write("fast.pem", certificate.cert_pem);
  request_.phase_timeout = Span{60'000};
  request_.total_timeout = Span{60'000};
  auto slow = get("https://slow.test/");
  ASSERT_TRUE(names_->slow.wait_entered(1));
  std::string const place = "fast.test:" + std::to_string(server.port());
  for (int i = 0; i < 3; ++i) {
    auto const answer = wait(get("https://" + place + "/"));
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_EQ(answer->body, "{}");
  }
  EXPECT_THAT(server.requests().at(0), HasSubstr("\r\nHost: " + place + "\r\n"));
  EXPECT_NE(slow.wait_for(std::chrono::seconds{0}), std::future_status::ready);
  ASSERT_TRUE(names_->slow.open());
  auto const late = wait(std::move(slow));
  EXPECT_EQ(reason(late), "DNS");
  EXPECT_EQ(late.error().message, "the name slow.test is not known");
}

TEST_F(BlockingTest, ARequestGivesUpOnItsName) {
  request_.phase_timeout = Span{250};
  auto const phase = wait(get("https://slow.test/"));
  EXPECT_EQ(reason(phase), "TIMEOUT");
  EXPECT_EQ(phase.error().code, core::ErrorCode::kUnavailable);
  EXPECT_EQ(phase.error().message, "the name slow.test was not resolved within 0.250 s");
  request_.phase_timeout = Span{60'000};
  request_.total_timeout = Span{100};
  EXPECT_THAT(wait(get("https://slow.test/")).error().message, HasSubstr("within 0.100 s"));
  request_.proxy = "http://slow.test:3128";
  EXPECT_EQ(wait(get("https://far.test/")).error().message,
            "the name slow.test was not resolved within 0.100 s");
  EXPECT_EQ(names_->count("far.test"), 0U);
}

TEST_F(BlockingTest, OneThreadServesAHundredRequests) {
  names_->hanging = {"localhost"};  // as http: a hundred TLS contexts take seconds
  request_.phase_timeout = Span{300};
  std::vector<std::future<Answer>> answers;
  for (int i = 0; i < 99; ++i) answers.push_back(get("http://localhost:9/" + std::to_string(i)));
  for (auto& answer : answers) EXPECT_EQ(reason(wait(std::move(answer))), "TIMEOUT");
  EXPECT_EQ(reason(wait(get("http://localhost:9/again"))), "TIMEOUT");
  EXPECT_EQ(names_->count("localhost"), 1U);
  EXPECT_EQ(names_->slow.entered(), 1);
  request_.phase_timeout = Span{60'000};
  auto waiting = get("http://localhost:9/");
  std::promise<void> taken;  // the io thread works in order
  host_->post([&taken] { taken.set_value(); });
  taken.get_future().wait();
  ASSERT_TRUE(names_->slow.open());
  EXPECT_EQ(reason(wait(std::move(waiting))), "DNS");
  EXPECT_EQ(names_->count("localhost"), 1U);
  EXPECT_EQ(reason(wait(get("http://localhost:9/"))), "DNS");  // asked anew once the old one ended
  EXPECT_EQ(names_->count("localhost"), 2U);
}

TEST_F(BlockingTest, NothingWaitsForAHangingLookupToEnd) {
  auto called = std::make_shared<std::atomic<int>>(0);
  request_.url = "https://slow.test/";
  host_->get(request_, [called](Answer const&) { ++*called; });
  ASSERT_TRUE(names_->slow.wait_entered(1));
  auto gone = std::async(std::launch::async, [host = std::move(host_)]() mutable { host.reset(); });
  bool const ended = gone.wait_for(kPatience) == std::future_status::ready;
  EXPECT_TRUE(ended);
  EXPECT_EQ(called.use_count(), ended ? 1 : called.use_count());  // the callback went with the host
  EXPECT_TRUE(names_->slow.open());                               // and finds nobody
  EXPECT_EQ(*called, 0);
}

TEST_F(BlockingTest, AddressesAreNotLookedUp) {
  HttpServer server({reply(200, "{}")});
  EXPECT_EQ(reason(wait(get(server.url()))), "accepted");
  EXPECT_EQ(reason(wait(get("http://[::1]:9/"))), "CONNECT");
  request_.proxy = "http://127.0.0.1:9";
  EXPECT_EQ(reason(wait(get("https://far.test/"))), "CONNECT");
  EXPECT_TRUE(names_->asked.empty());
  names_->known["localhost"] = {"nonsense"};
  EXPECT_EQ(wait(get("http://localhost:9/")).error().message, "the name localhost has no address");
}

TEST_F(BlockingTest, WhoAsksMeanwhileGetsTheSameResult) {
  auto const gate = std::make_shared<Gate>();
  std::promise<std::string> first;
  std::promise<std::string> second;
  std::promise<std::string> other;
  auto const tell = [](std::promise<std::string>& promise) {
    return [&promise](core::Result<std::any> const& result) {
      promise.set_value(result ? std::any_cast<std::string>(*result) : result.error().reason);
    };
  };
  auto const slow = [gate](char const* text) {
    return [gate, text] {
      gate->pass();
      return std::any(std::string(text));
    };
  };
  host_->run_blocking("a", Span{60'000}, slow("first"), tell(first));
  host_->run_blocking("a", Span{60'000}, slow("second"), tell(second));
  host_->run_blocking(
      "b", Span{60'000}, [] { return std::any(std::string("other")); }, tell(other));
  EXPECT_EQ(other.get_future().get(), "other");
  EXPECT_TRUE(gate->open());
  EXPECT_EQ(first.get_future().get(), "first");
  EXPECT_EQ(second.get_future().get(), "first");
  EXPECT_EQ(gate->entered(), 1);
}

TEST_F(BlockingTest, TheStartWaitsForALimitedTime) {
  auto const gate = std::make_shared<Gate>();
  auto const hung = call_within(Span{50}, [gate] {
    gate->pass();
    return std::any(1);
  });
  ASSERT_FALSE(hung);
  EXPECT_EQ(hung.error().reason, "TIMEOUT");
  EXPECT_EQ(hung.error().message, "it did not end within 0.050 s");
  EXPECT_TRUE(gate->open());
  auto const quick = call_within(Span{60'000}, [] { return std::any(2); });
  ASSERT_TRUE(quick);
  EXPECT_EQ(std::any_cast<int>(*quick), 2);
  EXPECT_EQ(seconds_text(Span{5'000}), "5 s");
}

TEST(Names, ThisHostHasOne) {
  auto const found = look_up("localhost");
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_THAT(*found, testing::Contains(testing::AnyOf("127.0.0.1", "::1")));
  auto const odd = look_up(std::string(70, 'x'));  // longer than names can be, so no server is asked
  ASSERT_FALSE(odd);
  EXPECT_THAT(odd.error().message, HasSubstr("xxx could not be resolved: "));
}

// Feeds on the real io thread: one whose name hangs, one whose file hangs, and one that must not notice.
class HangingReads final : public FeedHost {
 public:
  HangingReads(FeedHost& real, std::shared_ptr<Gate> gate) : real_(real), gate_(std::move(gate)) {}
  void stop() override { real_.stop(); }
  void post(std::function<void()> task) override { real_.post(std::move(task)); }
  std::uint64_t after(Span delay, std::function<void()> task) override {
    return real_.after(delay, std::move(task));
  }
  void cancel(std::uint64_t timer) override { real_.cancel(timer); }
  void get(HttpRequest request, std::function<void(core::Result<HttpReply>)> done) override {
    real_.get(std::move(request), std::move(done));
  }
  void run_blocking(std::string key, Span, BlockingCall call, BlockingDone done) override {
    auto hanging = [gate = gate_, call = std::move(call)] {
      gate->pass();
      return call();
    };
    real_.run_blocking(std::move(key), Span{100}, std::move(hanging), std::move(done));
  }

 private:
  FeedHost& real_;
  std::shared_ptr<Gate> gate_;
};

TEST_F(BlockingTest, FeedsThatHangLeaveTheOthersAlone) {
  core::Instant const now = test::at("2026-03-10T10:07Z");
  auto const doubles = test::provider_doubles();
  auto const neso =
      *std::find_if(doubles.begin(), doubles.end(), [](auto const& each) { return each.name == "neso"; });
  HttpServer server([&](std::string const& request) {
    std::size_t const begin = request.find(' ') + 1;
    return reply(200, neso.good(request.substr(begin, request.find(' ', begin) - begin), now, 200));
  });
  test::FakeClock clock(now);
  test::RememberingInbox inbox;
  auto const gate = std::make_shared<Gate>();
  HangingReads mount(*host_, gate);
  FeedContext context;
  context.clock = &clock;
  context.inbox = &inbox;
  context.host = host_.get();
  context.random = [] { return 0.5; };

  auto name = make_feed(neso.config("https://slow.test"), context);
  FeedConfig config;
  config.provider = "file";
  config.zone = "Z";
  config.path = dir_.write("feed.csv",
                           "# kind: marginal direct  step_s: 3600\ntime_utc,gco2_per_kwh\n"
                           "2026-03-10T10:00Z,1\n2026-03-10T11:00Z,2\n");
  FeedContext on_mount = context;
  on_mount.host = &mount;
  auto file = make_feed(config, on_mount);
  auto good = make_feed(neso.config(server.url()), context);
  ASSERT_TRUE(name && file && good);
  (*name)->start();
  ASSERT_TRUE(names_->slow.wait_entered(1));
  (*file)->start();
  ASSERT_TRUE(gate->wait_entered(1));
  (*good)->start();
  ASSERT_TRUE(inbox.wait_for(2));  // its figures, and those that the file had at the start
  EXPECT_EQ((*good)->status().accepted, 1);
  EXPECT_EQ((*name)->status().accepted, 0);
  ASSERT_TRUE(test::eventually([&] { return !(*file)->status().last_error.empty(); }));
  EXPECT_THAT((*file)->status().last_error, HasSubstr("the old figures stay: " + config.path));
  EXPECT_EQ((*file)->status().health, app::FeedHealth::kFresh);
  for (auto* each : {&name, &file, &good}) each->value().reset();
  host_.reset();  // both still hang
  EXPECT_EQ(gate->entered(), 1);
  EXPECT_TRUE(gate->open());
}

}  // namespace
}  // namespace greenq::feed
