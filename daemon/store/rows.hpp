// Rows to values, shared by the writer's load() and the readers.
#pragma once

#include "core/state.hpp"
#include "store/sqlite.hpp"

namespace greenq::store {

// Columns of jobs j and job_specs s that read_job() expects, from column 0.
inline constexpr char kJobColumns[] =
    "j.id, j.uid, j.owner_uid, j.owner_name, j.state, j.submitted_at, j.updated_at, j.started_at, "
    "j.ended_at, "
    "j.version, j.runtime, s.spec";
core::Job read_job(Statement const& row);

inline constexpr char kEventColumns[] = "sequence, at, job, project, owner_uid, kind, state, reason, message";
core::JobEvent read_event(Statement const& row);

std::optional<core::Job> find_job(Db& db, core::JobId id);
// In order of begin.
std::vector<core::EnergySlice> read_slices(Db& db, core::JobId job);
// As staged last; nothing when the job is not settled yet.
std::optional<core::Footprint> read_footprint(Db& db, core::JobId job);

inline std::int64_t sql_id(core::JobId id) {
  return static_cast<std::int64_t>(id);
}
inline core::JobId job_id(std::int64_t id) {
  return static_cast<core::JobId>(id);
}

// Keys of table meta.
inline constexpr char kMetaEpoch[] = "epoch";
inline constexpr char kMetaNextJob[] = "next_job";
inline constexpr char kMetaNextSequence[] = "next_sequence";
inline constexpr char kMetaBackupAt[] = "backup_at";
std::string meta_text(Db& db, char const* key);      // empty when absent
std::int64_t meta_integer(Db& db, char const* key);  // 0 when absent
void put_meta(Db& db, char const* key, std::int64_t value);

}  // namespace greenq::store
