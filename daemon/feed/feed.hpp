// Making feeds from configuration. Each provider is one file; the rest of the daemon sees app::Feed only.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "app/ports.hpp"
#include "feed/http.hpp"

namespace greenq::feed {

struct FeedConfig {
  std::string provider;  // "neso", "watttime", "replay", …
  std::string zone;      // the site's zone; figures are stored under it
  int rank = 0;          // 0 is preferred among feeds of one kind
  // replay, file
  std::string path{};         // recording: time_utc,gco2_per_kwh
  std::string issues_path{};  // recorded forecasts: issued_utc,h000..hNNN; empty: perfect foresight
  std::optional<core::Instant>
      start{};             // recorded moment that plays first; nothing: the first of the recording
  std::int64_t speed = 1;  // recorded seconds per second
  bool loop = false;       // begin again when the recording ends
  std::optional<core::Instant> anchor{};   // wall time at which `start` plays; nothing: when the feed starts
  std::optional<core::SignalKind> kind{};  // overrides the file's comment
  std::optional<core::SignalBasis> basis{};
  core::Span horizon{std::chrono::hours{24 * 7}};  // wall time ahead
  // HTTP providers
  std::string base_url{};  // empty: the provider's own; no slash at the end
  std::string ca_file{};
  std::string region{};  // the provider's own name of the zone; empty: what it is known to call it
  std::string user{};
  std::string secret{};  // password or key, as read from its file; empty: none
  std::string proxy{};   // "http://host:port"; empty: none
};

// Figures that ended longer ago are of no use.
inline constexpr core::Span kUsefulFor{std::chrono::hours{24}};
// Of a feed with nothing newer than figures that end at `until`.
inline app::FeedHealth health_of_old(core::Instant until, core::Instant now) {
  return until > now - kUsefulFor ? app::FeedHealth::kStale : app::FeedHealth::kDead;
}

enum class LogLevel { kInfo, kWarning, kError };

class Commons;

// What every feed needs. The pointers outlive the feed.
struct FeedContext {
  app::Clock* clock = nullptr;
  app::Inbox* inbox = nullptr;
  FeedHost* host = nullptr;
  std::shared_ptr<Commons> commons;  // one for all feeds of a host
  std::function<double()> random;    // uniform in [0, 1); called on the io thread only
  // Where the stored actuals of this feed end. May be empty. Asked once, on the io thread.
  std::function<core::Instant(core::SignalSource const&)> known_until;
  std::string install_id;  // spreads the polls of many installations
  // Stable id, then one sentence. May be empty. Any thread. Must not call the feed, whose stop() waits for
  // it.
  std::function<void(LogLevel, std::string const&, std::string const&)> log;
};

// Fails when the configuration or a recording is unusable; fields of the error name every problem.
core::Result<std::unique_ptr<app::Feed>> make_feed(FeedConfig const& config, FeedContext context);

}  // namespace greenq::feed
