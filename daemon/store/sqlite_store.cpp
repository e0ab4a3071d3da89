#include "store/sqlite_store.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <charconv>
#include <cstring>

#include "core/check.hpp"
#include "store/backup.hpp"
#include "store/codec.hpp"
#include "store/loader.hpp"
#include "store/migrate.hpp"
#include "store/rows.hpp"

namespace greenq::store {
namespace {

constexpr int kBusyMs = 1000;

core::Error corrupt(std::filesystem::path const& database, std::string const& found) {
  return {core::ErrorCode::kFailedPrecondition, "STORE_CORRUPT",
          "The job database " + database.string() + " is damaged (" + found + ")"};
}

// Looks at an existing file before anything is written to it. Empty when sound or new.
core::Result<void> check_existing(std::filesystem::path const& database) {
  struct stat info {};
  if (::stat(database.c_str(), &info) != 0 || info.st_size == 0) return {};
  try {
    Db db(database.string(), SQLITE_OPEN_READONLY);
    sqlite3_db_config(db.handle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
    std::string const found = quick_check(db);
    if (found != "ok") return tl::unexpected(corrupt(database, found));
  } catch (SqlError const& error) {
    if (is_corrupt(error.code())) return tl::unexpected(corrupt(database, error.what()));
    // A journal that only a writer may roll back: the writer's own opening will tell.
    if ((error.code() & 0xff) != SQLITE_READONLY) return tl::unexpected(to_error(error));
  }
  return {};
}

// A private file whose directory entry is on disk.
void create_file(std::filesystem::path const& database) {
  int const fd = ::open(database.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) throw SqlError(SQLITE_CANTOPEN, database.string() + ": " + std::strerror(errno));
  ::close(fd);  // before SQLite holds locks on the file: a later close would drop them
  fsync_path(database.parent_path().empty() ? "." : database.parent_path());
}

std::pair<dev_t, ino_t> identity_of(std::filesystem::path const& database) {
  struct stat info {};
  if (::stat(database.c_str(), &info) != 0) return {};
  return {info.st_dev, info.st_ino};
}

}  // namespace

SqliteStore::SqliteStore(StoreOptions options) : options_(std::move(options)) {
  if (options_.migrations.empty()) options_.migrations = migrations::files();
}

SqliteStore::~SqliteStore() {
  backup_stop_.store(true);
  finish_backup();
  rollback();
}

core::Result<std::unique_ptr<SqliteStore>> SqliteStore::open(StoreOptions options) {
  GREENQ_CHECK(options.clock != nullptr && options.new_epoch);
  if (auto checked = check_existing(options.database); !checked) return tl::unexpected(checked.error());
  std::unique_ptr<SqliteStore> store(new SqliteStore(std::move(options)));
  auto opened = guard([&] {
    if (!std::filesystem::exists(store->options_.database)) create_file(store->options_.database);
    store->connect();
    store->file_ = identity_of(store->options_.database);
  });
  if (!opened) return tl::unexpected(opened.error());
  if (auto ready = store->prepare_schema(); !ready) return tl::unexpected(ready.error());
  return store;
}

void SqliteStore::connect() {
  db_ = std::make_unique<Db>(options_.database.string(), SQLITE_OPEN_READWRITE);
  sqlite3_busy_timeout(db_->handle(), kBusyMs);
  harden(*db_);
  if (db_->text("PRAGMA journal_mode = WAL") != "wal") {
    throw SqlError(SQLITE_CANTOPEN, "write-ahead logging is not possible on this file system");
  }
  db_->run("PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 1000;");
  db_->run("PRAGMA journal_size_limit = " + std::to_string(options_.wal_alarm_bytes));
}

core::Result<void> SqliteStore::prepare_schema() {
  auto migrated =
      guard([&] { return migrate(*db_, options_.database, options_.migrations, options_.clock->now()); });
  if (!migrated) return tl::unexpected(migrated.error());
  if (!*migrated) return *migrated;
  return guard([&] {
    if (meta_text(*db_, kMetaEpoch).empty()) {
      Transaction transaction(*db_, "BEGIN IMMEDIATE");
      db_->prepare("INSERT INTO meta (key, value) VALUES (?, ?)")
          .bind(std::string_view(kMetaEpoch))
          .bind(options_.new_epoch())
          .run();
      put_meta(*db_, kMetaNextJob, 1);
      put_meta(*db_, kMetaNextSequence, 1);
      transaction.commit();
    }
    committed_ = staged_ = read_counters(*db_);
    if (std::int64_t const at = meta_integer(*db_, kMetaBackupAt); at != 0) last_backup_ = core::from_ms(at);
  });
}

core::Result<Db*> SqliteStore::usable() {
  if (db_ == nullptr || reload_due_) {
    return core::fail(core::ErrorCode::kUnavailable, "STORE_RELOAD",
                      "The job database is being read again after an error; try again in a moment.");
  }
  return db_.get();
}

core::Result<void> SqliteStore::check_in_place() const {
  if (identity_of(options_.database) == file_) return {};
  return core::fail(core::ErrorCode::kUnavailable, "STORE_MOVED",
                    "The job database " + options_.database.string() +
                        " was removed or replaced while greenqd runs; put it back, or restart greenqd.");
}

// The open group is lost; what is on disk must be read again before the next one.
void SqliteStore::fail_group(SqlError const* error) {
  rollback();
  reload_due_ = true;
  if (error != nullptr && is_io_error(error->code())) db_.reset();
}

core::Result<app::Loaded> SqliteStore::load() {
  rollback();
  if (auto here = check_in_place(); !here) return tl::unexpected(here.error());
  auto loaded = guard([&] {
    if (db_ == nullptr) connect();
    Transaction snapshot(*db_, "BEGIN");
    committed_ = staged_ = read_counters(*db_);
    app::Loaded all = load_all(*db_);
    snapshot.commit();
    return all;
  });
  if (loaded) {
    reload_due_ = false;
  } else if (loaded.error().reason == "STORE_IO") {
    db_.reset();
    reload_due_ = true;
  }
  return loaded;
}

void SqliteStore::begin() {
  if (!db_->in_transaction()) db_->run("BEGIN IMMEDIATE");
  group_open_ = true;
}

// An error while the group is open may have made SQLite roll it back, even in a SELECT.
template <class F>
auto SqliteStore::in_group(F&& act) -> core::Result<decltype(act())> {
  if (auto db = usable(); !db) return tl::unexpected(db.error());
  try {
    return act();
  } catch (std::exception const& thrown) {
    core::Error error = current_error();
    fail_group(dynamic_cast<SqlError const*>(&thrown));
    return tl::unexpected(std::move(error));
  }
}

core::Result<void> SqliteStore::stage(core::Changes const& changes) {
  if (auto db = usable(); !db) return tl::unexpected(db.error());
  try {
    begin();
    stage_changes(*db_, changes, staged_);
    return {};
  } catch (std::exception const& thrown) {
    core::Error error = current_error();
    fail_group(dynamic_cast<SqlError const*>(&thrown));
    return tl::unexpected(std::move(error));
  }
}

core::Result<void> SqliteStore::commit() {
  if (auto db = usable(); !db) return tl::unexpected(db.error());
  if (!group_open_) return {};
  if (!db_->in_transaction()) {
    fail_group(nullptr);
    return core::fail(core::ErrorCode::kUnavailable, "STORE_ROLLED_BACK",
                      "The job database took back unfinished changes after an error; try again in a moment.");
  }
  if (auto here = check_in_place(); !here) {
    fail_group(nullptr);
    return here;
  }
  try {
    if (staged_.next_job != committed_.next_job) put_meta(*db_, kMetaNextJob, sql_id(staged_.next_job));
    if (staged_.next_sequence != committed_.next_sequence) {
      put_meta(*db_, kMetaNextSequence, staged_.next_sequence);
    }
    db_->run("COMMIT");
    committed_ = staged_;
    group_open_ = false;
    written_ = true;
    return {};
  } catch (SqlError const& thrown) {
    fail_group(&thrown);
    return tl::unexpected(to_error(thrown));
  }
}

void SqliteStore::rollback() {
  staged_ = committed_;
  group_open_ = false;
  if (db_ == nullptr || !db_->in_transaction()) return;
  // SQLite may have rolled back already; a failure here leaves nothing that COMMIT could make durable.
  sqlite3_exec(db_->handle(), "ROLLBACK", nullptr, nullptr, nullptr);
}

core::Result<std::optional<core::StoredRequest>> SqliteStore::find_request(std::uint32_t uid,
                                                                           std::string const& request_id) {
  return in_group([&]() -> std::optional<core::StoredRequest> {
    Statement row =
        db_->prepare("SELECT hash, jobs, at FROM requests WHERE owner_uid = ? AND request_id = ?");
    row.bind(std::int64_t{uid}).bind(request_id);
    if (!row.step()) return std::nullopt;
    core::Instant const at = core::from_ms(row.integer(2));
    if (options_.clock->now() - at > options_.keep_requests) return std::nullopt;
    return core::StoredRequest{uid, request_id, row.text(0), decode_numbers(row.text(1)), at};
  });
}

core::Result<std::optional<app::Store::FoundJob>> SqliteStore::find_job(std::string const& project,
                                                                        std::uint32_t uid,
                                                                        std::string const& id_or_name) {
  return in_group([&]() -> std::optional<FoundJob> {
    auto found = [](Statement const& row) {
      return FoundJob{job_id(row.integer(0)), static_cast<core::JobState>(row.integer(1)), !row.null(2)};
    };
    std::int64_t id = 0;
    auto const* end = id_or_name.data() + id_or_name.size();
    if (auto parsed = std::from_chars(id_or_name.data(), end, id);
        parsed.ec == std::errc() && parsed.ptr == end) {
      Statement row = db_->prepare(
          "SELECT id, state, started_at FROM jobs WHERE id = ? AND project = ? AND owner_uid = ?");
      row.bind(id).bind(project).bind(std::int64_t{uid});
      if (row.step()) return found(row);
    }
    Statement row = db_->prepare(
        "SELECT id, state, started_at FROM jobs INDEXED BY jobs_lookup"
        " WHERE name = ? AND project = ? AND owner_uid = ? ORDER BY id DESC LIMIT 1");
    row.bind(id_or_name).bind(project).bind(std::int64_t{uid});
    if (row.step()) return found(row);
    return std::nullopt;
  });
}

}  // namespace greenq::store
