// The ledger on SQLite: the only writer and the only checkpointer of STATE/greenq.db.
//
// Threads: one (the core thread), but for its own backup thread, which has a read-only connection.
// Errors: STORE_FULL, STORE_IO, STORE_CORRUPT, STORE_BUSY, STORE_UNREACHABLE, STORE_ERROR (see sqlite.hpp);
// STORE_RELOAD when load() is due after an earlier error. Nothing is retried by itself: after an I/O error on
// COMMIT the connection is closed, and load() opens and reads again what is really on disk.
#pragma once

#include <atomic>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <thread>

#include "app/embedded.hpp"
#include "app/ports.hpp"
#include "store/sqlite.hpp"
#include "store/stage.hpp"

namespace greenq::store {

// Zero actuals: for ever.
struct SignalAges {
  core::Span full_forecasts{std::chrono::hours{24 * 7}};  // older issues are thinned, see history.hpp
  core::Span keep_actuals{0};
};

struct StoreOptions {
  std::filesystem::path database;                   // STATE/greenq.db
  app::Clock* clock = nullptr;                      // outlives the store
  std::function<std::string()> new_epoch;           // a random UUID; asked once in the life of a database
  std::int64_t wal_alarm_bytes = 16 << 20;          // maintain() truncates a larger write-ahead log
  std::int64_t wal_limit_bytes = 64 << 20;          // new work is refused beyond
  std::int64_t min_free_bytes = 1LL << 30;          // new work is refused when less space is free
  core::Span backup_every{std::chrono::hours{24}};  // to greenq.db.backup
  core::Span keep_requests{std::chrono::hours{24}};
  core::Span keep_events{std::chrono::hours{24 * 90}};
  core::Span keep_forecasts{std::chrono::hours{24 * 90}};
  SignalAges signals{};
  std::span<app::EmbeddedFile const> migrations{};  // empty: the built-in ones
};

class SqliteStore final : public app::Store {
 public:
  // Opens or creates the database, checks it, and brings its schema up to date. kFailedPrecondition:
  // STORE_CORRUPT (the file is left untouched; see readable_backup() for hold mode), STORE_NEWER,
  // STORE_MIGRATION_CHANGED.
  static core::Result<std::unique_ptr<SqliteStore>> open(StoreOptions options);
  ~SqliteStore() override;

  core::Result<app::Loaded> load() override;
  core::Result<void> stage(core::Changes const& changes) override;
  core::Result<void> commit() override;
  void rollback() override;
  core::Result<std::optional<core::StoredRequest>> find_request(std::uint32_t uid,
                                                                std::string const& request_id) override;
  core::Result<std::optional<FoundJob>> find_job(std::string const& project, std::uint32_t uid,
                                                 std::string const& id_or_name) override;
  void maintain(core::Instant now) override;
  std::string refuse_reason() override;

  // Waits for a backup that maintain() started.
  void finish_backup();
  std::int64_t wal_bytes() const;

 private:
  explicit SqliteStore(StoreOptions options);
  void connect();
  core::Result<void> prepare_schema();
  core::Result<Db*> usable();
  // STORE_MOVED when the path no longer leads to the file that was opened first.
  core::Result<void> check_in_place() const;
  void fail_group(SqlError const* error);
  void begin();
  template <class F>
  auto in_group(F&& act) -> core::Result<decltype(act())>;
  void retain(core::Instant now);
  void checkpoint();
  void start_backup(core::Instant now);
  void note_backup();
  std::string find_refusal();

  StoreOptions options_;
  std::unique_ptr<Db> db_;          // null after an I/O error until load()
  std::pair<dev_t, ino_t> file_{};  // of the database, from open() on
  bool reload_due_ = false;
  bool group_open_ = false;  // changes were staged since the last commit or rollback
  bool written_ = false;     // since the last checkpoint
  Counters committed_;
  Counters staged_;
  std::optional<core::Span> refusal_checked_;
  std::string refusal_;
  std::thread backup_thread_;
  std::atomic<bool> backup_stop_{false};
  std::atomic<bool> backup_done_{false};
  std::atomic<bool> backup_good_{false};
  core::Instant backup_started_{};
  std::optional<core::Instant> last_backup_;
};

}  // namespace greenq::store
