// From settings to feeds: `auto`, secrets and proxies resolved; and the check of feeds on the command line.
#pragma once

#include <string>
#include <vector>

#include "app/paths.hpp"
#include "app/settings.hpp"
#include "core/carbon/track.hpp"
#include "feed/feed.hpp"

namespace greenq {

// In order of preference; ranks are places in the list. kInvalidArgument: a secret file cannot be used, or
// `auto` knows no provider for its zone.
core::Result<std::vector<feed::FeedConfig>> feed_configs(app::Settings const& settings,
                                                         app::Environment const& environment);

// Writes what feeds report to the log of the daemon.
void log_feed(feed::LogLevel level, std::string const& id, std::string const& text);

// The yearly factors of the site's zone that the settings name.
std::vector<core::YearlyFactor> yearly_factors(app::Settings const& settings);

// Zones with a typical day or a live provider, for `greenqd init`.
std::vector<app::ZoneKinds> known_zones();

// Asks each configured provider of the zone once (without configured ones: those that need no account) and
// prints what it would use: kind, issue time, reach, figures, or what is wrong and what to do. Exit status: 0
// when at least one answered well.
int check_feeds(std::string const& zone, app::Settings const& settings, app::Environment const& environment);

}  // namespace greenq
