// What the engine needs at start. Costs live rows only, however long the history is.
#pragma once

#include "app/ports.hpp"
#include "store/sqlite.hpp"
#include "store/stage.hpp"

namespace greenq::store {

Counters read_counters(Db& db);
app::Loaded load_all(Db& db);

// Texts of load_all(), for the test of their plans.
inline constexpr char kLiveJobsSql[] =
    "FROM jobs j INDEXED BY jobs_live CROSS JOIN job_specs s ON s.job = j.id WHERE j.state <= 4";
inline constexpr char kUnsettledSql[] =
    "SELECT id FROM jobs INDEXED BY jobs_unsettled WHERE state >= 5 AND settled = 0 ORDER BY id";

}  // namespace greenq::store
