// What waiting must be worth: prices of the hours ahead, dearer the farther a forecast has to be trusted.
//
//   price of hour k from now = forecast + charge x E / 24 x k
//
// E is the mean root of the squared error of our own curves 12, 18, 24 and 36 hours ahead, beside what the
// curve says when the hour has come; hours in which nobody asked for prices teach nothing. Source: reference
// "planner-method", step B; with a charge that follows the error a plan that waits for noise costs more than
// one that runs. Where most jobs may be paused E is half of that, and four times what forecasts of the last
// days said too low: while a grid gets dirtier from day to day (a heat wave) waits do not pay, in quiet weeks
// they do.
#pragma once

#include <array>
#include <deque>
#include <vector>

#include "core/carbon/signal.hpp"
#include "core/plan/slot_prices.hpp"

namespace greenq::core {

class ForecastError {
 public:
  // Tells it the curve of that hour; once is enough, more often does no harm.
  void saw(Curve const& curve, Slot hour, SlotGrid const& grid);
  // g/kWh. `usual`: the error to expect a day ahead before there is evidence.
  double root_mean_square(double usual) const;
  // g/kWh, not negative: by how much hours of the last days turned out dearer than was said, in the mean. A
  // few hours of evidence count for little.
  double promised_too_low() const;

 private:
  static constexpr std::array<Slot, 4> kLeads{12, 18, 24, 36};  // hours
  struct Said {
    Slot hour = 0;
    std::array<double, kLeads.size()> values{};  // NaN: nothing
  };
  std::deque<Said> said_;
  std::array<double, kLeads.size()> squares_{};
  std::array<double, kLeads.size()> counts_{};
  std::array<double, kLeads.size()> recent_{};  // sums of actual - said, that fade
  std::array<double, kLeads.size()> recent_counts_{};
};

// Where prices of that curve may end: a day after its last point, two days after `now` at least.
Slot price_horizon(Curve const& curve, Slot now, SlotGrid const& grid);

// Prices in g/kWh of the slots in `range`, not empty; where the curve says nothing as in cost_table.hpp. The
// curve is not empty.
SlotPrices wait_prices(Curve const& curve, SlotRun range, double charge_per_hour, SlotGrid const& grid);

}  // namespace greenq::core
