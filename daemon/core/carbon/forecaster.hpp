// The curve ahead for one zone and kind, from the actuals so far and the newest published forecast.
//
// Two linear stages per lead hour, learned online on top of start weights: history alone, then the published
// forecast's difference from it split into hour shape, day level and level. Method, constants and measured
// skill: reference "forecasting". Pure: the same calls in the same order give the same figures. Not
// thread-safe. About 0.1 ms per hour observed, under 2 ms per forecast, 0.6 MB per instance.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/carbon/hour_series.hpp"
#include "core/carbon/lead_ridge.hpp"
#include "core/carbon/residuals.hpp"
#include "core/carbon/signal.hpp"

namespace greenq::core {

struct HourForecast {
  double value = 0;          // g/kWh
  std::optional<Band> band;  // nothing: too little evidence
};

class Forecaster {
 public:
  static constexpr int kHorizon = 24 * 8;

  // `kind`: whose start weights it learns on top of.
  explicit Forecaster(SignalKind kind = SignalKind::kAverage);
  bool empty() const { return series_.empty(); }
  Hour first() const { return series_.first(); }
  Hour next() const { return series_.next(); }    // lead 0
  Hour known() const { return series_.known(); }  // hours that it learned from
  double actual(Hour hour) const { return series_.at(hour); }
  // Means of hours that are over, ordered. Those from next() on are learned from; older ones correct the
  // record. Hours before 1 are ignored.
  void observe(std::vector<std::pair<Hour, double>> const& values);
  // The newest issue; what a forecast made from now on stands on.
  void publish(HourlyIssue issue);
  // kHorizon hours from next() on; empty while nothing was observed.
  std::vector<HourForecast> forecast() const;
  // What it learned, to be stored; read() gives nothing for bytes of another version or damaged ones.
  std::string dump() const;
  static std::optional<Forecaster> read(std::string_view bytes);

 private:
  static constexpr std::size_t kHistory = 9;
  static constexpr std::size_t kPublished = 5;
  using HistoryRidge = LeadRidge<kHistory>;
  using PublishedRidge = LeadRidge<kPublished>;

  // What was said at an origin, kept until its last target is known.
  struct Said {
    Hour origin = -1;
    bool published = false;
    std::array<float, kLeads> history{};
    std::array<float, kLeads> value{};
    std::array<PublishedRidge::Vector, kLeads> features{};
    std::array<std::optional<Band>, kLeads> bands{};  // of judged leads only
  };
  // Differences of the published forecast from history, for one origin.
  struct Difference {
    std::vector<double> hours;       // 0 where the issue says nothing
    std::array<double, 60> level{};  // mean over the 24 leads around
    double mean = 0;
  };

  HistoryRidge::Vector history_features(Hour origin, int lead) const;
  double history(Hour origin, int lead) const;
  std::optional<double> published(Hour hour) const;
  bool has_published(Hour origin) const;
  Difference difference(std::vector<double> const& history) const;
  PublishedRidge::Vector published_features(Difference const& difference, int lead) const;
  double usual_error(Hour hour) const;
  void advance(Hour hour, double value);
  void learn(Hour target, double value);
  void say();
  template <class Archive>
  void fields(Archive& archive);

  SignalKind kind_;
  HourSeries series_;
  HistoryRidge history_ridge_;
  PublishedRidge published_ridge_;
  Residuals residuals_;
  HourlyIssue issue_;  // without values: none
  bool ever_published_ = false;
  std::vector<float> issue_error_;  // by hour; NaN: unknown
  std::vector<Said> said_;          // by origin
};

}  // namespace greenq::core
