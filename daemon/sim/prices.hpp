// The outlook's curve of the moment, prepared for integrals; prepared anew only when the curve is another.
#pragma once

#include <algorithm>
#include <memory>
#include <optional>

#include "core/plan/cost_table.hpp"
#include "sim/outlook.hpp"

namespace greenq::sim {

class Prices {
 public:
  explicit Prices(std::shared_ptr<Outlook> outlook) : outlook_(std::move(outlook)) {}

  core::CostTable const& at(core::Instant now) {
    auto curve = outlook_->at(now);
    if (curve != curve_) table_.emplace(*curve);
    curve_ = std::move(curve);
    return *table_;
  }
  core::Curve const& curve(core::Instant now) {
    at(now);
    return *curve_;
  }
  // Calls visit(value, length) for what is ahead in the interval, in order, until it returns false.
  template <class Visit>
  void each_step(core::Interval interval, Visit visit) {
    auto const& points = curve(interval.begin).points();
    auto point = std::partition_point(points.begin(), points.end(), [&](core::IntensityPoint const& p) {
      return p.interval.end <= interval.begin;
    });
    for (; point != points.end() && point->interval.begin < interval.end; ++point) {
      if (!visit(point->value, core::intersect(point->interval, interval).length())) return;
    }
  }
  core::Instant next_change(core::Instant now) const { return outlook_->next_change(now); }

 private:
  std::shared_ptr<Outlook> outlook_;
  std::shared_ptr<core::Curve const> curve_;
  std::optional<core::CostTable> table_;
};

}  // namespace greenq::sim
