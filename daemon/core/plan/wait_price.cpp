#include "core/plan/wait_price.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/plan/cost_table.hpp"

namespace greenq::core {
namespace {

// Evidence that the usual error counts for.
constexpr double kUsualSamples = 48;
// In which recent errors lose half of their weight.
constexpr double kRecentHours = 36;
constexpr double kGrams = 1000;  // mg
constexpr Slot kDaySlots = 24 * kHourSlots;
constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();

double hour_mean(Curve const& curve, Slot hour, SlotGrid const& grid) {
  Instant const begin = grid.begin_of(hour * kHourSlots);
  auto const mean = curve.mean({begin, begin + grid.span(kHourSlots)});
  return mean ? static_cast<double>(mean->value) / kGrams : kUnknown;
}

}  // namespace

void ForecastError::saw(Curve const& curve, Slot hour, SlotGrid const& grid) {
  if (!said_.empty() && said_.back().hour >= hour) return;
  double const here = hour_mean(curve, hour, grid);
  double const fade = said_.empty() ? 1 : std::exp2(-(hour - said_.back().hour) / kRecentHours);
  while (!said_.empty() && said_.front().hour < hour - kLeads.back()) said_.pop_front();
  for (std::size_t i = 0; i < kLeads.size(); ++i) {
    recent_[i] *= fade;
    recent_counts_[i] *= fade;
  }
  for (Said const& said : said_) {
    for (std::size_t i = 0; i < kLeads.size(); ++i) {
      double const error = said.values[i] - here;
      if (said.hour + kLeads[i] != hour || std::isnan(error)) continue;
      squares_[i] += error * error;
      ++counts_[i];
      recent_[i] -= error;
      ++recent_counts_[i];
    }
  }
  Said said{hour, {}};
  for (std::size_t i = 0; i < kLeads.size(); ++i) said.values[i] = hour_mean(curve, hour + kLeads[i], grid);
  said_.push_back(said);
}

double ForecastError::root_mean_square(double usual) const {
  double sum = 0;
  for (std::size_t i = 0; i < kLeads.size(); ++i) {
    double const expected = usual * (1 - std::exp(-kLeads[i] / 6.0));
    sum += std::sqrt((squares_[i] + kUsualSamples * expected * expected) / (counts_[i] + kUsualSamples));
  }
  return sum / kLeads.size();
}

double ForecastError::promised_too_low() const {
  double sum = 0;
  for (std::size_t i = 0; i < kLeads.size(); ++i) sum += recent_[i] / (recent_counts_[i] + kUsualSamples);
  return std::max(0.0, sum / kLeads.size());
}

Slot price_horizon(Curve const& curve, Slot now, SlotGrid const& grid) {
  Slot const end = grid.from(curve.points().back().interval.end);
  return std::max(end, now + kDaySlots) + kDaySlots;
}

SlotPrices wait_prices(Curve const& curve, SlotRun range, double charge_per_hour, SlotGrid const& grid) {
  CostTable const costs{curve};
  Slot const hour = hour_of(range.begin);
  std::vector<double> prices;
  prices.reserve(static_cast<std::size_t>(range.length()));
  for (Slot slot = range.begin; slot < range.end; ++slot) {
    auto const integral = costs.integral({grid.begin_of(slot), grid.begin_of(slot + 1)});
    double const mean = static_cast<double>(integral) / static_cast<double>(grid.slot.count()) / kGrams;
    prices.push_back(mean + charge_per_hour * (hour_of(slot) - hour));
  }
  return {range.begin, std::move(prices)};
}

}  // namespace greenq::core
