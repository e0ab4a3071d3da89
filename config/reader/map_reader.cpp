#include "config/reader/map_reader.hpp"

#include <algorithm>

#include "config/reader/suggest.hpp"

namespace greenq::config {

MapReader::MapReader(Node const& map, std::string path, Problems& problems)
    : map_(&map), path_(std::move(path)), problems_(&problems) {
  if (!map.is(Node::Kind::kMap) && !map.is(Node::Kind::kNull)) {
    problems.add(map.mark, map.width, path_,
                 std::string("must be a map of keys, not ") + to_string(map.kind));
  }
}

std::string MapReader::path_of(std::string_view key) const {
  return path_.empty() ? std::string(key) : path_ + '.' + std::string(key);
}

Node const* MapReader::node(std::string_view key) {
  known_.emplace_back(key);
  return map_->find(key);
}

bool MapReader::has(std::string_view key) {
  return map_->find(key) != nullptr;
}

void MapReader::complain(std::string_view key, std::string message) {
  auto const* const at = map_->find(key);
  if (at == nullptr) {
    problems_->add(map_->key.empty() ? map_->mark : map_->key_mark, map_->key.empty() ? 1 : map_->key_width,
                   path_of(key), std::move(message));
    return;
  }
  problems_->add(at->mark, at->width, path_of(key), std::move(message));
}

std::optional<std::string> MapReader::scalar_of(Node const& node, std::string const& path,
                                                std::string_view wanted) {
  if (node.is(Node::Kind::kScalar)) return node.text;
  if (node.is(Node::Kind::kNull)) {
    problems_->add(node.mark, node.width, path,
                   "has no value; write " + std::string(wanted) + " or remove the key");
  } else {
    problems_->add(node.mark, node.width, path,
                   "must be " + std::string(wanted) + ", not " + std::string(to_string(node.kind)));
  }
  return std::nullopt;
}

std::optional<std::string> MapReader::scalar(std::string_view key, std::string_view wanted) {
  auto const* const value = node(key);
  if (value == nullptr) return std::nullopt;
  return scalar_of(*value, path_of(key), wanted);
}

template <class T>
std::optional<T> MapReader::keep(std::string_view key, Quantity<T> parsed) {
  if (parsed) return *parsed;
  complain(key, parsed.error());
  return std::nullopt;
}

std::optional<std::string> MapReader::text(std::string_view key) {
  return scalar(key, "text");
}

std::optional<std::int64_t> MapReader::integer(std::string_view key, std::int64_t min, std::int64_t max) {
  auto const value = scalar(key, "a whole number");
  if (!value) return std::nullopt;
  return keep(key, parse_integer(*value, min, max));
}

std::optional<double> MapReader::ratio(std::string_view key, double min, double max) {
  auto const value = scalar(key, "a number");
  if (!value) return std::nullopt;
  return keep(key, parse_ratio(*value, min, max));
}

std::optional<bool> MapReader::boolean(std::string_view key) {
  auto const value = scalar(key, "true or false");
  if (!value) return std::nullopt;
  std::string folded = *value;
  std::transform(folded.begin(), folded.end(), folded.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  bool const quoted = map_->find(key)->quoted;
  if (!quoted && (folded == "true" || folded == "yes" || folded == "on")) return true;
  if (!quoted && (folded == "false" || folded == "no" || folded == "off")) return false;
  complain(key,
           '"' + value->substr(0, 64) + "\" is not true or false" + (quoted ? "; remove the quotes" : ""));
  return std::nullopt;
}

std::optional<Milliseconds> MapReader::span(std::string_view key) {
  auto const value = scalar(key, "a duration, e.g. 90m,");
  if (!value) return std::nullopt;
  return keep(key, parse_span(*value));
}

std::optional<std::int64_t> MapReader::bytes(std::string_view key) {
  auto const value = scalar(key, "a size, e.g. 64GB,");
  if (!value) return std::nullopt;
  return keep(key, parse_bytes(*value));
}

std::optional<std::int64_t> MapReader::power_mw(std::string_view key) {
  auto const value = scalar(key, "a power, e.g. 620W,");
  if (!value) return std::nullopt;
  return keep(key, parse_power(*value));
}

std::optional<std::int64_t> MapReader::intensity_mg(std::string_view key) {
  auto const value = scalar(key, "an intensity, e.g. 250gCO2/kWh,");
  if (!value) return std::nullopt;
  return keep(key, parse_intensity(*value));
}

std::optional<UtcTime> MapReader::instant(std::string_view key) {
  auto const value = scalar(key, "a time, e.g. 2026-11-24T08:00+01:00,");
  if (!value) return std::nullopt;
  return keep(key, parse_instant(*value));
}

bool MapReader::is_sequence(Node const& node, std::string_view key) {
  if (node.is(Node::Kind::kSequence)) return true;
  complain(key, std::string("must be a list, not ") + to_string(node.kind));
  return false;
}

std::optional<std::vector<std::string>> MapReader::text_list(std::string_view key, bool single_allowed) {
  auto const* const value = node(key);
  if (value == nullptr) return std::nullopt;
  if (single_allowed && value->is(Node::Kind::kScalar)) return std::vector<std::string>{value->text};
  if (!is_sequence(*value, key)) return std::nullopt;
  std::vector<std::string> list;
  bool good = true;
  for (std::size_t i = 0; i < value->children.size(); ++i) {
    auto item = scalar_of(value->children[i], path_of(key) + '[' + std::to_string(i) + ']', "text");
    good = good && item.has_value();
    if (item) list.push_back(std::move(*item));
  }
  if (!good) return std::nullopt;
  return list;
}

std::optional<std::vector<std::int64_t>> MapReader::integer_list(std::string_view key, std::int64_t min,
                                                                 std::int64_t max) {
  auto const* const value = node(key);
  if (value == nullptr || !is_sequence(*value, key)) return std::nullopt;
  std::vector<std::int64_t> list;
  bool good = true;
  for (std::size_t i = 0; i < value->children.size(); ++i) {
    auto const& child = value->children[i];
    auto const path = path_of(key) + '[' + std::to_string(i) + ']';
    auto const item = scalar_of(child, path, "a whole number");
    auto const number = item ? parse_integer(*item, min, max) : Quantity<std::int64_t>(0);
    if (!number) problems_->add(child.mark, child.width, path, number.error());
    good = good && item && number;
    if (good) list.push_back(*number);
  }
  if (!good) return std::nullopt;
  return list;
}

std::optional<std::map<std::string, std::string>> MapReader::text_map(std::string_view key) {
  auto const* const value = node(key);
  if (value == nullptr) return std::nullopt;
  if (!value->is(Node::Kind::kMap)) {
    complain(key, std::string("must be a map of keys, not ") + to_string(value->kind));
    return std::nullopt;
  }
  std::map<std::string, std::string> result;
  bool good = true;
  for (auto const& child : value->children) {
    auto item = scalar_of(child, path_of(key) + '.' + child.key, "text");
    good = good && item.has_value();
    if (item) result.emplace(child.key, std::move(*item));
  }
  if (!good) return std::nullopt;
  return result;
}

std::optional<MapReader> MapReader::map(std::string_view key) {
  auto const* const value = node(key);
  if (value == nullptr) return std::nullopt;
  if (!value->is(Node::Kind::kMap)) {
    complain(key, std::string("must be a map of keys, not ") + to_string(value->kind));
    return std::nullopt;
  }
  return MapReader(*value, path_of(key), *problems_);
}

std::vector<MapReader> MapReader::map_list(std::string_view key) {
  auto const* const value = node(key);
  if (value == nullptr || !is_sequence(*value, key)) return {};
  std::vector<MapReader> list;
  list.reserve(value->children.size());
  for (std::size_t i = 0; i < value->children.size(); ++i) {
    list.emplace_back(value->children[i], path_of(key) + '[' + std::to_string(i) + ']', *problems_);
  }
  return list;
}

std::optional<std::size_t> MapReader::choose(std::string_view key,
                                             std::vector<std::string_view> const& names) {
  auto const value = scalar(key, "text");
  if (!value) return std::nullopt;
  auto const found = std::find(names.begin(), names.end(), *value);
  if (found != names.end()) return static_cast<std::size_t>(found - names.begin());
  std::string known;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (i > 0) known += i + 1 == names.size() ? " or " : ", ";
    known += names[i];
  }
  auto const hint = did_you_mean(*value, names);
  complain(key, '"' + value->substr(0, 64) + "\" is not known" + (hint.empty() ? "; use " + known : hint));
  return std::nullopt;
}

void MapReader::not_yet(std::string_view key, std::string_view explanation) {
  auto const* const value = node(key);
  known_.pop_back();  // must not be suggested
  if (value == nullptr) return;
  problems_->add(value->key_mark, value->key_width, path_of(key), "not yet: " + std::string(explanation));
  refused_.emplace_back(key);
}

void MapReader::finish() {
  std::vector<std::string_view> const candidates(known_.begin(), known_.end());
  for (auto const& child : map_->children) {
    auto const is_key = [&](std::string const& name) { return name == child.key; };
    if (!map_->is(Node::Kind::kMap) || std::any_of(known_.begin(), known_.end(), is_key)) continue;
    if (std::any_of(refused_.begin(), refused_.end(), is_key)) continue;
    problems_->add(child.key_mark, child.key_width, path_of(child.key.substr(0, 64)),
                   "unknown field" + did_you_mean(child.key, candidates));
  }
}

std::vector<std::string> MapReader::asked() const {
  std::vector<std::string> paths;
  for (auto const& key : known_) paths.push_back(path_of(key));
  return paths;
}

}  // namespace greenq::config
