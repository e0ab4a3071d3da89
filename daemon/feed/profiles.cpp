#include "feed/profiles.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>

#include "app/embedded.hpp"
#include "core/check.hpp"
#include "feed/text.hpp"

namespace greenq::feed {
namespace embedded {
std::span<app::EmbeddedFile const> files();
}

namespace {

constexpr std::array<std::string_view, 4> kSeasons{"DJF", "MAM", "JJA", "SON"};
constexpr std::size_t kFirstHour = 4;

std::string_view embedded_text(std::string_view name) {
  for (app::EmbeddedFile const& file : embedded::files()) {
    if (file.name == name) return file.text;
  }
  return {};
}

struct ZoneLine {
  std::string zone;
  std::string name;
  core::SignalKind kind = core::SignalKind::kMarginal;
  std::string label;
  std::string attribution;
};

tl::unexpected<core::Error> broken(std::string const& what) {
  return core::fail(core::ErrorCode::kInternal, "BAD_PROFILES",
                    "the shipped typical days cannot be read: " + what);
}

std::vector<std::string_view> data_lines(std::string_view text) {
  std::vector<std::string_view> lines = split(text, '\n');
  std::erase_if(lines, [](std::string_view line) {
    return line.empty() || line.front() == '#' || line.starts_with("zone,") || line.starts_with("zone;");
  });
  return lines;
}

core::Result<std::vector<ZoneLine>> read_zones(std::string_view zones_csv) {
  std::vector<ZoneLine> zones;
  for (std::string_view const line : data_lines(zones_csv)) {
    auto const cells = split(line, ';');
    auto const kind = cells.size() == 7 ? parse_kind(cells[2]) : std::nullopt;
    if (!kind) return broken("zones.csv: " + std::string(line));
    ZoneLine zone;
    zone.zone = cells[0];
    zone.name = cells[1];
    zone.kind = *kind;
    zone.label = "typical day of " + zone.name + ", " + core::to_string(*kind) +
                 " (climatology: " + std::string(cells[6]) + ")";
    zone.attribution = std::string(cells[4]) + ", " + std::string(cells[5]);
    zones.push_back(std::move(zone));
  }
  return zones;
}

}  // namespace

core::Result<std::vector<core::Profile>> read_profiles(std::string_view profiles_csv,
                                                       std::string_view zones_csv) {
  auto const zones = read_zones(zones_csv);
  if (!zones) return tl::unexpected(zones.error());
  std::vector<core::Profile> profiles;
  std::size_t season = 0;
  for (std::string_view const line : data_lines(profiles_csv)) {
    auto const cells = split(line, ',');
    auto const kind = cells.size() == kFirstHour + 24 ? parse_kind(cells[1]) : std::nullopt;
    auto const basis = cells.size() > 2 ? parse_basis(cells[2]) : std::nullopt;
    if (!kind || !basis || cells[3] != kSeasons[season]) return broken("profiles.csv: " + std::string(line));
    if (season == 0) {
      auto const zone = std::find_if(zones->begin(), zones->end(), [&](ZoneLine const& z) {
        return z.zone == cells[0] && z.kind == *kind;
      });
      if (zone == zones->end()) return broken("zones.csv does not name " + std::string(cells[0]));
      core::Profile profile{};
      profile.source = {zone->zone, *kind, *basis, core::kClimatology, zone->label, zone->attribution};
      profiles.push_back(std::move(profile));
    }
    core::Profile& profile = profiles.back();
    if (profile.source.zone != cells[0] || profile.source.kind != *kind) {
      return broken("profiles.csv: a season is missing before " + std::string(line));
    }
    for (std::size_t hour = 0; hour < 24; ++hour) {
      auto const value = parse_grams(cells[kFirstHour + hour]);
      if (!value) return broken("profiles.csv: " + std::string(line));
      profile.hours[season][hour] = *value;
    }
    season = (season + 1) % kSeasons.size();
  }
  if (season != 0) return broken("profiles.csv ends before its last season");
  return profiles;
}

std::vector<core::Profile> shipped_profiles() {
  auto profiles = read_profiles(embedded_text("profiles.csv"), embedded_text("zones.csv"));
  GREENQ_CHECK(profiles.has_value());  // compiled in, covered by tests
  return std::move(*profiles);
}

std::vector<core::Profile> shipped_profiles(std::string_view zone) {
  auto profiles = shipped_profiles();
  std::erase_if(profiles, [&](core::Profile const& profile) { return profile.source.zone != zone; });
  return profiles;
}

std::vector<ShippedZone> shipped_zones() {
  auto const lines = read_zones(embedded_text("zones.csv"));
  GREENQ_CHECK(lines.has_value());
  std::vector<ShippedZone> zones;
  for (ZoneLine const& line : *lines) {
    if (zones.empty() || zones.back().id != line.zone) zones.push_back({line.zone, line.name, false, false});
    if (line.kind == core::SignalKind::kMarginal) zones.back().marginal = true;
    if (line.kind == core::SignalKind::kAverage) zones.back().average = true;
  }
  return zones;
}

}  // namespace greenq::feed
