// The flags of `greenqd simulate`.
#pragma once

#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

#include "config/completion/completion.hpp"
#include "sim/estimates.hpp"
#include "sim/outlook.hpp"
#include "sim/policy.hpp"
#include "simulate/load.hpp"

namespace greenq::simulate {

struct Flags {
  Sources sources;
  std::optional<HistoryRequest> history{};  // nothing: all comes from files
  std::string policy;
  std::vector<std::string> compare;
  bool pauses = true;
  sim::OutlookKind forecast = sim::OutlookKind::kGreenq;
  std::string forecast_name = "greenq";
  core::Span feed_lost{0};  // without news, from the middle of the time on
  sim::Estimates estimates;
  sim::PolicyOptions options;
  bool bound = false;
  std::string out;   // empty: none
  std::string plot;  // empty: none
  bool json = false;
};

// For the completion of `program`, whose own types hold too.
config::CompletionCommand completion_of_flags(config::CompletionProgram program);

// Nothing: `status` is what the program ends with; help or problems are written.
// `now`: what spans like `--since 30d` count from.
std::optional<Flags> parse_flags(std::vector<std::string> arguments, core::Instant now, std::ostream& out,
                                 std::ostream& err, int& status);

}  // namespace greenq::simulate
