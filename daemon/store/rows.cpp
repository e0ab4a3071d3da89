#include "store/rows.hpp"

#include "store/codec.hpp"

namespace greenq::store {
namespace {

std::optional<core::Instant> optional_instant(Statement const& row, int column) {
  if (row.null(column)) return std::nullopt;
  return core::from_ms(row.integer(column));
}

core::Book read_book(Statement const& row) {
  core::Book book;
  book.kind = static_cast<core::SignalKind>(row.integer(0));
  if (!row.null(1)) book.source = decode_source(row.text(1));
  book.carbon = {row.integer(2)};
  book.priced = {row.integer(3)};
  book.unpriced = {row.integer(4)};
  for (int state = 1; state <= 5; ++state) {
    std::int64_t const energy = row.integer(4 + state);
    if (energy != 0) book.shares[static_cast<core::PointState>(state)] = {energy};
  }
  if (!row.null(10)) book.baseline = core::Carbon{row.integer(10)};
  return book;
}

}  // namespace

core::Job read_job(Statement const& row) {
  core::Job job;
  job.id = job_id(row.integer(0));
  job.uid = row.text(1);
  job.owner.uid = static_cast<std::uint32_t>(row.integer(2));
  job.owner.name = row.text(3);
  job.state = static_cast<core::JobState>(row.integer(4));
  job.submitted_at = core::from_ms(row.integer(5));
  job.updated_at = core::from_ms(row.integer(6));
  job.started_at = optional_instant(row, 7);
  job.ended_at = optional_instant(row, 8);
  job.version = static_cast<std::uint64_t>(row.integer(9));
  decode_runtime(row.text(10), job);
  job.spec = std::make_shared<core::JobSpec const>(decode_spec(row.text(11)));
  return job;
}

core::JobEvent read_event(Statement const& row) {
  core::JobEvent event;
  event.sequence = row.integer(0);
  event.at = core::from_ms(row.integer(1));
  event.job = job_id(row.integer(2));
  event.project = row.text(3);
  event.owner_uid = static_cast<std::uint32_t>(row.integer(4));
  event.kind = static_cast<core::JobEventKind>(row.integer(5));
  event.state = static_cast<core::JobState>(row.integer(6));
  event.reason = static_cast<core::HoldCode>(row.integer(7));
  event.message = row.text(8);
  return event;
}

std::optional<core::Job> find_job(Db& db, core::JobId id) {
  Statement row = db.prepare(std::string("SELECT ") + kJobColumns +
                             " FROM jobs j CROSS JOIN job_specs s ON s.job = j.id WHERE j.id = ?");
  row.bind(sql_id(id));
  if (!row.step()) return std::nullopt;
  return read_job(row);
}

std::vector<core::EnergySlice> read_slices(Db& db, core::JobId job) {
  Statement row = db.prepare(
      "SELECT attempt, device, quality, begin_at, end_at, energy, devices FROM slices WHERE job = ?"
      " ORDER BY begin_at, end_at, attempt, device, quality");
  row.bind(sql_id(job));
  std::vector<core::EnergySlice> slices;
  while (row.step()) {
    core::EnergySlice& slice = slices.emplace_back();
    slice.job = job;
    slice.attempt = static_cast<core::AttemptNo>(row.integer(0));
    slice.device = static_cast<core::DeviceClass>(row.integer(1));
    slice.quality = static_cast<core::EnergyQuality>(row.integer(2));
    slice.interval = {core::from_ms(row.integer(3)), core::from_ms(row.integer(4))};
    slice.energy = {row.integer(5)};
    slice.devices = static_cast<std::uint32_t>(row.integer(6));
  }
  return slices;
}

std::optional<core::Footprint> read_footprint(Db& db, core::JobId job) {
  core::Footprint footprint;
  Statement head = db.prepare("SELECT run_ms, unknown_ms FROM footprints WHERE job = ?");
  head.bind(sql_id(job));
  if (!head.step()) return std::nullopt;
  footprint.run = core::Span{head.integer(0)};
  footprint.energy.unknown_device_time = core::Span{head.integer(1)};
  Statement part = db.prepare("SELECT device, quality, energy FROM footprint_parts WHERE job = ?");
  part.bind(sql_id(job));
  while (part.step()) {
    footprint.energy.parts[{static_cast<core::DeviceClass>(part.integer(0)),
                            static_cast<core::EnergyQuality>(part.integer(1))}] = {part.integer(2)};
  }
  footprint.marginal.kind = core::SignalKind::kMarginal;
  footprint.average.kind = core::SignalKind::kAverage;
  Statement book = db.prepare(
      "SELECT kind, source, carbon, priced, unpriced, actual, estimated, forecast, climatology, constant, "
      "baseline"
      " FROM footprint_books WHERE job = ?");
  book.bind(sql_id(job));
  while (book.step()) {
    core::Book value = read_book(book);
    (value.kind == core::SignalKind::kMarginal ? footprint.marginal : footprint.average) = std::move(value);
  }
  return footprint;
}

std::string meta_text(Db& db, char const* key) {
  Statement row = db.prepare("SELECT value FROM meta WHERE key = ?");
  row.bind(std::string_view(key));
  return row.step() ? row.text(0) : std::string();
}

std::int64_t meta_integer(Db& db, char const* key) {
  Statement row = db.prepare("SELECT value FROM meta WHERE key = ?");
  row.bind(std::string_view(key));
  return row.step() ? row.integer(0) : 0;
}

void put_meta(Db& db, char const* key, std::int64_t value) {
  db.prepare(
        "INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value")
      .bind(std::string_view(key))
      .bind(value)
      .run();
}

}  // namespace greenq::store
