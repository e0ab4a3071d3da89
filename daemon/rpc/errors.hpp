// core::Error -> grpc::Status: a canonical code with google.rpc details (AIP-193).
//
// ErrorInfo{reason, domain "greenq", metadata} is always there. Details travel in one trailer of at most 8
// KiB (a larger one makes gRPC 1.51 drop the whole connection), so field violations beyond a budget are
// counted, not listed.
#pragma once

#include <grpcpp/support/status.h>

#include "core/result.hpp"

namespace greenq::rpc {

inline constexpr char kErrorDomain[] = "greenq";

grpc::StatusCode to_grpc(core::ErrorCode code);

// Metadata keys with a meaning here: "retry_after_ms" (RetryInfo), "resource_type", "resource_name"
// (ResourceInfo), "subject" (PreconditionFailure). They stay in ErrorInfo as well.
grpc::Status to_status(core::Error const& error);

}  // namespace greenq::rpc
