// All that is known of one zone and kind: the newest reply of each feed, what was measured, the forecaster
// that learned from it, the typical day, a yearly factor; and the one curve that follows.
//
// Rungs, best first: what was measured; the forecast of the preferred feed, corrected by experience; replies
// of the next feeds; what experience says beyond its reach; the typical day; the yearly factor. Copies are
// cheap: what is large is shared and never changed.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/carbon/forecaster.hpp"
#include "core/carbon/signal.hpp"

namespace greenq::core {

// What one kind offers at a moment.
struct KindView {
  std::shared_ptr<Curve const> curve;  // null: nothing known
  SignalSource source;                 // of the best rung that covers now or the future
  Instant issued_at{};
  bool issue_time_is_receipt = true;
  bool feed_stale = false;         // see Track::stale()
  std::int64_t learned_hours = 0;  // hours of actuals that the forecaster saw; 0: none is in use
};

struct YearlyFactor {
  Intensity value;
  SignalSource source;
};

class Track {
 public:
  // Replaces the newest reply of that provider. `rank` orders feeds, 0 first.
  void put(int rank, Signal signal);
  void put_profile(Profile profile) { profile_ = std::move(profile); }
  void put_factor(YearlyFactor factor) { factor_ = std::move(factor); }
  // Goes on where an earlier process was: a stored forecaster and the actuals that came after it, ordered.
  void restore(SignalKind kind, std::string provider, Forecaster forecaster,
               std::vector<IntensityPoint> const& actuals);

  KindView view(Instant now, Span horizon) const;
  // A feed exists, but neither a newest reply nor fresh actuals reach `now`.
  bool stale(Instant now) const;
  // The best rung that anything here offers at any time; nothing when there is nothing.
  std::optional<PointState> best_state() const;

  // The forecaster in use and the feed whose figures it learns from; null: none.
  std::shared_ptr<Forecaster const> const& forecaster() const { return forecaster_; }
  std::string const& learned_from() const { return learned_from_; }
  // Its newest curve, hourly from the first hour without an actual on.
  std::vector<IntensityPoint> const& ahead() const { return *ahead_; }
  Instant measured_until() const { return past_->empty() ? Instant{} : past_->back().interval.end; }
  Instant made_at() const { return made_at_; }
  // What the record holds of it already.
  Instant told_at() const { return told_at_; }
  Hour stored_until() const { return stored_until_; }
  void note_told(Instant issued_at) { told_at_ = issued_at; }
  void note_stored(Hour next) { stored_until_ = next; }

 private:
  struct Ranked {
    int rank = 0;
    Signal signal;
    bool trusted = true;  // false: came back after it had run out, and has answered once since
  };
  using Points = std::vector<IntensityPoint>;

  void learn(int rank, Signal const& signal);
  bool teaches(int rank, Signal const& signal) const;
  void look_ahead(SignalKind kind, std::vector<IntensityPoint> const& published);

  std::vector<Ranked> replies_;                                            // ordered by rank
  std::shared_ptr<Points const> past_ = std::make_shared<Points const>();  // measured, of learned_from_
  std::shared_ptr<Points const> ahead_ = std::make_shared<Points const>();
  std::shared_ptr<Forecaster const> forecaster_;
  Instant made_at_{};
  Instant told_at_{};
  Hour stored_until_ = 0;
  std::string learned_from_;
  int learned_rank_ = 0;
  std::optional<Profile> profile_;
  std::optional<YearlyFactor> factor_;
};

}  // namespace greenq::core
