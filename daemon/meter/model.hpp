// The energy model of this machine: figures from the settings, else defaults with their source.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "app/settings.hpp"
#include "core/energy/slice.hpp"

namespace greenq::meter {

struct MachineModel {
  core::EnergyModel model;
  std::string source;  // where the figures come from, one line for people
};

// Logical CPUs that are online and physical cores, from sysfs.
struct CpuCount {
  std::uint32_t logical = 1;
  std::uint32_t cores = 1;
};
std::optional<CpuCount> count_cpus(std::filesystem::path const& sysfs_root);

// `node_cpus` is used where sysfs does not tell.
MachineModel machine_model(app::Settings::Meter const& settings, std::uint32_t node_cpus);

}  // namespace greenq::meter
