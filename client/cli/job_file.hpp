// job.yaml -> SubmitJobRequest. Offline: needs no daemon.
//
// Several documents in a file are several jobs, in order. All problems are found at once; what a later
// version will understand is refused by name. Paths become absolute here, because only here the caller's
// directory is known; variables named in env_passthrough are taken from the caller's environment, and a
// missing one is an error.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "client/cli/environment.hpp"
#include "client/cli/failure.hpp"
#include "config/reader/strict_yaml.hpp"
#include "greenq/v1/job_service.pb.h"

namespace greenq::client {

inline constexpr std::size_t kMaxJobsPerFile = 1000;

class JobFile {
 public:
  std::vector<v1::SubmitJobRequest> requests;  // without request_id

  // Turns the server's complaints about fields into complaints about places in this file. `index` is the
  // document when the call carried one request; violations of a batch name theirs as "requests[i].".
  Failure place(Failure failure, std::size_t index = 0) const;

 private:
  friend Result<JobFile> parse_job_file(std::string const&, std::string, std::vector<std::string> const&,
                                        Environment const&, std::string_view);
  std::string file_;
  std::string text_;
  std::string footer_;
  std::vector<config::Node> documents_;
  std::vector<std::string> origins_;  // overrides
};

// `file` is how problems name it; `overrides` are `a.b=v`, applied to every document. `consequence` ends the
// count of errors: "3 errors; nothing was submitted".
Result<JobFile> parse_job_file(std::string const& file, std::string text,
                               std::vector<std::string> const& overrides, Environment const& env,
                               std::string_view consequence);

// Reads the file, or standard input for "-".
Result<JobFile> read_job_file(std::string const& file, std::vector<std::string> const& overrides,
                              Environment const& env, std::string_view consequence);

}  // namespace greenq::client
