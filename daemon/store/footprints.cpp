// Lists and sums over the table of stored footprints.
#include <algorithm>
#include <limits>
#include <map>

#include "store/codec.hpp"
#include "store/queries.hpp"
#include "store/rows.hpp"

namespace greenq::store {
namespace {

using Groups = std::map<std::vector<std::string>, app::FootprintGroup>;

void add_range(app::FootprintQuery const& query, std::string& sql) {
  if (query.ended_after) sql += " AND f.ended_at >= ?";
  if (query.ended_before) sql += " AND f.ended_at < ?";
}

void bind_range(app::FootprintQuery const& query, Statement& row) {
  if (query.ended_after) row.bind(core::to_ms(*query.ended_after));
  if (query.ended_before) row.bind(core::to_ms(*query.ended_before));
}

char const* column(app::GroupKey key) {
  switch (key) {
    case app::GroupKey::kUser:
      return "f.owner_name";
    case app::GroupKey::kProject:
      return "f.project";
    case app::GroupKey::kDay:
      return "f.day";
    case app::GroupKey::kName:
      return "f.name";
  }
  return "f.name";
}

// One sum over the footprints of the query, grouped by its keys and `extra`.
class Sum {
 public:
  Sum(Db& db, app::FootprintQuery const& query, std::vector<app::GroupKey> const& keys,
      std::string const& extra, std::string const& values, std::string const& join)
      : keys_(keys.size()), row_(db.prepare(sql(query, keys, extra, values, join))) {
    if (!query.owner.empty()) row_.bind(query.owner);
    if (!query.project.empty()) row_.bind(query.project);
    bind_range(query, row_);
  }
  bool step() { return row_.step(); }
  std::vector<std::string> keys() const {
    std::vector<std::string> found;
    found.reserve(keys_);
    for (std::size_t i = 0; i < keys_; ++i) found.push_back(row_.text(static_cast<int>(i)));
    return found;
  }
  int first() const { return static_cast<int>(keys_); }
  Statement const& row() const { return row_; }

 private:
  static std::string sql(app::FootprintQuery const& query, std::vector<app::GroupKey> const& keys,
                         std::string const& extra, std::string const& values, std::string const& join) {
    std::string group;
    for (app::GroupKey const key : keys) group += std::string(column(key)) + ", ";
    std::string text = "SELECT " + group + (extra.empty() ? "" : extra + ", ") + values +
                       " FROM footprints f " + join + " WHERE 1";
    if (!query.owner.empty()) text += " AND f.owner_name = ?";
    if (!query.project.empty()) text += " AND f.project = ?";
    add_range(query, text);
    group += extra;
    if (group.ends_with(", ")) group.resize(group.size() - 2);
    return group.empty() ? text : text + " GROUP BY " + group;
  }

  std::size_t keys_;
  Statement row_;
};

bool sum_heads(Db& db, app::FootprintQuery const& query, std::vector<app::GroupKey> const& keys,
               Groups& groups) {
  Sum sum(db, query, keys, "", "count(*), sum(f.run_ms), sum(f.unknown_ms)", "");
  while (sum.step()) {
    if (groups.size() == kMaxGroups) return false;
    int const at = sum.first();
    if (sum.row().integer(at) == 0) continue;
    app::FootprintGroup& group = groups[sum.keys()];
    group.keys = sum.keys();
    group.jobs = sum.row().integer(at);
    group.footprint.run = core::Span{sum.row().integer(at + 1)};
    group.footprint.energy.unknown_device_time = core::Span{sum.row().integer(at + 2)};
    group.footprint.marginal.kind = core::SignalKind::kMarginal;
    group.footprint.average.kind = core::SignalKind::kAverage;
  }
  return true;
}

void sum_parts(Db& db, app::FootprintQuery const& query, std::vector<app::GroupKey> const& keys,
               Groups& groups) {
  Sum sum(db, query, keys, "p.device, p.quality", "sum(p.energy)", "JOIN footprint_parts p ON p.job = f.job");
  while (sum.step()) {
    int const at = sum.first();
    groups[sum.keys()].footprint.energy.parts[{static_cast<core::DeviceClass>(sum.row().integer(at)),
                                               static_cast<core::EnergyQuality>(sum.row().integer(at + 1))}] =
        {sum.row().integer(at + 2)};
  }
}

void sum_books(Db& db, app::FootprintQuery const& query, std::vector<app::GroupKey> const& keys,
               Groups& groups) {
  Sum sum(db, query, keys, "b.kind",
          "sum(b.carbon), sum(b.priced), sum(b.unpriced), sum(b.actual), sum(b.estimated), sum(b.forecast),"
          " sum(b.climatology), sum(b.constant), sum(b.baseline),"
          // A sum of baselines stands only when every job that used energy has one.
          " sum(b.baseline IS NULL AND b.priced + b.unpriced > 0), min(b.source), max(b.source)",
          "JOIN footprint_books b ON b.job = f.job");
  while (sum.step()) {
    Statement const& row = sum.row();
    int const at = sum.first();
    core::Footprint& footprint = groups[sum.keys()].footprint;
    auto const kind = static_cast<core::SignalKind>(row.integer(at));
    core::Book& book = kind == core::SignalKind::kMarginal ? footprint.marginal : footprint.average;
    book.carbon = {row.integer(at + 1)};
    book.priced = {row.integer(at + 2)};
    book.unpriced = {row.integer(at + 3)};
    for (int state = 1; state <= 5; ++state) {
      std::int64_t const energy = row.integer(at + 3 + state);
      if (energy != 0) book.shares[static_cast<core::PointState>(state)] = {energy};
    }
    if (!row.null(at + 9) && row.integer(at + 10) == 0) book.baseline = core::Carbon{row.integer(at + 9)};
    if (row.null(at + 11)) continue;
    book.source = decode_source(row.text(at + 11));
    if (row.text(at + 11) != row.text(at + 12)) {
      book.source->provider = "several";
      book.source->label = "several sources";
      book.source->attribution.clear();
    }
  }
}

}  // namespace

std::string footprint_page_sql(app::FootprintQuery const& query) {
  std::string sql = "SELECT f.job, f.provisional FROM footprints f";
  if (!query.owner.empty()) {
    sql += " INDEXED BY footprints_owner WHERE f.owner_name = ? AND f.job < ?";
    if (!query.project.empty()) sql += " AND f.project = ?";
  } else if (!query.project.empty()) {
    sql += " INDEXED BY footprints_project WHERE f.project = ? AND f.job < ?";
  } else {
    sql += " WHERE f.job < ?";
  }
  add_range(query, sql);
  if (query.ended_after) {
    sql +=
        " AND f.job >= (SELECT min(r.job) FROM footprints r INDEXED BY footprints_ended WHERE r.ended_at >= "
        "?)";
  }
  return sql + " ORDER BY f.job DESC LIMIT ?";
}

std::vector<app::JobFootprint> list_footprints(Db& db, app::FootprintQuery const& query) {
  Statement row = db.prepare(footprint_page_sql(query));
  std::int64_t const before =
      query.before_id == 0 ? std::numeric_limits<std::int64_t>::max() : sql_id(query.before_id);
  if (!query.owner.empty()) {
    row.bind(query.owner).bind(before);
    if (!query.project.empty()) row.bind(query.project);
  } else if (!query.project.empty()) {
    row.bind(query.project).bind(before);
  } else {
    row.bind(before);
  }
  bind_range(query, row);
  if (query.ended_after) row.bind(core::to_ms(*query.ended_after));
  row.bind(std::int64_t{std::clamp(query.limit, 1, kMaxPage)});
  std::vector<app::JobFootprint> found;
  while (row.step()) {
    core::JobId const id = job_id(row.integer(0));
    auto job = find_job(db, id);
    auto footprint = read_footprint(db, id);
    if (job && footprint) found.push_back({std::move(*job), std::move(*footprint), row.integer(1) == 0});
  }
  return found;
}

core::Result<std::vector<app::FootprintGroup>> aggregate(Db& db, app::FootprintQuery const& query,
                                                         std::vector<app::GroupKey> const& keys) {
  Groups groups;
  if (!sum_heads(db, query, keys, groups)) {
    return core::fail(core::ErrorCode::kInvalidArgument, "TOO_MANY_GROUPS",
                      "The report would have more than " + std::to_string(kMaxGroups) +
                          " rows; choose a shorter time or fewer keys.");
  }
  if (!groups.empty()) {
    sum_parts(db, query, keys, groups);
    sum_books(db, query, keys, groups);
  }
  std::vector<app::FootprintGroup> all;
  all.reserve(groups.size());
  for (auto& [key, group] : groups) all.push_back(std::move(group));
  return all;
}

}  // namespace greenq::store
