#include "store/history.hpp"

#include <spdlog/spdlog.h>

#include <optional>

#include "store/codec.hpp"

namespace greenq::store {
namespace {

using std::chrono::hours;
using Points = std::vector<core::IntensityPoint>;

core::Instant hour_start(core::Instant at) {
  return std::chrono::floor<hours>(at);
}

// Points that become one.
class Group {
 public:
  bool empty() const { return weight_ == 0; }
  bool takes(core::IntensityPoint const& point) const {
    return whole_.interval.end == point.interval.begin && whole_.state == point.state &&
           whole_.spread.has_value() == point.spread.has_value() &&
           hour_start(whole_.interval.begin) == hour_start(point.interval.begin);
  }
  void add(core::IntensityPoint const& point) {
    if (empty()) whole_ = point;
    whole_.interval.end = point.interval.end;
    std::int64_t const part = point.interval.length().count();
    weight_ += part;
    value_ += static_cast<__int128>(point.value.value) * part;
    if (!point.spread) return;
    low_ += static_cast<__int128>(point.spread->low.value) * part;
    high_ += static_cast<__int128>(point.spread->high.value) * part;
  }
  core::IntensityPoint mean() const {
    core::IntensityPoint out = whole_;
    out.value = {core::divide_half_even(value_, weight_)};
    if (out.spread) {
      out.spread = core::IntensitySpread{{core::divide_half_even(low_, weight_)},
                                         {core::divide_half_even(high_, weight_)}};
    }
    return out;
  }

 private:
  core::IntensityPoint whole_;
  std::int64_t weight_ = 0;
  __int128 value_ = 0;
  __int128 low_ = 0;
  __int128 high_ = 0;
};

// Nothing when no greenqd can have written the bytes.
std::optional<std::string> thinned(std::string_view bytes) {
  try {
    return encode_points(hourly_means(decode_points(bytes)));
  } catch (SqlError const& error) {
    spdlog::warn("FORECAST_UNREADABLE message=\"{}\" action=\"none, the issue is dropped\"", error.what());
    return std::nullopt;
  }
}

struct Issue {
  std::int64_t row = 0;
  bool thinned = false;
  std::string points;
};

std::optional<Issue> first_of_hour(Db& db, std::int64_t source, core::Instant hour) {
  Statement row = db.prepare(kFirstOfHourSql);
  row.bind(source).bind(core::to_ms(hour)).bind(core::to_ms(hour + hours{1}));
  if (!row.step()) return std::nullopt;
  return Issue{row.integer(0), row.integer(1) != 0, std::string(row.blob(2))};
}

int thin_hour(Db& db, std::int64_t source, core::Instant hour) {
  auto const first = first_of_hour(db, source, hour);
  if (!first) return 0;
  if (!first->thinned) {
    auto const points = thinned(first->points);
    if (!points) {
      db.prepare("DELETE FROM forecasts WHERE rowid = ?").bind(first->row).run();
      return 1;
    }
    db.prepare("UPDATE forecasts SET thinned = 1, points = ? WHERE rowid = ?")
        .bind_blob(*points)
        .bind(first->row)
        .run();
  }
  db.prepare("DELETE FROM forecasts WHERE source = ? AND issued_at >= ? AND issued_at < ? AND rowid <> ?")
      .bind(source)
      .bind(core::to_ms(hour))
      .bind(core::to_ms(hour + hours{1}))
      .bind(first->row)
      .run();
  return db.changes() + 1;
}

std::vector<std::int64_t> all_sources(Db& db) {
  Statement row = db.prepare("SELECT id FROM signal_sources");
  std::vector<std::int64_t> ids;
  while (row.step()) ids.push_back(row.integer(0));
  return ids;
}

// The key of the last of the `rows` oldest rows before a moment.
std::optional<std::int64_t> last_of_oldest(Db& db, char const* sql, std::int64_t source, core::Instant before,
                                           int rows) {
  Statement row = db.prepare(sql);
  row.bind(source).bind(core::to_ms(before)).bind(std::int64_t{rows});
  std::optional<std::int64_t> last;
  while (row.step()) last = row.integer(0);
  return last;
}

// Removes up to about `rows` rows, source by source.
int drop_old(Db& db, char const* find, char const* drop, core::Instant before, int rows) {
  int dropped = 0;
  for (std::int64_t const source : all_sources(db)) {
    if (dropped >= rows) break;
    auto const last = last_of_oldest(db, find, source, before, rows - dropped);
    if (!last) continue;
    db.prepare(drop).bind(source).bind(*last).run();
    dropped += db.changes();
  }
  return dropped;
}

}  // namespace

char const kOldestFullSql[] =
    "SELECT source, issued_at FROM forecasts INDEXED BY forecasts_full WHERE thinned = 0 AND issued_at < ?"
    " ORDER BY issued_at LIMIT 1";
char const kFirstOfHourSql[] =
    "SELECT rowid, thinned, points FROM forecasts WHERE source = ? AND issued_at >= ? AND issued_at < ?"
    " ORDER BY issued_at, received_at LIMIT 1";
char const kOldIssuesSql[] =
    "SELECT issued_at FROM forecasts WHERE source = ? AND issued_at < ? ORDER BY issued_at LIMIT ?";
char const kOldMeasuredSql[] =
    "SELECT begin_at FROM signal_points WHERE source = ? AND begin_at < ? ORDER BY begin_at LIMIT ?";

Points hourly_means(Points const& points) {
  Points out;
  Group group;
  auto const finish = [&] {
    if (!group.empty()) out.push_back(group.mean());
    group = {};
  };
  for (core::IntensityPoint const& point : points) {
    if (point.interval.length() >= hours{1}) {
      finish();
      out.push_back(point);
      continue;
    }
    if (!group.empty() && !group.takes(point)) finish();
    group.add(point);
  }
  finish();
  return out;
}

int thin_forecasts(Db& db, core::Instant before, int rows) {
  core::Instant const end = hour_start(before);
  int touched = 0;
  while (touched < rows) {
    std::int64_t source = 0;
    core::Instant hour{};
    {
      Statement oldest = db.prepare(kOldestFullSql);
      oldest.bind(core::to_ms(end));
      if (!oldest.step()) break;
      source = oldest.integer(0);
      hour = hour_start(core::from_ms(oldest.integer(1)));
    }
    touched += thin_hour(db, source, hour);
  }
  return touched;
}

int drop_forecasts(Db& db, core::Instant before, int rows) {
  return drop_old(db, kOldIssuesSql,
                  "DELETE FROM forecasts WHERE source = ?1 AND issued_at <= ?2"
                  " AND issued_at < (SELECT max(issued_at) FROM forecasts WHERE source = ?1)",
                  before, rows);
}

int drop_measured(Db& db, core::Instant before, int rows) {
  return drop_old(db, kOldMeasuredSql, "DELETE FROM signal_points WHERE source = ? AND begin_at <= ?", before,
                  rows);
}

}  // namespace greenq::store
