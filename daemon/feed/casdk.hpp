// Carbon Aware SDK WebApi, run by the site in front of a provider of its own: g/kWh (feeds.md section 2.11).
// It says neither marginal nor average, so the configuration must; nothing else can be checked.
#pragma once

#include <string>
#include <vector>

#include "feed/feed.hpp"
#include "feed/polled.hpp"

namespace greenq::feed {

struct CasdkAsk {
  std::string zone;      // as in Signal
  std::string location;  // as the SDK calls it
  core::SignalKind kind = core::SignalKind::kMarginal;
  core::SignalBasis basis = core::SignalBasis::kUnknown;
};

// The newest forecast and, when more than a step is missing, up to 7 days of observations (optional).
std::vector<Ask> casdk_asks(std::string const& base_url, CasdkAsk const& ask, PollMoment const& moment);
// bodies: as asked; that of failed observations is empty. Points carry the name that the provider behind has
// for the location: observations must bear that of the location or of the forecast. The best windows are
// ignored. Issue time: `generatedAt`, unless it is absent or a placeholder.
core::Result<core::Signal> read_casdk(std::vector<std::string> const& bodies, CasdkAsk const& ask,
                                      core::Instant now);
std::optional<Refusal> refused_by_casdk(int status, std::string const& body, CasdkAsk const& ask);

// Needs base_url, kind (marginal or average) and region (the location).
core::Result<Provider> casdk_provider(FeedConfig const& config);

}  // namespace greenq::feed
