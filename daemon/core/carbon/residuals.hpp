// What past forecasts got wrong, and the band that follows from it.
//
// The band is the mean of two empirical quantiles of the residuals of a lead: the last 28 days, and this hour of day
// (with its neighbours) over 56 days; then stretched for each hour of day so that four of five actuals fell inside.
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
  // Learns from how a band that was given held.
  void judge(Hour target, Band given, double residual);

 private:
  static constexpr Hour kDays = 56;
  static constexpr Hour kRing = kDays * 24;
  static constexpr Hour kRecent = 28 * 24;
  float& at(Hour hour, int lead);
  float at(Hour hour, int lead) const;

  Hour newest_ = -1;
  std::vector<float> values_;  // by hour, then lead; NaN: unknown
  std::array<double, 24> stretch_below_{};
  std::array<double, 24> stretch_above_{};
};

}  // namespace greenq::core
