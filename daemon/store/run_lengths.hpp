// What jobs really took, as the planner learned it. Throws SqlError.
#pragma once

#include "core/run_lengths.hpp"
#include "store/sqlite.hpp"

namespace greenq::store {

void put_run_lengths(Db& db, core::RunLengths const& lengths);
// The core::RunBook::kKeysKept newest, oldest first. Rows that cannot be read are left out: it learns anew.
std::vector<core::RunLengths> load_run_lengths(Db& db);
// Removes what load_run_lengths() would not find, at most `limit` rows.
void drop_run_lengths(Db& db, int limit);

}  // namespace greenq::store
