#include "core/energy/slice.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <utility>

#include "core/energy/counter.hpp"

namespace greenq::core {
namespace {

// Bounds of what hardware can use, for telling a step from a glitch: 1.5 x the largest part sold. Processors:
// 500 W a socket (AMD EPYC 9965); GPU boards: about 1.4 kW, with room for the next generation.
constexpr Power kDefaultPackageMax{750'000};
constexpr Power kGpuMax{3'000'000};
// Counters are updated in steps of up to some 100 ms, so a short interval may hold more than its own energy.
constexpr Span kCounterLag{1000};
// Two power readings say little about what was between them.
constexpr Span kMaxTrapezoid{90'000};
constexpr Span kClockTolerance{1000};
constexpr std::int64_t kMaxPieces = 10'000;
constexpr std::int64_t kMillion = 1'000'000;

std::int64_t clamp_to_int64(__int128 value) {
  return static_cast<std::int64_t>(std::min<__int128>(value, std::numeric_limits<std::int64_t>::max()));
}

// One step: what both samples and the job have in common.
struct Context {
  EnergyModel const& model;
  MeteredJob const& job;
  CounterSample const& from;
  CounterSample const& to;
  Span length;  // by the clock that counts through suspend
  Interval interval;
  std::vector<EnergySlice>& out;
};

// Cuts at multiples of model.slice; cumulative rounding keeps the sum.
void emit(Context const& c, DeviceClass device, EnergyQuality quality, Energy energy,
          std::uint32_t devices = 1) {
  EnergySlice slice{c.job.job, c.job.attempt, device, quality, c.interval, energy, devices};
  Span const width = c.model.slice;
  Span const length = c.interval.length();
  if (width.count() <= 0 || length / width > kMaxPieces) {
    c.out.push_back(slice);
    return;
  }
  auto until = [&](Instant t) {
    return divide_half_even(static_cast<__int128>(energy.value) * (t - c.interval.begin).count(),
                            length.count());
  };
  std::int64_t given = 0;
  for (Instant begin = c.interval.begin; begin < c.interval.end;) {
    auto const into = begin.time_since_epoch() % width;
    Instant const cut = begin + (into.count() < 0 ? -into : width - into);
    Instant const end = std::min(cut, c.interval.end);
    std::int64_t const total = until(end);
    slice.interval = {begin, end};
    slice.energy = {total - given};
    c.out.push_back(slice);
    given = total;
    begin = end;
  }
}

std::int64_t limit_of(Power max, Span length, std::int64_t units_per_millijoule) {
  return clamp_to_int64(static_cast<__int128>(max.value) * (length + kCounterLag).count() *
                        units_per_millijoule / 1000);
}

enum class PoolState { kNone, kGood, kGap };

// Energy of a set of powercap zones over the step.
struct Pool {
  PoolState state = PoolState::kNone;
  std::int64_t microjoules = 0;
};

bool is_dram(std::string const& zone) {
  return zone.ends_with("dram");
}

Pool read_pool(Context const& c, bool dram) {
  std::map<std::string, CounterSample::Zone const*> before;
  for (auto const& zone : c.from.zones) {
    if (is_dram(zone.name) == dram) before[zone.name] = &zone;
  }
  std::int64_t const limit = zone_limit(c.model, c.length);
  Pool pool;
  std::size_t common = 0;
  for (auto const& zone : c.to.zones) {
    if (is_dram(zone.name) != dram) continue;
    auto const found = before.find(zone.name);
    if (found == before.end()) return {};
    CounterStep const step =
        step_counter(found->second->energy_uj, zone.energy_uj, zone.max_range_uj, limit, false);
    if (step.kind != CounterStep::Kind::kExact) pool.state = PoolState::kGap;
    pool.microjoules += step.delta;
    ++common;
  }
  if (common == 0 || common != before.size()) return {};
  if (pool.state == PoolState::kNone) pool.state = PoolState::kGood;
  return pool;
}

// Difference of two readings that only grow.
std::optional<std::int64_t> grown(std::optional<std::int64_t> from, std::optional<std::int64_t> to) {
  if (!from || !to || *to < *from) return std::nullopt;
  return *to - *from;
}

// The job's part of a pool; nothing when the share is unknown.
std::optional<std::pair<Energy, EnergyQuality>> share_of(Context const& c, Pool const& pool) {
  if (pool.state != PoolState::kGood) return std::nullopt;
  if (c.job.cpus >= c.model.node_cpus) {
    return std::pair(Energy{divide_half_even(pool.microjoules, 1000)}, EnergyQuality::kMeasured);
  }
  auto const job = grown(c.from.job_cpu_us, c.to.job_cpu_us);
  auto const node = grown(c.from.node_cpu_us, c.to.node_cpu_us);
  if (!job || !node) return std::nullopt;
  if (*job == 0 || *node == 0) return std::pair(Energy{}, EnergyQuality::kSplit);
  // The two clocks are not read at the same instant.
  __int128 const part = static_cast<__int128>(pool.microjoules) * std::min(*job, *node);
  return std::pair(Energy{divide_half_even(part, static_cast<__int128>(*node) * 1000)},
                   EnergyQuality::kSplit);
}

// TDP x (idle share x reserved cores + (1 - idle share) x busy cores) / all cores; nothing without CPU time.
std::optional<Energy> modelled_cpu(Context const& c) {
  auto const cpu_us = grown(c.from.job_cpu_us, c.to.job_cpu_us);
  if (!cpu_us) return std::nullopt;
  std::int64_t const total = std::max<std::int64_t>(c.model.node_cpus, 1);
  std::int64_t const reserved = std::min<std::int64_t>(c.job.cpus, total);
  std::int64_t const length_us = c.length.count() * 1000;
  std::int64_t const busy_us = std::min(*cpu_us, clamp_to_int64(static_cast<__int128>(length_us) * total));
  std::int64_t const idle_ppm =
      std::clamp<std::int64_t>(std::llround(c.model.cpu_idle_share * 1e6), 0, kMillion);
  __int128 const core_us = static_cast<__int128>(idle_ppm) * reserved * length_us +
                           static_cast<__int128>(kMillion - idle_ppm) * busy_us;
  return Energy{
      divide_half_even(core_us * c.model.cpu_tdp.value, static_cast<__int128>(kMillion) * kMillion * total)};
}

void step_cpu(Context const& c) {
  Pool const packages = read_pool(c, false);
  if (auto const share = share_of(c, packages)) {
    emit(c, DeviceClass::kCpu, share->second, share->first);
    return;
  }
  bool const gap = packages.state == PoolState::kGap;
  if (auto const energy = modelled_cpu(c)) {
    emit(c, DeviceClass::kCpu, gap ? EnergyQuality::kGapFilled : EnergyQuality::kModelled, *energy);
  } else {
    emit(c, DeviceClass::kCpu, EnergyQuality::kUnknown, {});
  }
}

void step_memory(Context const& c) {
  Pool const dram = read_pool(c, true);
  if (auto const share = share_of(c, dram)) {
    emit(c, DeviceClass::kMemory, share->second, share->first);
    return;
  }
  if (c.job.memory_bytes <= 0) return;
  constexpr std::int64_t kGib = std::int64_t{1} << 30;
  __int128 const product =
      static_cast<__int128>(c.model.memory_per_gib.value) * c.job.memory_bytes * c.length.count();
  bool const gap = dram.state == PoolState::kGap;
  emit(c, DeviceClass::kMemory, gap ? EnergyQuality::kGapFilled : EnergyQuality::kModelled,
       {divide_half_even(product, static_cast<__int128>(kGib) * 1000)});
}

struct GpuPart {
  std::int64_t millijoules = 0;
  std::uint32_t devices = 0;
};

// Adds the GPU to the part of each quality that it has. A restarted counter gives a lower bound, so its time
// counts as unknown as well.
void add_gpu(Context const& c, std::string const& uuid, std::map<EnergyQuality, GpuPart>& parts) {
  auto add = [&](EnergyQuality quality, std::int64_t millijoules) {
    parts[quality].millijoules += millijoules;
    parts[quality].devices += 1;
  };
  auto const* from = find_gpu(c.from, uuid);
  auto const* to = find_gpu(c.to, uuid);
  if (from != nullptr && to != nullptr && from->energy_mj && to->energy_mj) {
    bool const restarted =
        !c.from.gpu_epoch.empty() && !c.to.gpu_epoch.empty() && c.from.gpu_epoch != c.to.gpu_epoch;
    CounterStep const step =
        step_counter(*from->energy_mj, *to->energy_mj, 0, gpu_limit(c.length), restarted);
    if (step.kind == CounterStep::Kind::kExact || step.kind == CounterStep::Kind::kRestarted) {
      add(EnergyQuality::kMeasured, step.delta);
      if (step.kind == CounterStep::Kind::kRestarted) add(EnergyQuality::kUnknown, 0);
      return;
    }
  }
  bool const powers = from != nullptr && to != nullptr && from->power_mw && to->power_mw;
  std::int64_t const max = kGpuMax.value;
  if (powers && c.length <= kMaxTrapezoid && *from->power_mw <= max && *to->power_mw <= max) {
    __int128 const twice = static_cast<__int128>(*from->power_mw + *to->power_mw) * c.length.count();
    add(EnergyQuality::kIntegrated, divide_half_even(twice, 2000));
    return;
  }
  add(EnergyQuality::kUnknown, 0);
}

void step_gpus(Context const& c) {
  std::map<EnergyQuality, GpuPart> parts;
  for (std::string const& uuid : c.job.gpu_uuids) add_gpu(c, uuid, parts);
  for (auto const& [quality, part] : parts) {
    emit(c, DeviceClass::kGpu, quality, {part.millijoules}, part.devices);
  }
}

void all_unknown(Context const& c) {
  emit(c, DeviceClass::kCpu, EnergyQuality::kUnknown, {});
  if (c.job.memory_bytes > 0) emit(c, DeviceClass::kMemory, EnergyQuality::kUnknown, {});
  auto const gpus = static_cast<std::uint32_t>(c.job.gpu_uuids.size());
  if (gpus > 0) emit(c, DeviceClass::kGpu, EnergyQuality::kUnknown, {}, gpus);
}

}  // namespace

char const* to_string(EnergyQuality quality) {
  switch (quality) {
    case EnergyQuality::kMeasured:
      return "measured";
    case EnergyQuality::kIntegrated:
      return "integrated";
    case EnergyQuality::kSplit:
      return "split";
    case EnergyQuality::kSpread:
      return "spread";
    case EnergyQuality::kModelled:
      return "modelled";
    case EnergyQuality::kGapFilled:
      return "gap filled";
    case EnergyQuality::kUnknown:
      return "unknown";
  }
  return "unknown";
}

char const* to_string(DeviceClass device) {
  switch (device) {
    case DeviceClass::kCpu:
      return "cpu";
    case DeviceClass::kMemory:
      return "memory";
    case DeviceClass::kGpu:
      return "gpu";
  }
  return "unknown";
}

std::int64_t zone_limit(EnergyModel const& model, Span length) {
  return limit_of(model.package_max.value > 0 ? model.package_max : kDefaultPackageMax, length, 1000);
}

std::int64_t gpu_limit(Span length) {
  return limit_of(kGpuMax, length, 1);
}

CounterSample::GpuCounter const* find_gpu(CounterSample const& sample, std::string const& uuid) {
  auto const found =
      std::find_if(sample.gpus.begin(), sample.gpus.end(), [&](auto const& gpu) { return gpu.uuid == uuid; });
  return found == sample.gpus.end() ? nullptr : &*found;
}

std::vector<EnergySlice> step(EnergyModel const& model, MeteredJob const& job, CounterSample const& from,
                              CounterSample const& to) {
  std::vector<EnergySlice> slices;
  bool const rebooted = !from.boot_id.empty() && !to.boot_id.empty() && from.boot_id != to.boot_id;
  Span const wall = to.at - from.at;
  Context context{
      model, job, from, to, rebooted ? wall : Span{to.boottime_ms - from.boottime_ms}, {from.at, to.at},
      slices};
  if (context.length.count() <= 0) return slices;
  if (rebooted) {
    all_unknown(context);
    return slices;
  }
  // The wall clock was set in between: keep the true length and trust the newer reading.
  bool const stepped = wall > context.length + kClockTolerance || wall + kClockTolerance < context.length;
  if (stepped || context.interval.empty()) context.interval = {to.at - context.length, to.at};
  step_cpu(context);
  step_memory(context);
  step_gpus(context);
  return slices;
}

}  // namespace greenq::core
