#include "feed/time_text.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace greenq::feed {
namespace {

using core::Instant;
using core::Span;

// Takes exactly `digits` decimal digits.
std::optional<int> take(std::string_view& text, std::size_t digits) {
  if (text.size() < digits) return std::nullopt;
  int value = 0;
  for (char const c : text.substr(0, digits)) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + (c - '0');
  }
  text.remove_prefix(digits);
  return value;
}

bool skip(std::string_view& text, std::string_view expected) {
  if (!text.starts_with(expected)) return false;
  text.remove_prefix(expected.size());
  return true;
}

std::optional<Instant> make(int year, int month, int day, int hour, int minute, int second) {
  std::chrono::year_month_day const date{std::chrono::year{year},
                                         std::chrono::month{static_cast<unsigned>(month)},
                                         std::chrono::day{static_cast<unsigned>(day)}};
  if (!date.ok() || hour > 23 || minute > 59 || second > 59) return std::nullopt;
  return std::chrono::time_point_cast<Span>(std::chrono::sys_days{date}) + std::chrono::hours{hour} +
         std::chrono::minutes{minute} + std::chrono::seconds{second};
}

std::optional<Span> take_offset(std::string_view text) {
  if (text == "Z") return Span{0};
  if (text.size() != 6 || (text[0] != '+' && text[0] != '-')) return std::nullopt;
  bool const west = text[0] == '-';
  text.remove_prefix(1);
  auto const hours = take(text, 2);
  if (!hours || !skip(text, ":")) return std::nullopt;
  auto const minutes = take(text, 2);
  if (!minutes || *hours > 23 || *minutes > 59) return std::nullopt;
  Span const offset = std::chrono::hours{*hours} + std::chrono::minutes{*minutes};
  return west ? -offset : offset;
}

// Up to nine digits after the point; what is finer than a millisecond is dropped.
std::optional<Span> take_fraction(std::string_view& text) {
  std::size_t digits = 0;
  int ms = 0;
  while (digits < text.size() && text[digits] >= '0' && text[digits] <= '9') {
    if (digits < 3) ms = ms * 10 + (text[digits] - '0');
    ++digits;
  }
  if (digits == 0 || digits > 9) return std::nullopt;
  for (std::size_t i = digits; i < 3; ++i) ms *= 10;
  text.remove_prefix(digits);
  return Span{ms};
}

}  // namespace

std::optional<Instant> parse_time(std::string_view text) {
  auto const year = take(text, 4);
  if (!year || !skip(text, "-")) return std::nullopt;
  auto const month = take(text, 2);
  if (!month || !skip(text, "-")) return std::nullopt;
  auto const day = take(text, 2);
  if (!day || !skip(text, "T")) return std::nullopt;
  auto const hour = take(text, 2);
  if (!hour || !skip(text, ":")) return std::nullopt;
  auto const minute = take(text, 2);
  if (!minute) return std::nullopt;
  int second = 0;
  Span fraction{0};
  if (skip(text, ":")) {
    auto const seconds = take(text, 2);
    if (!seconds) return std::nullopt;
    second = *seconds;
    if (skip(text, ".")) {
      auto const part = take_fraction(text);
      if (!part) return std::nullopt;
      fraction = *part;
    }
  }
  auto const offset = take_offset(text);
  auto const local = make(*year, *month, *day, *hour, *minute, second);
  if (!offset || !local) return std::nullopt;
  return *local + fraction - *offset;
}

std::optional<Instant> parse_http_date(std::string_view text) {
  static constexpr std::array<std::string_view, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                            "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  if (text.size() != 29 || text.substr(3, 2) != ", ") return std::nullopt;
  text.remove_prefix(5);
  auto const day = take(text, 2);
  if (!day || !skip(text, " ")) return std::nullopt;
  auto const month = std::find(kMonths.begin(), kMonths.end(), text.substr(0, 3));
  if (month == kMonths.end()) return std::nullopt;
  text.remove_prefix(3);
  if (!skip(text, " ")) return std::nullopt;
  auto const year = take(text, 4);
  if (!year || !skip(text, " ")) return std::nullopt;
  auto const hour = take(text, 2);
  if (!hour || !skip(text, ":")) return std::nullopt;
  auto const minute = take(text, 2);
  if (!minute || !skip(text, ":")) return std::nullopt;
  auto const second = take(text, 2);
  if (!second || text != " GMT") return std::nullopt;
  return make(*year, static_cast<int>(month - kMonths.begin()) + 1, *day, *hour, *minute, *second);
}

std::optional<Span> parse_retry_after(std::string_view text, Instant now) {
  constexpr Span kLeast{std::chrono::seconds{1}};
  constexpr Span kMost{std::chrono::hours{1}};
  if (text.empty()) return std::nullopt;
  if (auto const date = parse_http_date(text)) return std::clamp(*date - now, kLeast, kMost);
  bool const digits = std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (!digits) return std::nullopt;
  std::int64_t seconds = 0;
  auto const parsed = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (parsed.ec != std::errc{}) return kMost;  // too many digits
  return std::clamp(Span{std::chrono::seconds{std::min<std::int64_t>(seconds, 3600)}}, kLeast, kMost);
}

}  // namespace greenq::feed
