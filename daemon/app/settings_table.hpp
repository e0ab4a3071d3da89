// The declarations behind settings.hpp; used by the reader and the generators only.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>
#include <vector>

#include "app/settings.hpp"

namespace greenq::app {

// How a value is written. kList holds whole numbers.
enum class ValueType : std::uint8_t {
  kText = 1,
  kPath = 2,
  kChoice = 3,
  kInteger = 4,
  kOctal = 5,
  kBytes = 6,
  kSpan = 7,
  kPower = 8,
  kRatio = 9,
  kBool = 10,
  kInstant = 11,
  kList = 12,
};

// A value after its type and bounds were checked. `unset` means the word that leaves the choice to the
// daemon.
struct Value {
  bool unset = false;
  std::string text{};        // text, path, choice
  std::int64_t integer = 0;  // integer, octal, bytes, ms, mW, instant (ms UTC)
  double ratio = 0;
  bool flag = false;
  std::vector<std::int64_t> list{};
};

// Bounds and defaults are written as the value itself would be; empty means none.
struct Shape {
  ValueType type = ValueType::kText;
  std::string_view fallback{};  // default
  std::string_view unset{};     // word for "not set", e.g. "auto"; empty: must have a value
  std::string_view min{};
  std::string_view max{};
  std::vector<std::string_view> choices{};
};

template <class Target>
struct Row {
  std::string_view key;  // dotted; of feeds: within the feed
  Shape shape;
  std::string_view doc;  // sentences for people
  void (*apply)(Target&, Value const&) = nullptr;
  bool secret = false;
};

template <class Target>
Row<Target> make_row(std::string_view key, Shape shape, std::string_view doc,
                     void (*apply)(Target&, Value const&)) {
  return {key, std::move(shape), doc, apply};
}

std::vector<Row<Settings>> const& setting_rows();
std::vector<Row<FeedSettings>> const& feed_rows();
struct Section {
  std::string_view name;
  std::string_view doc;
};
std::span<Section const> setting_sections();

// The value, or the rest of a sentence that begins with the key.
template <class Target>
tl::expected<Value, std::string> parse_value(Row<Target> const& row, std::string_view text);
// "duration, 1s to 1h" and the like.
template <class Target>
std::string type_in_words(Row<Target> const& row);

extern template tl::expected<Value, std::string> parse_value(Row<Settings> const&, std::string_view);
extern template tl::expected<Value, std::string> parse_value(Row<FeedSettings> const&, std::string_view);
extern template std::string type_in_words(Row<Settings> const&);
extern template std::string type_in_words(Row<FeedSettings> const&);

}  // namespace greenq::app
