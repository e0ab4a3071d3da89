// Names and opaque tokens of the API: resource names, page tokens, resume tokens, request ids and hashes.
#pragma once

#include <google/protobuf/message.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/job.hpp"
#include "core/result.hpp"

namespace greenq::rpc {

inline constexpr char kDefaultProject[] = "default";

struct JobName {
  std::string project;  // empty: any ("-")
  core::JobId id = 0;
};

// "projects/{project}/jobs/{id}"; kInvalidArgument with a violation of `field`.
core::Result<JobName> parse_job_name(std::string_view name, std::string const& field = "name");
// "projects/{project}" for a submission: empty means kDefaultProject, "-" is refused.
core::Result<std::string> parse_parent(std::string_view parent, std::string const& field = "parent");
// The same for a query: empty and "projects/-" mean all, returned as "".
core::Result<std::string> parse_query_parent(std::string_view parent, std::string const& field = "parent");
// "zones/{zone}"; empty stays empty.
core::Result<std::string> parse_zone(std::string_view name, std::string const& field = "name");

// 0 -> 50, above 1000 -> 1000, negative -> kInvalidArgument.
core::Result<int> page_size(std::int32_t asked);

// SHA-256 in hex of the method and the deterministic bytes of the message without the named top-level fields.
std::string hash_without(google::protobuf::Message const& message, std::string_view method,
                         std::initializer_list<char const*> fields);

// A page token carries where to go on and a hash of the arguments it belongs to.
std::string make_page_token(std::uint64_t cursor, std::string const& filter_hash);
// 0 for an empty token. PAGE_TOKEN_INVALID, or PAGE_TOKEN_MISMATCH when the arguments changed.
core::Result<std::uint64_t> read_page_token(std::string const& token, std::string const& filter_hash);

struct ResumePoint {
  std::string epoch;
  std::int64_t sequence = 0;
};
std::string make_resume_token(ResumePoint const& point);
// kInvalidArgument RESUME_TOKEN_INVALID when it is not one of ours.
core::Result<ResumePoint> read_resume_token(std::string const& token);

// Canonical 8-4-4-4-12 hex form.
bool is_uuid(std::string_view text);

core::Error invalid_field(std::string field, std::string message);

}  // namespace greenq::rpc
