#include "meter/sampler.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <ctime>
#include <filesystem>
#include <optional>

#include "meter/cpu_time.hpp"
#include "meter/files.hpp"
#include "meter/nvml_watch.hpp"
#include "meter/powercap.hpp"

namespace greenq::meter {
namespace {

namespace fs = std::filesystem;

std::int64_t milliseconds_of(clockid_t clock) {
  timespec now{};
  ::clock_gettime(clock, &now);
  return std::int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1'000'000;
}

// The inode of the module's folder lives as long as the loaded module; together with the version it tells one
// load of the driver from the next.
std::string epoch_of(std::string const& driver_version, fs::path const& sysfs_root) {
  if (driver_version.empty()) return "";
  struct stat info {};
  if (::stat((sysfs_root / "module" / "nvidia").c_str(), &info) != 0) return driver_version;
  return driver_version + "/" + std::to_string(info.st_ino);
}

}  // namespace

struct Sampler::Impl {
  SamplerOptions options;
  std::vector<std::string> gpu_uuids;
  Powercap powercap;
  fs::path node_cpu_file;
  std::optional<std::int64_t> tree_cpu_us;  // highest so far
  std::unique_ptr<NvmlWatch> nvml;

  Impl(SamplerOptions given, std::vector<std::string> uuids)
      : options(std::move(given)),
        gpu_uuids(std::move(uuids)),
        powercap(options.sysfs_root),
        node_cpu_file(find_node_cpu_file(options.procfs_root)) {}

  std::optional<std::int64_t> job_cpu(pid_t root, std::string const& cgroup_file) {
    if (!cgroup_file.empty()) return read_cgroup_cpu_us(cgroup_file);
    auto const value = read_tree_cpu_us(options.procfs_root, root, ::getpid());
    if (!value) return std::nullopt;
    // A process may be reaped by somebody outside the tree; its time does not come back.
    tree_cpu_us = std::max(tree_cpu_us.value_or(0), *value);
    return tree_cpu_us;
  }
};

Sampler::Sampler(SamplerOptions options, std::vector<std::string> gpu_uuids)
    : impl_(std::make_unique<Impl>(std::move(options), std::move(gpu_uuids))) {}

Sampler::~Sampler() = default;

core::CounterSample Sampler::sample(pid_t job_root_pid, std::string const& job_cgroup_cpu_file) {
  Impl& impl = *impl_;
  if (!impl.gpu_uuids.empty()) {
    if (!impl.nvml) impl.nvml = std::make_unique<NvmlWatch>(impl.options.nvml_library, impl.gpu_uuids);
    impl.nvml->ask();
  }
  core::CounterSample sample;
  sample.boot_id =
      read_word(fs::path(impl.options.procfs_root) / "sys" / "kernel" / "random" / "boot_id").value_or("");
  sample.boottime_ms = milliseconds_of(CLOCK_BOOTTIME);
  sample.at = core::from_ms(milliseconds_of(CLOCK_REALTIME));
  sample.job_cpu_us = impl.job_cpu(job_root_pid, job_cgroup_cpu_file);
  sample.node_cpu_us = read_node_cpu_us(impl.node_cpu_file, impl.options.procfs_root);
  sample.zones = impl.powercap.read();
  if (!impl.nvml) return sample;
  if (auto reading = impl.nvml->take(impl.options.nvml_timeout)) {
    sample.gpus = std::move(reading->gpus);
    sample.gpu_epoch = epoch_of(reading->driver_version, impl.options.sysfs_root);
  } else {
    for (std::string const& uuid : impl.gpu_uuids) sample.gpus.push_back({uuid, std::nullopt, std::nullopt});
  }
  return sample;
}

}  // namespace greenq::meter
