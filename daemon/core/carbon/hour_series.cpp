#include "core/carbon/hour_series.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace greenq::core {
namespace {

constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();

}  // namespace

HourSeries::Row const& HourSeries::row(Hour hour) const {
  static Row const unknown{kUnknown, kUnknown, kUnknown, kUnknown, {kUnknown, kUnknown, kUnknown, 0, 0, 0}};
  if (hour < first_ || hour > next_ || hour <= next_ - kRing || rows_.empty()) return unknown;
  return rows_[static_cast<std::size_t>(hour % kRing)];
}

void HourSeries::set(std::vector<std::pair<Hour, double>> const& values) {
  auto const begin = std::find_if(values.begin(), values.end(), [](auto const& v) { return v.first > 0; });
  if (begin == values.end()) return;
  if (rows_.empty()) {
    rows_.assign(static_cast<std::size_t>(kRing), row(0));
    first_ = next_ = begin->first;
    slot(next_) = row(next_ - 1);
  }
  Hour from = next_;
  for (auto it = begin; it != values.end(); ++it) {
    auto const& [hour, value] = *it;
    if (hour < first_ || hour <= next_ - kRing) continue;
    if (hour < next_) from = std::min(from, hour);
    while (next_ <= hour) {
      slot(next_).value = kUnknown;
      ++next_;
      slot(next_) = Row{kUnknown, kUnknown, kUnknown, kUnknown, {}};
    }
    if (std::isnan(slot(hour).value)) ++known_;
    slot(hour).value = value;
  }
  for (Hour hour = from; hour <= next_; ++hour) refresh(hour);
}

double HourSeries::weighted(Hour hour, Hour step, int count, double half_life) const {
  double const ratio = std::exp2(-1.0 / half_life);
  double sum = 0;
  double weights = 0;
  double weight = 1;
  for (int j = 0; j < count; ++j, weight *= ratio) {
    double const value = at(hour - j * step);
    if (std::isnan(value)) continue;
    sum += weight * value;
    weights += weight;
  }
  return weights > 0 ? sum / weights : kUnknown;
}

double HourSeries::mean_before(Hour hour, Hour count) const {
  double sum = 0;
  Hour known = 0;
  for (Hour h = hour - count; h < hour; ++h) {
    double const value = at(h);
    if (std::isnan(value)) continue;
    sum += value;
    ++known;
  }
  return known > 0 ? sum / static_cast<double>(known) : kUnknown;
}

void HourSeries::refresh(Hour hour) {
  Row& row = slot(hour);
  // Over a gap the longer mean stands in, after four weeks the last known one.
  auto const or_else = [](double value, double fallback) { return std::isnan(value) ? fallback : value; };
  usual_ = or_else(mean_before(hour, 672), usual_);
  row.origin.m28 = usual_;
  row.origin.m7 = or_else(mean_before(hour, 168), row.origin.m28);
  row.origin.m1 = or_else(mean_before(hour, 24), row.origin.m7);
  std::array<double, 24> surprise{};
  for (Hour back = 1; back <= 24; ++back) {
    double const e = at(hour - back) - hod(hour - back - 24);
    surprise[static_cast<std::size_t>(back - 1)] = std::isnan(e) ? 0 : e;
  }
  auto const mean = [&](int count) {
    double sum = 0;
    for (int i = 0; i < count; ++i) sum += surprise[static_cast<std::size_t>(i)];
    return sum / count;
  };
  row.origin.r1 = mean(1);
  row.origin.r3 = mean(3);
  row.origin.r24 = mean(24);
  if (hour == next_) return;
  row.hod = weighted(hour, 24, 14, 4);
  row.hods = weighted(hour, 24, 60, 20);
  row.how = weighted(hour, 168, 8, 3);
}

}  // namespace greenq::core
