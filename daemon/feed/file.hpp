// Provider `file`: figures that somebody else writes into a file, at their real times.
//
// The file (and that of the issues) is looked at every 30 s and read again when it changed in time, size or
// inode. A version that cannot be used, or is gone, leaves the old figures in force. Write a new version
// beside the old one and rename it, so that no half of it is ever read. Figures that end in the past are
// taken, too, for a day: the forecaster makes the curve then.
//
// Looking and reading are done beside the io thread. Where they hang (a network mount), the old figures stay
// in force, too, and no second attempt begins before the first one ends.
#pragma once

#include <memory>

#include "app/ports.hpp"
#include "feed/feed.hpp"

namespace greenq::feed {

inline constexpr core::Span kFileLook{std::chrono::seconds{30}};
inline constexpr core::Span kFileLimit{std::chrono::seconds{5}};  // of a look

// BAD_RECORDING when the file cannot be used now, which takes no longer than kFileLimit. In its status
// `polls` counts readings.
core::Result<std::unique_ptr<app::Feed>> make_file(FeedConfig const& config, FeedContext const& context);

}  // namespace greenq::feed
