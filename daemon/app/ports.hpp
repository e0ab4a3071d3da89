// The daemon's ports: what the engine needs from the outside. Each has a fake in tests/support.
//
// Threads: unless said otherwise a port is called on the core thread and must not block longer than its own
// I/O needs; results come back through Inbox, from any thread.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/effect.hpp"
#include "core/energy/savings.hpp"
#include "core/event.hpp"
#include "core/result.hpp"
#include "core/state.hpp"

namespace greenq::app {

// Two clocks: wall time for people and pricing, steady time for waits.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual core::Instant now() = 0;
  virtual core::Span steady() = 0;
};

// Where adapters put what happened. Thread-safe; never blocks.
class Inbox {
 public:
  virtual ~Inbox() = default;
  virtual void post(core::Event event) = 0;
};

// Recovered at start.
struct Loaded {
  core::State state;                                  // durable part only
  std::string epoch;                                  // identity of this store; part of resume tokens
  std::vector<core::JobId> unsettled;                 // ended jobs without a settled footprint
  std::vector<std::pair<int, core::Signal>> signals;  // newest stored replies, so that a dead feed is bridged
  struct Experience {
    core::StoredForecaster forecaster;  // without bytes: none was stored yet
    std::vector<core::IntensityPoint>
        actuals;  // measured after it, or in its last 72 h; newest revisions, ordered
  };
  // Of each feed that measured in a zone and kind, configured still or not. Without bytes, or with such as
  // cannot be read, 63 days of actuals.
  std::vector<Experience> experience;
};

// The ledger. One writer; all calls on the core thread. After an error the open transaction is rolled back
// and the caller must load() again before it goes on.
class Store {
 public:
  virtual ~Store() = default;
  virtual core::Result<Loaded> load() = 0;
  // Stages changes in the open transaction (opened on demand).
  virtual core::Result<void> stage(core::Changes const& changes) = 0;
  // Makes what was staged durable. Nothing is acknowledged before this returned.
  virtual core::Result<void> commit() = 0;
  virtual void rollback() = 0;
  // Sees staged rows. The stored answer for (uid, request_id) of the last 24 h.
  virtual core::Result<std::optional<core::StoredRequest>> find_request(std::uint32_t uid,
                                                                        std::string const& request_id) = 0;
  struct FoundJob {
    core::JobId id = 0;
    core::JobState state = core::JobState::kQueued;
    bool started = false;
  };
  // That owner's job of that id in the project, else the newest of that name. Sees staged rows.
  virtual core::Result<std::optional<FoundJob>> find_job(std::string const& project, std::uint32_t uid,
                                                         std::string const& id_or_name) = 0;
  // Housekeeping on the writer connection (checkpoint, retention). Called at most once a minute,
  // idle or not: it must be short.
  virtual void maintain(core::Instant now) = 0;
  // Why no new work may be accepted (disk full, WAL too large); empty when all is well.
  virtual std::string refuse_reason() = 0;
};

inline constexpr int kReadMax = 1000;  // jobs or footprints in one answer

struct JobQuery {
  std::string project;                 // empty: all
  std::string owner;                   // empty: all
  std::string name;                    // empty: all
  std::vector<core::JobState> states;  // empty: all
  std::optional<core::Instant> submitted_after;
  core::JobId before_id = 0;  // keyset: only smaller ids; 0 starts at the newest
  int limit = 50;             // above kReadMax: kReadMax
};

struct FootprintQuery {
  std::string project;
  std::string owner;
  std::optional<core::Instant> ended_after;
  std::optional<core::Instant> ended_before;
  core::JobId before_id = 0;
  int limit = 50;  // above kReadMax: kReadMax
};

enum class GroupKey { kUser, kProject, kDay, kName };

struct JobFootprint {
  core::Job job;
  core::Footprint footprint;
  bool final = false;
};

struct FootprintGroup {
  std::vector<std::string> keys;
  std::int64_t jobs = 0;
  core::Footprint footprint;
};

// Filters what is summed; all jobs compete in the plain queue.
struct SavingsQuery {
  std::string project;
  std::string owner;
  core::Interval ended;     // jobs that ended within
  core::Capacity capacity;  // of the plain queue
  core::Instant now{};
};
inline constexpr core::Span kSavingsPeriodMax{std::chrono::hours{24 * 366}};

struct ForecastQuery {
  std::string zone;
  core::SignalKind kind = core::SignalKind::kMarginal;
  std::string provider;
  core::Interval window;  // of issued_at, and of the beginnings of the actuals up to 10 days after its end
  bool actuals = true;    // false: they are not wanted
};

// What a source said would be, and what came.
struct ForecastHistory {
  struct Issue {
    core::Instant issued_at{};
    std::vector<core::IntensityPoint> points;
  };
  std::vector<Issue> issues;  // the first of each clock hour, ordered
  // Newest revisions, of the best-ranked feed (not kOwnForecast) of that zone and kind that has any there.
  std::vector<core::IntensityPoint> actuals;
};
inline constexpr core::Span kForecastWindowMax{std::chrono::hours{24 * 400}};
inline constexpr core::Span kForecastReach{std::chrono::hours{24 * 10}};

// Committed history, read on read-only connections. Thread-safe. Each callback runs once and must be short:
// on a read thread; or, refused, inside the call when too many reads wait (kResourceExhausted:
// TOO_MANY_READS), so hold no lock that it takes; or on the thread that destroys the reads (kUnavailable:
// STOPPING).
class Reads {
 public:
  virtual ~Reads() = default;
  template <class T>
  using Done = std::function<void(core::Result<T>)>;
  virtual void get_job(core::JobId id, Done<core::Job> done) = 0;                 // kNotFound: JOB_NOT_FOUND
  virtual void list_jobs(JobQuery query, Done<std::vector<core::Job>> done) = 0;  // newest first
  // Oldest first, sequence > after; all jobs when job == 0. kOutOfRange: RESUME_TOKEN_EXPIRED.
  virtual void events(std::int64_t after, core::JobId job, int limit,
                      Done<std::vector<core::JobEvent>> done) = 0;
  virtual void last_events(core::JobId job, int limit,
                           Done<std::vector<core::JobEvent>> done) = 0;  // oldest first
  // Priced now from slices and the newest figures.
  virtual void footprint(core::JobId id, Done<JobFootprint> done) = 0;
  virtual void list_footprints(FootprintQuery query, Done<std::vector<JobFootprint>> done) = 0;
  // Ordered by keys.
  virtual void aggregate(FootprintQuery query, std::vector<GroupKey> keys,
                         Done<std::vector<FootprintGroup>> done) = 0;
  // Priced now. kInvalidArgument: PERIOD_TOO_LONG beyond kSavingsPeriodMax, TOO_MANY_JOBS. One at a time:
  // kResourceExhausted SAVINGS_BUSY.
  virtual void savings(SavingsQuery query, Done<core::Savings> done) = 0;
  // Prices an ended job for the SettleFootprint effect; the answer goes to the inbox as it is.
  virtual void settle(core::JobId id, Done<core::FootprintSettled> done) = 0;
  // Ended jobs whose stored footprint still rests on figures that may be replaced, longest ended first.
  virtual void provisional(core::Instant ended_after, int limit, Done<std::vector<core::JobId>> done) = 0;
  // kInvalidArgument: WINDOW_TOO_LONG beyond kForecastWindowMax.
  virtual void forecasts(ForecastQuery query, Done<ForecastHistory> done) = 0;
};

// Starts, stops and finds running segments. Calls on the core thread, none blocks on a job; SegmentStarted
// and SegmentEnded come back through the Inbox, the latter exactly once for every started or adopted segment
// (again after another adopt()).
class Runner {
 public:
  virtual ~Runner() = default;
  virtual core::Capacity capacity() = 0;
  virtual void start(core::Launch const& launch) = 0;
  virtual void adopt(core::Launch const& launch) = 0;
  virtual void stop(core::SegmentId segment, core::StopKind kind) = 0;
  // May this user run jobs here at all? Empty means yes, else why not and what to do. Any thread; may ask the
  // user database.
  virtual std::string refuse_owner(core::Principal const& owner) = 0;
  // Does the working directory exist for the owner, and so on. Called on any thread, may touch the file
  // system.
  virtual std::vector<core::FieldError> check(core::JobSpec const& spec, core::Principal const& owner) = 0;
};

// Reads energy journals of run directories on the meter thread.
class Meter {
 public:
  virtual ~Meter() = default;
  virtual void watch(core::SegmentId segment, std::int64_t offset) = 0;
  virtual void drain(core::SegmentId segment, std::int64_t offset) = 0;
  struct Sensor {
    std::string name;
    bool available = false;
    std::string detail;
  };
  virtual std::vector<Sensor> sensors() = 0;  // any thread
};

enum class FeedHealth { kNever, kFresh, kStale, kDead };

struct FeedStatus {
  core::SignalSource source;
  FeedHealth health = FeedHealth::kNever;
  std::optional<core::Instant> last_success;
  std::optional<core::Instant> next_poll;
  std::string last_error;
  std::int64_t polls = 0;     // since the start; each may take several requests
  std::int64_t accepted = 0;  // of these
  std::int64_t rejected = 0;
  bool given_up = false;  // not asked again until the configuration changes
};

// A source of intensity figures. start() begins polling on the feed's own thread of control (the io thread);
// accepted replies go to the Inbox as SignalReceived.
class Feed {
 public:
  virtual ~Feed() = default;
  virtual void start() = 0;
  virtual void stop() = 0;
  virtual FeedStatus status() = 0;  // any thread
};

// Output of jobs. Any thread.
class Logs {
 public:
  virtual ~Logs() = default;
  enum class Stream { kStdout, kStderr };
  struct Chunk {
    std::int64_t offset = 0;
    std::string data;  // at most max_bytes
  };
  // Bytes from `offset` on (negative: from the end), over the launches of one attempt in order. Empty data:
  // nothing more at the moment. kNotFound when the attempt has no output directory.
  virtual core::Result<Chunk> read(core::JobId job, core::AttemptNo attempt, Stream stream,
                                   std::int64_t offset, std::size_t max_bytes) = 0;
};

}  // namespace greenq::app
