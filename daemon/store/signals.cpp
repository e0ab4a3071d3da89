#include "store/signals.hpp"

#include <algorithm>

#include "store/codec.hpp"

namespace greenq::store {
namespace {

using Points = std::vector<core::IntensityPoint>;

// Sorted by begin; a point ends where the next one begins.
Points without_overlap(Points points) {
  for (std::size_t i = 1; i < points.size(); ++i) {
    core::Interval& before = points[i - 1].interval;
    before.end = std::min(before.end, points[i].interval.begin);
  }
  std::erase_if(points, [](core::IntensityPoint const& point) { return point.interval.empty(); });
  return points;
}

bool too_long(core::Interval window) {
  return static_cast<__int128>(core::to_ms(window.end)) - core::to_ms(window.begin) >
         app::kForecastWindowMax.count();
}

// One look for each hour that has an issue, however many there are in it.
std::vector<app::ForecastHistory::Issue> first_of_each_hour(Db& db, std::int64_t source,
                                                            core::Interval window) {
  std::vector<app::ForecastHistory::Issue> issues;
  core::Instant from = window.begin;
  for (;;) {
    Statement row = db.prepare(kNextIssueSql);
    row.bind(source).bind(core::to_ms(from)).bind(core::to_ms(window.end));
    if (!row.step()) return issues;
    core::Instant const at = core::from_ms(row.integer(0));
    issues.push_back({at, decode_points(row.blob(1))});
    from = std::chrono::floor<std::chrono::hours>(at) + std::chrono::hours{1};
  }
}

}  // namespace

char const kMeasuredSql[] =
    "SELECT begin_at, end_at, value, state FROM signal_points"
    " WHERE source = ? AND begin_at >= ? AND begin_at < ? AND end_at <= received_at"
    " ORDER BY begin_at, revision";
char const kNewestMeasuredSql[] =
    "SELECT begin_at FROM signal_points WHERE source = ? AND end_at <= received_at"
    " ORDER BY begin_at DESC LIMIT 1";
char const kNextIssueSql[] =
    "SELECT issued_at, points FROM forecasts WHERE source = ? AND issued_at >= ? AND issued_at < ?"
    " ORDER BY issued_at, received_at LIMIT 1";

std::vector<StoredSource> sources_of(Db& db, std::string const& zone, core::SignalKind kind) {
  Statement row =
      db.prepare("SELECT id, source FROM signal_sources WHERE zone = ? AND kind = ? ORDER BY rank, provider");
  row.bind(zone).bind(static_cast<std::int64_t>(kind));
  std::vector<StoredSource> sources;
  while (row.step()) sources.push_back({row.integer(0), decode_source(row.text(1))});
  return sources;
}

std::optional<std::int64_t> source_id(Db& db, std::string const& zone, core::SignalKind kind,
                                      std::string const& provider) {
  Statement row = db.prepare("SELECT id FROM signal_sources WHERE zone = ? AND provider = ? AND kind = ?");
  row.bind(zone).bind(provider).bind(static_cast<std::int64_t>(kind));
  if (!row.step()) return std::nullopt;
  return row.integer(0);
}

Points measured(Db& db, std::int64_t source, core::Interval begins) {
  Statement row = db.prepare(kMeasuredSql);
  row.bind(source).bind(core::to_ms(begins.begin)).bind(core::to_ms(begins.end));
  Points points;
  while (row.step()) {
    core::IntensityPoint const point{{core::from_ms(row.integer(0)), core::from_ms(row.integer(1))},
                                     {row.integer(2)},
                                     static_cast<core::PointState>(row.integer(3))};
    if (!points.empty() && points.back().interval.begin == point.interval.begin) {
      points.back() = point;
    } else {
      points.push_back(point);
    }
  }
  return without_overlap(std::move(points));
}

std::optional<core::Instant> newest_measured(Db& db, std::int64_t source) {
  Statement row = db.prepare(kNewestMeasuredSql);
  row.bind(source);
  if (!row.step()) return std::nullopt;
  return core::from_ms(row.integer(0));
}

core::Result<app::ForecastHistory> forecasts(Db& db, app::ForecastQuery const& query) {
  if (too_long(query.window)) {
    return core::fail(core::ErrorCode::kInvalidArgument, "WINDOW_TOO_LONG",
                      "Forecasts of more than 400 days were asked for; ask for a shorter time.");
  }
  app::ForecastHistory history;
  if (query.window.empty()) return history;
  if (auto const source = source_id(db, query.zone, query.kind, query.provider)) {
    history.issues = first_of_each_hour(db, *source, query.window);
  }
  if (!query.actuals) return history;
  core::Interval const begins{query.window.begin, query.window.end + app::kForecastReach};
  for (StoredSource const& feed : sources_of(db, query.zone, query.kind)) {
    if (feed.source.provider == core::kOwnForecast) continue;
    history.actuals = measured(db, feed.id, begins);
    if (!history.actuals.empty()) break;
  }
  return history;
}

}  // namespace greenq::store
