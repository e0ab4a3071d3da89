#include "feed/text.hpp"

#include <charconv>
#include <cmath>

namespace greenq::feed {

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  std::size_t from = 0;
  while (true) {
    std::size_t const to = text.find(separator, from);
    if (to == std::string_view::npos) break;
    parts.push_back(text.substr(from, to - from));
    from = to + 1;
  }
  parts.push_back(text.substr(from));
  return parts;
}

std::string_view trim(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r";
  std::size_t const from = text.find_first_not_of(kBlank);
  if (from == std::string_view::npos) return text.substr(text.size());
  return text.substr(from, text.find_last_not_of(kBlank) - from + 1);
}

std::optional<core::SignalKind> parse_kind(std::string_view text) {
  if (text == "marginal") return core::SignalKind::kMarginal;
  if (text == "average") return core::SignalKind::kAverage;
  if (text == "relative") return core::SignalKind::kRelative;
  return std::nullopt;
}

std::optional<core::SignalBasis> parse_basis(std::string_view text) {
  if (text == "direct") return core::SignalBasis::kDirect;
  if (text == "lifecycle") return core::SignalBasis::kLifecycle;
  return std::nullopt;
}

std::optional<double> parse_number(std::string_view text) {
  double value = 0;
  auto const* const begin = text.data();
  auto const* const end = begin + text.size();
  auto const parsed = std::from_chars(begin, end, value);
  if (text.empty() || parsed.ec != std::errc{} || parsed.ptr != end || !std::isfinite(value))
    return std::nullopt;
  return value;
}

std::optional<core::Intensity> from_grams(double grams) {
  constexpr double kLimit = 1e12;
  if (!(grams > -kLimit && grams < kLimit)) return std::nullopt;
  return core::Intensity{std::llround(grams * 1000)};
}

std::optional<core::Intensity> parse_grams(std::string_view text) {
  auto const value = parse_number(text);
  return value ? from_grams(*value) : std::nullopt;
}

}  // namespace greenq::feed
