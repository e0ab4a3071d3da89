// One document of a job file -> JobSpec. Used by job_file.cpp only.
#pragma once

#include <set>
#include <string>

#include "client/cli/environment.hpp"
#include "config/reader/map_reader.hpp"
#include "greenq/v1/job_service.pb.h"

namespace greenq::client {

// Problems are added to `problems`; the request is only good when none was added. `asked` receives every key
// that was looked for, dotted, e.g. "depends_on[0].job".
v1::SubmitJobRequest read_job(config::Node const& document, Environment const& env,
                              config::Problems& problems, std::set<std::string>* asked = nullptr);

}  // namespace greenq::client
