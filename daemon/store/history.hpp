// What becomes of stored figures of feeds as they age. Each call touches at most about `rows` rows on the
// writer connection, walks an index to what is due, and goes on where the last one stopped. Throws SqlError.
#pragma once

#include <vector>

#include "core/carbon/signal.hpp"
#include "store/sqlite.hpp"

namespace greenq::store {

// Means over the points of a clock hour that follow each other with equal state, weighted by time and rounded
// half to even; spreads likewise. Points of an hour and longer stay as they are.
std::vector<core::IntensityPoint> hourly_means(std::vector<core::IntensityPoint> const& points);

// Of issues older than `before`, each source keeps the first of each clock hour, as hourly means. Only hours
// that are wholly older. Returns how many rows it touched.
int thin_forecasts(Db& db, core::Instant before, int rows);
// Removes older issues; the newest one of a source stays, however old: it bridges a dead feed.
int drop_forecasts(Db& db, core::Instant before, int rows);
// Removes measured points that begin earlier.
int drop_measured(Db& db, core::Instant before, int rows);

// Texts of the above, for the test of their plans.
extern char const kOldestFullSql[];
extern char const kFirstOfHourSql[];
extern char const kOldIssuesSql[];
extern char const kOldMeasuredSql[];

}  // namespace greenq::store
