// A simulated time of one zone in the store: every five minutes a reply with a new actual, a revision of the
// one an hour before and a forecast of three days in five-minute steps; every hour a forecast of our own;
// maintain() every hour (the daemon: every minute). No issue is dropped for its age.
//
//   bench_store [days]       365 when left out
//
// Prints the size against 1 GB for 20 zones and a year, and a query of one week against 20 ms. Exits with 1
// when a limit is missed. Replies of an hour are one commit here, so that the disk's fsync is not what is
// measured.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <future>
#include <random>

#include "store/read_pool.hpp"
#include "store/sqlite_store.hpp"
#include "tests/support/temp_dir.hpp"

namespace {

using namespace greenq;
using core::Instant;
using core::PointState;
using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;

constexpr int kZones = 20;
constexpr double kSizeLimitMb = 1000;
constexpr double kQueryLimitMs = 20;
constexpr minutes kStep{5};
Instant const kStart = std::chrono::sys_days{std::chrono::year{2025} / 1 / 1};

struct SimClock final : app::Clock {
  Instant time = kStart;
  Instant now() override { return time; }
  core::Span steady() override { return time - kStart; }
};

[[noreturn]] void give_up(core::Error const& error) {
  std::fprintf(stderr, "bench_store: %s: %s\n", error.reason.c_str(), error.message.c_str());
  std::exit(2);
}

template <class T>
T must(core::Result<T> result) {
  if (!result) give_up(result.error());
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

template <class F>
double milliseconds(F const& f) {
  auto const begin = std::chrono::steady_clock::now();
  f();
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count();
}

// Figures with a daily shape and noise in every digit, so that they pack no better than real ones.
class Grid {
 public:
  core::Signal reply(Instant now) {
    core::Signal out;
    out.source = {"GB", core::SignalKind::kMarginal, core::SignalBasis::kDirect, "feed", "a feed", ""};
    out.issued_at = out.received_at = now;
    out.points.push_back(point(now - hours{1}, kStep, PointState::kActual));
    out.points.push_back(point(now - kStep, kStep, PointState::kEstimated));
    for (int i = 0; i < 864; ++i) out.points.push_back(point(now + i * kStep, kStep, PointState::kForecast));
    return out;
  }
  core::Signal own(Instant now) {
    core::Signal out;
    out.source = {"GB", core::SignalKind::kMarginal, core::SignalBasis::kDirect, core::kOwnForecast, "", ""};
    out.issued_at = out.received_at = now;
    for (int i = 0; i < 168; ++i) {
      out.points.push_back(point(now + i * hours{1}, hours{1}, PointState::kForecast));
    }
    return out;
  }

 private:
  core::IntensityPoint point(Instant begin, core::Span length, PointState state) {
    double const hour = static_cast<double>(core::to_ms(begin) % 86'400'000) / 3.6e6;
    double const grams = 250 + 120 * std::sin(hour / 24 * 6.283185307);
    auto const noise = static_cast<std::int64_t>(chance_() % 12'000);
    return {{begin, begin + length}, {static_cast<std::int64_t>(grams * 1000) + noise}, state, std::nullopt};
  }
  std::mt19937_64 chance_{1};
};

struct Costs {
  double replies_ms = 0;   // stage() and commit() of an hour
  double maintain_ms = 0;  // one call
  double longest_maintain_ms = 0;
  int hours = 0;
  void add(double replies, double maintain) {
    replies_ms += replies;
    maintain_ms += maintain;
    longest_maintain_ms = std::max(longest_maintain_ms, maintain);
    ++hours;
  }
  void print(char const* when) const {
    if (hours == 0) return;
    std::printf("%-10s  %6.3f ms a reply, maintain %.2f ms (longest %.1f ms)\n", when,
                replies_ms / hours / 12, maintain_ms / hours, longest_maintain_ms);
  }
};

store::StoreOptions options_for(std::filesystem::path const& database, SimClock& clock, int length) {
  store::StoreOptions options;
  options.database = database;
  options.clock = &clock;
  options.new_epoch = [] { return std::string("bench"); };
  options.min_free_bytes = 0;
  options.backup_every = core::Span{0};
  options.keep_forecasts = days{length + 1};
  return options;
}

void simulate_hour(app::Store& store, Grid& grid, SimClock& clock, Costs& costs) {
  std::vector<core::Changes> replies;
  for (int i = 0; i < 12; ++i) {
    clock.time += kStep;
    core::Changes& changes = replies.emplace_back();
    changes.signals.emplace_back(0, grid.reply(clock.time));
  }
  replies.back().own_forecasts.push_back(grid.own(clock.time));
  double const put = milliseconds([&] {
    for (core::Changes const& changes : replies) must(store.stage(changes));
    must(store.commit());
  });
  double const kept = milliseconds([&] { store.maintain(clock.time); });
  costs.add(put, kept);
}

app::ForecastHistory ask(app::Reads& reads, Instant end) {
  std::promise<core::Result<app::ForecastHistory>> answer;
  app::ForecastQuery const query{"GB", core::SignalKind::kMarginal, "feed", {end - days{7}, end}};
  reads.forecasts(query,
                  [&](core::Result<app::ForecastHistory> result) { answer.set_value(std::move(result)); });
  return must(answer.get_future().get());
}

// Median of eleven.
double query_ms(app::Reads& reads, char const* what, Instant end) {
  app::ForecastHistory history;
  double const first = milliseconds([&] { history = ask(reads, end); });
  std::vector<double> times;
  for (int i = 0; i < 11; ++i) times.push_back(milliseconds([&] { history = ask(reads, end); }));
  std::sort(times.begin(), times.end());
  std::size_t points = 0;
  for (auto const& issue : history.issues) points += issue.points.size();
  std::printf("one week, %-8s  median %.1f ms, first %.1f ms: %zu issues, %zu points, %zu actuals\n", what,
              times[5], first, history.issues.size(), points, history.actuals.size());
  return times[5];
}

}  // namespace

int main(int argc, char** argv) {
  int const length = argc > 1 ? std::atoi(argv[1]) : 365;
  if (length < 1) {
    std::fprintf(stderr, "usage: bench_store [days]\n");
    return 2;
  }
  test::TempDir dir;
  SimClock clock;
  Grid grid;
  auto store = must(store::SqliteStore::open(options_for(dir.database(), clock, length)));
  Costs first;
  Costs last;
  for (int hour = 0; hour < length * 24; ++hour) {
    Costs ignored;
    bool const early = hour < length * 12 && hour < 24 * 14;
    bool const late = !early && hour >= length * 24 - 24 * 14;
    simulate_hour(*store, grid, clock, early ? first : late ? last : ignored);
  }
  store.reset();
  double const mb = static_cast<double>(std::filesystem::file_size(dir.database())) / 1e6;
  double const opened = milliseconds([&] {
    store = must(store::SqliteStore::open(options_for(dir.database(), clock, length)));
    must(store->load());
  });
  first.print("at first");
  last.print("at last");
  std::printf("open, check and load: %.0f ms\n", opened);
  auto const reads = must(store::ReadPool::open({dir.database(), {}}));
  double const newest = query_ms(*reads, "newest", clock.time);
  double const middle = query_ms(*reads, "middle", kStart + (clock.time - kStart) / 2);
  double const total = mb * kZones;
  bool const small = total < kSizeLimitMb;
  bool const quick = std::max(newest, middle) < kQueryLimitMs;
  std::printf("%d days: %.1f MB, with %d zones %.0f MB (limit %.0f MB): %s\n", length, mb, kZones, total,
              kSizeLimitMb, small ? "ok" : "TOO LARGE");
  std::printf("one-week query %.1f ms (limit %.0f ms): %s\n", std::max(newest, middle), kQueryLimitMs,
              quick ? "ok" : "TOO SLOW");
  return small && quick ? 0 : 1;
}
