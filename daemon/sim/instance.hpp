// One simulated world: a cluster of GPUs, the jobs that come to it, and the grid it draws from.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/job.hpp"
#include "sim/series.hpp"

namespace greenq::sim {

struct SimJob {
  core::JobId id = 0;  // its place in Instance::jobs, from 1
  std::string name;    // as its file has it
  std::string user;
  core::Instant submit{};
  core::Span duration{0};                // of work, without what resumes cost
  std::optional<core::Span> estimate{};  // of it, as its user gave it
  std::uint32_t gpus = 1;
  core::Instant deadline{};  // to finish by; later is a miss, not an error
  bool interruptible = true;
  // What it draws while it runs, in units of Instance::power_per_gpu; nothing: one for each GPU.
  std::optional<std::int64_t> own_draw{};

  std::int64_t draw() const { return own_draw.value_or(gpus); }
};

// One published forecast: value i holds over [issued + first + i * step, + step).
struct Issue {
  core::Instant issued{};
  core::Span first{0};
  core::Span step{std::chrono::hours{1}};
  std::vector<core::Intensity> values;

  std::vector<core::IntensityPoint> points() const;
};

struct Instance {
  std::string name;
  std::string unit =
      "GPU";  // what jobs hold and the cluster has so many of; a CPU core where there is no GPU
  std::uint32_t cluster_gpus = 0;
  core::Power power_per_gpu{300'000};        // while a job holds the GPU; idle power is left out
  core::Span step{std::chrono::minutes{5}};  // grid of submits and durations; policies may decide in between
  core::Span slack{0};
  core::Span resume_overhead{0};  // GPU time that each resume adds to its job
  core::SignalKind kind = core::SignalKind::kMarginal;
  Series truth;  // decides and is charged; begins where the simulation does
  std::optional<core::SignalKind> other_kind{};
  Series other;               // the second book; empty: none. Same span as truth
  Series history;             // before the truth begins; may be empty
  std::vector<Issue> issues;  // by time of issue
  std::vector<SimJob> jobs;   // by submit; those at one moment in the order of their file

  core::Instant begin() const { return truth.begin(); }
  core::Instant end() const { return truth.end(); }
  SimJob const& job(core::JobId id) const { return jobs[id - 1]; }
};

}  // namespace greenq::sim
