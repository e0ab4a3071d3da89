#include "config/reader/quantity.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>
#include <span>
#include <utility>

namespace greenq::config {
namespace {

using Wide = __int128;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

std::string quoted(std::string_view text) {
  std::string out = "\"";
  out += text.substr(0, 64);
  if (text.size() > 64) out += "…";
  return out + '"';
}

tl::unexpected<std::string> wrong(std::string_view text, std::string_view rest) {
  return tl::unexpected<std::string>(quoted(text) + ' ' + std::string(rest));
}

// A decimal number at the front: value = digits / 10^decimals.
struct Decimal {
  Wide digits = 0;
  int decimals = 0;
};

std::optional<Decimal> take_decimal(std::string_view& text) {
  Decimal number;
  std::size_t at = 0;
  std::size_t count = 0;
  bool point = false;
  for (; at < text.size(); ++at) {
    if (text[at] == '.' && !point && at > 0) {
      point = true;
      continue;
    }
    if (!is_digit(text[at])) break;
    if (++count > 20) return std::nullopt;
    number.digits = number.digits * 10 + (text[at] - '0');
    number.decimals += point ? 1 : 0;
  }
  if (count == 0 || text[at - 1] == '.') return std::nullopt;
  text.remove_prefix(at);
  return number;
}

// number * scale, rounded half up; nothing when it does not fit.
std::optional<std::int64_t> scaled(Decimal number, std::int64_t scale) {
  if (number.digits > 0 && scale > std::numeric_limits<std::int64_t>::max() / 2) return std::nullopt;
  Wide ten = 1;
  for (int i = 0; i < number.decimals; ++i) ten *= 10;
  Wide const limit = static_cast<Wide>(std::numeric_limits<std::int64_t>::max()) * ten;
  if (number.digits > limit / scale) return std::nullopt;
  return static_cast<std::int64_t>((number.digits * scale * 2 + ten) / (ten * 2));
}

struct Unit {
  std::string_view name;
  std::int64_t scale;
};

std::optional<std::int64_t> scale_of(std::span<Unit const> units, std::string_view name) {
  for (auto const& unit : units) {
    if (unit.name == name) return unit.scale;
  }
  return std::nullopt;
}

std::string_view without_leading_spaces(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  return text;
}

Quantity<std::int64_t> parse_with_unit(std::string_view text, std::span<Unit const> units,
                                       std::string_view unit, std::string_view known) {
  auto rest = text;
  auto const number = take_decimal(rest);
  if (!number)
    return wrong(text, "is not a number with a unit, e.g. " + std::string("64") + std::string(unit));
  auto const digits = text.substr(0, text.size() - rest.size());
  rest = without_leading_spaces(rest);
  if (rest.empty()) return wrong(text, "needs a unit, e.g. " + std::string(digits) + std::string(unit));
  auto const scale = scale_of(units, rest);
  if (!scale) {
    return wrong(text, "has an unknown unit " + quoted(rest) + "; use " + std::string(known));
  }
  auto const value = scaled(*number, *scale);
  if (!value) return wrong(text, "is too large");
  return *value;
}

constexpr std::int64_t kSecond = 1000;
constexpr std::int64_t kMinute = 60 * kSecond;
constexpr std::int64_t kHour = 60 * kMinute;
constexpr std::int64_t kDay = 24 * kHour;
constexpr std::int64_t kMaxSpan = 3660 * kDay;

constexpr std::array<Unit, 6> kSpanUnits{
    {{"ms", 1}, {"s", kSecond}, {"m", kMinute}, {"h", kHour}, {"d", kDay}, {"w", 7 * kDay}}};

// Exactly `width` digits (or at least `min_width`) at the front.
std::optional<int> take_digits(std::string_view& text, std::size_t min_width, std::size_t max_width) {
  std::size_t at = 0;
  int value = 0;
  while (at < text.size() && at < max_width && is_digit(text[at])) value = value * 10 + (text[at++] - '0');
  if (at < min_width) return std::nullopt;
  text.remove_prefix(at);
  return value;
}

bool take(std::string_view& text, char c) {
  if (text.empty() || text.front() != c) return false;
  text.remove_prefix(1);
  return true;
}

Quantity<Milliseconds> parse_clock_span(std::string_view text) {
  auto rest = text;
  auto const hours = take_digits(rest, 1, 5);
  bool ok = hours && take(rest, ':');
  auto const minutes = ok ? take_digits(rest, 2, 2) : std::nullopt;
  ok = minutes && take(rest, ':');
  auto const seconds = ok ? take_digits(rest, 2, 2) : std::nullopt;
  if (!seconds || !rest.empty() || *minutes > 59 || *seconds > 59) {
    return wrong(text, "is not a duration; write HH:MM:SS, or with units, e.g. 90m or 1d2h");
  }
  auto const total = *hours * kHour + *minutes * kMinute + *seconds * kSecond;
  if (total > kMaxSpan) return wrong(text, "is longer than ten years");
  return Milliseconds(total);
}

constexpr std::array<Unit, 19> kByteUnits{{{"B", 1},
                                           {"kB", 1'000},
                                           {"KB", 1'000},
                                           {"MB", 1'000'000},
                                           {"GB", 1'000'000'000},
                                           {"TB", 1'000'000'000'000},
                                           {"k", 1'000},
                                           {"K", 1'000},
                                           {"M", 1'000'000},
                                           {"G", 1'000'000'000},
                                           {"T", 1'000'000'000'000},
                                           {"KiB", 1LL << 10},
                                           {"MiB", 1LL << 20},
                                           {"GiB", 1LL << 30},
                                           {"TiB", 1LL << 40},
                                           {"Ki", 1LL << 10},
                                           {"Mi", 1LL << 20},
                                           {"Gi", 1LL << 30},
                                           {"Ti", 1LL << 40}}};
constexpr std::array<Unit, 4> kPowerUnits{
    {{"mW", 1}, {"W", 1'000}, {"kW", 1'000'000}, {"MW", 1'000'000'000}}};
constexpr std::array<Unit, 6> kIntensityUnits{{{"g/kWh", 1'000},
                                               {"gCO2/kWh", 1'000},
                                               {"gCO2e/kWh", 1'000},
                                               {"kg/kWh", 1'000'000},
                                               {"kgCO2/kWh", 1'000'000},
                                               {"kgCO2e/kWh", 1'000'000}}};

struct Zone {
  std::int64_t offset_ms = 0;
};

std::optional<Zone> take_zone(std::string_view& text) {
  if (take(text, 'Z') || take(text, 'z')) return Zone{};
  bool const minus = !text.empty() && text.front() == '-';
  if (!take(text, '+') && !take(text, '-')) return std::nullopt;
  auto const hours = take_digits(text, 2, 2);
  if (!hours || !take(text, ':')) return std::nullopt;
  auto const minutes = take_digits(text, 2, 2);
  if (!minutes || *hours > 23 || *minutes > 59) return std::nullopt;
  auto const offset = *hours * kHour + *minutes * kMinute;
  return Zone{minus ? -offset : offset};
}

// Milliseconds of the day, without the zone; nothing when it is not a time.
std::optional<std::int64_t> take_time_of_day(std::string_view& text) {
  auto const hours = take_digits(text, 2, 2);
  if (!hours || !take(text, ':')) return std::nullopt;
  auto const minutes = take_digits(text, 2, 2);
  if (!minutes || *hours > 23 || *minutes > 59) return std::nullopt;
  std::int64_t total = *hours * kHour + *minutes * kMinute;
  if (!take(text, ':')) return total;
  auto const seconds = take_digits(text, 2, 2);
  if (!seconds || *seconds > 59) return std::nullopt;
  total += *seconds * kSecond;
  if (!take(text, '.')) return total;
  std::size_t digits = 0;
  std::int64_t fraction = 0;
  for (; digits < text.size() && is_digit(text[digits]); ++digits) {
    if (digits < 3) fraction = fraction * 10 + (text[digits] - '0');
  }
  if (digits == 0 || digits > 9) return std::nullopt;
  for (std::size_t i = digits; i < 3; ++i) fraction *= 10;
  text.remove_prefix(digits);
  return total + fraction;
}

}  // namespace

Quantity<Milliseconds> parse_span(std::string_view text) {
  if (text.find(':') != std::string_view::npos) return parse_clock_span(text);
  auto rest = text;
  std::int64_t total = 0;
  auto last_scale = std::numeric_limits<std::int64_t>::max();
  if (rest.empty()) return wrong(text, "is empty; write a duration, e.g. 90m");
  while (!rest.empty()) {
    auto const number = take_decimal(rest);
    if (!number) return wrong(text, "is not a duration; write e.g. 90m, 1d2h or HH:MM:SS");
    rest = without_leading_spaces(rest);
    if (rest.empty()) return wrong(text, "needs a unit, e.g. " + std::string(text) + "m (s, m, h, d, w)");
    auto const letters = std::min(rest.find_first_of("0123456789. "), rest.size());
    auto const scale = scale_of(kSpanUnits, rest.substr(0, letters));
    if (!scale) {
      return wrong(text,
                   "has an unknown unit " + quoted(rest.substr(0, letters)) + "; use ms, s, m, h, d or w");
    }
    if (*scale >= last_scale) return wrong(text, "must name each unit once, the largest first, e.g. 1d2h");
    last_scale = *scale;
    auto const part = scaled(*number, *scale);
    if (!part || *part > kMaxSpan) return wrong(text, "is longer than ten years");
    total += *part;
    rest = without_leading_spaces(rest.substr(letters));
  }
  if (total > kMaxSpan) return wrong(text, "is longer than ten years");
  return Milliseconds(total);
}

Quantity<std::int64_t> parse_bytes(std::string_view text) {
  return parse_with_unit(text, kByteUnits, "GB", "B, kB, MB, GB, TB, KiB, MiB, GiB or TiB");
}

Quantity<std::int64_t> parse_power(std::string_view text) {
  return parse_with_unit(text, kPowerUnits, "W", "W or kW");
}

Quantity<std::int64_t> parse_intensity(std::string_view text) {
  return parse_with_unit(text, kIntensityUnits, "gCO2/kWh", "gCO2/kWh or g/kWh");
}

Quantity<UtcTime> parse_instant(std::string_view text) {
  constexpr std::string_view kExample = "e.g. 2026-11-24T08:00+01:00";
  auto const bad = [&](std::string_view why) {
    return wrong(text, std::string(why) + ", " + std::string(kExample));
  };
  auto rest = text;
  auto const year = take_digits(rest, 4, 4);
  if (!year || !take(rest, '-')) return bad("is not a time");
  auto const month = take_digits(rest, 2, 2);
  if (!month || !take(rest, '-')) return bad("is not a time");
  auto const day = take_digits(rest, 2, 2);
  if (!day) return bad("is not a time");
  auto const date =
      std::chrono::year_month_day(std::chrono::year(*year), std::chrono::month(static_cast<unsigned>(*month)),
                                  std::chrono::day(static_cast<unsigned>(*day)));
  if (!date.ok()) return bad("is not a day of the calendar");
  if (!take(rest, 'T') && !take(rest, 't') && !take(rest, ' ')) return bad("needs a time of day");
  auto const time = take_time_of_day(rest);
  if (!time) return bad("has no valid time of day");
  if (rest.empty()) return bad("needs a time zone");
  auto const zone = take_zone(rest);
  if (!zone || !rest.empty()) return bad("has no valid time zone");
  if (*year < 1970) return bad("is before 1970");
  return UtcTime(std::chrono::sys_days(date)) + Milliseconds(*time - zone->offset_ms);
}

Quantity<std::int64_t> parse_integer(std::string_view text, std::int64_t min, std::int64_t max) {
  auto digits = text;
  if (!digits.empty() && (digits.front() == '+' || digits.front() == '-')) digits.remove_prefix(1);
  if (digits.empty() || !std::all_of(digits.begin(), digits.end(), is_digit)) {
    return wrong(text, "is not a whole number");
  }
  if (digits.size() > 1 && digits.front() == '0') return wrong(text, "has a leading zero; write it without");
  std::int64_t value = 0;
  auto const from = text.front() == '+' ? text.substr(1) : text;
  auto const result = std::from_chars(from.data(), from.data() + from.size(), value);
  if (result.ec != std::errc() || value < min || value > max) {
    return wrong(text, "is out of range; use " + std::to_string(min) + " to " + std::to_string(max));
  }
  return value;
}

Quantity<double> parse_ratio(std::string_view text, double min, double max) {
  double value = 0;
  auto const result =
      std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
  if (result.ec != std::errc() || result.ptr != text.data() + text.size() || !std::isfinite(value)) {
    return wrong(text, "is not a number");
  }
  if (value < min || value > max) {
    auto const shown = [](double number) {
      std::array<char, 32> buffer{};
      auto const end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number);
      return std::string(buffer.data(), end.ptr);
    };
    return wrong(text, "is out of range; use " + shown(min) + " to " + shown(max));
  }
  return value;
}

}  // namespace greenq::config
