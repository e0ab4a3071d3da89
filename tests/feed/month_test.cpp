// Fifty zones over a month of virtual time, all providers at their own pace and one that is hostile: no poll
// is missed or drifts, no address is asked too often, nothing piles up.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <malloc.h>

#include <random>

#include "fake_host.hpp"
#include "feed/commons.hpp"
#include "feed/poll_plan.hpp"
#include "provider_doubles.hpp"

namespace greenq::feed {
namespace {

using core::Instant;
using core::Span;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using test::ProviderDouble;
using test::served;

Instant const kStart = test::at("2026-03-01T00:00Z");
constexpr hours kMonth{24 * 31};  // with the day that Europe's clocks change

class CountingInbox final : public app::Inbox {
 public:
  void post(core::Event event) override {
    signals += std::holds_alternative<core::SignalReceived>(event) ? 1 : 0;
  }
  std::int64_t signals = 0;
};

struct Watched {
  ProviderDouble provider;
  std::string base;
  bool hostile = false;
  PollSettings poll{};
  std::vector<Instant> asked{};  // the main address
  std::unique_ptr<app::Feed> feed{};
};

class MonthTest : public testing::Test {
 protected:
  void add(std::string const& name, int count, std::string const& region, bool hostile = false) {
    auto const doubles = test::provider_doubles();
    auto const found =
        std::find_if(doubles.begin(), doubles.end(), [&](auto const& d) { return d.name == name; });
    ASSERT_NE(found, doubles.end());
    for (int i = 1; i <= count; ++i) {
      Watched watched{*found, "https://" + std::to_string(all_.size()) + ".test", hostile};
      watched.provider.zone = (name == "neso" ? "GB-" : "") + name + std::to_string(all_.size());
      watched.provider.before = Span{0};
      watched.provider.region = region.empty() ? std::to_string(i) : region;
      if (name == "energinet") {
        watched.base = "https://energinet.test";
        watched.provider.region = "DK" + std::to_string(i);
      }
      watched.asked.reserve(9000);
      all_.push_back(std::move(watched));
    }
  }
  void start_all() {
    for (Watched& each : all_) {
      FeedContext context;
      context.clock = &host_.clock;
      context.inbox = &inbox_;
      context.host = &host_;
      context.commons = commons_;
      context.random = [this] { return std::uniform_real_distribution<double>(0, 1)(random_); };
      context.install_id = "month";
      FeedConfig const config = each.provider.config(each.base);
      auto const provider = find_provider(config.provider)->make(config);
      ASSERT_TRUE(provider) << provider.error().message;
      each.poll = provider->poll;
      auto feed = make_feed(config, std::move(context));
      ASSERT_TRUE(feed) << feed.error().message;
      each.feed = std::move(*feed);
      each.feed->start();
    }
    host_.keep = false;
    host_.serve = [this](HttpRequest const& request) { return serve(request.url); };
  }
  test::FakeHost::Served serve(std::string const& url) {
    Instant const now = host_.clock.now();
    if (url.starts_with("https://energinet.test")) {
      datasets_[url.substr(0, url.find('?'))].push_back(now);
      return figures(all_[energinet_].provider, url, now);
    }
    Watched& watched = all_[std::stoul(url.substr(8))];
    if (!watched.provider.is_extra(url) && !watched.provider.is_side(url)) watched.asked.push_back(now);
    if (watched.hostile) return {served(200, "{}").result, hours{1}};
    return figures(watched.provider, url, now);
  }
  static test::FakeHost::Served figures(ProviderDouble const& provider, std::string const& url, Instant now) {
    if (provider.is_side(url)) return served(200, provider.good(url, now, 0));
    int const grams = 200 + static_cast<int>(now.time_since_epoch() / hours{1} % 24);
    auto reply = served(200, provider.body(provider, url, provider.entries(url, now, 3, grams), now));
    reply.takes = Span{200 + now.time_since_epoch().count() % 2000};
    return reply;
  }

  // Each poll in its phase, each phase with its poll.
  static void expect_cadence(Watched const& watched) {
    Span const interval = watched.poll.interval;
    Span const jitter = watched.poll.jitter;
    Span const phase = phase_of("month", watched.poll);
    Span const slack = seconds{5};  // a login and what the account may read may come first
    auto const& asked = watched.asked;
    ASSERT_GT(asked.size(), 2U);
    for (std::size_t i = 1; i < asked.size(); ++i) {
      Span const into = (asked[i].time_since_epoch() - phase) % interval;
      ASSERT_LE(into, jitter + slack) << "poll " << i;
      if (i < 2) continue;
      ASSERT_GE(asked[i] - asked[i - 1], interval - jitter - slack) << "poll " << i;
      ASSERT_LE(asked[i] - asked[i - 1], interval + jitter + slack) << "poll " << i;
    }
    EXPECT_LE(asked[1] - kStart, interval * 3 / 2 + jitter + seconds{10});
    EXPECT_GE(asked.back(), kStart + kMonth - interval - jitter);
  }

  static std::size_t in_use() { return mallinfo2().uordblks; }

  test::FakeHost host_{kStart};
  CountingInbox inbox_;
  std::shared_ptr<Commons> commons_ = std::make_shared<Commons>(host_, host_.clock);
  std::mt19937 random_{7};
  std::vector<Watched> all_;
  std::size_t energinet_ = 0;
  std::map<std::string, std::vector<Instant>> datasets_;  // when each was asked
};

TEST_F(MonthTest, NothingIsMissedDriftsOrPilesUp) {
  add("watttime", 1, "CAISO_NORTH");
  add("sgip", 1, "SGIP_CAISO_PGE");
  add("midas", 6, "SMUD");
  add("electricity_maps", 6, "DE");
  add("neso", 10, "");
  energinet_ = all_.size();
  add("energinet", 2, "");
  add("energy_charts", 14, "de");
  add("rte", 2, "FR");
  add("eirgrid", 3, "ROI");
  add("casdk", 4, "northeurope");
  add("casdk", 1, "northeurope", true);
  ASSERT_EQ(all_.size(), 50U);
  start_all();
  host_.run_until(kStart + hours{24 * 8});  // a week of levels is known
  std::size_t const settled = in_use();
  std::size_t const waiting = host_.waiting();
  host_.run_until(kStart + kMonth);
  EXPECT_LT(in_use(), settled + (std::size_t{256} << 10));
  EXPECT_LE(host_.waiting(), waiting + 10);
  EXPECT_LE(commons_->remembered(), 10U);

  for (Watched const& watched : all_) {
    SCOPED_TRACE(watched.provider.zone);
    app::FeedStatus const status = watched.feed->status();
    if (watched.hostile) {
      EXPECT_EQ(status.accepted, 0);
      EXPECT_EQ(status.health, app::FeedHealth::kDead);
      EXPECT_LT(status.polls, kMonth / minutes{5});  // it backs off
      EXPECT_GT(status.polls, kMonth / minutes{16});
      continue;
    }
    EXPECT_EQ(status.rejected, 0) << status.last_error;
    EXPECT_EQ(status.last_error, "");
    EXPECT_EQ(status.health, app::FeedHealth::kFresh);
    EXPECT_LE(status.polls - status.accepted, 1);  // one may be on its way
    EXPECT_NEAR(static_cast<double>(status.polls), static_cast<double>(kMonth / watched.poll.interval), 2);
    if (watched.provider.name != "energinet") {
      EXPECT_EQ(status.polls, static_cast<std::int64_t>(watched.asked.size()));
      expect_cadence(watched);
    }
  }
  ASSERT_EQ(datasets_.size(), 2U);
  for (auto const& [dataset, times] : datasets_) {
    // Two areas, and mostly one request for both.
    EXPECT_GE(times.size(), static_cast<std::size_t>(kMonth / minutes{15}) - 2) << dataset;
    EXPECT_LE(times.size(), static_cast<std::size_t>(kMonth / minutes{15}) * 2) << dataset;
    for (std::size_t i = 1; i < times.size(); ++i) {
      ASSERT_GE(times[i] - times[i - 1], seconds{60}) << dataset << " at " << core::utc_text(times[i]);
    }
  }
  EXPECT_GT(inbox_.signals, 10'000);
}

}  // namespace
}  // namespace greenq::feed
