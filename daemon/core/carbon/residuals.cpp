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

void Residuals::add(Hour target, int lead, double residual) {
  if (newest_ < 0) newest_ = target - 1;
  for (; newest_ < target; ++newest_) {
    for (int k = 0; k < kLeads; ++k) values_[place(newest_ + 1, k)] = kUnknown;
  }
  values_[place(target, lead)] = static_cast<float>(residual);
}

std::optional<Residuals::Quantiles> Residuals::recent(int lead) const {
  std::vector<float> found;
  found.reserve(static_cast<std::size_t>(kRecent));
  for (Hour h = newest_; h > newest_ - kRecent && h >= 0; --h) {
    if (float const value = values_[place(h, lead)]; !std::isnan(value)) found.push_back(value);
  }
  if (found.size() < kEnoughRecent) return std::nullopt;
  return Quantiles{quantile(found, kLow), quantile(found, kHigh)};
}

std::optional<Residuals::Quantiles> Residuals::around(Hour target, int lead) const {
  std::vector<float> found;
  found.reserve(static_cast<std::size_t>(kDays) * 3);
  Hour const of_day = target - (target - newest_ + 23) / 24 * 24;  // the same hour of day, newest or before
  for (Hour day = of_day; day > newest_ - kRing + 1; day -= 24) {
    for (Hour h = day - 1; h <= day + 1; ++h) {
      if (h > newest_ || h <= newest_ - kRing || h < 0) continue;
      if (float const value = values_[place(h, lead)]; !std::isnan(value)) found.push_back(value);
    }
  }
  if (found.size() < kEnoughHour) return std::nullopt;
  return Quantiles{quantile(found, kLow), quantile(found, kHigh)};
}

Band Residuals::stretched(Hour target, Quantiles recent, Quantiles hour) const {
  double const below = (recent.low + hour.low) / 2;
  double const above = (recent.high + hour.high) / 2;
  double const middle = (below + above) / 2;
  std::size_t const k = hour_of_day(target);
  return {middle + (below - middle) * std::exp(stretch_below_[k]),
          middle + (above - middle) * std::exp(stretch_above_[k])};
}

std::optional<Band> Residuals::band(Hour target, int lead) const {
  if (newest_ < 0) return std::nullopt;
  lead = std::min(lead, kLeads - 1);
  auto const all = recent(lead);
  auto const hour = around(target, lead);
  if (!all || !hour) return std::nullopt;
  return stretched(target, *all, *hour);
}

std::vector<std::optional<Band>> Residuals::bands(Hour first, int count) const {
  std::vector<std::optional<Band>> out;
  for (int lead = 0; lead < count; ++lead) {
    // Past the last lead that is kept only the hour of day makes a difference.
    bool const again = lead >= kLeads - 1 + 24;
    out.push_back(again ? out[static_cast<std::size_t>(lead - 24)] : band(first + lead, lead));
  }
  return out;
}

void Residuals::judge(Hour target, Band given, double residual) {
  std::size_t const k = hour_of_day(target);
  auto const follow = [](double& stretch, bool missed, double expected) {
    stretch =
        std::clamp(stretch + kPace * ((missed ? 1.0 : 0.0) - expected), -kMaxLogStretch, kMaxLogStretch);
  };
  follow(stretch_below_[k], residual < given.below, kLow);
  follow(stretch_above_[k], residual > given.above, 1 - kHigh);
}

}  // namespace greenq::core
