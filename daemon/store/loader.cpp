#include "store/loader.hpp"

#include "store/codec.hpp"
#include "store/rows.hpp"

namespace greenq::store {
namespace {

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

void load_signals(Db& db, std::string const& zone, app::Loaded& loaded) {
  Statement row = db.prepare(
      "SELECT rank, latest FROM signal_sources WHERE ?1 = '' OR zone = ?1 ORDER BY kind, rank, provider, "
      "zone");
  row.bind(zone);
  while (row.step()) {
    loaded.signals.emplace_back(static_cast<int>(row.integer(0)), decode_signal(row.text(1)));
  }
}

}  // namespace

Counters read_counters(Db& db) {
  return {job_id(meta_integer(db, kMetaNextJob)), meta_integer(db, kMetaNextSequence)};
}

app::Loaded load_all(Db& db, std::string const& zone) {
  app::Loaded loaded;
  Counters const counters = read_counters(db);
  loaded.state.next_job = counters.next_job;
  loaded.state.next_sequence = counters.next_sequence;
  loaded.epoch = meta_text(db, kMetaEpoch);
  load_jobs(db, loaded);
  load_meters(db, loaded);
  load_signals(db, zone, loaded);
  return loaded;
}

}  // namespace greenq::store
