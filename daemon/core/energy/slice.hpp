// Metered energy: raw counter readings in, energy slices out.
//
// A slice is energy of one device class and one quality over an interval. Raw counters keep their own unit
// until they are stepped. A failed read is never zero joules: the interval stays open until the next good
// reading, or is reported as unknown time.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/job.hpp"
#include "core/units.hpp"

namespace greenq::core {

enum class EnergyQuality : std::uint8_t {
  kMeasured = 1,
  kIntegrated = 2,
  kSplit = 3,
  kSpread = 4,
  kModelled = 5,
  kGapFilled = 6,
  kUnknown = 7,
};
enum class DeviceClass : std::uint8_t { kCpu = 1, kMemory = 2, kGpu = 3 };
char const* to_string(EnergyQuality quality);
char const* to_string(DeviceClass device);

// kUnknown slices carry no energy; their interval times `devices` is unknown device time.
struct EnergySlice {
  JobId job = 0;
  AttemptNo attempt = 0;
  DeviceClass device = DeviceClass::kCpu;
  EnergyQuality quality = EnergyQuality::kModelled;
  Interval interval;
  Energy energy;
  std::uint32_t devices = 1;
};

// One line of a run directory's energy.jsonl: raw counters read at one moment. Absent means the read failed
// or the sensor does not exist.
struct CounterSample {
  std::string boot_id;
  std::int64_t boottime_ms = 0;             // CLOCK_BOOTTIME
  Instant at{};                             // UTC of the same moment
  std::optional<std::int64_t> job_cpu_us;   // CPU time of the job so far
  std::optional<std::int64_t> node_cpu_us;  // busy time of the whole node so far
  struct Zone {                             // powercap package or dram
    std::string name;
    std::int64_t energy_uj = 0;
    std::int64_t max_range_uj = 0;  // 0: unknown
  };
  std::vector<Zone> zones;
  struct GpuCounter {
    std::string uuid;
    std::optional<std::int64_t> energy_mj;  // since driver load
    std::optional<std::int64_t> power_mw;
  };
  std::vector<GpuCounter> gpus;
  std::string gpu_epoch;  // driver version; a change means counters restarted
};

// How a node turns counters into a job's share. Sources of the figures: config/greenqd.yaml, metering
// section.
struct EnergyModel {
  std::uint32_t node_cpus = 1;
  Power cpu_tdp{};              // whole node
  double cpu_idle_share = 0.3;  // idle power as a share of TDP
  Power memory_per_gib{};       // for reserved memory
  Power package_max{};          // bound for a powercap step per zone; beyond is implausible
  Span slice{std::chrono::minutes{5}};
};

struct MeteredJob {
  JobId job = 0;
  AttemptNo attempt = 0;
  std::uint32_t cpus = 1;
  std::int64_t memory_bytes = 0;
  std::vector<std::string> gpu_uuids;
};

// Most that a powercap zone (uJ) and a GPU (mJ) can count between readings so far apart.
std::int64_t zone_limit(EnergyModel const& model, Span length);
std::int64_t gpu_limit(Span length);
// Null: not in the sample.
CounterSample::GpuCounter const* find_gpu(CounterSample const& sample, std::string const& uuid);

// Energy between two samples of one segment, cut at multiples of model.slice (UTC) so that energy adds up
// exactly. `from` is the last good sample, `to` the next one.
std::vector<EnergySlice> step(EnergyModel const& model, MeteredJob const& job, CounterSample const& from,
                              CounterSample const& to);

}  // namespace greenq::core
