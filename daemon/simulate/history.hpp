// From the daemon's own history to an instance. Pure; who reads the ledger is told by HistorySource.
//
// Unit: GPUs of any model where the cluster has some, else CPU cores. A job holds so many of them for the
// running time of all its attempts, and draws its metered energy, PUE counted, evenly over that time. It
// comes when it was submitted or could run at last (not_before, jobs it waited for), on the slots of the
// planner. It is to end by its latest start, as the daemon computes it, and its running time; one that asked
// not to shift, unless slack is given, by its end under FCFS + EASY. Both get up to two slots more, as
// policies decide on slots. The intensity is that of the feed that ranks best among those that measured in
// the window; gaps: see figures.hpp.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "core/carbon/site.hpp"
#include "core/history.hpp"
#include "core/result.hpp"
#include "sim/instance.hpp"
#include "sim/schedule.hpp"

namespace greenq::simulate {

struct HistoryRequest {
  std::string config;     // empty: the usual places
  std::string state_dir;  // empty: the usual one
  core::Interval window;  // of submissions
  bool jobs = true;       // false: they come from a file
  bool signals = true;
};

struct Ledger {
  std::string database;
  core::History history;
  core::SiteSignalChoice signal = core::SiteSignalChoice::kNone;
  std::int64_t pue_milli = 1000;
  std::uint32_t gpus = 0;  // of this machine, as greenqd counts them: the ledger does not keep them
  std::uint32_t cpus = 1;
  std::string cpus_from = "this machine";
};

// Where `--history` comes from; without `read` this program has none.
struct HistorySource {
  std::function<core::Result<Ledger>(HistoryRequest const&)> read{};
  core::Instant now{};
};

// What the report says of it.
struct HistoryFacts {
  std::string database;
  std::string zone;
  core::Interval window;
  std::string capacity_from;                    // "--gpus", "this machine", ...
  std::string intensity_from;                   // the feed, or the file
  bool own_jobs = false;                        // they are the ledger's: own power, own bounds
  core::Power mean_power{};                     // of a unit that a job of the ledger holds
  std::map<std::string, std::size_t> left_out;  // jobs by reason
  core::Span priced{0};                         // stored intensity from the first figure in the window on;
  core::Span bridged{0};                        // of that by straight lines,
  core::Span borrowed{0};                       // and from another day
  std::vector<std::string> notes;               // sentences
  sim::Schedule recorded;                       // of own jobs: as they ran
};

// "; 3 never ran; 1 without metered energy"; empty when none was.
std::string left_out_text(HistoryFacts const& facts);

struct Capacity {
  std::string unit;
  std::uint32_t size = 0;
  std::string from;
};

// Zero: not given.
core::Result<Capacity> capacity_of(Ledger const& ledger, std::uint32_t gpus, std::uint32_t cpus);

// Sets kind, truth, history and issues, and the other kind where it covers most of the time. `kind`: nothing
// is the site's choice, marginal before average where it has none. kFailedPrecondition NO_SIGNALS: says what
// there is.
core::Result<void> take_signals(Ledger const& ledger, core::Interval window,
                                std::optional<core::SignalKind> kind, sim::Instance& instance,
                                HistoryFacts& facts);

// Sets jobs, power and step of an instance with its truth, capacity and slack, which is that of jobs that
// asked not to shift. kFailedPrecondition NO_JOBS: says why none can be taken.
core::Result<void> take_past_jobs(Ledger const& ledger, core::Interval window, sim::Instance& instance,
                                  HistoryFacts& facts);

// Gives those jobs the later of submit + duration + slack of the instance and their end under FCFS + EASY.
void set_deadlines(sim::Instance& instance, std::vector<core::JobId> const& of);

}  // namespace greenq::simulate
