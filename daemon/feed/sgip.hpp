// SGIP Signal (WattTime for the CPUC): California and neighbours, marginal, direct CO2, kg/kWh throughout;
// the replies state no unit (feeds.md section 2.2). Free account with HTTP Basic, then Bearer.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "feed/feed.hpp"
#include "feed/polled.hpp"

namespace greenq::feed {

inline constexpr char kSgipBaseUrl[] = "https://sgipsignal.com";

struct SgipAsk {
  std::string zone;  // as in Signal
  std::string ba;    // SGIP_CAISO_PGE, …
};

// The SGIP name of a zone; also tells MIDAS its region. Of US-CAL-CISO that of PG&E, which the shipped
// typical day is made from; SCE and SDGE need `region`.
std::optional<std::string> sgip_ba(std::string_view zone);

// The forecast of 72 h and, when more than a step is missing, up to 30 days of history (optional).
std::vector<Ask> sgip_asks(std::string const& base_url, SgipAsk const& ask, PollMoment const& moment);
// bodies: as asked; that of a failed history is empty. Figures are numbers or strings, the history is a list
// (newest first) or one object. Issue time: `generated_at`.
core::Result<core::Signal> read_sgip(std::vector<std::string> const& bodies, SgipAsk const& ask,
                                     core::Instant now);
std::optional<Refusal> refused_by_sgip(int status, std::string const& body, SgipAsk const& ask);

core::Result<Provider> sgip_provider(FeedConfig const& config);

}  // namespace greenq::feed
