#include "core/capacity.hpp"

#include <algorithm>
#include <tuple>

namespace greenq::core {
namespace {

constexpr std::int64_t kGib = std::int64_t{1} << 30;
constexpr std::int64_t kMib = std::int64_t{1} << 20;

// "24 GiB", "1.5 GiB", "512 MiB"; one decimal, rounded down.
std::string memory_text(std::int64_t bytes) {
  if (bytes < kGib) return std::to_string(bytes / kMib) + " MiB";
  std::int64_t const tenths = bytes / (kGib / 10);
  std::string text = std::to_string(tenths / 10);
  if (tenths % 10 != 0) text += "." + std::to_string(tenths % 10);
  return text + " GiB";
}

std::string counted(std::uint64_t count, std::string const& one) {
  return std::to_string(count) + " " + one + (count == 1 ? "" : "s");
}

bool type_matches(Resources const& resources, GpuPool const& pool) {
  if (resources.gpu_types.empty()) return true;
  return std::any_of(resources.gpu_types.begin(), resources.gpu_types.end(),
                     [&](std::string const& type) { return pool.model.find(type) != std::string::npos; });
}

bool serves(Resources const& resources, GpuPool const& pool) {
  return type_matches(resources, pool) && pool.memory_bytes >= resources.gpu_memory_bytes;
}

bool base_fits(Resources const& resources, Capacity const& capacity) {
  return resources.cpus <= capacity.cpus && resources.memory_bytes <= capacity.memory_bytes;
}

std::string wanted_gpus(Resources const& resources) {
  std::string text = counted(resources.gpus, "GPU");
  for (std::size_t i = 0; i < resources.gpu_types.size(); ++i) {
    text += (i == 0 ? " of type " : " or ") + resources.gpu_types[i];
  }
  if (resources.gpu_memory_bytes > 0) text += " with " + memory_text(resources.gpu_memory_bytes) + " each";
  return text;
}

std::string gpus_never_fit(Resources const& resources, Capacity const& capacity) {
  std::uint64_t all = 0;
  std::uint64_t matching = 0;
  std::uint64_t largest = 0;
  std::size_t groups = 0;
  for (GpuPool const& pool : capacity.pools) {
    all += pool.uuids.size();
    if (!serves(resources, pool)) continue;
    ++groups;
    matching += pool.uuids.size();
    largest = std::max<std::uint64_t>(largest, pool.uuids.size());
  }
  if (largest >= resources.gpus) return "";
  std::string const needs = "needs " + wanted_gpus(resources) + "; this machine has ";
  bool const picky = !resources.gpu_types.empty() || resources.gpu_memory_bytes > 0;
  if (matching >= resources.gpus) {
    return needs + std::to_string(matching) + " in " + std::to_string(groups) + " models, at most " +
           std::to_string(largest) + " of one, and a job's GPUs come from one model";
  }
  if (picky && all > matching) return needs + std::to_string(matching) + " such of " + counted(all, "GPU");
  return needs + std::to_string(matching);
}

}  // namespace

std::vector<GpuPool> make_pools(std::vector<Gpu> const& gpus) {
  std::vector<Gpu> sorted = gpus;
  std::sort(sorted.begin(), sorted.end(), [](Gpu const& a, Gpu const& b) {
    return std::tie(a.model, a.memory_bytes, a.uuid) < std::tie(b.model, b.memory_bytes, b.uuid);
  });
  std::vector<GpuPool> pools;
  for (Gpu const& gpu : sorted) {
    if (pools.empty() || pools.back().model != gpu.model || pools.back().memory_bytes != gpu.memory_bytes) {
      pools.push_back({gpu.model, gpu.memory_bytes, {}});
    }
    pools.back().uuids.push_back(gpu.uuid);
  }
  return pools;
}

Demand demand_of(Resources const& resources) {
  return {resources.cpus, resources.memory_bytes, resources.gpus};
}

std::vector<std::uint32_t> eligible_pools(Resources const& resources, Capacity const& capacity) {
  if (!base_fits(resources, capacity)) return {};
  if (resources.gpus == 0) return {0};
  std::vector<std::uint32_t> pools;
  for (std::uint32_t i = 0; i < capacity.pools.size(); ++i) {
    GpuPool const& pool = capacity.pools[i];
    if (serves(resources, pool) && pool.uuids.size() >= resources.gpus) pools.push_back(i);
  }
  return pools;
}

std::string never_fits(Resources const& resources, Capacity const& capacity) {
  if (resources.cpus > capacity.cpus) {
    return "needs " + counted(resources.cpus, "CPU core") + "; this machine has " +
           std::to_string(capacity.cpus);
  }
  if (resources.memory_bytes > capacity.memory_bytes) {
    return "needs " + memory_text(resources.memory_bytes) + " of memory; this machine has " +
           memory_text(capacity.memory_bytes);
  }
  if (resources.gpus == 0) return "";
  return gpus_never_fit(resources, capacity);
}

}  // namespace greenq::core
