#include "store/queries.hpp"

#include <algorithm>
#include <limits>

#include "store/rows.hpp"

namespace greenq::store {
namespace {

constexpr core::JobState kAllStates[] = {
    core::JobState::kQueued,    core::JobState::kStarting,  core::JobState::kRunning,
    core::JobState::kPaused,    core::JobState::kSucceeded, core::JobState::kFailed,
    core::JobState::kCancelled, core::JobState::kLost,
};

constexpr std::int64_t kDayMs = 86'400'000;

std::int64_t page(int limit) {
  return std::clamp(limit, 1, kMaxPage);
}

std::int64_t upper(core::JobId before) {
  return before == 0 ? std::numeric_limits<std::int64_t>::max() : sql_id(before);
}

bool filtered(app::JobQuery const& query) {
  return !query.name.empty() || !query.owner.empty() || !query.project.empty() || !query.states.empty();
}

void page_of_state(Db& db, app::JobQuery const& query, std::string const& sql, core::JobState state,
                   std::vector<std::int64_t>& ids) {
  Statement row = db.prepare(sql);
  // The same order as in page_sql().
  std::string const* const names[] = {&query.name, &query.owner, &query.project};
  auto const* const lead =
      std::find_if(std::begin(names), std::end(names), [](auto* name) { return !name->empty(); });
  if (lead != std::end(names)) row.bind(**lead);
  if (filtered(query)) row.bind(static_cast<std::int64_t>(state));
  row.bind(upper(query.before_id));
  if (lead != std::end(names)) {
    for (auto const* const* rest = lead + 1; rest != std::end(names); ++rest) {
      if (!(*rest)->empty()) row.bind(**rest);
    }
  }
  if (query.submitted_after) {
    auto const from = core::to_ms(*query.submitted_after);
    row.bind(from).bind(from - kDayMs);
  }
  row.bind(page(query.limit));
  while (row.step()) ids.push_back(row.integer(0));
}

std::vector<core::JobEvent> read_events(Statement& row) {
  std::vector<core::JobEvent> events;
  while (row.step()) events.push_back(read_event(row));
  return events;
}

}  // namespace

std::string page_sql(app::JobQuery const& query) {
  struct Lead {
    std::string const* value;
    char const* column;
    char const* index;
  };
  Lead const leads[] = {{&query.name, "name", "jobs_name"},
                        {&query.owner, "owner_name", "jobs_owner"},
                        {&query.project, "project", "jobs_project"}};
  std::string sql = "SELECT id FROM jobs";
  auto const* const lead =
      std::find_if(std::begin(leads), std::end(leads), [](auto& l) { return !l.value->empty(); });
  if (lead != std::end(leads)) {
    sql += std::string(" INDEXED BY ") + lead->index + " WHERE " + lead->column +
           " = ? AND state = ? AND id < ?";
    for (auto const* rest = lead + 1; rest != std::end(leads); ++rest) {
      if (!rest->value->empty()) sql += std::string(" AND ") + rest->column + " = ?";
    }
  } else if (!query.states.empty()) {
    sql += " INDEXED BY jobs_state WHERE state = ? AND id < ?";
  } else {
    sql += " WHERE id < ?";
  }
  // A job of the day before the time range bounds the walk, so that its cost is one look and not the range's
  // length; the time itself decides. Only a clock that was stepped back by more than a day could hide a job.
  if (query.submitted_after) {
    sql +=
        " AND submitted_at >= ? AND id >="
        " (SELECT r.id FROM jobs r INDEXED BY jobs_submitted WHERE r.submitted_at >= ? ORDER BY "
        "r.submitted_at, r.id LIMIT 1)";
  }
  return sql + " ORDER BY id DESC LIMIT ?";
}

std::vector<core::Job> list_jobs(Db& db, app::JobQuery const& query) {
  std::string const sql = page_sql(query);
  std::vector<std::int64_t> ids;
  if (!filtered(query)) {
    page_of_state(db, query, sql, core::JobState::kQueued, ids);
  } else {
    for (core::JobState const state : kAllStates) {
      bool const wanted = query.states.empty() ||
                          std::find(query.states.begin(), query.states.end(), state) != query.states.end();
      if (wanted) page_of_state(db, query, sql, state, ids);
    }
  }
  std::sort(ids.begin(), ids.end(), std::greater<>());
  if (ids.size() > static_cast<std::size_t>(page(query.limit)))
    ids.resize(static_cast<std::size_t>(page(query.limit)));
  std::vector<core::Job> jobs;
  jobs.reserve(ids.size());
  for (std::int64_t const id : ids) {
    if (auto job = find_job(db, job_id(id))) jobs.push_back(std::move(*job));
  }
  return jobs;
}

core::Result<std::vector<core::JobEvent>> events_after(Db& db, std::int64_t after, core::JobId job,
                                                       int limit) {
  std::int64_t const next = meta_integer(db, kMetaNextSequence);
  std::int64_t const kept = db.integer("SELECT coalesce(min(sequence), 0) FROM events");
  std::int64_t const oldest = kept == 0 ? next : kept;
  if (after >= next || after + 1 < oldest) {
    return core::fail(
        core::ErrorCode::kOutOfRange, "RESUME_TOKEN_EXPIRED",
        "Events after number " + std::to_string(after) +
            " are no longer kept or belong to another job database; watch again without a resume token.");
  }
  if (job == 0) {
    Statement row = db.prepare(std::string("SELECT ") + kEventColumns +
                               " FROM events WHERE sequence > ? ORDER BY sequence LIMIT ?");
    row.bind(after).bind(page(limit));
    return read_events(row);
  }
  Statement row = db.prepare(std::string("SELECT ") + kEventColumns +
                             " FROM events INDEXED BY events_job WHERE job = ? AND sequence > ?"
                             " ORDER BY sequence LIMIT ?");
  row.bind(sql_id(job)).bind(after).bind(page(limit));
  return read_events(row);
}

std::vector<core::JobEvent> last_events(Db& db, core::JobId job, int limit) {
  Statement row =
      db.prepare(std::string("SELECT ") + kEventColumns +
                 " FROM events INDEXED BY events_job WHERE job = ? ORDER BY sequence DESC LIMIT ?");
  row.bind(sql_id(job)).bind(page(limit));
  std::vector<core::JobEvent> events = read_events(row);
  std::reverse(events.begin(), events.end());
  return events;
}

char const kProvisionalSql[] =
    "SELECT job FROM footprints INDEXED BY footprints_provisional WHERE provisional = 1 AND ended_at >= ?"
    " ORDER BY ended_at LIMIT ?";

std::vector<core::JobId> provisional(Db& db, core::Instant ended_after, int limit) {
  Statement row = db.prepare(kProvisionalSql);
  row.bind(core::to_ms(ended_after)).bind(page(limit));
  std::vector<core::JobId> jobs;
  while (row.step()) jobs.push_back(job_id(row.integer(0)));
  return jobs;
}

}  // namespace greenq::store
