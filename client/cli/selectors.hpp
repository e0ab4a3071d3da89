// "4213", "vision/4213", "3-5,9", "last", "all" -> resource names.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "client/cli/cli.hpp"

namespace greenq::client {

inline constexpr std::size_t kMaxSelected = 10'000;

// How the arguments are explained.
inline constexpr char kOneJob[] = "An id (4213) or last (your newest job)";
inline constexpr char kJobs[] = "Ids (4213 or 3-5,9), last (your newest job) or all (your live jobs)";

struct Selector {
  std::vector<std::string> names;  // projects/…/jobs/…
  bool last = false;
  bool all = false;
};

// Without asking anybody. "last" and "all" are only flagged.
Result<Selector> parse_selectors(std::vector<std::string> const& words);

// Asks the daemon for "last" (the caller's newest job) and "all" (the caller's live jobs). Without doubles,
// in order.
Result<std::vector<std::string>> select(Context& context, std::vector<std::string> const& words);
// Exactly one job: an id or "last".
Result<std::string> select_one(Context& context, std::string const& word);

// "vision" -> "projects/vision"; "" -> "projects/-".
std::string parent_of(std::string_view project);

}  // namespace greenq::client
