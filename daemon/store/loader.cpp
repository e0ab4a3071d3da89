#include "store/loader.hpp"

#include <algorithm>
#include <set>
#include <tuple>

#include "core/carbon/hours.hpp"
#include "store/codec.hpp"
#include "store/rows.hpp"
#include "store/run_lengths.hpp"
#include "store/signals.hpp"

namespace greenq::store {
namespace {

constexpr std::chrono::hours kRecent{72};
constexpr std::chrono::hours kLessons{24 * 63};

void load_jobs(Db& db, app::Loaded& loaded) {
  Statement row = db.prepare(std::string("SELECT ") + kJobColumns + " " + kLiveJobsSql);
  while (row.step()) {
    core::Job job = read_job(row);
    loaded.state.jobs.emplace(job.id, std::move(job));
  }
  Statement unsettled = db.prepare(kUnsettledSql);
  while (unsettled.step()) loaded.unsettled.push_back(job_id(unsettled.integer(0)));
}

void load_meters(Db& db, app::Loaded& loaded) {
  Statement row = db.prepare("SELECT meter FROM meters ORDER BY job, attempt, launch");
  while (row.step()) {
    core::SegmentMeter meter = decode_meter(row.text(0));
    loaded.state.meters.emplace(meter.segment, std::move(meter));
  }
}

void load_signals(Db& db, app::Loaded& loaded) {
  Statement row = db.prepare(
      "SELECT rank, latest FROM signal_sources WHERE latest <> '' ORDER BY kind, rank, provider, zone");
  while (row.step()) {
    loaded.signals.emplace_back(static_cast<int>(row.integer(0)), decode_signal(row.text(1)));
  }
}

using Teacher = std::tuple<std::string, core::SignalKind, std::string>;

std::vector<core::IntensityPoint> measured_from(Db& db, std::int64_t source, core::Instant from) {
  return measured(db, source, {from, core::Instant::max()});
}

void load_forecasters(Db& db, app::Loaded& loaded, std::set<Teacher>& known) {
  Statement row = db.prepare(
      "SELECT zone, kind, provider, next_hour, bytes FROM forecasters ORDER BY zone, kind, provider");
  while (row.step()) {
    app::Loaded::Experience& experience = loaded.experience.emplace_back();
    experience.forecaster = {row.text(0), static_cast<core::SignalKind>(row.integer(1)), row.text(2),
                             row.integer(3), std::string(row.blob(4))};
    core::StoredForecaster const& stored = experience.forecaster;
    known.emplace(stored.zone, stored.kind, stored.provider);
    auto const source = source_id(db, stored.zone, stored.kind, stored.provider);
    auto const newest = source ? newest_measured(db, *source) : std::nullopt;
    if (!newest) continue;
    // One that this program cannot read learns anew.
    core::Instant const from = core::Forecaster::read(stored.bytes)
                                   ? std::min(core::begin_of(stored.next), *newest - kRecent)
                                   : *newest - kLessons;
    experience.actuals = measured_from(db, *source, from);
  }
}

// Where nothing was stored yet, a forecaster can learn from past figures; not from those that were chosen.
void load_lessons(Db& db, app::Loaded& loaded, std::set<Teacher> const& known) {
  for (auto const& [rank, signal] : loaded.signals) {
    core::SignalSource const& from = signal.source;
    if (signal.as_given || from.kind == core::SignalKind::kRelative) continue;
    if (known.contains({from.zone, from.kind, from.provider})) continue;
    auto const source = source_id(db, from.zone, from.kind, from.provider);
    auto const newest = source ? newest_measured(db, *source) : std::nullopt;
    if (!newest) continue;
    loaded.experience.push_back(
        {{from.zone, from.kind, from.provider, 0, {}}, measured_from(db, *source, *newest - kLessons)});
  }
}

}  // namespace

Counters read_counters(Db& db) {
  return {job_id(meta_integer(db, kMetaNextJob)), meta_integer(db, kMetaNextSequence)};
}

app::Loaded load_all(Db& db) {
  app::Loaded loaded;
  Counters const counters = read_counters(db);
  loaded.state.next_job = counters.next_job;
  loaded.state.next_sequence = counters.next_sequence;
  loaded.epoch = meta_text(db, kMetaEpoch);
  load_jobs(db, loaded);
  load_meters(db, loaded);
  for (core::RunLengths& lengths : load_run_lengths(db)) loaded.state.runs.put(std::move(lengths));
  load_signals(db, loaded);
  std::set<Teacher> known;
  load_forecasters(db, loaded, known);
  load_lessons(db, loaded, known);
  return loaded;
}

}  // namespace greenq::store
