// Replies of feeds, forecasts of our own, and what forecasters learned.
#include <algorithm>

#include "store/codec.hpp"
#include "store/stage.hpp"

namespace greenq::store {
namespace {

constexpr int kOwnRank = 1000;

std::int64_t kind_number(core::SignalKind kind) {
  return static_cast<std::int64_t>(kind);
}

// `latest` is the reply that load() gives back; empty: none.
std::int64_t put_source(Db& db, int rank, core::Signal const& signal, std::string const& latest) {
  Statement row = db.prepare(
      "INSERT INTO signal_sources (zone, provider, kind, rank, source, received_at, latest)"
      " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (zone, provider, kind) DO UPDATE SET rank = excluded.rank,"
      " source = excluded.source, received_at = excluded.received_at, latest = excluded.latest RETURNING id");
  row.bind(signal.source.zone)
      .bind(signal.source.provider)
      .bind(kind_number(signal.source.kind))
      .bind(std::int64_t{rank})
      .bind(encode_source(signal.source))
      .bind(core::to_ms(signal.received_at))
      .bind(latest);
  if (!row.step()) throw SqlError(SQLITE_INTERNAL, "no id for a signal source");
  std::int64_t const id = row.integer(0);
  row.run();
  return id;
}

void put_point(Db& db, std::int64_t source, core::IntensityPoint const& point, core::Instant received_at) {
  std::int64_t revision = 1;
  {
    Statement newest = db.prepare(
        "SELECT revision, end_at, value, state FROM signal_points WHERE source = ? AND begin_at = ?"
        " ORDER BY revision DESC LIMIT 1");
    newest.bind(source).bind(core::to_ms(point.interval.begin));
    if (newest.step()) {
      if (newest.integer(1) == core::to_ms(point.interval.end) && newest.integer(2) == point.value.value &&
          newest.integer(3) == static_cast<std::int64_t>(point.state)) {
        return;
      }
      revision = newest.integer(0) + 1;
    }
  }
  db.prepare(
        "INSERT INTO signal_points (source, begin_at, revision, end_at, value, state, received_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)")
      .bind(source)
      .bind(core::to_ms(point.interval.begin))
      .bind(revision)
      .bind(core::to_ms(point.interval.end))
      .bind(point.value.value)
      .bind(static_cast<std::int64_t>(point.state))
      .bind(core::to_ms(received_at))
      .run();
}

// An issue that repeats the newest one word for word says nothing new when its time is only that of receipt.
bool known_issue(Db& db, std::int64_t source, core::Signal const& signal, std::string const& points) {
  Statement same = db.prepare(
      "SELECT points FROM forecasts WHERE source = ? AND issued_at = ? ORDER BY received_at DESC LIMIT 1");
  same.bind(source).bind(core::to_ms(signal.issued_at));
  if (same.step() && same.blob(0) == points) return true;
  if (!signal.issue_time_is_receipt) return false;
  Statement newest = db.prepare(
      "SELECT points FROM forecasts WHERE source = ? ORDER BY issued_at DESC, received_at DESC LIMIT 1");
  newest.bind(source);
  return newest.step() && newest.blob(0) == points;
}

void put_issue(Db& db, std::int64_t source, core::Signal const& signal) {
  // Perfect foresight: the recording itself, not what anybody said would be.
  if (signal.as_given && signal.issue_time_is_receipt) return;
  std::vector<core::IntensityPoint> future;
  for (core::IntensityPoint const& point : signal.points) {
    if (core::was_measured(point, signal.received_at)) continue;
    future.push_back(point);
    // What claims to be measured before it is over is a forecast of the rest.
    future.back().state = std::max(point.state, core::PointState::kForecast);
  }
  if (future.empty()) return;
  std::string const points = encode_points(future);
  if (known_issue(db, source, signal, points)) return;
  db.prepare(
        "INSERT INTO forecasts (source, issued_at, received_at, points) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (source, issued_at, received_at) DO UPDATE SET thinned = 0, points = excluded.points")
      .bind(source)
      .bind(core::to_ms(signal.issued_at))
      .bind(core::to_ms(signal.received_at))
      .bind_blob(points)
      .run();
}

void put_signal(Db& db, int rank, core::Signal const& signal) {
  std::int64_t const source = put_source(db, rank, signal, encode_signal(signal));
  for (core::IntensityPoint const& point : signal.points) {
    if (core::was_measured(point, signal.received_at)) put_point(db, source, point, signal.received_at);
  }
  put_issue(db, source, signal);
}

void put_forecaster(Db& db, core::StoredForecaster const& forecaster) {
  db.prepare(
        "INSERT INTO forecasters (zone, kind, provider, next_hour, bytes) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (zone, kind, provider) DO UPDATE SET"
        " next_hour = excluded.next_hour, bytes = excluded.bytes")
      .bind(forecaster.zone)
      .bind(kind_number(forecaster.kind))
      .bind(forecaster.provider)
      .bind(forecaster.next)
      .bind_blob(forecaster.bytes)
      .run();
}

}  // namespace

void stage_signals(Db& db, core::Changes const& changes) {
  for (auto const& [rank, signal] : changes.signals) put_signal(db, rank, signal);
  for (core::Signal const& own : changes.own_forecasts) {
    put_issue(db, put_source(db, kOwnRank, own, {}), own);
  }
  for (core::StoredForecaster const& forecaster : changes.forecasters) put_forecaster(db, forecaster);
}

}  // namespace greenq::store
