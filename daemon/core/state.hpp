// What the core knows: live jobs only. Ended jobs are in the store; memory and planning cost do not grow with
// history.
#pragma once

#include <map>
#include <set>

#include "core/effect.hpp"
#include "core/energy/open_interval.hpp"
#include "core/event.hpp"
#include "core/plan/rules.hpp"
#include "core/run_lengths.hpp"

namespace greenq::core {

// Metering progress of one segment; lives until its journal was read to the end.
struct SegmentMeter {
  SegmentId segment;
  std::string project;
  MeteredJob job;
  std::int64_t offset = 0;
  OpenInterval interval;
  bool ended = false;
};

struct State {
  // Durable part, loaded from the store.
  JobId next_job = 1;
  std::int64_t next_sequence = 1;
  std::map<JobId, Job> jobs;
  std::map<SegmentId, SegmentMeter> meters;
  RunBook runs;

  // Configuration and observations, rebuilt at start.
  SiteConfig site;
  PlanRules rules;
  Capacity capacity;
  EnergyModel model;
  Span stop_grace{std::chrono::seconds{10}};     // between SIGTERM and SIGKILL
  SiteSignals signals;                           // of the site's zone
  std::map<std::string, SiteSignals> elsewhere;  // of other zones that feeds are configured for

  // Derived from jobs by apply(), so that a step looks only at what can change.
  std::set<std::pair<JobId, JobId>> dependents;  // (job, live job that waits for it)
  std::set<JobId> alive;                         // hold resources
  std::set<std::pair<Instant, JobId>> timers;    // next moment at which the clock alone moves a job
};

// The next moment at which the clock alone may move this job; nothing if only events can.
std::optional<Instant> next_timer(Job const& job);

// Rows of the ledger that a step adds or replaces. Applied to State and to the store alike.
struct StoredRequest {
  std::uint32_t owner_uid = 0;
  std::string request_id;
  std::string request_hash;
  std::vector<JobId> jobs;
  Instant at{};
};

struct SettledFootprint {
  JobId job = 0;
  Footprint footprint;
};

// What the forecaster of a zone and kind had learned from one feed before hour `next`. Can be lost: it learns
// again.
struct StoredForecaster {
  std::string zone;
  SignalKind kind = SignalKind::kMarginal;
  std::string provider;  // whose figures it learned from
  Hour next = 0;
  std::string bytes;
};

struct Changes {
  std::vector<Job> jobs;         // values after the change; terminal ones leave State
  std::vector<JobEvent> events;  // in sequence
  std::vector<EnergySlice> slices;
  std::vector<SegmentMeter> meters;    // put
  std::vector<SegmentId> meters_done;  // removed
  std::vector<StoredRequest> requests;
  std::vector<std::pair<int, Signal>> signals;  // rank, reply
  std::vector<StoredForecaster> forecasters;    // replaces the one of that zone, kind and provider
  std::vector<Signal> own_forecasts;            // issues of provider kOwnForecast, for the record
  std::vector<SettledFootprint> footprints;
  std::vector<RunLengths> runs;  // each replaces the one of its key

  bool empty() const;
};

inline constexpr char kOwnForecast[] = "greenq";

// The signals of a zone, the site's or another's; made when they are new.
SiteSignals& signals_of(State& state, std::string const& zone);
SiteSignals const* find_signals(State const& state, std::string const& zone);

void apply(State& state, Changes const& changes);
// What a new job of that owner is expected to take; nothing where too few like it have run.
std::optional<LearnedDuration> learned_duration(State const& state, Principal const& owner,
                                                JobSpec const& spec);
// Fills the derived part after a load.
void derive(State& state);

// What alive jobs hold.
struct Usage {
  std::uint32_t cpus = 0;
  std::int64_t memory_bytes = 0;
  std::set<std::string> gpu_uuids;
};
Usage usage(State const& state);

}  // namespace greenq::core
