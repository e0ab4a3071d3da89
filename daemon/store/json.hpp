// Small helpers over Boost.JSON for the codecs.
#pragma once

#include <boost/json.hpp>
#include <cstdint>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "core/units.hpp"

namespace greenq::store::js {

namespace json = boost::json;

inline json::string_view view(std::string_view text) {
  return {text.data(), text.size()};
}

// Bytes that are not UTF-8 (a path, a message of the system) must come back, not stop the daemon.
inline json::value parse_any(std::string_view text) {
  json::parse_options options;
  options.allow_invalid_utf8 = true;
  return json::parse(view(text), {}, options);
}
inline json::object parse(std::string_view text) {
  return std::move(parse_any(text).as_object());
}

// Writers: absent optionals and empty containers are left out.
inline void put(json::object& to, char const* key, std::string const& value) {
  if (!value.empty()) to[key] = view(value);
}
inline void put(json::object& to, char const* key, std::int64_t value) {
  to[key] = value;
}
inline void put(json::object& to, char const* key, bool value) {
  if (value) to[key] = true;
}
inline void put(json::object& to, char const* key, core::Instant value) {
  to[key] = core::to_ms(value);
}
inline void put(json::object& to, char const* key, core::Span value) {
  to[key] = value.count();
}
template <class Tag>
void put(json::object& to, char const* key, core::Quantity<Tag> value) {
  to[key] = value.value;
}
template <class E>
requires std::is_enum_v<E>
void put(json::object& to, char const* key, E value) {
  to[key] = static_cast<std::int64_t>(value);
}
template <class T>
void put(json::object& to, char const* key, std::optional<T> const& value) {
  if (value) put(to, key, *value);
}
inline void put(json::object& to, char const* key, std::map<std::string, std::string> const& values) {
  if (values.empty()) return;
  json::object& object = to[key].emplace_object();
  for (auto const& [name, value] : values) object[view(name)] = view(value);
}
inline void put(json::object& to, char const* key, std::vector<std::string> const& values) {
  if (values.empty()) return;
  json::array& array = to[key].emplace_array();
  for (auto const& value : values) array.emplace_back(view(value));
}
inline void put(json::object& to, char const* key, json::array values) {
  if (!values.empty()) to[key] = std::move(values);
}
inline void put(json::object& to, char const* key, json::object value) {
  to[key] = std::move(value);
}

// Readers: a missing key leaves `out` as it is.
template <class T>
requires std::is_integral_v<T>
void read(json::value const& from, T& out) {
  if constexpr (std::is_same_v<T, bool>) {
    out = from.as_bool();
  } else {
    out = from.to_number<T>();
  }
}
inline void read(json::value const& from, std::string& out) {
  out = std::string(from.as_string());
}
inline void read(json::value const& from, core::Instant& out) {
  out = core::from_ms(from.to_number<std::int64_t>());
}
inline void read(json::value const& from, core::Span& out) {
  out = core::Span{from.to_number<std::int64_t>()};
}
template <class Tag>
void read(json::value const& from, core::Quantity<Tag>& out) {
  out.value = from.to_number<std::int64_t>();
}
template <class E>
requires std::is_enum_v<E>
void read(json::value const& from, E& out) {
  out = static_cast<E>(from.to_number<std::underlying_type_t<E>>());
}
inline void read(json::value const& from, std::map<std::string, std::string>& out) {
  out.clear();
  for (auto const& item : from.as_object())
    out.emplace(std::string(item.key()), std::string(item.value().as_string()));
}
template <class T>
void read(json::value const& from, std::vector<T>& out) {
  out.clear();
  for (auto const& item : from.as_array()) read(item, out.emplace_back());
}
template <class T>
void read(json::value const& from, std::optional<T>& out) {
  read(from, out.emplace());
}
template <class T>
void get(json::object const& from, char const* key, T& out) {
  if (auto const* value = from.if_contains(key)) read(*value, out);
}
// The array under `key`, or an empty one.
inline json::array const& items(json::object const& from, char const* key) {
  static json::array const kNone;
  auto const* value = from.if_contains(key);
  return value == nullptr ? kNone : value->as_array();
}

}  // namespace greenq::store::js
