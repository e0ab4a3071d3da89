#include "store/past.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "app/ports.hpp"
#include "store/migrate.hpp"
#include "store/read_pool.hpp"
#include "store/rows.hpp"
#include "store/signals.hpp"

namespace greenq::store {
namespace {

namespace fs = std::filesystem;

constexpr int kEnergyColumn = 12;  // after kJobColumns
// Issues that were out when the window began.
constexpr core::Span kIssuesBefore{std::chrono::hours{48}};

tl::unexpected<core::Error> no_ledger(fs::path const& database) {
  return core::fail(core::ErrorCode::kNotFound, "NO_LEDGER",
                    "there is no " + database.string() +
                        "; name the state directory of the daemon with --state-dir (its first line of output "
                        "says it)");
}

core::Result<void> check_readable(fs::path const& database) {
  if (::access(database.c_str(), R_OK) == 0) return {};
  if (errno == ENOENT || errno == ENOTDIR) return no_ledger(database);
  return core::fail(
      core::ErrorCode::kFailedPrecondition, "LEDGER_UNREADABLE",
      database.string() + " cannot be read (" + std::strerror(errno) + "); run this as the user of greenqd");
}

core::Result<std::vector<core::PastJob>> read_jobs(Db& db, core::Interval window) {
  Statement row = db.prepare(past_jobs_sql());
  row.bind(static_cast<std::int64_t>(core::EnergyQuality::kUnknown))
      .bind(core::to_ms(window.begin))
      .bind(core::to_ms(window.end));
  std::vector<core::PastJob> jobs;
  while (row.step()) {
    if (jobs.size() == kMostPastJobs) {
      return core::fail(core::ErrorCode::kInvalidArgument, "TOO_MANY_JOBS",
                        "more than " + std::to_string(kMostPastJobs) +
                            " jobs were submitted in that time; choose a shorter one");
    }
    jobs.push_back(core::past_job(read_job(row), {row.integer(kEnergyColumn)}));
  }
  return jobs;
}

core::Result<std::string> only_zone(Db& db) {
  Statement row = db.prepare("SELECT DISTINCT zone FROM signal_sources ORDER BY zone");
  std::vector<std::string> zones;
  while (row.step()) zones.push_back(row.text(0));
  if (zones.empty()) return std::string();
  if (zones.size() == 1) return zones.front();
  std::string known;
  for (std::string const& zone : zones) known += (known.empty() ? "" : ", ") + zone;
  return core::fail(core::ErrorCode::kInvalidArgument, "MANY_ZONES",
                    "site.zone is not set, and the ledger has signals of several zones (" + known +
                        "); give the daemon's --config FILE, or --zone");
}

// The best-ranked feed that measured in the window.
core::Result<std::optional<core::PastSignal>> read_signal(Db& db, PastQuery const& query,
                                                          std::string const& zone, core::SignalKind kind) {
  core::Interval const& window = query.window;
  for (StoredSource const& feed : sources_of(db, zone, kind)) {
    if (feed.source.provider == core::kOwnForecast || measured(db, feed.id, window).empty()) continue;
    core::PastSignal signal;
    signal.source = feed.source;
    signal.actuals = measured(db, feed.id, {window.begin - query.before, window.end + app::kForecastReach});
    core::Interval const issued{window.begin - kIssuesBefore, window.end + app::kForecastReach};
    auto said = forecasts(db, {zone, kind, feed.source.provider, issued, false});
    if (!said) return tl::unexpected(said.error());
    for (app::ForecastHistory::Issue& issue : said->issues)
      signal.issues.push_back({issue.issued_at, std::move(issue.points)});
    return signal;
  }
  return std::nullopt;
}

core::Result<core::History> read_all(Db& db, PastQuery const& query) {
  core::History history;
  if (query.jobs) {
    auto jobs = read_jobs(db, query.window);
    if (!jobs) return tl::unexpected(jobs.error());
    history.jobs = std::move(*jobs);
  }
  if (!query.signals) return history;
  auto zone = query.zone.empty() ? only_zone(db) : query.zone;
  if (!zone) return tl::unexpected(zone.error());
  history.zone = std::move(*zone);
  for (core::SignalKind const kind : {core::SignalKind::kMarginal, core::SignalKind::kAverage}) {
    auto signal = read_signal(db, query, history.zone, kind);
    if (!signal) return tl::unexpected(signal.error());
    if (*signal) history.signals.emplace(kind, std::move(**signal));
  }
  return history;
}

core::Result<core::History> read_snapshot(PastQuery const& query, bool immutable) {
  try {
    auto const db = open_reader(query.database, immutable);
    Transaction snapshot(*db, "BEGIN");
    if (db->integer("SELECT count(*) FROM sqlite_schema WHERE name = 'schema_migrations'") == 0) {
      return core::fail(core::ErrorCode::kFailedPrecondition, "NOT_A_LEDGER",
                        query.database.string() + " is no ledger of greenqd; see --state-dir");
    }
    if (auto checked = check_schema(*db, migrations::files()); !checked)
      return tl::unexpected(checked.error());
    auto history = read_all(*db, query);
    snapshot.commit();
    return history;
  } catch (std::exception const&) {
    return tl::unexpected<core::Error>(current_error());
  }
}

bool has_log(fs::path const& database) {
  std::error_code ignored;
  return fs::exists(database.string() + "-wal", ignored);
}

fs::file_time_type written_at(fs::path const& database) {
  std::error_code ignored;
  return fs::last_write_time(database, ignored);
}

}  // namespace

std::string past_jobs_sql() {
  return std::string("SELECT ") + kJobColumns +
         ", coalesce((SELECT sum(p.energy) FROM footprint_parts p WHERE p.job = j.id),"
         " (SELECT sum(e.energy) FROM slices e WHERE e.job = j.id AND e.quality <> ?), 0)"
         " FROM jobs j INDEXED BY jobs_submitted CROSS JOIN job_specs s ON s.job = j.id"
         " WHERE j.submitted_at >= ? AND j.submitted_at < ? ORDER BY j.submitted_at, j.id";
}

core::Result<core::History> read_past(PastQuery const& query) {
  if (auto readable = check_readable(query.database); !readable) return tl::unexpected(readable.error());
  if (has_log(query.database)) return read_snapshot(query, false);
  // No daemon has it open: a usual connection would leave an empty log behind. Should one start meanwhile,
  // what was read may be of two moments, and is read again beside it.
  auto const before = written_at(query.database);
  auto history = read_snapshot(query, true);
  if (!has_log(query.database) && written_at(query.database) == before) return history;
  return read_snapshot(query, false);
}

}  // namespace greenq::store
