// Expected failures. Impossible states crash instead (see check.hpp).
#pragma once

#include <map>
#include <string>
#include <tl/expected.hpp>
#include <utility>
#include <vector>

namespace greenq::core {

// Maps one to one to canonical gRPC codes in rpc/.
enum class ErrorCode {
  kInvalidArgument,  // wrong in any state
  kNotFound,
  kAlreadyExists,
  kPermissionDenied,
  kFailedPrecondition,  // wrong now
  kAborted,             // etag mismatch
  kResourceExhausted,   // disk full, limits
  kOutOfRange,
  kUnavailable,  // try again
  kDeadlineExceeded,
  kInternal,
};

struct FieldError {
  std::string field;  // path as in the request, e.g. "spec.resources.gpus"
  std::string message;
};

struct Error {
  ErrorCode code = ErrorCode::kInternal;
  std::string reason;   // UPPER_SNAKE, stable, e.g. "NEVER_FITS"
  std::string message;  // one sentence that says what to do
  std::vector<FieldError> fields{};
  std::map<std::string, std::string> metadata{};
};

template <class T>
using Result = tl::expected<T, Error>;

inline tl::unexpected<Error> fail(ErrorCode code, std::string reason, std::string message) {
  return tl::unexpected<Error>(Error{code, std::move(reason), std::move(message)});
}

}  // namespace greenq::core
