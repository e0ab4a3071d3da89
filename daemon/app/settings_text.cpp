// Generators: the annotated file, the reference, and what `greenqd init` writes.
#include <algorithm>
#include <array>
#include <map>

#include "app/settings_table.hpp"
#include "config/reader/suggest.hpp"

namespace greenq::app {
namespace {

constexpr std::size_t kWidth = 100;
constexpr std::string_view kHead =
    "# GreenQ daemon configuration. A line that begins with \"#\" and a key shows the default; remove the "
    "\"#\" to set it.\n"
    "# `greenqd --set key=value` overrides this file for one run. All keys in one table: "
    "config/REFERENCE.md.\n";

// Comment lines of at most kWidth columns.
std::string comment(std::string const& indent, std::string_view text) {
  std::string out;
  std::string line;
  while (!text.empty()) {
    auto const space = std::min(text.find(' '), text.size());
    auto const word = text.substr(0, space);
    text.remove_prefix(std::min(space + 1, text.size()));
    if (!line.empty() && indent.size() + 3 + line.size() + word.size() > kWidth) {
      out += indent + "# " + line + "\n";
      line.clear();
    }
    line += (line.empty() ? "" : " ") + std::string(word);
  }
  return out + indent + "# " + line + "\n";
}

template <class Target>
std::string shown_default(Row<Target> const& row) {
  return std::string(row.shape.fallback.empty() ? row.shape.unset : row.shape.fallback);
}

std::string section_text(Section const& section, std::map<std::string, std::string> const& chosen) {
  std::string out = "\n" + comment("", section.doc) + std::string(section.name) + ":\n";
  for (auto const& row : setting_rows()) {
    auto const dot = row.key.find('.');
    if (row.key.substr(0, dot) != section.name) continue;
    out += comment("  ", std::string(row.doc) + " (" + type_in_words(row) + ")");
    auto const found = chosen.find(std::string(row.key));
    out += found == chosen.end() ? "  #" : "  ";
    out += std::string(row.key.substr(dot + 1)) + ": " +
           (found == chosen.end() ? shown_default(row) : found->second) + "\n";
  }
  return out;
}

// The example under `feeds` is a replay; other keys are only explained.
bool fits_a_replay(std::string_view key) {
  constexpr std::array<std::string_view, 7> kOthers{"provider", "region",  "user", "secret_file",
                                                    "base_url", "ca_file", "proxy"};
  return std::find(kOthers.begin(), kOthers.end(), key) == kOthers.end();
}

std::string feeds_text(Section const& section, std::vector<std::string> const& feeds) {
  std::string out = "\n" + comment("", section.doc) + "feeds:\n";
  for (auto const& feed : feeds) out += "  - " + feed + "\n";
  out += "  #- provider: replay\n";
  for (auto const& row : feed_rows()) {
    std::string const doc = std::string(row.doc) + " (" + type_in_words(row) + ")";
    if (!fits_a_replay(row.key)) {
      out += comment("  #  ", std::string(row.key) + ": " + doc);
      continue;
    }
    auto const fallback = shown_default(row);
    out += comment("  #  ", doc);
    out += "  #  " + std::string(row.key) + ": " + (fallback.empty() ? "FILE" : fallback) + "\n";
  }
  return out;
}

std::string annotated(std::map<std::string, std::string> const& chosen,
                      std::vector<std::string> const& feeds) {
  std::string out(kHead);
  for (auto const& section : setting_sections()) {
    out += section.name == "feeds" ? feeds_text(section, feeds) : section_text(section, chosen);
  }
  return out;
}

template <class Target>
std::string table_line(Row<Target> const& row) {
  auto const fallback = shown_default(row);
  return "| `" + std::string(row.key) + "` | " + type_in_words(row) + " | " +
         (fallback.empty() ? "required" : "`" + fallback + "`") + " | " + std::string(row.doc) + " |\n";
}

char const* name_of(core::SiteSignalChoice choice) {
  switch (choice) {
    case core::SiteSignalChoice::kMarginal:
      return "marginal";
    case core::SiteSignalChoice::kAverage:
      return "average";
    case core::SiteSignalChoice::kNone:
      return "none";
  }
  return "";
}

std::string zone_list(std::vector<ZoneKinds> const& zones) {
  std::string out;
  for (auto const& zone : zones) {
    out += "  " + zone.zone + std::string(zone.zone.size() < 14 ? 14 - zone.zone.size() : 1, ' ');
    out += zone.marginal && zone.average ? "marginal, average" : zone.marginal ? "marginal" : "average only";
    out += "\n";
  }
  return out;
}

// What the operator must know about the choice; one or two sentences.
std::string explain(ZoneKinds const& zone, core::SiteSignalChoice choice) {
  if (zone.marginal && choice == core::SiteSignalChoice::kMarginal) {
    if (!zone.live) {
      return zone.zone +
             " has a marginal signal, but none that can be had without an account: jobs move by its shipped "
             "typical day until `feeds` below names a source, e.g. watttime (account) or a file.";
    }
    return zone.zone +
           " has a marginal signal: jobs move into hours in which one more kWh causes the least emissions.";
  }
  std::string text = zone.marginal
                         ? zone.zone + " has a marginal signal, which you chose not to use. "
                         : zone.zone +
                               " has only an average signal: it describes the whole mix and not the "
                               "plants that answer one more kWh, so moving jobs by it may save "
                               "nothing or even add emissions. ";
  switch (choice) {
    case core::SiteSignalChoice::kMarginal:
      return text;
    case core::SiteSignalChoice::kAverage:
      return text +
             "You chose signal: average, so jobs are moved by it all the same, and every report says so.";
    case core::SiteSignalChoice::kNone:
      return text +
             "The configuration says signal: none, so no job is moved and footprints are still counted" +
             (zone.marginal ? "." : "; choose `--signal average` to move jobs by it.");
  }
  return text;
}

}  // namespace

core::Result<InitResult> init_config(InitRequest const& request) {
  auto const found = std::find_if(request.zones.begin(), request.zones.end(),
                                  [&](ZoneKinds const& zone) { return zone.zone == request.zone; });
  if (found == request.zones.end()) {
    std::vector<std::string_view> names;
    for (auto const& zone : request.zones) names.push_back(zone.zone);
    return core::fail(core::ErrorCode::kInvalidArgument, "UNKNOWN_ZONE",
                      "There is no zone \"" + request.zone + "\"" +
                          config::did_you_mean(request.zone, names) + "\nKnown zones and their signals:\n" +
                          zone_list(request.zones));
  }
  auto const choice = request.signal.value_or(found->marginal ? core::SiteSignalChoice::kMarginal
                                                              : core::SiteSignalChoice::kNone);
  bool const missing = (choice == core::SiteSignalChoice::kMarginal && !found->marginal) ||
                       (choice == core::SiteSignalChoice::kAverage && !found->average);
  if (missing) {
    return core::fail(core::ErrorCode::kInvalidArgument, "NO_SUCH_SIGNAL",
                      request.zone + " has no " + name_of(choice) + " signal; choose --signal " +
                          (found->average ? "average or none" : "marginal or none"));
  }
  auto const sentences = explain(*found, choice);
  std::vector<std::string> feeds;
  if (found->live) feeds.emplace_back("provider: auto");
  InitResult result;
  result.config = comment("", sentences) +
                  annotated({{"site.zone", request.zone}, {"site.signal", name_of(choice)}}, feeds);
  result.message = sentences;
  return result;
}

std::string annotated_defaults() {
  return annotated({}, {});
}

std::string settings_reference() {
  std::string out =
      "# Settings of greenqd\n\nGenerated from the table in `daemon/app/settings_table.cpp`; a test compares "
      "them.\n"
      "Each key may stand in the configuration file or be given as `greenqd --set key=value`.\n";
  for (auto const& section : setting_sections()) {
    out += "\n## " + std::string(section.name) + "\n\n" + std::string(section.doc) + "\n\n";
    out += "| key | value | default | meaning |\n|---|---|---|---|\n";
    if (section.name == "feeds") {
      for (auto const& row : feed_rows()) out += table_line(row);
    } else {
      for (auto const& row : setting_rows()) {
        if (row.key.substr(0, row.key.find('.')) == section.name) out += table_line(row);
      }
    }
  }
  return out;
}

}  // namespace greenq::app
