#include "app/settings.hpp"

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <map>

#include "app/settings_table.hpp"
#include "config/reader/problem.hpp"
#include "config/reader/strict_yaml.hpp"
#include "config/reader/suggest.hpp"
#include "core/check.hpp"

namespace greenq::app {
namespace {

using config::Node;
using config::Problems;

constexpr std::size_t kMaxFeeds = 256;
constexpr std::size_t kMaxZone = 64;  // characters

// Names of grid zones, as providers and Electricity Maps write them.
bool is_zone(std::string_view text) {
  constexpr std::string_view kAllowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
  return text.size() <= kMaxZone && text.find_first_not_of(kAllowed) == std::string_view::npos;
}

// A list of scalars as the text that parse_value() takes; nothing when there is something else in it.
std::optional<std::string> list_text(Node const& node) {
  std::string text = "[";
  for (auto const& child : node.children) {
    if (!child.is(Node::Kind::kScalar)) return std::nullopt;
    text += (text.size() > 1 ? ", " : "") + child.text;
  }
  return text + "]";
}

class Reader {
 public:
  Reader(std::string const& name, Problems& problems)
      : directory_(std::filesystem::path(name).parent_path()), problems_(&problems) {}

  LoadedSettings read(Node const& root);

 private:
  template <class Target>
  void set(Row<Target> const& row, std::string const& path, Node const* node, Target& target);
  void read_sections(Node const& root);
  void read_feeds(Node const& root);
  void read_feed(Node const& node, std::string const& path);
  void check_zone(Node const* node, std::string const& path, std::string const& zone);
  void check_feed(Node const& node, std::string const& path, FeedSettings const& feed);
  void report_unknown(Node const& map, std::string const& path, std::vector<std::string_view> const& known);
  void complain(Node const& node, std::string path, std::string message) {
    problems_->add(node.mark, node.width, std::move(path), std::move(message));
  }

  std::filesystem::path directory_;
  Problems* problems_;
  LoadedSettings loaded_;
};

template <class Target>
void Reader::set(Row<Target> const& row, std::string const& path, Node const* node, Target& target) {
  std::string text(row.shape.fallback);
  if (text.empty()) text = row.shape.unset;
  auto origin = SettingOrigin::kDefault;
  if (node != nullptr) {
    origin = node->mark.origin == 0 ? SettingOrigin::kFile : SettingOrigin::kFlag;
    auto const list = node->is(Node::Kind::kSequence) && row.shape.type == ValueType::kList ? list_text(*node)
                                                                                            : std::nullopt;
    if (!node->is(Node::Kind::kScalar) && !list) {
      complain(*node, path,
               std::string("has ") + to_string(node->kind) + " as its value; write a " + type_in_words(row));
      return;
    }
    text = list ? *list : node->text;
  } else if (text.empty() && row.shape.unset.empty()) {
    return;  // required keys of lists are checked by the list
  }
  auto value = parse_value(row, text);
  if (!value) {
    GREENQ_CHECK(node != nullptr);
    complain(*node, path, value.error());
    return;
  }
  bool const from_file = origin == SettingOrigin::kFile;
  if (row.shape.type == ValueType::kPath && from_file && !value->unset && value->text.front() != '/') {
    value->text = (directory_ / value->text).lexically_normal().string();
  }
  row.apply(target, *value);
  loaded_.shown.push_back({path, row.secret && !value->unset ? "(set)" : text, origin});
}

void Reader::report_unknown(Node const& map, std::string const& path,
                            std::vector<std::string_view> const& known) {
  for (auto const& child : map.children) {
    if (std::find(known.begin(), known.end(), child.key) != known.end()) continue;
    problems_->add(child.key_mark, child.key_width, path.empty() ? child.key : path + "." + child.key,
                   "unknown key" + config::did_you_mean(child.key, known));
  }
}

void Reader::read_sections(Node const& root) {
  std::map<std::string_view, std::vector<std::string_view>> keys;
  for (auto const& row : setting_rows()) {
    auto const dot = row.key.find('.');
    auto const section = row.key.substr(0, dot);
    keys[section].push_back(row.key.substr(dot + 1));
    auto const* const map = root.find(section);
    set(row, std::string(row.key), map == nullptr ? nullptr : map->find(row.key.substr(dot + 1)),
        loaded_.settings);
  }
  for (auto const& [section, known] : keys) {
    auto const* const map = root.find(section);
    if (map == nullptr || map->is(Node::Kind::kNull)) continue;
    if (!map->is(Node::Kind::kMap)) {
      complain(*map, std::string(section),
               std::string("is ") + to_string(map->kind) + "; write a map of keys");
      continue;
    }
    report_unknown(*map, std::string(section), known);
  }
  auto const* const site = root.find("site");
  check_zone(site == nullptr ? nullptr : site->find("zone"), "site.zone", loaded_.settings.site.zone);
}

void Reader::check_zone(Node const* node, std::string const& path, std::string const& zone) {
  if (node == nullptr || is_zone(zone)) return;
  complain(*node, path,
           "is no zone id; write letters, digits, - and _, at most " + std::to_string(kMaxZone) +
               ", e.g. US-CAL-CISO");
}

void Reader::read_feeds(Node const& root) {
  auto const* const feeds = root.find("feeds");
  if (feeds == nullptr || feeds->is(Node::Kind::kNull)) return;
  if (!feeds->is(Node::Kind::kSequence)) {
    complain(*feeds, "feeds", std::string("is ") + to_string(feeds->kind) + "; write a list of feeds");
    return;
  }
  if (feeds->children.size() > kMaxFeeds) {
    complain(*feeds, "feeds", "has more than " + std::to_string(kMaxFeeds) + " entries");
  }
  for (std::size_t i = 0; i < feeds->children.size() && i < kMaxFeeds; ++i) {
    read_feed(feeds->children[i], "feeds[" + std::to_string(i) + "]");
  }
}

void Reader::read_feed(Node const& node, std::string const& path) {
  if (!node.is(Node::Kind::kMap)) {
    complain(node, path, std::string("is ") + to_string(node.kind) + "; write a map, e.g. {provider: neso}");
    return;
  }
  FeedSettings feed;
  std::vector<std::string_view> known;
  for (auto const& row : feed_rows()) {
    known.push_back(row.key);
    set(row, path + "." + std::string(row.key), node.find(row.key), feed);
  }
  report_unknown(node, path, known);
  if (feed.zone.empty()) feed.zone = loaded_.settings.site.zone;
  check_feed(node, path, feed);
  loaded_.settings.feeds.push_back(std::move(feed));
}

void Reader::check_feed(Node const& node, std::string const& path, FeedSettings const& feed) {
  bool const recorded = feed.provider == "replay" || feed.provider == "file";
  if (node.find("provider") == nullptr) complain(node, path, "needs a provider, e.g. auto");
  if (recorded && node.find("path") == nullptr) complain(node, path, "needs path: the recorded file");
  if (feed.zone.empty()) complain(node, path, "needs a zone, here or as site.zone");
  check_zone(node.find("zone"), path + ".zone", feed.zone);
  auto const& before = loaded_.settings.feeds;
  bool const again = std::any_of(before.begin(), before.end(), [&](FeedSettings const& other) {
    bool const same_kind = !feed.kind || !other.kind || *feed.kind == *other.kind;
    return other.provider == feed.provider && other.zone == feed.zone && same_kind;
  });
  if (again) {
    complain(node, path,
             "there is another " + feed.provider +
                 " feed of this zone and kind; say `kind` in both, or leave one out");
  }
  auto const only_for = [&](bool right, char const* providers, std::initializer_list<char const*> keys) {
    for (auto const* key : keys) {
      auto const* const value = node.find(key);
      if (value == nullptr || right || feed.provider.empty()) continue;
      complain(*value, path + "." + key,
               std::string("belongs to the provider ") + providers + ", not to " + feed.provider);
    }
  };
  auto const is = [&](auto... names) { return ((feed.provider == names) || ...); };
  only_for(recorded, "replay or file", {"path", "issues"});
  only_for(recorded || is("casdk", "watttime"), "replay, file, casdk or watttime", {"kind"});
  only_for(recorded || is("electricity_maps", "casdk"), "replay, file, electricity_maps or casdk", {"basis"});
  only_for(is("watttime", "sgip"), "watttime or sgip", {"user"});
  only_for(is("watttime", "sgip", "electricity_maps"), "watttime, sgip or electricity_maps", {"secret_file"});
  only_for(!recorded && !is("auto"), "one that is asked over the network", {"region", "base_url"});
  only_for(!recorded, "one that is asked over the network", {"ca_file", "proxy"});
  for (auto const* key : {"base_url", "proxy"}) {
    auto const* const value = node.find(key);
    std::string const& url = std::string_view(key) == "proxy" ? feed.proxy : feed.base_url;
    if (value != nullptr && url.find('@') != std::string::npos)
      complain(*value, path + "." + key, "must not carry a user or password; see user and secret_file");
  }
  only_for(feed.provider == "replay", "replay", {"start", "speed", "loop", "anchor"});
}

LoadedSettings Reader::read(Node const& root) {
  if (!root.is(Node::Kind::kMap) && !root.is(Node::Kind::kNull)) {
    complain(
        root, {},
        std::string("the file is ") + to_string(root.kind) + "; write sections such as site: and feeds:");
    return {};
  }
  std::vector<std::string_view> known;
  for (auto const& section : setting_sections()) known.push_back(section.name);
  report_unknown(root, {}, known);
  read_sections(root);
  read_feeds(root);
  return std::move(loaded_);
}

}  // namespace

char const* to_string(SettingOrigin origin) {
  switch (origin) {
    case SettingOrigin::kDefault:
      return "default";
    case SettingOrigin::kFile:
      return "file";
    case SettingOrigin::kFlag:
      return "flag";
  }
  return "";
}

core::Result<LoadedSettings> parse_settings(std::string const& name, std::string_view text,
                                            std::span<std::string const> overrides) {
  Problems problems(name);
  config::Limits limits;
  limits.max_bytes = kSettingsFileMax;
  auto documents = config::parse_yaml(text, limits, problems);
  Node root = documents.empty() ? Node{} : std::move(documents.front());
  for (auto const& assignment : overrides) config::apply_override(root, assignment, problems);
  auto loaded = problems.empty() ? Reader(name, problems).read(root) : LoadedSettings{};
  if (problems.empty()) return loaded;
  auto const count = problems.size();
  auto const shown = config::format_problems(problems.sorted(), text);
  return core::fail(core::ErrorCode::kInvalidArgument, "INVALID_SETTINGS",
                    shown + std::to_string(count) + (count == 1 ? " error" : " errors") + " in the settings");
}

core::Result<LoadedSettings> load_settings(std::optional<std::string> const& path,
                                           std::span<std::string const> overrides) {
  if (!path) return parse_settings("defaults", {}, overrides);
  std::error_code unknown;
  auto const type = std::filesystem::status(*path, unknown).type();
  bool const there = type != std::filesystem::file_type::none &&
                     type != std::filesystem::file_type::not_found &&
                     type != std::filesystem::file_type::unknown;
  if (there && type != std::filesystem::file_type::regular) {
    return core::fail(core::ErrorCode::kInvalidArgument, "SETTINGS_UNREADABLE",
                      "The configuration " + *path +
                          " is not a regular file, but a directory, pipe, socket or device; name a file, or "
                          "write one with: greenqd init --zone ZONE");
  }
  std::ifstream file(*path, std::ios::binary);
  std::string text(kSettingsFileMax + 1, '\0');
  if (file) file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (!file.is_open() || file.bad() || (file.gcount() == 0 && !file.eof())) {
    return core::fail(core::ErrorCode::kNotFound, "SETTINGS_UNREADABLE",
                      "The configuration " + *path + " cannot be read (" + std::strerror(errno) +
                          "); write one with: greenqd init --zone ZONE");
  }
  text.resize(static_cast<std::size_t>(file.gcount()));
  return parse_settings(*path, text, overrides);
}

core::SiteConfig site_config(Settings const& settings) {
  core::SiteConfig site;
  site.zone = settings.site.zone;
  site.signal = settings.site.signal;
  site.pue_set = settings.site.pue.has_value();
  site.pue_milli = std::llround(settings.site.pue.value_or(1.0) * 1000);
  site.default_max_delay = settings.site.max_delay;
  site.max_time_limit = settings.site.max_time_limit;
  site.horizon = settings.site.horizon;
  return site;
}

}  // namespace greenq::app
