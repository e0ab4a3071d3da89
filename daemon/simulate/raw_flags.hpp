// What CLI11 declares and reads of the flags, before anybody looks at it. Use parse_flags().
#pragma once

#include <CLI/App.hpp>
#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "simulate/flags.hpp"

namespace greenq::simulate {

inline constexpr std::array<std::string_view, 2> kKinds{"marginal", "average"};
inline constexpr std::array<std::string_view, 2> kOutputs{"table", "json"};
inline constexpr std::array<std::string_view, 6> kForecasts{"greenq",      "perfect",     "published",
                                                            "persistence", "climatology", "correlated"};

// What CLI11 gives as text and what still needs a look.
struct Raw {
  std::string kind;
  std::string start;
  bool history = false;
  HistoryRequest request;
  std::string since = "30d";
  std::string until;
  std::string forecast = "greenq";
  std::string output = "table";
  bool perfect = false;
  bool no_pause = false;
  double short_wait_h = -1;
  double long_wait_h = -1;
  std::optional<double> wait_charge;
  std::string lateness_limit;
  std::string estimates = "exact";
  double feed_lost_h = -1;
};

void declare(CLI::App& app, Flags& flags, Raw& raw);

}  // namespace greenq::simulate
