// RAPL through powercap: packages and the dram zones nested in them.
//
// Left out: core, uncore and psys (parts or supersets of package), intel-rapl-mmio (the same counter again),
// and dies of one package that mirror one counter. A mirror is a die whose reading equals an earlier die's at
// the same moment, every time; dies that once differed, also when read again at once, are counted for good.
// Layout: Linux Documentation/power/powercap; package excludes dram although dram is nested under it.
#pragma once

#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "core/energy/slice.hpp"

namespace greenq::meter {

class Powercap {
 public:
  explicit Powercap(std::filesystem::path const& sysfs_root);

  // Zones that could be read now, named "package-0", "package-0/dram". Not thread-safe.
  std::vector<core::CounterSample::Zone> read();

  // Zones that exist, readable or not.
  std::size_t found() const { return zones_.size(); }

 private:
  struct ZoneFile {
    std::string name;
    std::string package;  // "package-0" of "package-0-die-1", "package-0/dram" of its dram; else empty
    std::filesystem::path folder;
    std::int64_t max_range_uj = 0;
  };

  bool mirrors(ZoneFile const& zone, std::int64_t value,
               std::vector<std::pair<ZoneFile const*, std::int64_t>> const& earlier);

  std::vector<ZoneFile> zones_;
  std::set<std::string> distinct_dies_;
};

}  // namespace greenq::meter
