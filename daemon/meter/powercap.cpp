#include "meter/powercap.hpp"

#include <algorithm>
#include <map>
#include <optional>

#include "meter/files.hpp"

namespace greenq::meter {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kPrefix = "intel-rapl:";  // AMD uses the same name
constexpr std::size_t kMaxZones = 64;

std::vector<fs::path> zone_folders(fs::path const& parent) {
  std::vector<fs::path> found;
  std::error_code error;
  for (fs::directory_iterator it(parent, error), end; !error && it != end && found.size() < kMaxZones;
       it.increment(error)) {
    if (it->path().filename().string().starts_with(kPrefix)) found.push_back(it->path());
  }
  std::sort(found.begin(), found.end());
  return found;
}

bool is_top_level(fs::path const& folder) {
  std::string const name = folder.filename().string();
  return std::count(name.begin(), name.end(), ':') == 1;
}

}  // namespace

Powercap::Powercap(fs::path const& sysfs_root) {
  fs::path const root = sysfs_root / "class" / "powercap";
  std::set<std::string> names;
  auto add = [&](std::string const& name, std::string const& package, fs::path const& folder) {
    if (!names.insert(name).second) return;
    zones_.push_back({name, package, folder, read_number(folder / "max_energy_range_uj").value_or(0)});
  };
  std::vector<fs::path> const all = zone_folders(root);
  for (fs::path const& folder : all) {
    auto const name = is_top_level(folder) ? read_word(folder / "name") : std::nullopt;
    if (!name || !name->starts_with("package-")) continue;
    std::size_t const die = name->find("-die-");
    std::string const package = die == std::string::npos ? "" : name->substr(0, die);
    add(*name, package, folder);
    // Nested zones stand inside their package and, as links, next to it.
    std::vector<fs::path> children = zone_folders(folder);
    std::string const prefix = folder.filename().string() + ":";
    std::copy_if(all.begin(), all.end(), std::back_inserter(children),
                 [&](fs::path const& other) { return other.filename().string().starts_with(prefix); });
    for (fs::path const& child : children) {
      if (read_word(child / "name") != "dram") continue;
      add(*name + "/dram", package.empty() ? "" : package + "/dram", child);
    }
  }
}

bool Powercap::mirrors(ZoneFile const& zone, std::int64_t value,
                       std::vector<std::pair<ZoneFile const*, std::int64_t>> const& earlier) {
  if (distinct_dies_.contains(zone.name)) return false;
  // The counter may have moved between the two reads, so a difference must stand when both are read again.
  constexpr int kRereads = 3;
  for (auto const& [other, other_value] : earlier) {
    if (other->package != zone.package) continue;
    if (value == other_value) return true;
    for (int i = 0; i < kRereads; ++i) {
      auto const first = read_number(other->folder / "energy_uj");
      auto const second = read_number(zone.folder / "energy_uj");
      if (first && second && *first == *second) return true;
    }
  }
  distinct_dies_.insert(zone.name);
  return false;
}

std::vector<core::CounterSample::Zone> Powercap::read() {
  std::vector<core::CounterSample::Zone> result;
  std::vector<std::pair<ZoneFile const*, std::int64_t>> dies;
  for (ZoneFile const& zone : zones_) {
    auto const value = read_number(zone.folder / "energy_uj");
    if (!value) continue;
    if (!zone.package.empty()) {
      bool const first = std::none_of(dies.begin(), dies.end(),
                                      [&](auto const& die) { return die.first->package == zone.package; });
      if (!first && mirrors(zone, *value, dies)) continue;
      dies.emplace_back(&zone, *value);
    }
    result.push_back({zone.name, *value, zone.max_range_uj});
  }
  return result;
}

}  // namespace greenq::meter
