// The signals of one zone and the curve that decides. Kinds are never mixed: each has its own track.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/carbon/track.hpp"
#include "core/job.hpp"

namespace greenq::core {

// The operator's explicit choice. kMarginal where a zone has no marginal signal means: not shifted.
enum class SiteSignalChoice : std::uint8_t { kMarginal = 1, kAverage = 2, kNone = 3 };

struct SiteConfig {
  std::string zone;  // empty: not set
  SiteSignalChoice signal = SiteSignalChoice::kMarginal;
  std::int64_t pue_milli = 1000;
  bool pue_set = false;
  Span default_max_delay{std::chrono::hours{24}};
  Span max_time_limit{std::chrono::hours{24 * 7}};
  Span horizon{std::chrono::hours{24 * 7}};  // planning horizon
};

// One zone: a track for each kind.
class SiteSignals {
 public:
  // Replaces the newest reply of that (provider, kind). `rank` orders feeds of one kind, 0 first.
  void put(int rank, Signal signal);
  void put_profile(Profile profile);
  void put_factor(YearlyFactor factor);
  void restore(SignalKind kind, int rank, std::string const& provider, Forecaster forecaster,
               std::vector<IntensityPoint> const& actuals);
  void note_told(SignalKind kind, Instant issued_at) { tracks_[kind].note_told(issued_at); }
  void note_stored(SignalKind kind, Hour next) { tracks_[kind].note_stored(next); }
  KindView view(SignalKind kind, Instant now, Span horizon) const;
  // The best rung that any reply or profile of that kind offers at any time; nothing when there is none.
  std::optional<PointState> best_state(SignalKind kind) const;
  bool has(SignalKind kind) const;
  Track const* track(SignalKind kind) const;  // null: nothing of that kind

 private:
  std::map<SignalKind, Track> tracks_;
};

// Which curve decides for a job, or why it is not shifted.
struct Decision {
  std::optional<SignalKind> kind;
  std::string not_shifted_reason;  // empty when kind is set
};
Decision decide(SiteConfig const& site, SiteSignals const& signals, CarbonPolicy const& policy);

}  // namespace greenq::core
