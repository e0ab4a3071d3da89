#include "rpc/errors.hpp"

#include <charconv>

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace greenq::rpc {
namespace {

constexpr std::size_t kMessageMax = 1024;
constexpr std::size_t kDetailsMax = 4096;
constexpr std::int64_t kDefaultRetryMs = 1000;

// Cuts on a UTF-8 boundary, or protobuf would refuse the string.
std::string cut(std::string const& text, std::size_t max) {
  if (text.size() <= max) return text;
  std::size_t end = max;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  return text.substr(0, end) + "…";
}

std::string lookup(core::Error const& error, char const* key, std::string const& fallback) {
  auto const it = error.metadata.find(key);
  return it == error.metadata.end() ? fallback : it->second;
}

std::int64_t retry_ms(core::Error const& error) {
  std::string const text = lookup(error, "retry_after_ms", "");
  std::int64_t value = 0;
  auto const parsed = std::from_chars(text.data(), text.data() + text.size(), value);
  return parsed.ec == std::errc{} && value > 0 ? value : kDefaultRetryMs;
}

void add_fields(core::Error const& error, google::rpc::Status& status) {
  if (error.fields.empty()) return;
  google::rpc::BadRequest bad;
  std::size_t room = kDetailsMax - std::min(kDetailsMax, status.ByteSizeLong());
  std::size_t left = error.fields.size();
  for (auto const& field : error.fields) {
    std::string const path = cut(field.field, 200);
    std::string const text = cut(field.message, 400);
    std::size_t const cost = path.size() + text.size() + 16;
    if (cost > room) break;
    room -= cost;
    --left;
    auto* violation = bad.add_field_violations();
    violation->set_field(path);
    violation->set_description(text);
  }
  if (left > 0) {
    auto* violation = bad.add_field_violations();
    violation->set_field("");
    violation->set_description("and " + std::to_string(left) + " more");
  }
  status.add_details()->PackFrom(bad);
}

void add_precondition(core::Error const& error, google::rpc::Status& status) {
  google::rpc::PreconditionFailure failure;
  auto* violation = failure.add_violations();
  violation->set_type(error.reason);
  violation->set_subject(lookup(error, "subject", lookup(error, "resource_name", "")));
  violation->set_description(cut(error.message, kMessageMax));
  status.add_details()->PackFrom(failure);
}

void add_retry(core::Error const& error, google::rpc::Status& status) {
  std::int64_t const ms = retry_ms(error);
  google::rpc::RetryInfo retry;
  retry.mutable_retry_delay()->set_seconds(ms / 1000);
  retry.mutable_retry_delay()->set_nanos(static_cast<std::int32_t>(ms % 1000) * 1'000'000);
  status.add_details()->PackFrom(retry);
}

void add_resource(core::Error const& error, google::rpc::Status& status) {
  google::rpc::ResourceInfo resource;
  resource.set_resource_type(lookup(error, "resource_type", "greenq.v1.Job"));
  resource.set_resource_name(lookup(error, "resource_name", ""));
  resource.set_description(cut(error.message, kMessageMax));
  status.add_details()->PackFrom(resource);
}

void add_code_details(core::Error const& error, google::rpc::Status& status) {
  switch (error.code) {
    case core::ErrorCode::kFailedPrecondition:
      add_precondition(error, status);
      break;
    case core::ErrorCode::kUnavailable:
    case core::ErrorCode::kResourceExhausted:
      add_retry(error, status);
      break;
    case core::ErrorCode::kNotFound:
      add_resource(error, status);
      break;
    case core::ErrorCode::kInvalidArgument:
    case core::ErrorCode::kAlreadyExists:
    case core::ErrorCode::kPermissionDenied:
    case core::ErrorCode::kAborted:
    case core::ErrorCode::kOutOfRange:
    case core::ErrorCode::kDeadlineExceeded:
    case core::ErrorCode::kInternal:
      break;
  }
}

}  // namespace

grpc::StatusCode to_grpc(core::ErrorCode code) {
  switch (code) {
    case core::ErrorCode::kInvalidArgument:
      return grpc::StatusCode::INVALID_ARGUMENT;
    case core::ErrorCode::kNotFound:
      return grpc::StatusCode::NOT_FOUND;
    case core::ErrorCode::kAlreadyExists:
      return grpc::StatusCode::ALREADY_EXISTS;
    case core::ErrorCode::kPermissionDenied:
      return grpc::StatusCode::PERMISSION_DENIED;
    case core::ErrorCode::kFailedPrecondition:
      return grpc::StatusCode::FAILED_PRECONDITION;
    case core::ErrorCode::kAborted:
      return grpc::StatusCode::ABORTED;
    case core::ErrorCode::kResourceExhausted:
      return grpc::StatusCode::RESOURCE_EXHAUSTED;
    case core::ErrorCode::kOutOfRange:
      return grpc::StatusCode::OUT_OF_RANGE;
    case core::ErrorCode::kUnavailable:
      return grpc::StatusCode::UNAVAILABLE;
    case core::ErrorCode::kDeadlineExceeded:
      return grpc::StatusCode::DEADLINE_EXCEEDED;
    case core::ErrorCode::kInternal:
      return grpc::StatusCode::INTERNAL;
  }
  return grpc::StatusCode::INTERNAL;
}

grpc::Status to_status(core::Error const& error) {
  std::string const message = cut(error.message, kMessageMax);
  google::rpc::Status status;
  status.set_code(to_grpc(error.code));
  google::rpc::ErrorInfo info;
  info.set_reason(error.reason.empty() ? "UNSPECIFIED" : error.reason);
  info.set_domain(kErrorDomain);
  for (auto const& [key, value] : error.metadata) (*info.mutable_metadata())[cut(key, 64)] = cut(value, 256);
  status.add_details()->PackFrom(info);
  add_code_details(error, status);
  add_fields(error, status);
  status.set_message(message);
  return {to_grpc(error.code), message, status.SerializeAsString()};
}

}  // namespace greenq::rpc
