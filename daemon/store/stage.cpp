#include "store/stage.hpp"

#include <algorithm>
#include <stdexcept>

#include "store/codec.hpp"
#include "store/rows.hpp"
#include "store/run_lengths.hpp"

namespace greenq::store {
namespace {

std::optional<std::int64_t> ms(std::optional<core::Instant> const& at) {
  if (!at) return std::nullopt;
  return core::to_ms(*at);
}

template <class E>
requires std::is_enum_v<E> std::int64_t number(E value) {
  return static_cast<std::int64_t>(value);
}

void insert_job(Db& db, core::Job const& job, std::string const& runtime) {
  db.prepare(
        "INSERT INTO jobs (id, uid, owner_uid, owner_name, project, name, state, submitted_at, updated_at,"
        " started_at, ended_at, version, runtime) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
      .bind(sql_id(job.id))
      .bind(job.uid)
      .bind(std::int64_t{job.owner.uid})
      .bind(job.owner.name)
      .bind(job.spec->project)
      .bind(job.spec->name)
      .bind(number(job.state))
      .bind(core::to_ms(job.submitted_at))
      .bind(core::to_ms(job.updated_at))
      .bind(ms(job.started_at))
      .bind(ms(job.ended_at))
      .bind(static_cast<std::int64_t>(job.version))
      .bind(runtime)
      .run();
  db.prepare("INSERT INTO job_specs (job, spec) VALUES (?, ?)")
      .bind(sql_id(job.id))
      .bind(encode_spec(*job.spec))
      .run();
}

void put_job(Db& db, core::Job const& job) {
  std::string const runtime = encode_runtime(job);
  db.prepare(
        "UPDATE jobs SET state = ?, updated_at = ?, started_at = ?, ended_at = ?, version = ?, runtime = ?"
        " WHERE id = ?")
      .bind(number(job.state))
      .bind(core::to_ms(job.updated_at))
      .bind(ms(job.started_at))
      .bind(ms(job.ended_at))
      .bind(static_cast<std::int64_t>(job.version))
      .bind(runtime)
      .bind(sql_id(job.id))
      .run();
  if (db.changes() == 0) insert_job(db, job, runtime);
}

void add_event(Db& db, core::JobEvent const& event) {
  db.prepare(
        "INSERT INTO events (sequence, at, job, project, owner_uid, kind, state, reason, message)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)")
      .bind(event.sequence)
      .bind(core::to_ms(event.at))
      .bind(sql_id(event.job))
      .bind(event.project)
      .bind(std::int64_t{event.owner_uid})
      .bind(number(event.kind))
      .bind(number(event.state))
      .bind(number(event.reason))
      .bind(event.message)
      .run();
}

void add_slice(Db& db, core::EnergySlice const& slice) {
  db.prepare(
        "INSERT INTO slices (job, begin_at, end_at, attempt, device, quality, energy, devices)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (job, begin_at, end_at, attempt, device, quality) DO UPDATE"
        " SET energy = energy + excluded.energy, devices = devices + excluded.devices")
      .bind(sql_id(slice.job))
      .bind(core::to_ms(slice.interval.begin))
      .bind(core::to_ms(slice.interval.end))
      .bind(std::int64_t{slice.attempt})
      .bind(number(slice.device))
      .bind(number(slice.quality))
      .bind(slice.energy.value)
      .bind(std::int64_t{slice.devices})
      .run();
}

void put_meter(Db& db, core::SegmentMeter const& meter) {
  db.prepare(
        "INSERT INTO meters (job, attempt, launch, meter) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (job, attempt, launch) DO UPDATE SET meter = excluded.meter")
      .bind(sql_id(meter.segment.job))
      .bind(std::int64_t{meter.segment.attempt})
      .bind(std::int64_t{meter.segment.launch})
      .bind(encode_meter(meter))
      .run();
}

void remove_meter(Db& db, core::SegmentId const& segment) {
  db.prepare("DELETE FROM meters WHERE job = ? AND attempt = ? AND launch = ?")
      .bind(sql_id(segment.job))
      .bind(std::int64_t{segment.attempt})
      .bind(std::int64_t{segment.launch})
      .run();
}

void put_request(Db& db, core::StoredRequest const& request) {
  db.prepare(
        "INSERT INTO requests (owner_uid, request_id, hash, jobs, at) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (owner_uid, request_id) DO UPDATE"
        " SET hash = excluded.hash, jobs = excluded.jobs, at = excluded.at")
      .bind(std::int64_t{request.owner_uid})
      .bind(request.request_id)
      .bind(request.request_hash)
      .bind(encode_numbers(request.jobs))
      .bind(core::to_ms(request.at))
      .run();
}

void put_book(Db& db, core::JobId job, core::SignalKind kind, core::Book const& book) {
  Statement row = db.prepare(
      "INSERT INTO footprint_books (job, kind, source, carbon, priced, unpriced, actual, estimated, forecast,"
      " climatology, constant, baseline) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
  row.bind(sql_id(job)).bind(number(kind));
  if (book.source) {
    row.bind(encode_source(*book.source));
  } else {
    row.bind(nullptr);
  }
  row.bind(book.carbon.value).bind(book.priced.value).bind(book.unpriced.value);
  for (int state = 1; state <= 5; ++state) {
    auto const share = book.shares.find(static_cast<core::PointState>(state));
    row.bind(share == book.shares.end() ? std::int64_t{0} : share->second.value);
  }
  if (book.baseline) {
    row.bind(book.baseline->value);
  } else {
    row.bind(nullptr);
  }
  row.run();
}

// A book without any signal has nothing to wait for.
bool may_change(core::Book const& book) {
  return book.source && !book.settled();
}

void put_footprint(Db& db, core::SettledFootprint const& settled) {
  std::int64_t const job = sql_id(settled.job);
  core::Footprint const& footprint = settled.footprint;
  db.prepare("DELETE FROM footprint_parts WHERE job = ?").bind(job).run();
  db.prepare("DELETE FROM footprint_books WHERE job = ?").bind(job).run();
  db.prepare(
        "INSERT INTO footprints (job, project, owner_name, name, ended_at, day, run_ms, unknown_ms, "
        "provisional)"
        " SELECT id, project, owner_name, name, coalesce(ended_at, updated_at),"
        " strftime('%Y-%m-%d', coalesce(ended_at, updated_at) / 1000, 'unixepoch'), ?, ?, ?"
        " FROM jobs WHERE id = ?"
        " ON CONFLICT (job) DO UPDATE SET ended_at = excluded.ended_at, day = excluded.day,"
        " run_ms = excluded.run_ms, unknown_ms = excluded.unknown_ms, provisional = excluded.provisional")
      .bind(footprint.run.count())
      .bind(footprint.energy.unknown_device_time.count())
      .bind(std::int64_t{may_change(footprint.marginal) || may_change(footprint.average)})
      .bind(job)
      .run();
  for (auto const& [key, energy] : footprint.energy.parts) {
    db.prepare("INSERT INTO footprint_parts (job, device, quality, energy) VALUES (?, ?, ?, ?)")
        .bind(job)
        .bind(number(key.first))
        .bind(number(key.second))
        .bind(energy.value)
        .run();
  }
  put_book(db, settled.job, core::SignalKind::kMarginal, footprint.marginal);
  put_book(db, settled.job, core::SignalKind::kAverage, footprint.average);
  db.prepare("UPDATE jobs SET settled = 1 WHERE id = ? AND settled = 0").bind(job).run();
}

}  // namespace

void stage_changes(Db& db, core::Changes const& changes, Counters& counters) {
  for (core::Job const& job : changes.jobs) {
    put_job(db, job);
    counters.next_job = std::max(counters.next_job, job.id + 1);
  }
  for (core::JobEvent const& event : changes.events) {
    if (event.sequence != counters.next_sequence) {
      throw std::logic_error("event " + std::to_string(event.sequence) + " where " +
                             std::to_string(counters.next_sequence) + " was due");
    }
    add_event(db, event);
    ++counters.next_sequence;
  }
  for (core::EnergySlice const& slice : changes.slices) add_slice(db, slice);
  for (core::SegmentMeter const& meter : changes.meters) put_meter(db, meter);
  for (core::SegmentId const& segment : changes.meters_done) remove_meter(db, segment);
  for (core::StoredRequest const& request : changes.requests) put_request(db, request);
  stage_signals(db, changes);
  for (core::SettledFootprint const& settled : changes.footprints) put_footprint(db, settled);
  for (core::RunLengths const& lengths : changes.runs) put_run_lengths(db, lengths);
}

}  // namespace greenq::store
