// Names inside the state directory. The run directory is the contract between daemon, shepherd and meter; its
// files are described in daemon/exec/README.md.
#pragma once

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <optional>
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

// One more than the highest job id that ever had a run directory; 1 when there is none. Reads two directory
// levels of which the second is the newest one only.
inline core::JobId next_unused_job(std::filesystem::path const& state_dir) {
  auto const highest = [](std::filesystem::path const& dir) -> std::optional<core::JobId> {
    std::optional<core::JobId> found;
    std::error_code failed;
    for (std::filesystem::directory_iterator it{dir, failed}, end; !failed && it != end;
         it.increment(failed)) {
      std::string const name = it->path().filename().string();
      core::JobId id = 0;
      auto const [rest, error] = std::from_chars(name.data(), name.data() + name.size(), id);
      if (error == std::errc{} && rest == name.data() + name.size()) found = std::max(found.value_or(0), id);
    }
    return found;
  };
  auto const level = highest(state_dir / "runs");
  if (!level) return 1;
  return highest(state_dir / "runs" / std::to_string(*level)).value_or(*level * 1000) + 1;
}

}  // namespace greenq::app
