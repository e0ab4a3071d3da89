// How an ended job becomes an exit code and a sentence; used by run and wait.
#pragma once

#include <string>

#include "client/cli/cli.hpp"

namespace greenq::client {

// The job's own code, 128 + N for signal N; 1 for a job that never exited (cancelled before its start, lost).
int exit_code_of(v1::Job const& job);
// "vision/4213 succeeded", "vision/4213 failed (exit 3): …"
std::string ending_line(v1::Job const& job, UtcTime now);
// Asks until the job has ended; nothing when `timeout` passed first. Tries again for a minute whenever the
// daemon is gone. `on_progress` sees the job about every `step`.
Result<std::optional<v1::Job>> wait_for_end(Context& context, std::string const& name,
                                            std::optional<Milliseconds> timeout, Milliseconds step,
                                            std::function<void()> const& on_progress);

}  // namespace greenq::client
