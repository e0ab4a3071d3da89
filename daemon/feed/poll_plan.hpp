// When to ask again. Pure; feeds.md section 4.
#pragma once

#include <optional>
#include <string>

#include "core/units.hpp"

namespace greenq::feed {

struct PollSettings {
  core::Span interval{std::chrono::minutes{30}};
  core::Span jitter{std::chrono::seconds{60}};  // added to each regular poll
  // Where in the interval polls may fall, jitter included; zero length: anywhere.
  core::Span window_begin{0};
  core::Span window_length{0};
  core::Span backoff_base{std::chrono::seconds{5}};
  core::Span backoff_cap{std::chrono::minutes{15}};
  core::Span overload_pause{std::chrono::seconds{60}};  // after 429 and 503 without Retry-After
};

// Where in the interval this installation polls, before jitter: a stable hash of its id.
core::Span phase_of(std::string const& install_id, PollSettings const& settings);

// The next moment in the installation's phase that is at least half an interval away, plus jitter. `chance`
// in [0, 1).
core::Instant next_regular(PollSettings const& settings, core::Span phase, core::Instant now, double chance);

// Full jitter: chance x min(cap, base x 2^failures), where failures counts those before this one.
core::Span backoff(PollSettings const& settings, int failures, double chance);

enum class StatusClass { kOk, kRedirect, kOverloaded, kPermanent, kTransient };
StatusClass classify(int http_status);

}  // namespace greenq::feed
