// Stored figures of feeds, as readers and the loader need them. Throws SqlError.
#pragma once

#include <optional>
#include <vector>

#include "app/ports.hpp"
#include "store/sqlite.hpp"

namespace greenq::store {

struct StoredSource {
  std::int64_t id = 0;
  core::SignalSource source;
};
// Best rank first.
std::vector<StoredSource> sources_of(Db& db, std::string const& zone, core::SignalKind kind);
std::optional<std::int64_t> source_id(Db& db, std::string const& zone, core::SignalKind kind,
                                      std::string const& provider);

// What was measured from points that begin within the interval, newest revisions, ordered, no overlap.
std::vector<core::IntensityPoint> measured(Db& db, std::int64_t source, core::Interval begins);
// Where the newest measured point begins.
std::optional<core::Instant> newest_measured(Db& db, std::int64_t source);

core::Result<app::ForecastHistory> forecasts(Db& db, app::ForecastQuery const& query);

// Texts of the above, for the test of their plans.
extern char const kMeasuredSql[];
extern char const kNewestMeasuredSql[];
extern char const kNextIssueSql[];

}  // namespace greenq::store
