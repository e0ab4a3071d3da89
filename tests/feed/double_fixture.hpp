// One feed of a provider double on a fake host, for tests that live through days of polls.
#pragma once

#include <gtest/gtest.h>

#include "fake_host.hpp"
#include "provider_doubles.hpp"

namespace greenq::test {

class DoubleFixture : public testing::Test {
 protected:
  explicit DoubleFixture(core::Instant start) : host_(start) {}

  static ProviderDouble double_named(std::string const& name) {
    auto const doubles = provider_doubles();
    return *std::find_if(doubles.begin(), doubles.end(), [&](auto const& each) { return each.name == name; });
  }
  // Its actuals are known until `known`. Not started.
  void make(ProviderDouble const& provider, core::Instant known) {
    host_.serve = [this](feed::HttpRequest const& request) { return serve(request.url); };
    feed::FeedContext context;
    context.clock = &host_.clock;
    context.inbox = &inbox_;
    context.host = &host_;
    context.random = [] { return 0.5; };
    context.known_until = [known](core::SignalSource const&) { return known; };
    context.log = [this](feed::LogLevel, std::string const& id, std::string const& text) {
      log_.push_back(id + " " + text);
    };
    auto feed = feed::make_feed(provider.config("https://host.test"), std::move(context));
    ASSERT_TRUE(feed);
    feed_ = std::move(*feed);
  }
  virtual FakeHost::Served serve(std::string const& url) = 0;

  FakeHost host_;
  RememberingInbox inbox_;
  std::vector<std::string> log_;
  std::unique_ptr<app::Feed> feed_;
};

}  // namespace greenq::test
