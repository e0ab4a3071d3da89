// The jobs of a simulation: CSV with '#' comments and a header, columns in any order.
//
//   submit_s or submit_utc   when it comes; seconds count from the begin of the simulation
//   duration_s, gpus         what it needs
//   estimate_s               optional; what policies are told of duration_s
//   job_id, user             optional; ids are the row numbers from 0 else
//   deadline_s               optional; to finish by, seconds from the begin
//   interruptible            optional; yes or no, yes else
//
// No quotes. Rows may be unordered; those at one moment keep their order.
#pragma once

#include <string>
#include <vector>

#include "core/result.hpp"
#include "sim/instance.hpp"

namespace greenq::simulate {

struct JobsFile {
  std::vector<sim::SimJob> jobs;  // by submit, with ids from 1
  bool deadlines = false;         // the file has them
};

inline constexpr std::size_t kMaxJobsBytes = std::size_t{256} << 20;

// kInvalidArgument BAD_INPUT: each problem as `file:line:column: error: what`.
core::Result<JobsFile> read_jobs(std::string const& path, core::Instant begin, std::uint32_t cluster_gpus);

}  // namespace greenq::simulate
