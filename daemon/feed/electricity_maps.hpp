// Electricity Maps API v3: many zones, average, flow-traced consumption, key in the `auth-token` header
// (feeds.md section 2.4). Lifecycle factors unless the configuration says `direct`. No unit is stated: g/kWh.
//
// The free tier has the past 24 h of one zone and no forecast, so the forecast is optional: without it the
// signal ends in the past and the forecaster makes the curve. Sandbox keys give made-up figures, which are
// refused.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "feed/feed.hpp"
#include "feed/polled.hpp"

namespace greenq::feed {

inline constexpr char kElectricityMapsBaseUrl[] = "https://api.electricitymaps.com/v3";

struct ElectricityMapsAsk {
  std::string zone;                                         // as in Signal
  std::string region;                                       // as the provider calls it
  core::SignalBasis basis = core::SignalBasis::kLifecycle;  // kLifecycle or kDirect
};

// Zone ids are the provider's own, e.g. US-CAL-CISO; nothing when `zone` cannot be one.
std::optional<std::string> electricity_maps_region(std::string_view zone);

// The past 24 h, the forecast (optional), and when more is missing the past 10 days at most (optional, paid).
std::vector<Ask> electricity_maps_asks(std::string const& base_url, ElectricityMapsAsk const& ask,
                                       PollMoment const& moment);
// bodies: as asked; those of failed optional asks are empty. Hours that are marked as estimated, or whose
// figure is older than the hour itself, are kEstimated, and so is the running hour. Issue time: `updatedAt`
// of the forecast.
core::Result<core::Signal> read_electricity_maps(std::vector<std::string> const& bodies,
                                                 ElectricityMapsAsk const& ask, core::Instant now);
std::optional<Refusal> refused_by_electricity_maps(int status, std::string const& body,
                                                   ElectricityMapsAsk const& ask);

core::Result<Provider> electricity_maps_provider(FeedConfig const& config);

}  // namespace greenq::feed
