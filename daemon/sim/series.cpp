#include "sim/series.hpp"

#include <algorithm>

#include "core/check.hpp"

namespace greenq::sim {

Series::Series(core::Instant begin, core::Span step, std::vector<core::Intensity> values)
    : begin_(begin), step_(step), values_(std::move(values)) {
  GREENQ_CHECK(step > core::Span{0});
  prefix_.reserve(values_.size());
  std::int64_t sum = 0;
  for (core::Intensity const value : values_) {
    prefix_.push_back(sum);
    sum += value.value * step.count();
  }
}

core::Instant Series::step_begin(core::Instant t) const {
  core::Span const away = t - begin_;
  core::Span const into = away % step_;
  return t - (into < core::Span{0} ? into + step_ : into);
}

std::size_t Series::index(core::Instant t) const {
  GREENQ_CHECK(!empty());
  std::int64_t const last = static_cast<std::int64_t>(values_.size()) - 1;
  return static_cast<std::size_t>(std::clamp<std::int64_t>((t - begin_) / step_, 0, last));
}

core::Intensity Series::at(core::Instant t) const {
  return values_[index(t)];
}

std::int64_t Series::until(core::Instant t) const {
  std::size_t const i = index(t);
  core::Instant const from = begin_ + step_ * static_cast<std::int64_t>(i);
  return prefix_[i] + values_[i].value * (t - from).count();
}

std::int64_t Series::integral(core::Interval interval) const {
  return until(interval.end) - until(interval.begin);
}

std::vector<core::IntensityPoint> Series::points(core::Interval interval, core::PointState state) const {
  std::vector<core::IntensityPoint> out;
  core::Interval const part = core::intersect(interval, {begin_, end()});
  if (part.empty()) return out;
  for (core::Instant t = step_begin(part.begin); t < part.end; t += step_)
    out.push_back({{t, t + step_}, at(t), state});
  return out;
}

}  // namespace greenq::sim
