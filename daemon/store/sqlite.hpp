// RAII over the C API of SQLite.
//
// Inside the room failures travel as SqlError; guard() at the room's border turns them into core::Result. A
// Db and its Statements belong to one thread at a time.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <exception>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "core/result.hpp"

namespace greenq::store {

class SqlError : public std::exception {
 public:
  SqlError(int code, std::string message) : code_(code), message_(std::move(message)) {}
  char const* what() const noexcept override { return message_.c_str(); }
  int code() const { return code_; }  // extended result code

 private:
  int code_;
  std::string message_;
};

// STORE_FULL, STORE_IO, STORE_CORRUPT, STORE_BUSY or STORE_ERROR with a sentence that says what to do.
core::Error to_error(SqlError const& error);
bool is_io_error(int code);
bool is_corrupt(int code);

// A prepared statement in use; goes back reset to the cache of its Db.
class Statement {
 public:
  Statement(sqlite3* db, sqlite3_stmt* statement) : db_(db), statement_(statement) {}
  ~Statement();
  Statement(Statement&& other) noexcept;
  Statement& operator=(Statement&&) = delete;
  Statement(Statement const&) = delete;
  Statement& operator=(Statement const&) = delete;

  // Binds the next parameter, from 1. Text and bytes are copied.
  Statement& bind(std::int64_t value);
  Statement& bind(std::string_view value);
  Statement& bind_blob(std::string_view bytes);
  Statement& bind(std::nullptr_t);
  template <class T>
  Statement& bind(std::optional<T> const& value) {
    return value ? bind(*value) : bind(nullptr);
  }

  bool step();  // true: a row is ready
  void run();   // to the end, rows ignored
  // Columns of the current row, from 0.
  std::int64_t integer(int column) const { return sqlite3_column_int64(statement_, column); }
  std::string text(int column) const;
  std::string_view blob(int column) const;  // until the next step
  bool null(int column) const { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }

 private:
  sqlite3* db_;
  sqlite3_stmt* statement_;
  int next_ = 1;
};

class Db {
 public:
  // flags: SQLITE_OPEN_*; `name` is a path, or a file: URI with SQLITE_OPEN_URI.
  Db(std::string const& name, int flags);
  ~Db();
  Db(Db const&) = delete;
  Db& operator=(Db const&) = delete;

  sqlite3* handle() const { return db_; }
  // Runs SQL without parameters, several statements allowed.
  void run(char const* sql);
  void run(std::string const& sql) { run(sql.c_str()); }
  // Cached by text; a text must not be in use twice at the same time.
  Statement prepare(std::string_view sql);
  std::int64_t integer(std::string_view sql);  // first column of the first row
  std::string text(std::string_view sql);
  int changes() const { return sqlite3_changes(db_); }
  bool in_transaction() const { return sqlite3_get_autocommit(db_) == 0; }

 private:
  sqlite3* db_ = nullptr;
  std::unordered_map<std::string, sqlite3_stmt*> cache_;
};

// Rolls back on destruction unless committed.
class Transaction {
 public:
  Transaction(Db& db, char const* begin) : db_(db) { db_.run(begin); }
  ~Transaction();
  Transaction(Transaction const&) = delete;
  Transaction& operator=(Transaction const&) = delete;
  void commit() { db_.run("COMMIT"); }

 private:
  Db& db_;
};

// The settings of DESIGN's storage rules that hold for every connection.
void harden(Db& db);
// "ok", or the first problem found.
std::string quick_check(Db& db);

// Runs f and turns what it throws into an error.
core::Error current_error();  // only inside a catch block
template <class F>
auto guard(F&& f) -> core::Result<decltype(f())> {
  try {
    if constexpr (std::is_void_v<decltype(f())>) {
      f();
      return {};
    } else {
      return f();
    }
  } catch (std::exception const&) {
    return tl::unexpected<core::Error>(current_error());
  }
}

// "file:" URI of a database that nobody writes, for SQLITE_OPEN_URI.
std::string immutable_uri(std::filesystem::path const& path);

void fsync_path(std::filesystem::path const& path);  // file or directory; SqlError with SQLITE_IOERR_FSYNC

}  // namespace greenq::store
