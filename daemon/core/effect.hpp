// What the core wants done once its changes are on disk. Each effect may be repeated without harm.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "core/event.hpp"

namespace greenq::core {

// Everything a shepherd must know; written to attempt.json of the run directory.
struct Launch {
  SegmentId segment;
  std::string project;
  std::string name;
  Principal owner;
  std::vector<std::string> command;
  std::map<std::string, std::string> env;  // the job's own and GREENQ_*, CUDA_VISIBLE_DEVICES
  std::string workdir;
  std::string stdout_path;  // expanded; empty: run directory only
  std::string stderr_path;
  Span time_limit{0};  // what is left of it
  Span stop_grace{std::chrono::seconds{10}};
  int checkpoint_signal = 0;  // 0: none
  int checkpoint_exit_code = 85;
  std::uint32_t cpus = 1;
  std::int64_t memory_bytes = 0;
  std::vector<std::string> gpu_uuids;
  bool seen_running = false;  // its process was seen: whatever is missing now, it is not started again
};

struct StartSegment {
  Launch launch;
};
// The daemon restarted: find out what became of it. Runs it if its claim was never taken.
struct AdoptSegment {
  Launch launch;
};
enum class StopKind : std::uint8_t { kTerminate = 1, kCheckpoint = 2 };
struct StopSegment {
  SegmentId segment;
  StopKind kind = StopKind::kTerminate;
};
// Read the energy journal to its end and report SamplesArrived{final}.
struct DrainMeter {
  SegmentId segment;
  std::int64_t offset = 0;
};
struct WatchMeter {
  SegmentId segment;
  std::int64_t offset = 0;
};
// Price the job's slices and report FootprintSettled.
struct SettleFootprint {
  JobId job = 0;
};
// Make a plan from a snapshot of the state at the time the effect runs. Several requests may be answered by
// one.
struct RequestPlan {};

using Effect = std::variant<StartSegment, AdoptSegment, StopSegment, DrainMeter, WatchMeter, SettleFootprint,
                            RequestPlan>;

}  // namespace greenq::core
