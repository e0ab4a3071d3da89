// Copies of the database that survive a power loss: online backup, fsync, check, rename.
#pragma once

#include <atomic>
#include <filesystem>
#include <optional>

#include "store/sqlite.hpp"

namespace greenq::store {

// Copies what `source` sees now to `target` (replaced in one step). Holds a read transaction meanwhile, so
// writers on other connections neither wait nor restart it. False when `stop` was raised; throws SqlError.
bool copy_database(Db& source, std::filesystem::path const& target, std::atomic<bool> const* stop = nullptr);

// greenq.db.backup beside the database.
std::filesystem::path backup_path(std::filesystem::path const& database);

// The last backup, if it is there and sound: what a daemon in hold mode can serve reads from.
std::optional<std::filesystem::path> readable_backup(std::filesystem::path const& database);

}  // namespace greenq::store
