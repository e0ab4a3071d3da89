// WattTime API v3: many regions; marginal (co2_moer), average (co2_aoer) or the relative signal index, direct
// CO2, in the unit that `meta.units` states (feeds.md section 2.1). Account with HTTP Basic, then Bearer.
//
// Which regions an account may use differs and has changed, so none is known here: /v3/my-access is asked
// after the login, and a region that is not in it is refused with the names of those that are. The index is
// free in every region; it is a percentile of the next 24 h, ranks hours and enters no gram.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "feed/feed.hpp"
#include "feed/polled.hpp"

namespace greenq::feed {

inline constexpr char kWattTimeBaseUrl[] = "https://api.watttime.org";

struct WattTimeAsk {
  std::string zone;    // as in Signal
  std::string region;  // as the provider calls it
  core::SignalKind kind = core::SignalKind::kMarginal;
};

// Marginal: the forecast of 72 h and, when more than a step is missing, up to 31 days of history (optional).
// Average: the same, but the provider may give history only, so there the forecast is the optional one.
// Relative: the index.
std::vector<Ask> watttime_asks(std::string const& base_url, WattTimeAsk const& ask, PollMoment const& moment);
// bodies: as asked; those of failed optional asks are empty. Issue time: `generated_at`; the index has none.
core::Result<core::Signal> read_watttime(std::vector<std::string> const& bodies, WattTimeAsk const& ask,
                                         core::Instant now);
// By the body of /v3/my-access: why the figures are not to be had, or nothing, also when it is not
// understood.
std::optional<Refusal> watttime_access(std::string const& body, WattTimeAsk const& ask);
std::optional<Refusal> refused_by_watttime(int status, std::string const& body, WattTimeAsk const& ask);

// The region is that of the settings, or else what the zone is called.
core::Result<Provider> watttime_provider(FeedConfig const& config);

}  // namespace greenq::feed
