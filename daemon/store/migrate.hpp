// Forward-only schema steps; rules in migrations/README.md.
#pragma once

#include <span>
#include <string>

#include "app/embedded.hpp"
#include "core/result.hpp"
#include "core/units.hpp"
#include "store/sqlite.hpp"

namespace greenq::store {

namespace migrations {
std::span<app::EmbeddedFile const> files();  // generated from migrations/*.sql, in order
}

// FNV-1a, 64 bit, 16 hex digits.
std::string checksum(std::string_view text);

// Brings the open database to the newest schema. `database` names it, for the copy that is made before an
// existing one is changed. kFailedPrecondition: STORE_NEWER, STORE_MIGRATION_CHANGED.
core::Result<void> migrate(Db& db, std::filesystem::path const& database,
                           std::span<app::EmbeddedFile const> files, core::Instant now);

// That the database has exactly this schema; changes nothing. kFailedPrecondition: as above, and STORE_OLDER.
core::Result<void> check_schema(Db& db, std::span<app::EmbeddedFile const> files);

}  // namespace greenq::store
