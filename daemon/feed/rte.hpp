// RTE éCO2mix through the open data portal ODRÉ: France, average of production, direct factors, keyless,
// g/kWh (feeds.md section 2.8). Actuals only: the signal ends in the past and the forecaster makes the curve.
// No issue time: that is the receipt.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "feed/feed.hpp"
#include "feed/polled.hpp"

namespace greenq::feed {

inline constexpr char kRteBaseUrl[] = "https://odre.opendatasoft.com";

// FR alone.
std::optional<std::string> rte_region(std::string_view zone);

// The newest 100 figures after those known (about a day, all that a request for records gives); when more is
// missing, an export (optional) of 14 days at most, which comes as a bare list.
std::vector<Ask> rte_asks(std::string const& base_url, PollMoment const& moment);
// bodies: as asked; that of the optional ask is empty when it failed. Newest first, as asked for. The step
// is 30 or 60 minutes where all distances agree, else 15. Future rows are null; those with a figure are left
// out.
core::Result<core::Signal> read_rte(std::vector<std::string> const& bodies, std::string const& zone,
                                    core::Instant now);

core::Result<Provider> rte_provider(FeedConfig const& config);

}  // namespace greenq::feed
