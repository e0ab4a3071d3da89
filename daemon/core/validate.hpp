// What makes a job specification acceptable. The same rules for Submit, validate_only and Plan.
#pragma once

#include <string_view>
#include <vector>

#include "core/capacity.hpp"
#include "core/carbon/site.hpp"
#include "core/job.hpp"
#include "core/result.hpp"

namespace greenq::core {

// Names of jobs, projects and label keys: 1 to 63 of a-z, 0-9 and -, not starting with -.
bool is_name(std::string_view text);

// Every violation, with the field path as on the wire ("spec.resources.gpus"). Empty means acceptable.
std::vector<FieldError> violations(JobSpec const& spec);

// Fills what was left open: default max_delay, time limit, name. Then checks that the job fits at all:
// NEVER_FITS (kInvalidArgument), or all violations at once (INVALID_JOB).
Result<JobSpec> accept(JobSpec spec, SiteConfig const& site, Capacity const& capacity, Instant now);

}  // namespace greenq::core
