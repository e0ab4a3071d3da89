// Housekeeping of SqliteStore: checkpoint, retention, backup, and when to refuse new work.
#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include <algorithm>

#include "store/backup.hpp"
#include "store/history.hpp"
#include "store/rows.hpp"
#include "store/run_lengths.hpp"
#include "store/sqlite_store.hpp"

namespace greenq::store {
namespace {

constexpr std::chrono::hours kBackupRetry{1};
constexpr int kRowsPerRound = 5000;    // retention never holds the core thread for long
constexpr int kIssuesPerRound = 1000;  // of two kilobytes each

std::int64_t file_bytes(std::string const& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0 ? info.st_size : 0;
}

std::string mebibytes(std::int64_t bytes) {
  return std::to_string(bytes >> 20) + " MiB";
}

// Only a prefix may go: the events that are kept stay without gaps.
void drop_old_events(Db& db, core::Instant before) {
  std::int64_t keep_from = 0;
  {
    Statement row = db.prepare("SELECT sequence, at FROM events ORDER BY sequence LIMIT ?");
    row.bind(std::int64_t{kRowsPerRound});
    while (row.step()) {
      if (row.integer(1) >= core::to_ms(before)) break;
      keep_from = row.integer(0) + 1;
    }
  }
  if (keep_from != 0) db.prepare("DELETE FROM events WHERE sequence < ?").bind(keep_from).run();
}

}  // namespace

std::int64_t SqliteStore::wal_bytes() const {
  return file_bytes(options_.database.string() + "-wal");
}

void SqliteStore::maintain(core::Instant now) {
  if (db_ == nullptr || reload_due_ || db_->in_transaction()) return;
  note_backup();
  try {
    retain(now);
    checkpoint();
    bool const wanted = options_.backup_every > core::Span{0};
    bool const due = !last_backup_ || now - *last_backup_ >= options_.backup_every || now < *last_backup_;
    if (wanted && due && !backup_thread_.joinable()) {
      db_->run("PRAGMA analysis_limit = 400; PRAGMA optimize;");
      start_backup(now);
    }
  } catch (SqlError const& error) {
    spdlog::warn("housekeeping of the job database failed: {}", error.what());
    bool const io = is_io_error(error.code());
    rollback();
    if (io) {
      db_.reset();
      reload_due_ = true;
    }
  }
}

void SqliteStore::retain(core::Instant now) {
  Transaction transaction(*db_, "BEGIN IMMEDIATE");
  std::int64_t const changes_before = sqlite3_total_changes64(db_->handle());
  db_->prepare(
         "DELETE FROM requests WHERE (owner_uid, request_id) IN"
         " (SELECT owner_uid, request_id FROM requests WHERE at < ? ORDER BY at LIMIT ?)")
      .bind(core::to_ms(now - options_.keep_requests))
      .bind(std::int64_t{kRowsPerRound})
      .run();
  drop_old_events(*db_, now - options_.keep_events);
  drop_run_lengths(*db_, kRowsPerRound);
  thin_forecasts(*db_, now - options_.signals.full_forecasts, kIssuesPerRound);
  drop_forecasts(*db_, now - options_.keep_forecasts, kIssuesPerRound);
  if (options_.signals.keep_actuals > core::Span{0}) {
    drop_measured(*db_, now - options_.signals.keep_actuals, kRowsPerRound);
  }
  transaction.commit();
  written_ = written_ || sqlite3_total_changes64(db_->handle()) != changes_before;
}

void SqliteStore::checkpoint() {
  if (!written_) return;
  bool const large = wal_bytes() > options_.wal_alarm_bytes;
  sqlite3_busy_timeout(db_->handle(), 0);  // readers are not worth a wait
  int left = 0;
  int moved = 0;
  int const code = sqlite3_wal_checkpoint_v2(
      db_->handle(), "main", large ? SQLITE_CHECKPOINT_TRUNCATE : SQLITE_CHECKPOINT_PASSIVE, &left, &moved);
  sqlite3_busy_timeout(db_->handle(), 1000);
  if (code == SQLITE_OK && left == moved) written_ = false;
  if (code != SQLITE_OK && (code & 0xff) != SQLITE_BUSY) throw SqlError(code, sqlite3_errmsg(db_->handle()));
}

void SqliteStore::start_backup(core::Instant now) {
  backup_stop_.store(false);
  backup_done_.store(false);
  backup_good_.store(false);
  backup_started_ = now;
  backup_thread_ = std::thread([this, database = options_.database] {
    try {
      Db source(database.string(), SQLITE_OPEN_READONLY);
      sqlite3_db_config(source.handle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
      source.run("PRAGMA wal_autocheckpoint = 0");
      backup_good_.store(copy_database(source, backup_path(database), &backup_stop_));
    } catch (std::exception const& error) {
      spdlog::warn("BACKUP_FAILED message=\"{}\" action=\"check the disk space and the limit of open files\"",
                   error.what());
    }
    backup_done_.store(true);
    backup_done_.notify_all();
  });
}

void SqliteStore::note_backup() {
  if (!backup_thread_.joinable() || !backup_done_.load()) return;
  backup_thread_.join();
  last_backup_ = backup_started_;
  if (!backup_good_.load()) {
    // Again in an hour, not every minute.
    last_backup_ =
        backup_started_ - options_.backup_every + std::min(options_.backup_every, core::Span{kBackupRetry});
    return;
  }
  if (db_ == nullptr) return;
  try {
    put_meta(*db_, kMetaBackupAt, core::to_ms(backup_started_));
    written_ = true;
  } catch (SqlError const& error) {
    spdlog::warn("BACKUP_UNNOTED message=\"{}\"", error.what());
  }
}

void SqliteStore::finish_backup() {
  if (backup_thread_.joinable()) {
    while (!backup_done_.load()) backup_done_.wait(false);
    note_backup();
  }
}

std::string SqliteStore::refuse_reason() {
  core::Span const now = options_.clock->steady();
  if (!refusal_checked_ || now - *refusal_checked_ >= std::chrono::seconds{1}) {
    refusal_ = find_refusal();
    refusal_checked_ = now;
  }
  return refusal_;
}

std::string SqliteStore::find_refusal() {
  if (wal_bytes() > options_.wal_limit_bytes && db_ != nullptr && !db_->in_transaction()) {
    sqlite3_busy_timeout(db_->handle(), 0);
    sqlite3_wal_checkpoint_v2(db_->handle(), "main", SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr);
    sqlite3_busy_timeout(db_->handle(), 1000);
  }
  if (std::int64_t const bytes = wal_bytes(); bytes > options_.wal_limit_bytes) {
    return "The write-ahead log of the job database has grown to " + mebibytes(bytes) +
           "; close other programs that read greenq.db and free disk space, then try again.";
  }
  struct statvfs info {};
  std::filesystem::path const parent = options_.database.parent_path();
  if (::statvfs(parent.empty() ? "." : parent.c_str(), &info) != 0) return {};
  auto const free = static_cast<std::int64_t>(info.f_bavail * info.f_frsize);
  if (free >= options_.min_free_bytes) return {};
  return "The disk of the state directory is almost full (" + mebibytes(free) +
         " free); free some space, then submit again.";
}

}  // namespace greenq::store
