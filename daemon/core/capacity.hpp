// What the machine can hold and what a job asks of it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/job.hpp"

namespace greenq::core {

struct Gpu {
  std::string uuid;
  std::string model;  // lower case
  std::int64_t memory_bytes = 0;
};

// GPUs of one model and size. A job's GPUs come from one pool.
struct GpuPool {
  std::string model;
  std::int64_t memory_bytes = 0;
  std::vector<std::string> uuids;
};

struct Capacity {
  std::string node;
  std::uint32_t cpus = 1;
  std::int64_t memory_bytes = 0;
  std::vector<GpuPool> pools;
};

// Groups GPUs into pools in a stable order.
std::vector<GpuPool> make_pools(std::vector<Gpu> const& gpus);

struct Demand {
  std::uint32_t cpus = 0;
  std::int64_t memory_bytes = 0;
  std::uint32_t gpus = 0;
};

Demand demand_of(Resources const& resources);
// Pools that can serve the job at all; {0} for a job without GPUs. Empty means it never fits.
std::vector<std::uint32_t> eligible_pools(Resources const& resources, Capacity const& capacity);
// Why the job can never run on this capacity, in words with numbers; empty if it can.
std::string never_fits(Resources const& resources, Capacity const& capacity);

}  // namespace greenq::core
