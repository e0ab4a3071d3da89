// Carbon intensity in even steps, with exact integrals in constant time.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "core/carbon/signal.hpp"

namespace greenq::sim {

class Series {
 public:
  Series() = default;
  // Value i holds over [begin + i * step, + step). step > 0.
  Series(core::Instant begin, core::Span step, std::vector<core::Intensity> values);

  bool empty() const { return values_.empty(); }
  core::Instant begin() const { return begin_; }
  core::Instant end() const { return begin_ + step_ * static_cast<std::int64_t>(values_.size()); }
  core::Span step() const { return step_; }
  std::vector<core::Intensity> const& values() const { return values_; }

  // Begin of the step that holds t, also outside of the series.
  core::Instant step_begin(core::Instant t) const;
  // Outside of the series its nearest value holds. Not empty.
  core::Intensity at(core::Instant t) const;
  // mg/kWh x ms; 200 years of 1500 g/kWh fit.
  std::int64_t integral(core::Interval interval) const;
  // The steps that overlap the interval, uncut, as points of that state.
  std::vector<core::IntensityPoint> points(core::Interval interval, core::PointState state) const;

 private:
  std::int64_t until(core::Instant t) const;
  std::size_t index(core::Instant t) const;

  core::Instant begin_{};
  core::Span step_{std::chrono::hours{1}};
  std::vector<core::Intensity> values_;
  std::vector<std::int64_t> prefix_;  // integral before value i
};

}  // namespace greenq::sim
