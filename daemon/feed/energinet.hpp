// Energinet, Energi Data Service: bidding zones DK1 and DK2, average of consumption, keyless, g/kWh in steps
// of five minutes (feeds.md section 2.7). Whether the factors are direct is not documented. No issue time:
// the receipt.
//
// One request for a dataset in a minute is all that is allowed, so both zones are asked for at once, with one
// address: two feeds of one daemon share the replies.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "feed/feed.hpp"
#include "feed/polled.hpp"

namespace greenq::feed {

inline constexpr char kEnerginetBaseUrl[] = "https://api.energidataservice.dk";

// DK-DK1 is DK1, DK-DK2 is DK2.
std::optional<std::string> energinet_region(std::string_view zone);

// The prognosis from this hour on, then actuals (optional) of up to 14 days. Times are whole hours, so that
// feeds that poll together ask for the same address; always ascending and with a limit, as the default is the
// last 100 rows of the future.
std::vector<Ask> energinet_asks(std::string const& base_url, PollMoment const& moment);
// bodies: as asked; that of the optional ask is empty when it failed. `Minutes5UTC` is UTC without saying so.
// The prognosis of the past is overwritten and never read.
core::Result<core::Signal> read_energinet(std::vector<std::string> const& bodies, std::string const& zone,
                                          std::string const& area, core::Instant now);

core::Result<Provider> energinet_provider(FeedConfig const& config);

}  // namespace greenq::feed
