// Energy-Charts (Fraunhofer ISE): some 35 countries of Europe, average, keyless, g/kWh (feeds.md
// section 2.6). The basis is not documented. Forecast to the end of today or tomorrow; no issue time: that is
// the receipt.
//
// Figures are made anew at each full hour and tomorrow's appear at about 19:00 Central European time, summer
// or winter. Polls fall 5 to 40 minutes past each hour, so one of them is soon after that.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "feed/feed.hpp"
#include "feed/polled.hpp"

namespace greenq::feed {

inline constexpr char kEnergyChartsBaseUrl[] = "https://api.energy-charts.info";

// The country of a zone that is a whole country: "de" for DE, "uk" for GB. A part of one, such as DK-DK1, has
// no figure of its own here; whoever wants the country's figure for it says so with `region`.
std::optional<std::string> energy_charts_region(std::string_view zone);

// Today and the forecast; when the days before are not known, those too (optional), 14 at most.
std::vector<Ask> energy_charts_asks(std::string const& base_url, std::string const& country,
                                    PollMoment const& moment);
// bodies: as asked; that of the optional ask is empty when it failed. The step, 15, 30 or 60 minutes, follows
// from `unix_seconds`. Past steps have actuals only, for a forecast of the past may be younger than it; the
// running step has the forecast, or else its actual so far as an estimate. `deprecated` replies are used.
core::Result<core::Signal> read_energy_charts(std::vector<std::string> const& bodies, std::string const& zone,
                                              std::string const& country, core::Instant now);

// Words about a reply that says `deprecated: true`; empty: none does.
std::string energy_charts_deprecation(std::vector<std::string> const& bodies);

core::Result<Provider> energy_charts_provider(FeedConfig const& config);

}  // namespace greenq::feed
