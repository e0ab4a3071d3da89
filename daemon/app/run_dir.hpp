// Names inside the state directory. The run directory is the contract between daemon, shepherd and meter; its
// files are described in daemon/exec/README.md.
#pragma once

#include <filesystem>
#include <string>

#include "core/event.hpp"

namespace greenq::app {

inline constexpr char kAttemptFile[] = "attempt.json";
inline constexpr char kClaimFile[] = "claim";
inline constexpr char kStartedFile[] = "started.json";
inline constexpr char kExitFile[] = "exit.json";
inline constexpr char kEnergyFile[] = "energy.jsonl";
inline constexpr char kMetricsFile[] = "metrics.jsonl";
inline constexpr char kStdoutFile[] = "stdout.log";
inline constexpr char kStderrFile[] = "stderr.log";

// STATE/runs/{job / 1000}/{job}/{attempt}.{launch}; the first level keeps directories small.
inline std::filesystem::path job_dir(std::filesystem::path const& state_dir, core::JobId job) {
  return state_dir / "runs" / std::to_string(job / 1000) / std::to_string(job);
}
inline std::filesystem::path run_dir(std::filesystem::path const& state_dir, core::SegmentId const& id) {
  return job_dir(state_dir, id.job) / (std::to_string(id.attempt) + "." + std::to_string(id.launch));
}

}  // namespace greenq::app
