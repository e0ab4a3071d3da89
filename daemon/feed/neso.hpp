// NESO Carbon Intensity API: Great Britain, national, average, keyless (feeds.md section 2.5).
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "feed/feed.hpp"
#include "feed/polled.hpp"

namespace greenq::feed {

inline constexpr char kNesoBaseUrl[] = "https://api.carbonintensity.org.uk";

// Forecast of the next 48 h, then actuals of the past 24 h. The stable minute (hh:01, hh:31) makes replies
// cacheable.
std::vector<std::string> neso_urls(std::string const& base_url, core::Instant now);
// bodies: as asked by neso_urls(). Past half hours without an actual stay absent: their `forecast` is
// overwritten after the fact. Zero means missing. Fails with BAD_REPLY or NO_DATA.
core::Result<core::Signal> read_neso(std::vector<std::string> const& bodies, core::Instant now);

core::Result<Provider> neso_provider(FeedConfig const& config);

}  // namespace greenq::feed
