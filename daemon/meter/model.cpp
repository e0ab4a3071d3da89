#include "meter/model.hpp"

#include <algorithm>
#include <cstdio>
#include <set>
#include <sstream>

#include "meter/files.hpp"

namespace greenq::meter {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kMaxCpus = 8192;

// "0-3,8" -> 0 1 2 3 8; nothing when it is not such a list.
std::optional<std::set<std::int64_t>> parse_list(std::string const& text) {
  std::set<std::int64_t> result;
  std::istringstream parts(text);
  for (std::string part; std::getline(parts, part, ',');) {
    std::size_t const dash = part.find('-');
    auto const first = parse_number(std::string_view(part).substr(0, dash));
    auto const last =
        dash == std::string::npos ? first : parse_number(std::string_view(part).substr(dash + 1));
    if (!first || !last || *last < *first || *last >= kMaxCpus) return std::nullopt;
    for (std::int64_t cpu = *first; cpu <= *last; ++cpu) result.insert(cpu);
  }
  if (result.empty()) return std::nullopt;
  return result;
}

std::string watts(core::Power power) {
  char text[32];
  std::snprintf(text, sizeof(text), "%.6g W", static_cast<double>(power.value) / 1000);
  return text;
}

}  // namespace

std::optional<CpuCount> count_cpus(fs::path const& sysfs_root) {
  fs::path const folder = sysfs_root / "devices" / "system" / "cpu";
  auto const online = read_word(folder / "online");
  auto const cpus = online ? parse_list(*online) : std::nullopt;
  if (!cpus) return std::nullopt;
  std::set<std::string> cores;
  for (std::int64_t const cpu : *cpus) {
    auto const siblings =
        read_word(folder / ("cpu" + std::to_string(cpu)) / "topology" / "thread_siblings_list");
    cores.insert(siblings.value_or(std::to_string(cpu)));
  }
  return CpuCount{static_cast<std::uint32_t>(cpus->size()), static_cast<std::uint32_t>(cores.size())};
}

// 12 W a core: the entry "Any" (TDP_per_core 12.0) of data/latest/TDP_cpu.csv in
// github.com/GreenAlgorithms/green-algorithms-tool. Server parts with many cores lie lower (EPYC 9654 360 W /
// 96, Xeon 8480+ 350 W / 56), so it rather overstates; meter.cpu_tdp sets the real figure. Memory:
// power_memory_perGB 0.3725 W/GB of fixed_parameters.yaml in github.com/GreenAlgorithms/GreenAlgorithms4HPC
// is 0.400 W/GiB.
MachineModel machine_model(app::Settings::Meter const& settings, std::uint32_t node_cpus) {
  std::uint32_t const cpus = std::max<std::uint32_t>(node_cpus, 1);
  CpuCount const count = count_cpus(settings.sysfs_root).value_or(CpuCount{cpus, cpus});
  MachineModel result;
  core::EnergyModel& model = result.model;
  model.node_cpus = count.logical;
  model.cpu_tdp = settings.cpu_tdp.value_or(core::Power{app::kTdpPerCore.value * count.cores});
  // A package draws little more than its TDP for long; twice the node's TDP cannot be true for one zone.
  model.package_max = core::Power{model.cpu_tdp.value * 2};
  model.cpu_idle_share = settings.cpu_idle_share;
  model.memory_per_gib = settings.memory_power_per_gib;
  model.slice = settings.slice;
  std::string const origin = settings.cpu_tdp
                                 ? "meter.cpu_tdp"
                                 : watts(app::kTdpPerCore) + " for each of " + std::to_string(count.cores) +
                                       " cores, Green Algorithms; set meter.cpu_tdp to the real figure";
  char share[32];
  std::snprintf(share, sizeof(share), "%.6g", settings.cpu_idle_share);
  result.source = "processors " + watts(model.cpu_tdp) + " TDP (" + origin + "), idle share " + share +
                  "; memory " + watts(model.memory_per_gib) + " per GiB";
  return result;
}

}  // namespace greenq::meter
