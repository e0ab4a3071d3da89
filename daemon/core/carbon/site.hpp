// The signals of one site: newest reply of each feed, shipped profiles, and the curve that decides.
//
// Rungs, best first: points of the preferred feed, points of the next feed of the same kind, the typical day.
// Kinds are never mixed: marginal and average each have their own curve.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/carbon/signal.hpp"
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

// What one kind offers at a moment.
struct KindView {
  std::shared_ptr<Curve const> curve;  // null: nothing known
  SignalSource source;                 // of the best rung that covers now or the future
  Instant issued_at{};
  bool issue_time_is_receipt = true;
  bool feed_stale = false;  // a feed exists but its newest reply no longer covers now
};

class SiteSignals {
 public:
  // Replaces the newest reply of that (provider, zone, kind). `rank` orders feeds of one kind, 0 first.
  void put(int rank, Signal signal);
  void put_profile(Profile profile);
  KindView view(SignalKind kind, Instant now, Span horizon) const;
  // The best rung that any reply or profile of that kind offers at any time; nothing when there is none.
  std::optional<PointState> best_state(SignalKind kind) const;
  bool has(SignalKind kind) const;

 private:
  struct Ranked {
    int rank = 0;
    Signal signal;
  };
  std::map<SignalKind, std::vector<Ranked>> latest_;  // ordered by rank
  std::map<SignalKind, Profile> profiles_;
};

// Which curve decides for a job, or why it is not shifted.
struct Decision {
  std::optional<SignalKind> kind;
  std::string not_shifted_reason;  // empty when kind is set
};
Decision decide(SiteConfig const& site, SiteSignals const& signals, CarbonPolicy const& policy);

}  // namespace greenq::core
