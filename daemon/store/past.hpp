// The ledger of a time that is over, for `greenqd simulate --history`. Reads one snapshot; takes no lock that
// a writer waits for, never checkpoints, never migrates, and leaves no file behind. Works beside a running
// daemon.
#pragma once

#include <filesystem>
#include <string>

#include "core/history.hpp"
#include "core/result.hpp"

namespace greenq::store {

inline constexpr std::size_t kMostPastJobs = 1'000'000;
inline constexpr core::Span kPastTimeMax{std::chrono::hours{24 * 366}};

struct PastQuery {
  std::filesystem::path database;  // STATE/greenq.db
  std::string zone;                // empty: the only one that the ledger knows
  core::Interval window;           // of submissions; at most kPastTimeMax
  bool jobs = true;                // false: they are not wanted
  bool signals = true;
  core::Span before{std::chrono::hours{24 * 63}};  // figures from so long before the window, to learn from
};

// Signals reach app::kForecastReach past the window, where they are known. kNotFound NO_LEDGER;
// kFailedPrecondition STORE_NEWER, STORE_OLDER, STORE_MIGRATION_CHANGED, NOT_A_LEDGER, LEDGER_UNREADABLE;
// kInvalidArgument MANY_ZONES, TOO_MANY_JOBS; and those of sqlite.hpp.
core::Result<core::History> read_past(PastQuery const& query);

// Jobs submitted in a window with the energy of each, as one index walk; for read_past() and the test of its
// plan. Parameters: the quality that counts for nothing, begin, end.
std::string past_jobs_sql();

}  // namespace greenq::store
