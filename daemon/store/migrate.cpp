#include "store/migrate.hpp"

#include <cstdio>

#include "core/fnv.hpp"
#include "store/backup.hpp"

namespace greenq::store {
namespace {

constexpr char kTable[] =
    "CREATE TABLE IF NOT EXISTS schema_migrations ("
    " version INTEGER PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL, applied_at INTEGER NOT NULL) "
    "STRICT";

core::Result<void> check_applied(Db& db, std::int64_t version, std::span<app::EmbeddedFile const> files) {
  for (std::int64_t i = 1; i <= version; ++i) {
    app::EmbeddedFile const& file = files[static_cast<std::size_t>(i - 1)];
    Statement row = db.prepare("SELECT checksum FROM schema_migrations WHERE version = ?");
    row.bind(i);
    if (row.step() && row.text(0) == checksum(file.text)) continue;
    return core::fail(
        core::ErrorCode::kFailedPrecondition, "STORE_MIGRATION_CHANGED",
        "Migration " + std::string(file.name) +
            " differs from the one this job database was made with; install the greenqd that wrote it, "
            "or an unmodified build.");
  }
  return {};
}

// No newer than `files`, and made with the same ones.
core::Result<void> check_not_newer(Db& db, std::int64_t version, std::span<app::EmbeddedFile const> files) {
  if (auto const newest = static_cast<std::int64_t>(files.size()); version > newest) {
    return core::fail(core::ErrorCode::kFailedPrecondition, "STORE_NEWER",
                      "This job database was written by a newer greenqd (schema " + std::to_string(version) +
                          ", this one knows " + std::to_string(newest) + "); install that version again.");
  }
  return check_applied(db, version, files);
}

void apply_one(Db& db, std::int64_t version, app::EmbeddedFile const& file, core::Instant now) {
  Transaction transaction(db, "BEGIN IMMEDIATE");
  db.run(std::string(file.text));
  db.prepare("INSERT INTO schema_migrations (version, name, checksum, applied_at) VALUES (?, ?, ?, ?)")
      .bind(version)
      .bind(file.name)
      .bind(checksum(file.text))
      .bind(core::to_ms(now))
      .run();
  db.run("PRAGMA user_version = " + std::to_string(version));
  transaction.commit();
}

}  // namespace

std::string checksum(std::string_view text) {
  char hex[17];
  std::snprintf(hex, sizeof hex, "%016llx", static_cast<unsigned long long>(core::fnv1a(text)));
  return hex;
}

core::Result<void> migrate(Db& db, std::filesystem::path const& database,
                           std::span<app::EmbeddedFile const> files, core::Instant now) {
  std::int64_t const version = db.integer("PRAGMA user_version");
  auto const newest = static_cast<std::int64_t>(files.size());
  if (auto checked = check_not_newer(db, version, files); !checked) return checked;
  if (version == newest) return {};
  if (version > 0) {
    std::string const number = std::string(files[static_cast<std::size_t>(version)].name.substr(0, 4));
    copy_database(db, database.string() + ".before-" + number);
  }
  db.run(kTable);
  for (std::int64_t next = version + 1; next <= newest; ++next) {
    apply_one(db, next, files[static_cast<std::size_t>(next - 1)], now);
  }
  return {};
}

core::Result<void> check_schema(Db& db, std::span<app::EmbeddedFile const> files) {
  std::int64_t const version = db.integer("PRAGMA user_version");
  auto checked = check_not_newer(db, version, files);
  if (!checked || version == static_cast<std::int64_t>(files.size())) return checked;
  return core::fail(core::ErrorCode::kFailedPrecondition, "STORE_OLDER",
                    "This job database was written by an older greenqd (schema " + std::to_string(version) +
                        ", this one knows " + std::to_string(files.size()) +
                        "); start this greenqd on it once, which keeps a copy and brings it up to date, or "
                        "use the greenqd that wrote it.");
}

}  // namespace greenq::store
