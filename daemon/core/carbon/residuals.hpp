// What past forecasts got wrong, and the band that follows from it.
//
// The band is the mean of two empirical quantiles of the residuals of a lead: the last 28 days, and this hour
// of day (with its neighbours) over 56 days; then stretched for each hour of day so that four of five actuals
// fell inside.
#pragma once

#include <array>
#include <optional>
#include <vector>

#include "core/carbon/hour_series.hpp"
#include "core/carbon/lead_ridge.hpp"

namespace greenq::core {

struct Band {
  double below = 0;  // 10th percentile minus forecast, usually negative
  double above = 0;  // 90th percentile minus forecast
};

class Residuals {
 public:
  Residuals();
  // actual - forecast of `target` made `lead` hours before it. Targets come in order, leads in any.
  void add(Hour target, int lead, double residual);
  // Nothing until there is enough evidence. Leads past the last known one count as that one.
  std::optional<Band> band(Hour target, int lead) const;
  // Of all leads from `first` on, lead k for target first + k.
  std::vector<std::optional<Band>> bands(Hour first, int count) const;
  // Learns from how a band that was given held.
  void judge(Hour target, Band given, double residual);
  template <class Archive>
  void fields(Archive& archive) {
    archive(newest_, values_, stretch_below_, stretch_above_);
  }
  bool sound() const { return values_.size() == static_cast<std::size_t>(kRing) * kLeads; }

 private:
  static constexpr Hour kDays = 56;
  static constexpr Hour kRing = kDays * 24;
  static constexpr Hour kRecent = Hour{28} * 24;
  struct Quantiles {
    double low = 0;
    double high = 0;
  };

  static std::size_t place(Hour hour, int lead) {
    return static_cast<std::size_t>(lead) * static_cast<std::size_t>(kRing) +
           static_cast<std::size_t>(hour % kRing);
  }
  std::optional<Quantiles> recent(int lead) const;
  std::optional<Quantiles> around(Hour target, int lead) const;
  Band stretched(Hour target, Quantiles recent, Quantiles hour) const;

  Hour newest_ = -1;
  std::vector<float> values_;  // by lead, then hour; NaN: unknown
  std::array<double, 24> stretch_below_{};
  std::array<double, 24> stretch_above_{};
};

}  // namespace greenq::core
