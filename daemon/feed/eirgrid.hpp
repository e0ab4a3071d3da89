// EirGrid Smart Grid Dashboard: Ireland (ROI), Northern Ireland (NI) or both (ALL), average, keyless, g/kWh
// in steps of 15 minutes (feeds.md section 2.8). The basis is not documented. Actuals only: the signal ends
// in the past and the forecaster makes the curve. No issue time: that is the receipt.
//
// Times are local to Dublin and carry no offset. The hour that October repeats, and the one that March skips,
// cannot be placed from their text, so their rows are left out: once a year two hours are absent.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "feed/feed.hpp"
#include "feed/polled.hpp"

namespace greenq::feed {

inline constexpr char kEirgridBaseUrl[] = "https://www.smartgriddashboard.com";

// IE is ROI, GB-NIR is NI.
std::optional<std::string> eirgrid_region(std::string_view zone);

// Summer time in the European Union and the United Kingdom: from the last Sunday of March to the last Sunday
// of October, 01:00 UTC each.
bool eu_summer_time(core::Instant time);
// "04-Nov-2023 16:30:00", local to Dublin.
struct DublinTime {
  core::Instant utc{};
  bool certain = false;  // false in the hour that is repeated or skipped
};
std::optional<DublinTime> parse_dublin_time(std::string_view text);

// Whole local days: from that until which all is known to today, 28 at most.
std::vector<Ask> eirgrid_asks(std::string const& base_url, std::string const& region,
                              PollMoment const& moment);
// Future rows are null; those with a figure, and that of the running step, are left out.
core::Result<core::Signal> read_eirgrid(std::vector<std::string> const& bodies, std::string const& zone,
                                        std::string const& region, core::Instant now);

core::Result<Provider> eirgrid_provider(FeedConfig const& config);

}  // namespace greenq::feed
