#include "store/read_pool.hpp"

#include "store/queries.hpp"
#include "store/rows.hpp"
#include "store/savings.hpp"
#include "store/signals.hpp"

namespace greenq::store {
namespace {

tl::unexpected<core::Error> no_job(core::JobId id) {
  return core::fail(
      core::ErrorCode::kNotFound, "JOB_NOT_FOUND",
      "Job " + std::to_string(id) + " does not exist; `greenq ls --all` lists the jobs there are.");
}

// One snapshot for all statements of f.
template <class T, class F>
core::Result<T> in_snapshot(Db& db, F const& f) {
  try {
    Transaction snapshot(db, "BEGIN");
    core::Result<T> result = f(db);
    snapshot.commit();
    return result;
  } catch (std::exception const&) {
    return tl::unexpected<core::Error>(current_error());
  }
}

}  // namespace

std::unique_ptr<Db> open_reader(std::filesystem::path const& database, bool immutable) {
  std::unique_ptr<Db> db =
      immutable ? std::make_unique<Db>(immutable_uri(database), SQLITE_OPEN_READONLY | SQLITE_OPEN_URI)
                : std::make_unique<Db>(database.string(), SQLITE_OPEN_READONLY);
  sqlite3_db_config(db->handle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  sqlite3_busy_timeout(db->handle(), 1000);
  harden(*db);
  db->run("PRAGMA query_only = 1; PRAGMA wal_autocheckpoint = 0;");
  return db;
}

core::Result<std::unique_ptr<ReadPool>> ReadPool::open(ReadOptions options) {
  std::unique_ptr<ReadPool> pool(new ReadPool(std::move(options)));
  auto opened = guard([&] {
    for (int i = 0; i < pool->options_.threads; ++i) {
      pool->connections_.push_back(open_reader(pool->options_.database, pool->options_.immutable));
      pool->connections_.back()->integer("SELECT count(*) FROM meta");
    }
  });
  if (!opened) return tl::unexpected(opened.error());
  for (auto const& db : pool->connections_)
    pool->threads_.emplace_back([raw = pool.get(), &db] { raw->serve(*db); });
  return pool;
}

ReadPool::~ReadPool() {
  {
    std::lock_guard const lock(mutex_);
    stop_ = true;
  }
  wake_.notify_all();
  for (std::thread& thread : threads_) thread.join();
  for (Task const& task : queue_) task(nullptr);
}

void ReadPool::serve(Db& db) {
  for (;;) {
    Task task;
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [this] { return stop_ || !queue_.empty(); });
      if (stop_) return;
      task = std::move(queue_.front());
      queue_.pop_front();
    }
    task(&db);
  }
}

template <class T, class F>
void ReadPool::ask(Done<T> const& done, F query) {
  bool full = false;
  {
    std::lock_guard const lock(mutex_);
    full = queue_.size() >= options_.queue_max;
    if (!full) {
      queue_.emplace_back([done, query = std::move(query)](Db* db) {
        if (db == nullptr) {
          done(core::fail(core::ErrorCode::kUnavailable, "STOPPING",
                          "greenqd is stopping; try again in a moment."));
        } else {
          done(in_snapshot<T>(*db, query));
        }
      });
    }
  }
  if (full) {
    done(core::fail(core::ErrorCode::kResourceExhausted, "TOO_MANY_READS",
                    "Too many requests are waiting for the job database; try again in a moment."));
    return;
  }
  wake_.notify_one();
}

void ReadPool::get_job(core::JobId id, Done<core::Job> done) {
  ask<core::Job>(done, [id](Db& db) -> core::Result<core::Job> {
    if (auto job = find_job(db, id)) return std::move(*job);
    return no_job(id);
  });
}

void ReadPool::list_jobs(app::JobQuery query, Done<std::vector<core::Job>> done) {
  ask<std::vector<core::Job>>(done,
                              [query = std::move(query)](Db& db) -> core::Result<std::vector<core::Job>> {
                                return store::list_jobs(db, query);
                              });
}

void ReadPool::events(std::int64_t after, core::JobId job, int limit,
                      Done<std::vector<core::JobEvent>> done) {
  ask<std::vector<core::JobEvent>>(
      done, [after, job, limit](Db& db) { return events_after(db, after, job, limit); });
}

void ReadPool::last_events(core::JobId job, int limit, Done<std::vector<core::JobEvent>> done) {
  ask<std::vector<core::JobEvent>>(done, [job, limit](Db& db) -> core::Result<std::vector<core::JobEvent>> {
    return store::last_events(db, job, limit);
  });
}

void ReadPool::footprint(core::JobId id, Done<app::JobFootprint> done) {
  ask<app::JobFootprint>(done, [this, id](Db& db) -> core::Result<app::JobFootprint> {
    auto job = find_job(db, id);
    if (!job) return no_job(id);
    core::Footprint footprint = price_job(db, options_.prices, *job);
    bool const final = is_final(db, *job, footprint);
    return app::JobFootprint{std::move(*job), std::move(footprint), final};
  });
}

void ReadPool::list_footprints(app::FootprintQuery query, Done<std::vector<app::JobFootprint>> done) {
  ask<std::vector<app::JobFootprint>>(
      done, [query = std::move(query)](Db& db) -> core::Result<std::vector<app::JobFootprint>> {
        return store::list_footprints(db, query);
      });
}

void ReadPool::aggregate(app::FootprintQuery query, std::vector<app::GroupKey> keys,
                         Done<std::vector<app::FootprintGroup>> done) {
  ask<std::vector<app::FootprintGroup>>(done, [query = std::move(query), keys = std::move(keys)](Db& db) {
    return store::aggregate(db, query, keys);
  });
}

void ReadPool::savings(app::SavingsQuery query, Done<core::Savings> done) {
  if (savings_busy_.exchange(true)) {
    return done(core::fail(core::ErrorCode::kResourceExhausted, "SAVINGS_BUSY",
                           "Savings are being worked out for somebody already; try again in a moment."));
  }
  Done<core::Savings> const finish = [this, done = std::move(done)](core::Result<core::Savings> result) {
    savings_busy_ = false;
    done(std::move(result));
  };
  ask<core::Savings>(finish, [this, query = std::move(query)](Db& db) {
    return store::savings(db, options_.prices, query);
  });
}

void ReadPool::settle(core::JobId id, Done<core::FootprintSettled> done) {
  ask<core::FootprintSettled>(done, [this, id](Db& db) -> core::Result<core::FootprintSettled> {
    auto job = find_job(db, id);
    if (!job) return no_job(id);
    return core::FootprintSettled{id, job->spec->project, price_job(db, options_.prices, *job)};
  });
}

void ReadPool::provisional(core::Instant ended_after, int limit, Done<std::vector<core::JobId>> done) {
  ask<std::vector<core::JobId>>(done, [ended_after, limit](Db& db) -> core::Result<std::vector<core::JobId>> {
    return store::provisional(db, ended_after, limit);
  });
}

void ReadPool::forecasts(app::ForecastQuery query, Done<app::ForecastHistory> done) {
  ask<app::ForecastHistory>(done, [query = std::move(query)](Db& db) { return store::forecasts(db, query); });
}

}  // namespace greenq::store
