#include "core/carbon/residuals.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace greenq::core {
namespace {

constexpr float kUnknown = std::numeric_limits<float>::quiet_NaN();
constexpr double kLow = 0.1;
constexpr double kHigh = 0.9;
constexpr std::size_t kEnoughRecent = 48;
constexpr std::size_t kEnoughHour = 20;
// How fast the stretch of an hour of day follows: share of a step per judged band.
constexpr double kPace = 0.02;
constexpr double kMaxLogStretch = 1.2;

// Linear between order statistics; reorders the values.
double quantile(std::vector<float>& values, double q) {
  double const place = q * static_cast<double>(values.size() - 1);
  auto const below = static_cast<std::size_t>(place);
  auto const nth = values.begin() + static_cast<std::ptrdiff_t>(below);
  std::nth_element(values.begin(), nth, values.end());
  double const low = *nth;
  if (below + 1 >= values.size()) return low;
  double const high = *std::min_element(nth + 1, values.end());
  return low + (place - static_cast<double>(below)) * (high - low);
}

std::size_t hour_of_day(Hour hour) {
  return static_cast<std::size_t>(((hour % 24) + 24) % 24);
}

}  // namespace

Residuals::Residuals() : values_(static_cast<std::size_t>(kRing) * kLeads, kUnknown) {}

float& Residuals::at(Hour hour, int lead) {
  return values_[static_cast<std::size_t>(hour % kRing) * kLeads + static_cast<std::size_t>(lead)];
}

float Residuals::at(Hour hour, int lead) const {
  return values_[static_cast<std::size_t>(hour % kRing) * kLeads + static_cast<std::size_t>(lead)];
}

void Residuals::add(Hour target, int lead, double residual) {
  if (newest_ < 0) newest_ = target - 1;
  for (; newest_ < target; ++newest_) {
    for (int k = 0; k < kLeads; ++k) at(newest_ + 1, k) = kUnknown;
  }
  at(target, lead) = static_cast<float>(residual);
}

std::optional<Band> Residuals::band(Hour target, int lead) const {
  if (newest_ < 0) return std::nullopt;
  lead = std::min(lead, kLeads - 1);
  std::vector<float> recent;
  std::vector<float> hour;
  recent.reserve(static_cast<std::size_t>(kRecent));
  hour.reserve(static_cast<std::size_t>(kDays) * 3);
  for (Hour h = newest_; h > newest_ - kRecent && h >= 0; --h) {
    if (float const value = at(h, lead); !std::isnan(value)) recent.push_back(value);
  }
  Hour const of_day = target - (target - newest_ + 23) / 24 * 24;  // the same hour of day, newest or before
  for (Hour day = of_day; day > newest_ - kRing + 1; day -= 24) {
    for (Hour h = day - 1; h <= day + 1; ++h) {
      if (h > newest_ || h <= newest_ - kRing || h < 0) continue;
      if (float const value = at(h, lead); !std::isnan(value)) hour.push_back(value);
    }
  }
  if (recent.size() < kEnoughRecent || hour.size() < kEnoughHour) return std::nullopt;
  double const below = (quantile(recent, kLow) + quantile(hour, kLow)) / 2;
  double const above = (quantile(recent, kHigh) + quantile(hour, kHigh)) / 2;
  std::size_t const k = hour_of_day(target);
  double const middle = (below + above) / 2;
  return Band{middle + (below - middle) * std::exp(stretch_below_[k]),
              middle + (above - middle) * std::exp(stretch_above_[k])};
}

void Residuals::judge(Hour target, Band given, double residual) {
  std::size_t const k = hour_of_day(target);
  auto const follow = [](double& stretch, bool missed, double expected) {
    stretch = std::clamp(stretch + kPace * ((missed ? 1.0 : 0.0) - expected), -kMaxLogStretch, kMaxLogStretch);
  };
  follow(stretch_below_[k], residual < given.below, kLow);
  follow(stretch_above_[k], residual > given.above, 1 - kHigh);
}

}  // namespace greenq::core
