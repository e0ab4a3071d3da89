#include "simulate/figures.hpp"

#include <algorithm>
#include <map>

namespace greenq::simulate {
namespace {

using core::Instant;
using core::IntensityPoint;
using core::Span;

constexpr Span kDay{std::chrono::hours{24}};
constexpr std::int64_t kMostDays = 14;

Span usual_step(std::vector<IntensityPoint> const& points) {
  std::map<Span, Span> held;
  for (IntensityPoint const& point : points) held[point.interval.length()] += point.interval.length();
  return std::max_element(held.begin(), held.end(),
                          [](auto const& a, auto const& b) { return a.second < b.second; })
      ->first;
}

}  // namespace

std::int64_t Figures::steps_of(std::vector<IntensityPoint> const& points) {
  return (points.back().interval.end - points.front().interval.begin) / usual_step(points);
}

Figures::Figures(std::vector<IntensityPoint> const& points) : step_(usual_step(points)) {
  auto const usual = std::find_if(points.begin(), points.end(),
                                  [&](auto const& point) { return point.interval.length() == step_; });
  Instant const first = points.front().interval.begin;
  origin_ = usual->interval.begin - step_ * ((usual->interval.begin - first) / step_);
  core::Curve const measured{points};
  core::Curve const bridged{core::bridge_gaps(points, points.back().interval.end)};
  std::int64_t const count = index(points.back().interval.end);
  for (std::int64_t i = 0; i < count; ++i) {
    core::Interval const here{at(i), at(i + 1)};
    auto const mean = bridged.mean(here);
    How const how = measured.covered(here) ? How::kMeasured : mean ? How::kBridged : How::kMissing;
    cells_.push_back({mean.value_or(core::Intensity{}), how});
  }
  auto const known = [](Cell const& c) { return c.how == How::kMeasured; };
  auto const begin = std::find_if(cells_.begin(), cells_.end(), known);
  origin_ = at(begin - cells_.begin());
  cells_.erase(cells_.begin(), begin);
  cells_.erase(std::find_if(cells_.rbegin(), cells_.rend(), known).base(), cells_.end());
}

std::int64_t Figures::index(Instant t) const {
  Span const away = t - origin_;
  return away / step_ - (away % step_ < Span{0} ? 1 : 0);
}

Figures::Cell const* Figures::cell(std::int64_t i) const {
  if (i < 0 || i >= static_cast<std::int64_t>(cells_.size())) return nullptr;
  Cell const& found = cells_[static_cast<std::size_t>(i)];
  return found.how == How::kMissing ? nullptr : &found;
}

Gaps Figures::gaps(core::Interval begins) const {
  Gaps out;
  for (std::int64_t i = index(begins.begin); at(i) < begins.end; ++i) {
    Cell const* const known = cell(i);
    if (known == nullptr) out.borrowed += step_;
    if (known != nullptr && known->how == How::kBridged) out.bridged += step_;
  }
  return out;
}

Instant Figures::after_gap(Span longest, Instant t) const {
  std::int64_t missing = 0;
  for (std::int64_t i = index(t) - 1; i >= 0; --i) {
    missing = cell(i) == nullptr ? missing + 1 : 0;
    if (step_ * missing > longest) return at(i + missing);
  }
  return at(0);
}

core::Intensity Figures::value(std::int64_t i) const {
  if (Cell const* const known = cell(i)) return known->value;
  for (std::int64_t days = 1; kDay % step_ == Span{0} && days <= kMostDays; ++days) {
    std::int64_t const away = kDay / step_ * days;
    for (std::int64_t const other : {i - away, i + away}) {
      if (Cell const* const known = cell(other)) return known->value;
    }
  }
  std::int64_t const last = static_cast<std::int64_t>(cells_.size()) - 1;
  std::int64_t nearest = std::clamp<std::int64_t>(i, 0, last);
  while (cell(nearest) == nullptr) --nearest;  // the first is measured
  return cell(nearest)->value;
}

sim::Series Figures::series(core::Interval begins) const {
  std::vector<core::Intensity> values;
  std::int64_t const first = index(begins.begin);
  for (std::int64_t i = first; at(i) < begins.end; ++i) values.push_back(value(i));
  return {at(first), step_, std::move(values)};
}

}  // namespace greenq::simulate
