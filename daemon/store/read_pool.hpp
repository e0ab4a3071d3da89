// app::Reads on read-only connections: committed history, never a lock that a writer waits for, never a
// checkpoint.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <filesystem>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "app/ports.hpp"
#include "store/pricing.hpp"
#include "store/sqlite.hpp"

namespace greenq::store {

struct ReadOptions {
  std::filesystem::path database;
  Prices prices;
  int threads = 2;
  std::size_t queue_max =
      4096;                // requests beyond are answered kResourceExhausted at once, on the caller's thread
  bool immutable = false;  // a copy that nobody writes, such as readable_backup()
};

class ReadPool final : public app::Reads {
 public:
  // The writer must have opened the database before. Errors as in sqlite.hpp.
  static core::Result<std::unique_ptr<ReadPool>> open(ReadOptions options);
  // Finishes the requests that run; those that wait are answered kUnavailable on this thread.
  ~ReadPool() override;

  void get_job(core::JobId id, Done<core::Job> done) override;
  void list_jobs(app::JobQuery query, Done<std::vector<core::Job>> done) override;
  void events(std::int64_t after, core::JobId job, int limit,
              Done<std::vector<core::JobEvent>> done) override;
  void last_events(core::JobId job, int limit, Done<std::vector<core::JobEvent>> done) override;
  void footprint(core::JobId id, Done<app::JobFootprint> done) override;
  void list_footprints(app::FootprintQuery query, Done<std::vector<app::JobFootprint>> done) override;
  void aggregate(app::FootprintQuery query, std::vector<app::GroupKey> keys,
                 Done<std::vector<app::FootprintGroup>> done) override;
  // One at a time, so that short reads always find a thread.
  void savings(app::SavingsQuery query, Done<core::Savings> done) override;
  void settle(core::JobId id, Done<core::FootprintSettled> done) override;
  void provisional(core::Instant ended_after, int limit, Done<std::vector<core::JobId>> done) override;
  void forecasts(app::ForecastQuery query, Done<app::ForecastHistory> done) override;

 private:
  using Task = std::function<void(Db*)>;  // null: the pool stops

  explicit ReadPool(ReadOptions options) : options_(std::move(options)) {}
  void serve(Db& db);
  template <class T, class F>
  void ask(Done<T> const& done, F query);

  ReadOptions options_;
  std::vector<std::unique_ptr<Db>> connections_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Task> queue_;
  bool stop_ = false;
  std::atomic<bool> savings_busy_ = false;
  std::vector<std::thread> threads_;
};

// A connection that can only read: READONLY, query_only, no checkpoint on commit or close.
std::unique_ptr<Db> open_reader(std::filesystem::path const& database, bool immutable);

}  // namespace greenq::store
