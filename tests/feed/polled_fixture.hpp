// A provider without a wire format on a virtual clock: for tests of what all providers share.
#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "fake_host.hpp"
#include "feed/polled.hpp"
#include "feed/reply.hpp"

namespace greenq::test {

inline core::Instant const kPollStart = at("2026-03-01T10:10Z");

class PolledFixture : public testing::Test {
 protected:
  // Main address /main, then /extra0 … that are optional. A body is a number of g/kWh: 48 half hours from now
  // on, or, of the optional ones, the four before; all other bodies are refused.
  feed::Provider plain(int extras = 0, std::string zone = "Z") {
    feed::Provider provider;
    provider.source = {std::move(zone), core::SignalKind::kMarginal, core::SignalBasis::kDirect, "plain",
                       "label"};
    provider.asks = [extras, this](feed::PollMoment const& moment) {
      moments_.push_back(moment);
      std::vector<feed::Ask> asks{{"https://plain.test/main"}};
      for (int i = 0; i < extras; ++i)
        asks.push_back({"https://plain.test/extra" + std::to_string(i), true, true});
      return asks;
    };
    provider.read = [source = provider.source](std::vector<std::string> const& bodies, core::Instant now) {
      return read(source, bodies, now);
    };
    provider.poll.jitter = core::Span{0};
    return provider;
  }
  static core::Result<core::Signal> read(core::SignalSource const& source,
                                         std::vector<std::string> const& bodies, core::Instant now) {
    constexpr core::Span kStep{std::chrono::minutes{30}};
    core::Instant const begin = now - now.time_since_epoch() % kStep;
    core::Signal signal;
    signal.source = source;
    signal.issued_at = signal.received_at = now;
    for (std::size_t i = bodies.size(); i-- > 0;) {
      if (i > 0 && bodies[i].empty()) continue;
      if (bodies[i].empty() || bodies[i].find_first_not_of("0123456789") != std::string::npos) {
        return feed::bad_reply("`" + bodies[i] + "` is no number");
      }
      std::int64_t const grams = std::stoll(bodies[i]);
      std::int64_t const first = i == 0 ? 0 : -4 * static_cast<std::int64_t>(i);
      for (std::int64_t k = first; k < (i == 0 ? 48 : first + 4); ++k) {
        signal.points.push_back({{begin + k * kStep, begin + (k + 1) * kStep},
                                 {grams * 1000 + std::abs(k % 7)},
                                 i == 0 ? core::PointState::kForecast : core::PointState::kActual});
      }
    }
    return signal;
  }

  feed::FeedContext context() {
    feed::FeedContext context;
    context.clock = &host_.clock;
    context.inbox = &inbox_;
    context.host = &host_;
    context.commons = commons_;
    context.random = [this] { return chance_; };
    context.install_id = "test";
    if (known_until_) context.known_until = [this](core::SignalSource const&) { return known_until_(); };
    context.log = [this](feed::LogLevel, std::string const& id, std::string const& text) {
      log_.push_back(id + " " + text);
    };
    return context;
  }
  app::Feed& start(feed::Provider provider) {
    feeds_.push_back(feed::make_polled(std::move(provider), 2, context()));
    feeds_.back()->start();
    return *feeds_.back();
  }
  // By the last part of the address, without its query.
  void answer(std::string const& name, FakeHost::Served served) {
    answers_.insert_or_assign(name, std::move(served));
  }
  std::size_t asked(std::string const& part) const {
    return static_cast<std::size_t>(
        std::count_if(host_.asked.begin(), host_.asked.end(),
                      [&](auto const& each) { return each.request.url.find(part) != std::string::npos; }));
  }
  bool logged(std::string const& text) const {
    return std::any_of(log_.begin(), log_.end(),
                       [&](std::string const& line) { return line.find(text) != std::string::npos; });
  }
  std::size_t posted() const { return inbox_.signals().size(); }
  // Lets the next poll of the feed take place, with all its replies.
  void poll_again(app::Feed& feed) {
    auto const next = feed.status().next_poll;
    ASSERT_TRUE(next);
    host_.run_until(*next + std::chrono::seconds{1});
  }

  FakeHost host_{kPollStart};
  RememberingInbox inbox_;
  std::shared_ptr<feed::Commons> commons_ = std::make_shared<feed::Commons>(host_, host_.clock);
  double chance_ = 0.5;
  std::function<core::Instant()> known_until_;
  std::vector<feed::PollMoment> moments_;
  std::vector<std::string> log_;
  std::map<std::string, FakeHost::Served> answers_;
  std::vector<std::unique_ptr<app::Feed>> feeds_;

  void SetUp() override {
    host_.serve = [this](feed::HttpRequest const& request) {
      std::string const path = request.url.substr(0, request.url.find('?'));
      auto const found = answers_.find(path.substr(path.rfind('/') + 1));
      return found == answers_.end() ? served(404, "{}") : found->second;
    };
  }
};

}  // namespace greenq::test
