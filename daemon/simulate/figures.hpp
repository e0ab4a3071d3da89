// Stored figures of a feed on an even grid, with the gaps that a ledger has, and what stands in for them.
//
// The step is the length that holds most of the time; a step counts as measured when all of it is. Gaps of
// one or two steps are bridged by straight lines, as in files. A step of a longer gap takes the figure of the
// same time of the nearest day that has one (the earlier of two), or the one before it, where no day within
// two weeks has.
#pragma once

#include <cstdint>
#include <vector>

#include "core/carbon/signal.hpp"
#include "sim/series.hpp"

namespace greenq::simulate {

struct Gaps {
  core::Span bridged{0};
  core::Span borrowed{0};  // from another day

  core::Span total() const { return bridged + borrowed; }
};

class Figures {
 public:
  // How many steps it would hold. Points: ordered, no overlap, not empty.
  static std::int64_t steps_of(std::vector<core::IntensityPoint> const& points);
  explicit Figures(std::vector<core::IntensityPoint> const& points);

  core::Span step() const { return step_; }
  // From the first measured step to the end of the last one; empty() when there is no whole step.
  core::Interval span() const { return {at(0), at(static_cast<std::int64_t>(cells_.size()))}; }
  // Begin of the step that holds t, also outside of the span.
  core::Instant step_begin(core::Instant t) const { return at(index(t)); }
  // Of the steps that begin in the interval, also outside of the span.
  Gaps gaps(core::Interval begins) const;
  // Where the last gap ends that is longer than `longest` and over at t; the begin of the span without one.
  core::Instant after_gap(core::Span longest, core::Instant t) const;
  // The steps that begin in the interval, all with a figure. The span is not empty.
  sim::Series series(core::Interval begins) const;

 private:
  enum class How : std::uint8_t { kMeasured, kBridged, kMissing };
  struct Cell {
    core::Intensity value;
    How how = How::kMissing;
  };

  core::Instant at(std::int64_t i) const { return origin_ + step_ * i; }
  std::int64_t index(core::Instant t) const;
  Cell const* cell(std::int64_t i) const;  // null: missing
  core::Intensity value(std::int64_t i) const;

  core::Instant origin_{};
  core::Span step_{0};
  std::vector<Cell> cells_;
};

}  // namespace greenq::simulate
