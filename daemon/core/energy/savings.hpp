// What starting jobs at other times saved, beside the same submissions in a plain queue on the same capacity.
//
// Both sides use the energy that was metered; the plain side moves it to the starts of core/plan/plain_queue.
// Savings may be negative. The books are never added.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/energy/footprint.hpp"
#include "core/job.hpp"

namespace greenq::core {

struct CarbonRange {
  Carbon low;
  Carbon high;
  friend bool operator==(CarbonRange const&, CarbonRange const&) = default;
};

// Days with jobs below which no interval is given.
inline constexpr std::size_t kIntervalDays = 5;

// The 90 % interval of a total by block bootstrap: days of submission, each with all its jobs, are drawn with
// replacement, and the 5th and 95th percentile of the resampled totals taken. Nothing below kIntervalDays.
// Deterministic. It tells how far the total depends on which days happened to be in the period; not the error
// of the signal (that of marginal intensities is larger), of meters, or of the assumed capacity, and nothing
// beyond the period. Days are taken as exchangeable, so that weather over several days makes it too narrow.
// Source: Künsch, "The jackknife and the bootstrap for general stationary observations" (1989), with blocks
// of a day.
std::optional<CarbonRange> saving_interval(std::vector<Carbon> const& days);

struct SavingBook {
  SignalKind kind = SignalKind::kMarginal;
  std::optional<SignalSource> source;
  std::int64_t jobs = 0;  // summed
  Energy energy{};
  Carbon actual{};
  Carbon plain{};
  std::optional<CarbonRange> interval;  // of plain less actual
  std::int64_t provisional = 0;         // summed jobs with figures that may change
  std::int64_t unpriced = 0;            // jobs that are not summed, intensity unknown
};

struct QueueFigures {
  Span mean_wait{0};  // from submission to the first start
  Span p95_wait{0};
  Span mean_delay{0};  // from submission to the end, less the running time
  Span p95_delay{0};
  std::int64_t missed = 0;  // bounds
};

// Jobs of the filter that are not in the sums.
enum class LeftOut : std::uint8_t { kNotEnded = 1, kNeverRan = 2, kDoesNotFit = 3, kEnergyUnknown = 4 };

struct Savings {
  Interval ended;  // jobs that ended within
  SavingBook marginal;
  SavingBook average;
  EnergyTotal energy;
  std::int64_t jobs = 0;     // compared
  std::int64_t bounded = 0;  // of these, with a bound
  QueueFigures actual;
  QueueFigures plain;
  std::map<LeftOut, std::int64_t> left_out;
  std::int64_t queued = 0;  // in the plain queue
  std::size_t days = 0;     // of submission, of compared jobs
};

// A bound counts as missed beyond this: a process needs a moment to start, a modelled one does not.
inline constexpr Span kBoundTolerance{std::chrono::minutes{1}};

// How a job ran, or would have run. Pauses lie between start and end.
struct JobRun {
  Instant submitted{};
  Instant start{};
  Instant end{};
  Span length{0};  // running
};

// A bound on the start is judged by when the job would have started had it never paused.
bool missed(Bound const& bound, JobRun const& run);

// The slices as if the job had begun at `start` and never paused. `ran`: its segments in order, at least one;
// a slice goes with the last segment that begins before its middle.
std::vector<EnergySlice> moved_profile(std::vector<EnergySlice> slices, std::vector<Interval> const& ran,
                                       Instant start);

// Adds jobs up one by one.
class SavingsSum {
 public:
  struct Priced {
    Book actual;
    Book plain;
  };

  explicit SavingsSum(Interval ended);
  void leave_out(LeftOut why) { ++savings_.left_out[why]; }
  void compare(std::optional<Bound> const& bound, JobRun const& actual, JobRun const& plain);
  // Of a job that is compared; `energy` is not empty.
  void price(Instant submitted, EnergyTotal const& energy, Priced const& marginal, Priced const& average);
  Savings take(std::int64_t queued) &&;

 private:
  struct Times {
    std::vector<Span> waits;
    std::vector<Span> delays;
    std::int64_t missed = 0;
  };
  using Days = std::map<std::chrono::sys_days, Carbon>;  // savings by day of submission

  static void add(SavingBook& sum, Days& days, std::chrono::sys_days day, Priced const& priced);
  static QueueFigures figures_of(Times times);

  Savings savings_;
  Times actual_;
  Times plain_;
  Days marginal_;
  Days average_;
  std::map<std::chrono::sys_days, std::int64_t> days_;
};

}  // namespace greenq::core
