#include "store/sqlite.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <utility>

namespace greenq::store {
namespace {

[[noreturn]] void raise(sqlite3* db, int code) {
  throw SqlError(code, db != nullptr ? sqlite3_errmsg(db) : sqlite3_errstr(code));
}

constexpr int primary(int code) {
  return code & 0xff;
}

}  // namespace

bool is_io_error(int code) {
  return primary(code) == SQLITE_IOERR;
}
bool is_corrupt(int code) {
  return primary(code) == SQLITE_CORRUPT || primary(code) == SQLITE_NOTADB;
}

core::Error to_error(SqlError const& error) {
  using core::ErrorCode;
  std::string const detail = std::string(" (SQLite: ") + error.what() + ")";
  if (is_corrupt(error.code())) {
    return {
        ErrorCode::kFailedPrecondition, "STORE_CORRUPT",
        "The job database is damaged; stop greenqd and restore greenq.db from greenq.db.backup." + detail};
  }
  if (primary(error.code()) == SQLITE_FULL) {
    return {ErrorCode::kResourceExhausted, "STORE_FULL",
            "The disk of the state directory is full; free some space and try again." + detail};
  }
  if (is_io_error(error.code())) {
    return {ErrorCode::kUnavailable, "STORE_IO",
            "The disk of the state directory reports errors; check it, then try again." + detail};
  }
  if (primary(error.code()) == SQLITE_BUSY || primary(error.code()) == SQLITE_LOCKED) {
    return {ErrorCode::kUnavailable, "STORE_BUSY",
            "Another program uses the job database; close it and try again." + detail};
  }
  if (primary(error.code()) == SQLITE_CANTOPEN || primary(error.code()) == SQLITE_READONLY) {
    return {
        ErrorCode::kUnavailable, "STORE_UNREACHABLE",
        "The job database cannot be opened for writing; check the owner, the mode and the disk of the state "
        "directory." +
            detail};
  }
  return {ErrorCode::kInternal, "STORE_ERROR",
          "The job database refused an operation; see the log." + detail};
}

core::Error current_error() {
  try {
    throw;
  } catch (SqlError const& error) {
    return to_error(error);
  } catch (std::exception const& error) {
    return {core::ErrorCode::kInternal, "STORE_ERROR",
            std::string("A row of the job database could not be read; see the log. (") + error.what() + ")"};
  }
}

Statement::~Statement() {
  if (statement_ == nullptr) return;
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
}

Statement::Statement(Statement&& other) noexcept
    : db_(other.db_), statement_(std::exchange(other.statement_, nullptr)), next_(other.next_) {}

Statement& Statement::bind(std::int64_t value) {
  int const code = sqlite3_bind_int64(statement_, next_++, value);
  if (code != SQLITE_OK) raise(db_, code);
  return *this;
}

Statement& Statement::bind(std::string_view value) {
  int const code = sqlite3_bind_text64(statement_, next_++, value.data() == nullptr ? "" : value.data(),
                                       value.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
  if (code != SQLITE_OK) raise(db_, code);
  return *this;
}

Statement& Statement::bind_blob(std::string_view bytes) {
  int const code = sqlite3_bind_blob64(statement_, next_++, bytes.data() == nullptr ? "" : bytes.data(),
                                       bytes.size(), SQLITE_TRANSIENT);
  if (code != SQLITE_OK) raise(db_, code);
  return *this;
}

Statement& Statement::bind(std::nullptr_t) {
  int const code = sqlite3_bind_null(statement_, next_++);
  if (code != SQLITE_OK) raise(db_, code);
  return *this;
}

bool Statement::step() {
  int const code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  raise(db_, sqlite3_extended_errcode(db_));
}

void Statement::run() {
  while (step()) {
  }
}

std::string Statement::text(int column) const {
  auto const* data = reinterpret_cast<char const*>(sqlite3_column_text(statement_, column));
  if (data == nullptr) return {};
  return {data, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}

std::string_view Statement::blob(int column) const {
  auto const* data = static_cast<char const*>(sqlite3_column_blob(statement_, column));
  if (data == nullptr) return {};
  return {data, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}

Db::Db(std::string const& name, int flags) {
  int const code =
      sqlite3_open_v2(name.c_str(), &db_, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nullptr);
  if (code != SQLITE_OK) {
    std::string message = db_ != nullptr ? sqlite3_errmsg(db_) : sqlite3_errstr(code);
    sqlite3_close_v2(db_);
    throw SqlError(code, std::move(message));
  }
}

Db::~Db() {
  for (auto const& [sql, statement] : cache_) sqlite3_finalize(statement);
  sqlite3_close_v2(db_);
}

void Db::run(char const* sql) {
  if (sqlite3_exec(db_, sql, nullptr, nullptr, nullptr) != SQLITE_OK)
    raise(db_, sqlite3_extended_errcode(db_));
}

Statement Db::prepare(std::string_view sql) {
  auto const [place, added] = cache_.try_emplace(std::string(sql), nullptr);
  if (added) {
    int const code = sqlite3_prepare_v3(db_, sql.data(), static_cast<int>(sql.size()),
                                        SQLITE_PREPARE_PERSISTENT, &place->second, nullptr);
    if (code != SQLITE_OK) {
      cache_.erase(place);
      raise(db_, code);
    }
  }
  return {db_, place->second};
}

std::int64_t Db::integer(std::string_view sql) {
  Statement statement = prepare(sql);
  return statement.step() ? statement.integer(0) : 0;
}

std::string Db::text(std::string_view sql) {
  Statement statement = prepare(sql);
  return statement.step() ? statement.text(0) : std::string();
}

Transaction::~Transaction() {
  if (db_.in_transaction()) sqlite3_exec(db_.handle(), "ROLLBACK", nullptr, nullptr, nullptr);
}

void harden(Db& db) {
  sqlite3_db_config(db.handle(), SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(db.handle(), SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0, nullptr);
  sqlite3_limit(db.handle(), SQLITE_LIMIT_ATTACHED, 0);
  db.run(
      "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA mmap_size = 0;"
      "PRAGMA foreign_keys = ON;");
}

std::string quick_check(Db& db) {
  try {
    return db.text("PRAGMA quick_check(1)");
  } catch (SqlError const& error) {
    if (is_corrupt(error.code())) return error.what();
    throw;
  }
}

std::string immutable_uri(std::filesystem::path const& path) {
  std::string uri = "file:";
  for (char const c : path.string()) {
    if (c == '%' || c == '?' || c == '#') {
      char escape[4];
      std::snprintf(escape, sizeof escape, "%%%02X", static_cast<unsigned>(static_cast<unsigned char>(c)));
      uri += escape;
    } else {
      uri += c;
    }
  }
  return uri + "?immutable=1";
}

void fsync_path(std::filesystem::path const& path) {
  int const fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) throw SqlError(SQLITE_IOERR_FSYNC, path.string() + ": " + std::strerror(errno));
  int const result = ::fsync(fd);
  int const cause = errno;
  ::close(fd);
  if (result != 0) throw SqlError(SQLITE_IOERR_FSYNC, path.string() + ": " + std::strerror(cause));
}

}  // namespace greenq::store
