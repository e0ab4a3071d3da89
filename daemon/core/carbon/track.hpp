// All that is known of one zone and kind: the newest reply of each feed, what was measured, the forecaster
// that learned from it, the typical day, a yearly factor; and the one curve that follows.
//
// Rungs, best first: replies of feeds preferred to the one that teaches; what was measured; its forecast,
// corrected by experience; replies of the next feeds; what experience says beyond its reach; the typical day;
// the yearly factor. Copies are cheap: what is large is shared and never changed.
#pragma once

#include <map>
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
  SignalSource source;                 // of the best rung that covers now, else of one that begins later
  Instant issued_at{};
  bool issue_time_is_receipt = true;
  bool feed_stale = false;         // see Track::stale()
  std::int64_t learned_hours = 0;  // hours of actuals that the forecaster learned from; 0: none is in use
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
  // Goes on where an earlier process was: a stored forecaster and the actuals that came after it, ordered. Of
  // several feeds the preferred one that measures teaches, the others rest.
  void restore(SignalKind kind, int rank, std::string const& provider, Forecaster forecaster,
               std::vector<IntensityPoint> const& actuals);

  KindView view(Instant now, Span horizon) const;
  // A feed exists, but neither a newest reply nor fresh actuals reach `now`.
  bool stale(Instant now) const;
  // The best rung that anything here offers at any time; nothing when there is nothing.
  std::optional<PointState> best_state() const;

  // The forecaster in use and the feed whose figures it learns from; null: none.
  std::shared_ptr<Forecaster const> const& forecaster() const { return lesson_.forecaster; }
  std::string const& learned_from() const { return lesson_.provider; }
  // Its newest curve, hourly from the first hour without an actual on.
  std::vector<IntensityPoint> const& ahead() const { return *lesson_.ahead; }
  // Where the measured figures of that feed end, also while it does not teach; the epoch: none are known.
  Instant measured_until(std::string const& provider) const;
  Instant made_at() const { return lesson_.made_at; }
  // What the record holds of it already.
  Instant told_at() const { return told_at_; }
  Hour stored_until() const { return lesson_.stored_until; }
  void note_told(Instant issued_at) { told_at_ = issued_at; }
  void note_stored(Hour next) { lesson_.stored_until = next; }

 private:
  using Points = std::vector<IntensityPoint>;
  struct Ranked {
    int rank = 0;
    std::shared_ptr<Signal const> signal;
    bool trusted = true;  // false: came back after it had run out, and has answered once since
  };
  // What one feed taught. Feeds teach one at a time: figures of two have different levels and bases.
  struct Lesson {
    std::string provider{};  // empty: none
    int rank = 0;
    std::shared_ptr<Points const> past = std::make_shared<Points const>();   // measured
    std::shared_ptr<Points const> ahead = std::make_shared<Points const>();  // forecast
    std::shared_ptr<Forecaster const> forecaster{};
    Instant made_at{};
    Hour stored_until = 0;

    Instant until() const { return past->empty() ? Instant{} : past->back().interval.end; }
    void look_ahead(SignalKind kind, Points const& published);
  };
  struct Rung {
    Points points;
    Ranked const* from = nullptr;  // null: that reply is not known
  };

  void learn(int rank, Signal const& signal);
  bool may_teach(int rank, Instant measured_until) const;
  void change_to(std::string const& provider);
  std::vector<Rung> ladder(Instant now) const;

  std::vector<Ranked> replies_;  // ordered by rank
  Lesson lesson_;
  std::map<std::string, Lesson> resting_;  // of feeds that taught before, to go on from
  Instant told_at_{};
  std::optional<Profile> profile_;
  std::optional<YearlyFactor> factor_;
};

}  // namespace greenq::core
