#include "store/backup.hpp"

#include <sys/stat.h>

namespace greenq::store {
namespace {

constexpr int kPagesPerStep = 1024;

bool copy_pages(Db& source, std::string const& target, std::atomic<bool> const* stop) {
  Db copy(target, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
  sqlite3_backup* backup = sqlite3_backup_init(copy.handle(), "main", source.handle(), "main");
  if (backup == nullptr)
    throw SqlError(sqlite3_extended_errcode(copy.handle()), sqlite3_errmsg(copy.handle()));
  int code = SQLITE_OK;
  while (code == SQLITE_OK && (stop == nullptr || !stop->load()))
    code = sqlite3_backup_step(backup, kPagesPerStep);
  int const finished = sqlite3_backup_finish(backup);
  if (code == SQLITE_OK) return false;  // stopped
  if (code != SQLITE_DONE) throw SqlError(code, sqlite3_errstr(code));
  if (finished != SQLITE_OK) throw SqlError(finished, sqlite3_errstr(finished));
  // A copy must open without a write-ahead log beside it.
  copy.run("PRAGMA journal_mode = DELETE");
  std::string const found = quick_check(copy);
  if (found != "ok") throw SqlError(SQLITE_CORRUPT, "the copy is damaged: " + found);
  return true;
}

void remove_copy(std::string const& path) {
  std::error_code ignored;
  for (char const* suffix : {"", "-journal", "-wal", "-shm"}) std::filesystem::remove(path + suffix, ignored);
}

}  // namespace

bool copy_database(Db& source, std::filesystem::path const& target, std::atomic<bool> const* stop) {
  std::string const temporary = target.string() + ".tmp";
  remove_copy(temporary);
  try {
    Transaction snapshot(source, "BEGIN");
    source.integer("SELECT count(*) FROM sqlite_schema");  // takes the snapshot
    if (!copy_pages(source, temporary, stop)) {
      remove_copy(temporary);
      return false;
    }
    snapshot.commit();
    ::chmod(temporary.c_str(), 0600);
    fsync_path(temporary);
    std::filesystem::rename(temporary, target);
    fsync_path(target.parent_path().empty() ? "." : target.parent_path());
  } catch (...) {
    remove_copy(temporary);
    throw;
  }
  return true;
}

std::filesystem::path backup_path(std::filesystem::path const& database) {
  return database.string() + ".backup";
}

std::optional<std::filesystem::path> readable_backup(std::filesystem::path const& database) {
  auto path = backup_path(database);
  std::error_code failed;
  if (!std::filesystem::exists(path, failed)) return std::nullopt;
  try {
    Db db(immutable_uri(path), SQLITE_OPEN_READONLY | SQLITE_OPEN_URI);
    if (quick_check(db) != "ok") return std::nullopt;
  } catch (SqlError const&) {
    return std::nullopt;
  }
  return path;
}

}  // namespace greenq::store
