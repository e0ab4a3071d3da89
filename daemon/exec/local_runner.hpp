// Runs segments on this machine, one shepherd each.
//
// start(), adopt() and stop() only queue; all work is done on one thread of the runner, which posts
// SegmentStarted and SegmentEnded to the Inbox. Shepherds outlive the runner: destroying it stops nothing
// that runs. start() on a run directory that exists behaves as adopt(), so both may be repeated.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/ports.hpp"

namespace greenq::exec {

enum class RunAs {
  kSelf,       // jobs run as the daemon's user; submits of others are refused
  kSubmitter,  // jobs run as their owner; needs root. The state directory must be searchable (0711) for
               // metrics
};

// The cores that this process may use.
std::uint32_t usable_cpus();

struct LocalRunnerOptions {
  std::filesystem::path state_dir;
  std::filesystem::path shepherd;  // the greenq-shepherd program
  RunAs run_as = RunAs::kSelf;
  std::uint32_t own_uid = 0;
  std::vector<std::uint32_t> listed_uids;  // allowed although below 1000 or without a login shell; never 0
  std::string node;
  std::optional<std::uint32_t> cpus;           // else the cores this process may use
  std::optional<std::int64_t> memory_bytes;    // else MemTotal
  std::optional<std::vector<core::Gpu>> gpus;  // else none
  core::Span meter_interval{10'000};
  std::string sysfs_root = "/sys";  // for the meters of shepherds
  std::string procfs_root = "/proc";
  std::string nvml_library = "libnvidia-ml.so.1";
  std::int64_t log_limit_bytes = std::int64_t{256} << 20;
  std::string path = "/usr/local/bin:/usr/bin:/bin";  // PATH of jobs
};

class LocalRunner final : public app::Runner {
 public:
  // `clock` and `inbox` must outlive the runner and be safe on its thread.
  LocalRunner(LocalRunnerOptions options, app::Clock& clock, app::Inbox& inbox);
  ~LocalRunner() override;
  LocalRunner(LocalRunner const&) = delete;
  LocalRunner& operator=(LocalRunner const&) = delete;

  core::Capacity capacity() override;
  void start(core::Launch const& launch) override;
  void adopt(core::Launch const& launch) override;
  void stop(core::SegmentId segment, core::StopKind kind) override;
  std::string refuse_owner(core::Principal const& owner) override;
  std::vector<core::FieldError> check(core::JobSpec const& spec, core::Principal const& owner) override;

 private:
  class Worker;
  LocalRunnerOptions options_;
  core::Capacity capacity_;
  std::unique_ptr<Worker> worker_;
};

}  // namespace greenq::exec
