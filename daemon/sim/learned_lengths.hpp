// Run times as the daemon learns them (core/run_lengths.hpp), from what jobs of the same user took: names of
// simulated jobs are their own.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "core/run_lengths.hpp"
#include "sim/instance.hpp"

namespace greenq::sim {

class LearnedLengths {
 public:
  // At the submission of the job, as it was told.
  void submitted(SimJob const& job);
  void ended(SimJob const& job, core::Span took, core::Instant now);

  // Of the whole work of a job that was submitted.
  core::Span typical(SimJob const& job) const;
  // What is left of it after `worked`; nothing where nothing was learned.
  std::optional<core::Span> left(SimJob const& job, core::Span worked) const;

 private:
  core::RunKey key(SimJob const& job);

  core::RunBook book_;
  std::map<std::string, std::uint32_t> users_;
  std::map<core::JobId, core::LearnedDuration> learned_;  // of jobs that have not ended
};

}  // namespace greenq::sim
