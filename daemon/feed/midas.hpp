// MIDAS 2.0 of the California Energy Commission: California and neighbours, marginal (the SGIP signal of
// WattTime), direct CO2, in the unit that each row states, keyless (feeds.md section 2.3).
//
// Observed, running and forecast rows come in one list; those that start after `SystemTime_UTC` are forecast.
// There is no issue time of the forecast itself: the clock of the reply stands for it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "feed/feed.hpp"
#include "feed/polled.hpp"

namespace greenq::feed {

inline constexpr char kMidasBaseUrl[] = "https://midasapi.energy.ca.gov";

struct MidasAsk {
  std::string zone;  // as in Signal
  std::string rin;   // USCA-SGIP-MOER-PGE, …
};

// The rate identification number of a region as MIDAS or SGIP calls it: SMUD, SGIP_BANC_SMUD or the whole
// number. Nothing when it has an unfit letter.
std::optional<std::string> midas_rin(std::string_view region);

// The 72 h from midnight Pacific and, when days before that are missing, up to 14 of them (optional).
std::vector<Ask> midas_asks(std::string const& base_url, MidasAsk const& ask, PollMoment const& moment);
// bodies: as asked. The shape of the history is not documented, so one that is not understood is left out. A
// window of an earlier day is NO_DATA: the server answers from its cache when it has lost its own source, and
// what that calls the past is an old forecast.
core::Result<core::Signal> read_midas(std::vector<std::string> const& bodies, MidasAsk const& ask,
                                      core::Instant now);
std::optional<Refusal> refused_by_midas(int status, std::string const& body, MidasAsk const& ask);

core::Result<Provider> midas_provider(FeedConfig const& config);

}  // namespace greenq::feed
