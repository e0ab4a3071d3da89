// The three JSON records of a run directory. Schemas: daemon/exec/README.md.
//
// Parsing is strict about types and bounds and never throws; a record that cannot be read is an error with a
// sentence, not a guess.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/effect.hpp"
#include "core/result.hpp"

namespace greenq::exec {

inline constexpr std::size_t kRecordLimit = 4U << 20U;  // bytes of one record file

// attempt.json: written by the daemon before the shepherd is spawned.
struct AttemptRecord {
  core::Launch launch;
  std::string path = "/usr/local/bin:/usr/bin:/bin";       // PATH of the job
  std::int64_t log_limit_bytes = std::int64_t{256} << 20;  // of stdout.log and of stderr.log
  core::Span meter_interval{10'000};
  std::string sysfs_root = "/sys";  // where the shepherd looks for sensors
  std::string procfs_root = "/proc";
  std::string nvml_library = "libnvidia-ml.so.1";
};

// started.json: durable before the job's program runs.
struct StartedRecord {
  std::string boot_id;
  std::int64_t shepherd_pid = 0;
  std::int64_t shepherd_start = 0;  // clock ticks since boot, /proc/PID/stat field 22
  std::int64_t job_pid = 0;         // leader of the job's session and process group
  std::int64_t job_start = 0;
  core::Instant started_at{};
  std::vector<std::string> cgroups;  // directories that belong to this job alone; may be empty
  bool memory_limited = false;
};

// exit.json: durable before the shepherd ends.
struct ExitRecord {
  core::SegmentEnd end;
  std::int64_t user_us = 0;  // all reaped processes of the job
  std::int64_t system_us = 0;
  std::int64_t max_rss_bytes = 0;  // largest single process
  std::int64_t cpu_us = 0;         // cgroup figure when there is one, else user + system
  std::int64_t dropped_stdout_bytes = 0;
  std::int64_t dropped_stderr_bytes = 0;
};

std::string to_json(AttemptRecord const& record);
std::string to_json(StartedRecord const& record);
std::string to_json(ExitRecord const& record);
core::Result<AttemptRecord> parse_attempt(std::string const& text);
core::Result<StartedRecord> parse_started(std::string const& text);
core::Result<ExitRecord> parse_exit(std::string const& text);

}  // namespace greenq::exec
