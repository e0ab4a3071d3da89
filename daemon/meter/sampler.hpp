// Reads every counter of one job at one moment: CPU time, powercap, NVML. Used by the shepherd (library
// greenq_sampler: no logging, no event loop) and by tests.
//
// A read that fails is absent in the sample, never zero. NVML runs on its own thread, started with the first
// sample of a job that has GPUs: a call that hangs costs at most `nvml_timeout` once; after that the GPU
// values are absent until the call returns. That thread may still hang when the process wants to end: leave
// with _exit().
#pragma once

#include <sys/types.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "core/energy/slice.hpp"

namespace greenq::meter {

struct SamplerOptions {
  std::string sysfs_root = "/sys";
  std::string procfs_root = "/proc";
  std::string nvml_library = "libnvidia-ml.so.1";
  std::chrono::milliseconds nvml_timeout{2000};
};

// One thread at a time. Not for use between fork and exec.
class Sampler {
 public:
  Sampler(SamplerOptions options, std::vector<std::string> gpu_uuids);
  ~Sampler();
  Sampler(Sampler const&) = delete;
  Sampler& operator=(Sampler const&) = delete;

  // `job_cgroup_cpu_file`: cpu.stat (v2, usage_usec) or cpuacct.usage (v1, ns). Empty: CPU time of the
  // process tree under `job_root_pid`, including children already waited for. Two ways to name the root:
  //   getpid()   everything the caller has started and reaped, without the caller itself. Best for a shepherd
  //   that is
  //              a subreaper (PR_SET_CHILD_SUBREAPER): orphans are counted and the value stays after the job
  //              ended.
  //   other pid  that process and its descendants; absent once it is reaped, so sample first (waitid,
  //   WNOWAIT).
  // The tree's value never goes back within one Sampler.
  core::CounterSample sample(pid_t job_root_pid, std::string const& job_cgroup_cpu_file);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace greenq::meter
