// NESO Carbon Intensity API: Great Britain and 17 parts of it, average, keyless, g/kWh (feeds.md
// section 2.5). Operational factors, with imports and losses. No issue time: that is the receipt.
//
// Zone GB is the national figure; `region`, or a zone from GB-REG-1 to GB-REG-17, chooses a part. Parts have
// a forecast only: their past is absent, and the forecaster learns nothing from them.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "feed/feed.hpp"
#include "feed/polled.hpp"

namespace greenq::feed {

inline constexpr char kNesoBaseUrl[] = "https://api.carbonintensity.org.uk";

// The id "1" … "17" of a zone GB-REG-<id>, of an id, or of a region's name ("London", "south wales"); the
// first half, in capitals, of a postcode ("RG10" for "rg10 9nx"). Nothing for all else, GB among it.
std::optional<std::string> neso_region(std::string_view zone_or_name);

// Forecast of the next 48 h, then actuals (optional): those of the past 24 h, as they are revised that long,
// and more up to 14 days when they are not known. The stable minute (hh:01, hh:31) makes replies cacheable.
std::vector<Ask> neso_asks(std::string const& base_url, PollMoment const& moment);
// bodies: as asked by neso_asks(); that of a failed optional ask is empty. Past half hours without an actual
// stay absent: their `forecast` is overwritten after the fact. Zero means missing. Fails with BAD_REPLY or
// NO_DATA.
core::Result<core::Signal> read_neso(std::vector<std::string> const& bodies, core::Instant now);

// The next 48 h of a part of Great Britain.
std::vector<Ask> neso_regional_asks(std::string const& base_url, std::string const& region,
                                    PollMoment const& moment);
core::Result<core::Signal> read_neso_regional(std::vector<std::string> const& bodies, std::string const& zone,
                                              std::string const& region, core::Instant now);

core::Result<Provider> neso_provider(FeedConfig const& config);

}  // namespace greenq::feed
