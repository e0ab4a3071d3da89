#include "core/plan/wait_price.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/plan/cost_table.hpp"

namespace greenq::core {
namespace {

// Evidence that the usual error counts for.
constexpr double kUsualSamples = 48;
constexpr double kGrams = 1000;  // mg
constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();

double hour_mean(Curve const& curve, Slot hour) {
  Instant const begin = begin_of(hour * kHourSlots);
  auto const mean = curve.mean({begin, begin + kSlot * kHourSlots});
  return mean ? static_cast<double>(mean->value) / kGrams : kUnknown;
}

}  // namespace

void ForecastError::saw(Curve const& curve, Instant now) {
  Slot const hour = hour_of(slot_holding(now));
  if (!said_.empty() && said_.back().hour >= hour) return;
  double const here = hour_mean(curve, hour);
  while (!said_.empty() && said_.front().hour < hour - kLeads.back()) said_.pop_front();
  for (Said const& said : said_) {
    for (std::size_t i = 0; i < kLeads.size(); ++i) {
      double const error = said.values[i] - here;
      if (said.hour + kLeads[i] != hour || std::isnan(error)) continue;
      squares_[i] += error * error;
      ++counts_[i];
    }
  }
  Said said{hour, {}};
  for (std::size_t i = 0; i < kLeads.size(); ++i) said.values[i] = hour_mean(curve, hour + kLeads[i]);
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

SlotPrices wait_prices(Curve const& curve, Slot from, Slot until, double charge_per_hour) {
  CostTable const costs{curve};
  Slot const hour = hour_of(from);
  std::vector<double> prices;
  prices.reserve(static_cast<std::size_t>(std::max(until - from, 1)));
  for (Slot slot = from; slot < std::max(until, from + 1); ++slot) {
    auto const integral = costs.integral({begin_of(slot), begin_of(slot + 1)});
    double const mean = static_cast<double>(integral) / static_cast<double>(kSlot.count()) / kGrams;
    prices.push_back(mean + charge_per_hour * (hour_of(slot) - hour));
  }
  return {from, std::move(prices)};
}

}  // namespace greenq::core
