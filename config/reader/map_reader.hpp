// Reads a map of a strict YAML tree key by key, with types, and collects every problem on the way.
//
//   MapReader job(document, "", problems);
//   auto const name = job.text("name");
//   if (auto carbon = job.map("carbon")) { …; carbon->finish(); }
//   job.not_yet("sweep", "sweeps come in a later version; submit one document per job");
//   job.finish();   // unknown keys, with did-you-mean
//
// A getter returns nothing when the key is absent or wrong; when it is wrong a problem has been added.
// References given to the constructor must outlive the reader.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/reader/problem.hpp"
#include "config/reader/quantity.hpp"
#include "config/reader/strict_yaml.hpp"

namespace greenq::config {

class MapReader {
 public:
  // `path` is the dotted path of the map, empty for a document. A node that is not a map is a problem.
  MapReader(Node const& map, std::string path, Problems& problems);

  bool has(std::string_view key);
  Node const* node(std::string_view key);  // marks the key as known; nullptr when absent

  std::optional<std::string> text(std::string_view key);
  std::optional<std::int64_t> integer(std::string_view key, std::int64_t min, std::int64_t max);
  std::optional<double> ratio(std::string_view key, double min, double max);
  std::optional<bool> boolean(std::string_view key);  // true false yes no on off
  std::optional<Milliseconds> span(std::string_view key);
  std::optional<std::int64_t> bytes(std::string_view key);
  std::optional<std::int64_t> power_mw(std::string_view key);
  std::optional<std::int64_t> intensity_mg(std::string_view key);
  std::optional<UtcTime> instant(std::string_view key);
  // A list of texts; a single text counts as a list of one when `single_allowed`.
  std::optional<std::vector<std::string>> text_list(std::string_view key, bool single_allowed = false);
  std::optional<std::vector<std::int64_t>> integer_list(std::string_view key, std::int64_t min,
                                                        std::int64_t max);
  std::optional<std::map<std::string, std::string>> text_map(std::string_view key);
  std::optional<MapReader> map(std::string_view key);
  std::vector<MapReader> map_list(std::string_view key);  // paths end in [0], [1], …

  template <class Value>
  std::optional<Value> choice(std::string_view key,
                              std::initializer_list<std::pair<std::string_view, Value>> values) {
    std::vector<std::string_view> names;
    for (auto const& value : values) names.push_back(value.first);
    auto const index = choose(key, names);
    if (!index) return std::nullopt;
    return (values.begin() + static_cast<std::ptrdiff_t>(*index))->second;
  }

  // A key that a later version will understand: refused with the explanation.
  void not_yet(std::string_view key, std::string_view explanation);
  // Adds a problem at the value of the key, or at the map when the key is absent.
  void complain(std::string_view key, std::string message);
  // Reports every key that nobody asked for. Call last.
  void finish();
  // The keys asked for so far, dotted from the document on; without those that are not yet understood.
  std::vector<std::string> asked() const;

  std::string path_of(std::string_view key) const;
  Node const& self() const { return *map_; }

 private:
  std::optional<std::size_t> choose(std::string_view key, std::vector<std::string_view> const& names);
  std::optional<std::string> scalar(std::string_view key, std::string_view wanted);
  std::optional<std::string> scalar_of(Node const& node, std::string const& path, std::string_view wanted);
  template <class T>
  std::optional<T> keep(std::string_view key, Quantity<T> parsed);
  bool is_sequence(Node const& node, std::string_view key);

  Node const* map_;
  std::string path_;
  Problems* problems_;
  std::vector<std::string> known_;    // asked for; candidates of did-you-mean
  std::vector<std::string> refused_;  // not yet
};

}  // namespace greenq::config
