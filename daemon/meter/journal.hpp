// The energy journal of a run directory (energy.jsonl): one CounterSample a line, appended by the shepherd,
// read by the daemon. Absent values have no key.
//
//   {"boot_id":"…","boottime_ms":1,"at_ms":2,"job_cpu_us":3,"node_cpu_us":4,
//    "zones":[{"name":"package-0","energy_uj":5,"max_range_uj":6}],
//    "gpus":[{"uuid":"GPU-…","energy_mj":7,"power_mw":8}],"gpu_epoch":"…"}
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/energy/slice.hpp"
#include "core/result.hpp"

namespace greenq::meter {

// One line with its newline. Write it with a single write() to an O_APPEND file. In library greenq_sampler.
std::string to_journal_line(core::CounterSample const& sample);

// Nothing when the line is not a whole, well-formed sample. Unknown keys are ignored.
std::optional<core::CounterSample> parse_journal_line(std::string_view line);

struct JournalLimits {
  std::size_t max_bytes = std::size_t{1} << 20;  // read at a time; a longer line is skipped
  std::size_t max_samples = 4096;
};

struct JournalChunk {
  std::vector<core::CounterSample> samples;
  std::int64_t from_offset = 0;
  std::int64_t to_offset = 0;      // after the last whole line that was taken
  std::int64_t skipped_lines = 0;  // whole lines that are no sample
  bool more = false;               // a limit was hit: read again from to_offset
};

// Whole lines from `offset` on; a torn last line is left for later. A file shorter than `offset` has nothing
// to read. kNotFound when there is no such file, kInternal when it cannot be read.
core::Result<JournalChunk> read_journal(std::filesystem::path const& path, std::int64_t offset,
                                        JournalLimits const& limits = {});

}  // namespace greenq::meter
