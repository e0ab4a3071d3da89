// Plays a recording in wall time: the recorded moment v shows at t0 + (v - start) / speed.
//
// Without recorded issues the future is the recording itself (perfect foresight, and the label says so); with
// them it is the newest issue of that moment. Points that are over are actual, all others forecast.
#pragma once

#include <memory>
#include <optional>

#include "app/ports.hpp"
#include "feed/feed.hpp"
#include "feed/recording.hpp"

namespace greenq::feed {

struct ReplayOptions {
  std::string zone;
  std::string provider = "replay";  // or "file"
  core::Instant start{};            // recorded time that shows at t0
  std::int64_t speed = 1;           // >= 1
  bool loop = false;
  bool past_only = false;  // once it is over, the past is still told
};

inline constexpr std::size_t kMaxReplayPast = 288;     // points
inline constexpr std::size_t kMaxReplayFuture = 1000;  // points
// A recorded step must last at least this long in wall time.
inline constexpr core::Span kMinReplayStep{100};

// What a client of that feed knows at `now`. Pure. No points once the recording is over (without `loop` and
// `past_only`) or lies ahead. It is given, not to be corrected, unless `past_only` and nothing lies ahead.
core::Signal replay_at(Recording const& recording, ReplayOptions const& options, core::Instant t0,
                       core::Instant now, core::Span horizon);
// The next moment after `now` at which replay_at() says something new; nothing when it never will.
std::optional<core::Instant> next_change(Recording const& recording, ReplayOptions const& options,
                                         core::Instant t0, core::Instant now);

core::Result<std::unique_ptr<app::Feed>> make_replay(FeedConfig const& config, FeedContext const& context);

}  // namespace greenq::feed
