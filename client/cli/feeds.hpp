// The configured sources of intensity; used by feeds, zones and doctor.
#pragma once

#include <string>
#include <vector>

#include "client/cli/cli.hpp"

namespace greenq::client {

Result<std::vector<v1::Feed>> list_feeds(Context& context, Milliseconds timeout);
std::string feed_state_text(v1::FeedState state);  // "fresh", "stale", "dead", "not asked yet"

}  // namespace greenq::client
