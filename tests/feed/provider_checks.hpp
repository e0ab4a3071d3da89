// What the tests of all HTTP providers check the same way.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "feed/polled.hpp"

namespace greenq::test {

// "accepted", or reason and message.
inline std::string verdict(core::Result<core::Signal> const& signal) {
  return signal ? "accepted" : signal.error().reason + ": " + signal.error().message;
}

// Bodies that no provider's reader may accept, and how each refusal begins.
inline std::vector<std::pair<std::string, std::string>> hostile_bodies() {
  return {{"", "BAD_JSON"},
          {"<html><body>Service unavailable</body></html>", "BAD_JSON"},
          {R"({"data":)", "BAD_JSON"},
          {R"({"a":NaN})", "BAD_JSON"},
          {R"({"a":1e999})", "BAD_JSON"},
          {R"({"a":1,"a":2})", "BAD_JSON"},
          {"{}", "NO_DATA"},
          {R"({"error":{"code":"500","message":"gone fishing"}})", "NO_DATA"},
          {"17", "BAD_REPLY"},
          {"null", "BAD_REPLY"}};
}

// A provider that its signals come from: names, limits and nothing secret in the addresses.
inline void check_provider(core::Result<feed::Provider> const& provider, core::Signal const& signal,
                           std::string const& secret = "") {
  ASSERT_TRUE(provider) << provider.error().message;
  EXPECT_EQ(provider->source, signal.source);
  EXPECT_FALSE(core::problem_of(signal)) << *core::problem_of(signal);
  EXPECT_NE(signal.source.label.find("average"), std::string::npos);
  EXPECT_FALSE(signal.source.attribution.empty());
  EXPECT_EQ(provider->request.ca_file, "ca.pem");
  for (feed::Ask const& ask : provider->asks({signal.received_at, signal.received_at})) {
    EXPECT_TRUE(ask.url.starts_with("https://")) << ask.url;
    EXPECT_TRUE(secret.empty() || ask.url.find(secret) == std::string::npos);
  }
}

inline feed::FeedConfig feed_config(std::string provider, std::string zone, std::string region = "") {
  feed::FeedConfig config;
  config.provider = std::move(provider);
  config.zone = std::move(zone);
  config.region = std::move(region);
  config.ca_file = "ca.pem";
  return config;
}

}  // namespace greenq::test
