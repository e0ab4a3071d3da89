// Paged lists, read up to a limit.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "client/cli/cli.hpp"

namespace greenq::client {

struct JobQuery {
  std::string project{};  // empty: all
  std::string owner{};    // empty: everyone
  std::string name{};
  std::vector<v1::Job::State> states{};
  std::optional<UtcTime> since{};
  std::size_t limit = 100;
};

struct JobList {
  std::vector<v1::Job> jobs;  // newest first
  bool more = false;          // the limit cut it
};

Result<JobList> list_jobs(Context& context, JobQuery const& query);

std::vector<v1::Job::State> live_states();
std::vector<v1::Job::State> ended_states();
// "{queued,starting,…}": the type of an option that takes states.
std::string state_choices();
// "queued,running" -> states; USAGE with did-you-mean otherwise.
Result<std::vector<v1::Job::State>> parse_states(std::vector<std::string> const& names);

inline constexpr char kSince[] = "Submitted since: 6h or 7d (back from now), or 2026-11-24T08:00+01:00";
// "--since": a duration back from now ("6h", "-6h"), or a time.
Result<UtcTime> parse_since(std::string const& text, UtcTime now);

}  // namespace greenq::client
