// What went wrong and how the process ends. Exit codes are a contract with scripts:
// 0 ok, 1 RPC or daemon error, 2 usage or invalid file, 3 not found, 4 denied, 5 refused (budget, quota,
// state), 6 wait timed out, 7 daemon unreachable. `run` and `wait` return the job's own code, 128 + N for
// signal N.
#pragma once

#include <grpcpp/support/status.h>

#include <cstdint>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "config/reader/problem.hpp"

namespace greenq::client {

enum class Exit : std::uint8_t {
  kOk = 0,
  kError = 1,
  kUsage = 2,
  kNotFound = 3,
  kDenied = 4,
  kRefused = 5,
  kTimedOut = 6,
  kUnreachable = 7,
};

// A field the server complains about, path as on the wire ("spec.resources.gpus").
struct Violation {
  std::string field;
  std::string message;
};

struct Failure {
  Exit exit = Exit::kError;
  std::string code;      // canonical, e.g. "NOT_FOUND"; "USAGE", "INVALID_FILE", "UNREACHABLE" for our own
  std::string reason{};  // ErrorInfo.reason, e.g. "NEVER_FITS"; may be empty
  std::string message;   // one sentence that says what to do
  // The request may have reached greenqd and only its answer was lost.
  bool unsure = false;
  std::vector<Violation> violations{};
  // Of a file, with its text for the source lines; sorted.
  std::vector<config::Problem> problems{};
  std::string text{};
  std::string footer{};  // after the problems, e.g. "3 errors; nothing was submitted"
};

template <class T>
using Result = tl::expected<T, Failure>;

tl::unexpected<Failure> fail(Exit exit, std::string code, std::string message);

// A status of an RPC, with the google.rpc details it carries. Not for OK.
Failure failure_of(grpc::Status const& status);

char const* canonical_name(grpc::StatusCode code);

// For people: "greenq: …" and file problems in rustc form. For programs: one JSON object, one line.
std::string describe(Failure const& failure);
std::string describe_json(Failure const& failure);

}  // namespace greenq::client
