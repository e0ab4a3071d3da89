// Submitting a job file; used by the verbs submit and run.
#pragma once

#include <string>
#include <vector>

#include "client/cli/cli.hpp"
#include "client/cli/job_file.hpp"

namespace greenq::client {

struct SubmitOptions {
  std::string file = "job.yaml";
  std::vector<std::string> overrides;
  std::string request_id;  // empty: a new one
  bool hold = false;
  bool single = false;  // refuse a file of several jobs before anything is submitted
};

// Options that submit, run, plan and validate share.
void add_file_options(CLI::App& command, SubmitOptions& options);
// --request-id, of those that store something.
void add_request_id(CLI::App& command, SubmitOptions& options);

struct Submitted {
  v1::Job job;
  v1::Plan plan;      // without `chosen` when none was made in time
  v1::JobSpec asked;  // what the file said
};

// All jobs of the file, all or none. A lost answer is asked for again for some seconds with the same request
// id; a failure says when the jobs may have been accepted all the same. Then waits up to a second for their
// plans, unless `wait_for_plan` is false.
Result<std::vector<Submitted>> submit_file(Context& context, SubmitOptions const& options,
                                           bool wait_for_plan);

// Lets the daemon check and plan all jobs of the file together; nothing is stored. Failures are not placed
// yet.
Result<v1::BatchSubmitJobsResponse> check_with_daemon(Context& context, JobFile const& file);

// "Submitted vision/4213 · planned start …"; names no time zone.
std::string submitted_line(Submitted const& submitted, UtcTime now);

}  // namespace greenq::client
