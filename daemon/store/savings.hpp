// Jobs that ended in a period beside the same submissions in a plain queue, made at query time.
//
// Cost: rows of jobs around the period, never of all history. In the plain queue are jobs that were submitted
// before the end of the period and are live or ended between the first submission of a compared job (but at
// most kSavingsMargin before the period) and kSavingsMargin after the period. What was there before begins in
// an empty machine. Throws SqlError.
#pragma once

#include "app/ports.hpp"
#include "store/pricing.hpp"

namespace greenq::store {

inline constexpr core::Span kSavingsMargin{std::chrono::hours{24 * 14}};
inline constexpr std::size_t kSavingsJobsMax = 20'000;

core::Result<core::Savings> savings(Db& db, Prices const& prices, app::SavingsQuery const& query);

// Texts of the walks, for the test of their plans. Parameters: bounds of the end, [before when submitted,
// limit].
extern char const kAroundSql[];
extern char const kEarliestSql[];

}  // namespace greenq::store
