// What all HTTP providers share: polling, phases, backoff, checking and keeping the old figures when a reply
// is bad. A provider is its addresses and a pure function from bodies to a Signal.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "app/ports.hpp"
#include "feed/feed.hpp"
#include "feed/poll_plan.hpp"

namespace greenq::feed {

struct Provider {
  core::SignalSource source;
  // Addresses asked one after another in each poll; all must be answered well.
  std::function<std::vector<std::string>(core::Instant now)> urls;
  // All bodies, in the order of the addresses. Pure; must not throw.
  std::function<core::Result<core::Signal>(std::vector<std::string> const& bodies, core::Instant now)> read;
  PollSettings poll;
  HttpRequest request;  // limits and certificates; url is ignored
};

std::unique_ptr<app::Feed> make_polled(Provider provider, int rank, FeedContext context);

// The checks of feeds.md section 5 that hold for every provider, beyond problem_of(): reach of the times, a
// frozen forecast (12 h or more of equal values), and for averages a mean within a factor of 5 of the zone's
// typical day (or within 100 g/kWh). Returns what is wrong, or nothing.
std::optional<std::string> implausible(core::Signal const& signal, core::Instant now);

}  // namespace greenq::feed
