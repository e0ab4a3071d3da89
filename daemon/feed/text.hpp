// Small readers shared by recordings and typical days.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "core/carbon/signal.hpp"

namespace greenq::feed {

std::vector<std::string_view> split(std::string_view text, char separator);
std::string_view trim(std::string_view text);
std::optional<core::SignalKind> parse_kind(std::string_view text);    // "marginal", "average", "relative"
std::optional<core::SignalBasis> parse_basis(std::string_view text);  // "direct", "lifecycle"
// A finite decimal number; nothing for anything else ("nan", "inf", "", "1x").
std::optional<double> parse_number(std::string_view text);
// g/kWh to mg/kWh, rounded to nearest; nothing when it is no number or beyond +-1e12.
std::optional<core::Intensity> parse_grams(std::string_view text);
std::optional<core::Intensity> from_grams(double grams);

}  // namespace greenq::feed
