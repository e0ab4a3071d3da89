// What a job is, in lines "key  value"; used by info and explain.
#pragma once

#include <string>

#include "client/cli/cli.hpp"

namespace greenq::client {

Result<v1::Job> get_job(Context& context, std::string const& name);
// Names no time zone.
std::string job_text(v1::Job const& job, UtcTime now, Style style);
// "vision/4213 is running", "vision/4213 has ended: failed"
std::string headline(v1::Job const& job, Style style);

}  // namespace greenq::client
