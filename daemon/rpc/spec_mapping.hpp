// proto::JobSpec <-> core::JobSpec.
#pragma once

#include <string>

#include "core/job.hpp"
#include "core/result.hpp"
#include "greenq/v1/job.pb.h"

namespace greenq::rpc {

inline constexpr std::size_t kSpecBytesMax = 256UL * 1024;

// Every value that the core cannot represent (unknown enum values, negative counts, unknown signal names,
// bytes 0) is a violation with its path under `prefix`; what the values mean is judged by core/validate.hpp.
// INVALID_JOB or SPEC_TOO_LARGE.
core::Result<core::JobSpec> spec_from_wire(v1::JobSpec const& wire, std::string const& project,
                                           std::string const& prefix = "spec");

// Redacted: without command, script, environment, directories and output paths.
void spec_to_wire(core::JobSpec const& spec, bool redacted, v1::JobSpec& wire);

}  // namespace greenq::rpc
