// Read queries of app::Reads on one connection. Nothing here uses OFFSET or sorts a table: a list is a merge
// of index walks, one for each state, so its cost depends on the page and not on the history. Throws
// SqlError.
#pragma once

#include "app/ports.hpp"
#include "store/sqlite.hpp"

namespace greenq::store {

inline constexpr int kMaxPage = 1000;
inline constexpr std::size_t kMaxGroups = 10'000;

// SQL that finds the ids of one page for one state (for all when the query names neither states nor a
// filter). Parameters in order: [owner or name or project of the index], [state], before_id, the remaining
// filters, limit.
std::string page_sql(app::JobQuery const& query);
std::vector<core::Job> list_jobs(Db& db, app::JobQuery const& query);

core::Result<std::vector<core::JobEvent>> events_after(Db& db, std::int64_t after, core::JobId job,
                                                       int limit);
std::vector<core::JobEvent> last_events(Db& db, core::JobId job, int limit);

std::string footprint_page_sql(app::FootprintQuery const& query);
std::vector<app::JobFootprint> list_footprints(Db& db, app::FootprintQuery const& query);
core::Result<std::vector<app::FootprintGroup>> aggregate(Db& db, app::FootprintQuery const& query,
                                                         std::vector<app::GroupKey> const& keys);

extern char const kProvisionalSql[];
std::vector<core::JobId> provisional(Db& db, core::Instant ended_after, int limit);

}  // namespace greenq::store
