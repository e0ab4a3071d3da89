#include "client/cli/failure.hpp"

#include <fmt/format.h>

#include "client/cli/format.hpp"
#include "client/cli/json.hpp"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace greenq::client {
namespace {

Exit exit_of(grpc::StatusCode code) {
  switch (code) {
    case grpc::StatusCode::INVALID_ARGUMENT:
      return Exit::kUsage;
    case grpc::StatusCode::NOT_FOUND:
      return Exit::kNotFound;
    case grpc::StatusCode::PERMISSION_DENIED:
    case grpc::StatusCode::UNAUTHENTICATED:
      return Exit::kDenied;
    case grpc::StatusCode::FAILED_PRECONDITION:
      return Exit::kRefused;
    case grpc::StatusCode::OK:
    case grpc::StatusCode::CANCELLED:
    case grpc::StatusCode::UNKNOWN:
    case grpc::StatusCode::DEADLINE_EXCEEDED:
    case grpc::StatusCode::ALREADY_EXISTS:
    case grpc::StatusCode::RESOURCE_EXHAUSTED:
    case grpc::StatusCode::ABORTED:
    case grpc::StatusCode::OUT_OF_RANGE:
    case grpc::StatusCode::UNIMPLEMENTED:
    case grpc::StatusCode::INTERNAL:
    case grpc::StatusCode::UNAVAILABLE:
    case grpc::StatusCode::DATA_LOSS:
    case grpc::StatusCode::DO_NOT_USE:
      return Exit::kError;
  }
  return Exit::kError;
}

std::string problem_json(config::Problem const& problem) {
  return fmt::format(R"({{"file":{},"line":{},"column":{},"field":{},"message":{}}})",
                     quote_json(problem.file), problem.line, problem.column, quote_json(problem.path),
                     quote_json(problem.message));
}

// "projects/-/jobs/7" -> "7", "projects/vision/jobs/7" -> "vision/7": as people write jobs.
std::string with_ids(std::string text) {
  constexpr std::string_view kProject = "projects/";
  constexpr std::string_view kJob = "/jobs/";
  for (auto at = text.find(kProject); at != std::string::npos; at = text.find(kProject, at + 1)) {
    auto const job = text.find(kJob, at);
    auto const begin = at + kProject.size();
    if (job == std::string::npos || text.find_first_of(" ,;", begin) < job) continue;
    text.replace(job, kJob.size(), "/");
    text.erase(at, kProject.size());
    if (text.compare(at, 2, "-/") == 0) text.erase(at, 2);
  }
  return text;
}

std::string message_for(grpc::Status const& status) {
  if (status.error_code() == grpc::StatusCode::DEADLINE_EXCEEDED) {
    return "greenqd did not answer in time; try again, or look at its log";
  }
  if (status.error_code() == grpc::StatusCode::UNIMPLEMENTED) {
    return "this greenqd does not know the request; client and daemon differ in version, see greenq version";
  }
  if (status.error_message().empty()) return "greenqd answered with an error without words";
  return with_ids(status.error_message());
}

}  // namespace

tl::unexpected<Failure> fail(Exit exit, std::string code, std::string message) {
  Failure failure;
  failure.exit = exit;
  failure.code = std::move(code);
  failure.message = std::move(message);
  return tl::unexpected<Failure>(std::move(failure));
}

char const* canonical_name(grpc::StatusCode code) {
  switch (code) {
    case grpc::StatusCode::OK:
      return "OK";
    case grpc::StatusCode::CANCELLED:
      return "CANCELLED";
    case grpc::StatusCode::UNKNOWN:
      return "UNKNOWN";
    case grpc::StatusCode::INVALID_ARGUMENT:
      return "INVALID_ARGUMENT";
    case grpc::StatusCode::DEADLINE_EXCEEDED:
      return "DEADLINE_EXCEEDED";
    case grpc::StatusCode::NOT_FOUND:
      return "NOT_FOUND";
    case grpc::StatusCode::ALREADY_EXISTS:
      return "ALREADY_EXISTS";
    case grpc::StatusCode::PERMISSION_DENIED:
      return "PERMISSION_DENIED";
    case grpc::StatusCode::UNAUTHENTICATED:
      return "UNAUTHENTICATED";
    case grpc::StatusCode::RESOURCE_EXHAUSTED:
      return "RESOURCE_EXHAUSTED";
    case grpc::StatusCode::FAILED_PRECONDITION:
      return "FAILED_PRECONDITION";
    case grpc::StatusCode::ABORTED:
      return "ABORTED";
    case grpc::StatusCode::OUT_OF_RANGE:
      return "OUT_OF_RANGE";
    case grpc::StatusCode::UNIMPLEMENTED:
      return "UNIMPLEMENTED";
    case grpc::StatusCode::INTERNAL:
      return "INTERNAL";
    case grpc::StatusCode::UNAVAILABLE:
      return "UNAVAILABLE";
    case grpc::StatusCode::DATA_LOSS:
      return "DATA_LOSS";
    case grpc::StatusCode::DO_NOT_USE:
      return "UNKNOWN";
  }
  return "UNKNOWN";
}

Failure failure_of(grpc::Status const& status) {
  Failure failure;
  failure.exit = exit_of(status.error_code());
  failure.code = canonical_name(status.error_code());
  failure.message = message_for(status);
  google::rpc::Status details;
  if (!details.ParseFromString(status.error_details())) return failure;
  for (auto const& any : details.details()) {
    google::rpc::ErrorInfo info;
    google::rpc::BadRequest bad;
    if (any.UnpackTo(&info)) {
      failure.reason = info.reason();
    } else if (any.UnpackTo(&bad)) {
      for (auto const& violation : bad.field_violations()) {
        failure.violations.push_back({violation.field(), violation.description()});
      }
    } else if (any.type_url().ends_with("/google.rpc.QuotaFailure")) {
      failure.exit = Exit::kRefused;
    }
  }
  return failure;
}

std::string describe(Failure const& failure) {
  if (!failure.problems.empty()) {
    return config::format_problems(failure.problems, failure.text) + failure.footer + '\n';
  }
  auto out = "greenq: " + safe(failure.message) + '\n';
  for (auto const& violation : failure.violations) {
    out += "  " + safe(violation.field) + ": " + safe(violation.message) + '\n';
  }
  return out;
}

std::string describe_json(Failure const& failure) {
  std::string violations;
  auto const add = [&](std::string const& entry) { violations += (violations.empty() ? "" : ",") + entry; };
  for (auto const& problem : failure.problems) add(problem_json(problem));
  if (failure.problems.empty()) {
    for (auto const& violation : failure.violations) {
      add(problem_json({"", 0, 0, 1, violation.field, violation.message}));
    }
  }
  return fmt::format(R"({{"error":{{"code":{},"reason":{},"message":{},"exit_code":{},"violations":[{}]}}}})",
                     quote_json(failure.code), quote_json(failure.reason), quote_json(failure.message),
                     static_cast<int>(failure.exit), violations) +
         '\n';
}

}  // namespace greenq::client
