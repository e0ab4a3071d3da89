#include <algorithm>
#include <charconv>

#include "app/settings_table.hpp"
#include "config/reader/quantity.hpp"
#include "config/reader/suggest.hpp"
#include "core/check.hpp"

namespace greenq::app {
namespace {

using Parsed = tl::expected<Value, std::string>;

tl::unexpected<std::string> wrong(std::string message) {
  return tl::unexpected<std::string>(std::move(message));
}

std::string quoted(std::string_view text) {
  return '"' + std::string(text.substr(0, 64)) + '"';
}

Parsed of_integer(tl::expected<std::int64_t, std::string> number) {
  if (!number) return wrong(number.error());
  Value value;
  value.integer = *number;
  return value;
}

Parsed parse_choice(std::vector<std::string_view> const& choices, std::string_view text) {
  Value value;
  value.text = text;
  if (std::find(choices.begin(), choices.end(), text) != choices.end()) return value;
  std::string message = quoted(text) + " is none of ";
  for (std::size_t i = 0; i < choices.size(); ++i) message += (i == 0 ? "" : ", ") + std::string(choices[i]);
  return wrong(message + config::did_you_mean(text, choices));
}

Parsed parse_octal(std::string_view text) {
  Value value;
  auto const* const begin = text.data();
  auto const* const end = begin + text.size();
  auto const result = std::from_chars(begin, end, value.integer, 8);
  if (text.size() != 4 || text.front() != '0' || result.ec != std::errc() || result.ptr != end) {
    return wrong(quoted(text) + " is not a mode of four octal digits, e.g. 0660");
  }
  return value;
}

Parsed parse_bool(std::string_view text) {
  Value value;
  value.flag = text == "true";
  if (text != "true" && text != "false") return wrong(quoted(text) + " is neither true nor false");
  return value;
}

Parsed parse_instant(std::string_view text) {
  auto const instant = config::parse_instant(text);
  if (!instant) return wrong(instant.error());
  Value value;
  value.integer = core::to_ms(*instant);
  return value;
}

Parsed parse_span(std::string_view text) {
  auto const span = config::parse_span(text);
  if (!span) return wrong(span.error());
  Value value;
  value.integer = span->count();
  return value;
}

// Bounds of ratios, integers and lists are given to the parser; those of quantities are compared afterwards.
std::int64_t whole(std::string_view text, std::int64_t fallback) {
  std::int64_t value = fallback;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

Parsed parse_ratio(std::string_view text, std::string_view min, std::string_view max) {
  auto const low = config::parse_ratio(min, -1e18, 1e18);
  auto const high = config::parse_ratio(max, -1e18, 1e18);
  GREENQ_CHECK(low && high);
  auto const ratio = config::parse_ratio(text, *low, *high);
  if (!ratio) return wrong(ratio.error());
  Value value;
  value.ratio = *ratio;
  return value;
}

Parsed parse_list(std::string_view text, std::int64_t min, std::int64_t max) {
  if (text.size() < 2 || text.front() != '[' || text.back() != ']') {
    return wrong(quoted(text) + " is not a list of whole numbers, e.g. [1, 2]");
  }
  text = text.substr(1, text.size() - 2);
  Value value;
  while (true) {
    auto const first = text.find_first_not_of(' ');
    if (first == std::string_view::npos) break;
    auto const comma = text.find(',', first);
    auto item = text.substr(first, comma == std::string_view::npos ? comma : comma - first);
    item = item.substr(0, item.find_last_not_of(' ') + 1);
    auto const number = config::parse_integer(item, min, max);
    if (!number) return wrong(number.error());
    value.list.push_back(*number);
    if (value.list.size() > 1000) return wrong("has more than 1000 entries");
    if (comma == std::string_view::npos) break;
    text = text.substr(comma + 1);
  }
  return value;
}

template <class Target>
Parsed parse_typed(Row<Target> const& row, std::string_view text) {
  auto const min = whole(row.shape.min, 0);
  auto const max = whole(row.shape.max, INT64_MAX);
  switch (row.shape.type) {
    case ValueType::kText:
    case ValueType::kPath: {
      if (text.size() > 4096) return wrong("is longer than 4096 bytes");
      if (text.empty())
        return wrong(row.shape.unset.empty() ? "is empty"
                                             : "is empty; write " + std::string(row.shape.unset));
      Value value;
      value.text = text;
      return value;
    }
    case ValueType::kChoice:
      return parse_choice(row.shape.choices, text);
    case ValueType::kInteger:
      return of_integer(config::parse_integer(text, min, max));
    case ValueType::kOctal:
      return parse_octal(text);
    case ValueType::kBytes:
      return of_integer(config::parse_bytes(text));
    case ValueType::kSpan:
      return parse_span(text);
    case ValueType::kPower:
      return of_integer(config::parse_power(text));
    case ValueType::kRatio:
      return parse_ratio(text, row.shape.min, row.shape.max);
    case ValueType::kBool:
      return parse_bool(text);
    case ValueType::kInstant:
      return parse_instant(text);
    case ValueType::kList:
      return parse_list(text, min, max);
  }
  return wrong("has an unknown type");
}

bool has_quantity_bounds(ValueType type) {
  return type == ValueType::kBytes || type == ValueType::kSpan || type == ValueType::kPower ||
         type == ValueType::kOctal;
}

char const* noun(ValueType type) {
  switch (type) {
    case ValueType::kText:
      return "text";
    case ValueType::kPath:
      return "path";
    case ValueType::kChoice:
      return "one of";
    case ValueType::kInteger:
      return "whole number";
    case ValueType::kOctal:
      return "mode in octal digits";
    case ValueType::kBytes:
      return "size, e.g. 64MiB";
    case ValueType::kSpan:
      return "duration, e.g. 90s or 24h";
    case ValueType::kPower:
      return "power, e.g. 280W";
    case ValueType::kRatio:
      return "number";
    case ValueType::kBool:
      return "true or false";
    case ValueType::kInstant:
      return "UTC time";
    case ValueType::kList:
      return "list of whole numbers";
  }
  return "";
}

}  // namespace

template <class Target>
tl::expected<Value, std::string> parse_value(Row<Target> const& row, std::string_view text) {
  if (!row.shape.unset.empty() && text == row.shape.unset) {
    Value value;
    value.unset = true;
    return value;
  }
  auto value = parse_typed(row, text);
  if (!value || !has_quantity_bounds(row.shape.type)) return value;
  auto const low = row.shape.min.empty() ? Parsed{} : parse_typed(row, row.shape.min);
  auto const high = row.shape.max.empty() ? Parsed{} : parse_typed(row, row.shape.max);
  bool const too_low = !row.shape.min.empty() && value->integer < low->integer;
  bool const too_high = !row.shape.max.empty() && value->integer > high->integer;
  if (too_low) return wrong(quoted(text) + " is too small; at least " + std::string(row.shape.min));
  if (too_high) return wrong(quoted(text) + " is too large; at most " + std::string(row.shape.max));
  return value;
}

template <class Target>
std::string type_in_words(Row<Target> const& row) {
  std::string words = noun(row.shape.type);
  for (std::size_t i = 0; i < row.shape.choices.size(); ++i)
    words += (i == 0 ? " " : ", ") + std::string(row.shape.choices[i]);
  if (!row.shape.unset.empty()) words += ", or " + std::string(row.shape.unset);
  if (!row.shape.min.empty() && !row.shape.max.empty()) {
    words += "; " + std::string(row.shape.min) + " to " + std::string(row.shape.max);
  } else if (!row.shape.min.empty()) {
    words += "; at least " + std::string(row.shape.min);
  }
  return words;
}

template tl::expected<Value, std::string> parse_value(Row<Settings> const&, std::string_view);
template tl::expected<Value, std::string> parse_value(Row<FeedSettings> const&, std::string_view);
template std::string type_in_words(Row<Settings> const&);
template std::string type_in_words(Row<FeedSettings> const&);

}  // namespace greenq::app
