// The engine: owns State on its one thread and runs the loop of DESIGN section 1.
//
//   event -> step -> stage -> (group) commit -> apply -> publish View -> effects -> replies and watchers
//
// Commands may be given from any thread; replies and watcher callbacks run after the commit, on the core
// thread (the repeated answer to a known request_id may come on a read thread), and must not block. A failed
// commit answers every command of its group with an error, reloads State from the store and tries again
// later; running jobs are not touched.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "app/ports.hpp"
#include "core/plan/detail.hpp"
#include "core/step.hpp"

namespace greenq::app {

// What reads need without touching State. Immutable, replaced after each commit that changes it.
struct View {
  core::SiteConfig site;
  core::Capacity capacity;
  std::uint32_t cpus_used = 0;
  std::int64_t memory_used = 0;
  std::map<std::string, core::JobId> gpu_jobs;  // GPU uuid -> job
  int running_jobs = 0;
  std::map<core::JobState, std::int64_t> live_jobs;
  std::shared_ptr<core::SiteSignals const> signals =
      std::make_shared<core::SiteSignals>();  // shared: may be large
  using Zones = std::map<std::string, std::shared_ptr<core::SiteSignals const>>;
  Zones elsewhere;  // zones other than the site's
  std::string epoch;
  std::int64_t last_sequence = 0;
  bool hold_mode = false;
  std::string hold_reason;

  core::SiteSignals const* find(
      std::string const& zone) const;  // null: no feed and no typical day of it here
  // Where the measured figures of that feed end; the epoch when there are none.
  core::Instant measured_until(core::SignalSource const& feed) const;
};

struct Submission {
  core::Principal owner;
  std::vector<core::JobSpec> specs;
  std::string request_id{};  // empty: none
  std::string request_hash{};
};

struct Explanation {
  core::Job job;
  std::vector<core::HoldReason> reasons;
  std::optional<core::PlanDetail> plan;
  core::QueuePlace place;
};

// A feed of the configuration; its place in the list is its rank.
struct ConfiguredFeed {
  std::string zone;
  std::string provider;
  core::SignalKind kind = core::SignalKind::kMarginal;
};

struct EngineParts {
  Clock* clock = nullptr;
  Store* store = nullptr;
  Runner* runner = nullptr;
  Meter* meter = nullptr;
  Reads* reads = nullptr;
  core::SiteConfig site;
  core::PlanRules rules;
  core::EnergyModel model;
  core::JobId first_job = 1;  // ids below may have been given out by a ledger that was lost
  core::Span stop_grace{std::chrono::seconds{10}};
  std::vector<core::Profile> profiles;
  std::vector<core::YearlyFactor> factors;  // of the site's zone
  std::vector<ConfiguredFeed> feeds;        // stored figures of others decide nothing any more
  // Chance as an argument: a fresh UUIDv7 for that moment.
  std::function<std::string(core::Instant)> new_uid;
  // Runs a plan elsewhere and hands the result back; tests run it inline.
  std::function<void(std::function<void()>)> run_on_planner;
  std::size_t group_max = 256;      // events per commit
  std::string hold_reason{};        // not empty: serve reads, but release and accept nothing
  std::size_t inbox_max = 100'000;  // commands beyond are refused with kResourceExhausted
};

class Engine final : public Inbox {
 public:
  template <class T>
  using Done = std::function<void(core::Result<T>)>;
  using Watcher = std::function<void(std::span<core::JobEvent const>)>;

  explicit Engine(EngineParts parts);
  ~Engine() override;
  Engine(Engine const&) = delete;
  Engine& operator=(Engine const&) = delete;

  // Loads, recovers and serves until stop(). Call on the thread that becomes the core thread.
  // kFailedPrecondition and the like when the store cannot be opened.
  core::Result<void> load();
  void run();
  void stop();  // any thread
  // One turn of the loop without waiting: all queued events, then due timers. For tests and the simulator.
  void turn();
  // When the next turn is due by the timer; nothing when only events can wake it.
  std::optional<core::Instant> next_wake() const;

  // Any thread from here on.
  void post(core::Event event) override;
  // submit() and preview(): the caller has asked Runner::refuse_owner() and check() on a thread that may wait
  // for a directory service or a file system.
  void submit(Submission submission, Done<std::vector<core::Job>> const& done);
  void cancel(core::CancelJob command, Done<core::Job> const& done);
  void hold(core::HoldJob command, Done<core::Job> const& done);
  void release(core::ReleaseJob command, Done<core::Job> const& done);
  void explain(core::JobId job,
               Done<Explanation> const& done);  // kNotFound for ended jobs: read them from Reads
  // Validates and plans without storing; the job comes back with id 0.
  void preview(Submission submission, Done<std::vector<Explanation>> const& done);
  // Events after the commit that made them, in sequence. Returns a handle for unwatch().
  int watch(Watcher watcher);
  void unwatch(int handle);
  std::shared_ptr<View const> view() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace greenq::app
