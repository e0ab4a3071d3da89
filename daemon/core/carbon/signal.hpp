// Carbon intensity as time series, with what it means and where it comes from.
//
// Kinds are never converted into each other: `marginal` decides and prices avoided emissions, `average`
// prices the inventory, `relative` may rank hours and never enters a gram.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/units.hpp"

namespace greenq::core {

enum class SignalKind : std::uint8_t { kMarginal = 1, kAverage = 2, kRelative = 3 };
enum class SignalBasis : std::uint8_t { kUnknown = 0, kDirect = 1, kLifecycle = 2 };
// Best first. Also the rung of the fallback ladder that a figure stands on.
enum class PointState : std::uint8_t {
  kActual = 1,
  kEstimated = 2,
  kForecast = 3,
  kClimatology = 4,
  kConstant = 5
};

char const* to_string(SignalKind kind);
char const* to_string(PointState state);

// Providers that are no feeds: nothing better will come from them.
inline constexpr char kClimatology[] = "climatology";
inline constexpr char kYearlyFactor[] = "yearly-factor";

struct SignalSource {
  std::string zone;
  SignalKind kind = SignalKind::kMarginal;
  SignalBasis basis = SignalBasis::kUnknown;
  std::string provider;  // "neso", "replay", "climatology"
  std::string label;     // one line for people
  std::string attribution{};
  friend bool operator==(SignalSource const&, SignalSource const&) = default;
};

struct IntensitySpread {
  Intensity low;   // 10th percentile
  Intensity high;  // 90th percentile
  friend bool operator==(IntensitySpread const&, IntensitySpread const&) = default;
};

struct IntensityPoint {
  Interval interval;
  Intensity value;
  PointState state = PointState::kActual;
  std::optional<IntensitySpread> spread{};  // nothing: not known
  friend bool operator==(IntensityPoint const&, IntensityPoint const&) = default;
};

// What one accepted reply of a feed says: past points (actual) and future points (forecast) in one ordered
// series.
struct Signal {
  SignalSource source;
  Instant issued_at{};
  bool issue_time_is_receipt = true;
  Instant received_at{};
  // Recorded or chosen figures (replay, file): used as they are, never corrected by experience.
  bool as_given = false;
  std::vector<IntensityPoint> points;  // ordered, no overlap, gaps allowed
};

// No grid is dirtier (feeds.md section 5); percentiles end at 100.
inline constexpr Intensity kMaxIntensity{1'500'000};

// Whether a point tells what was, not what may be: measured or estimated, and over when its reply came. Only
// such points teach, are stored as past figures and count as known.
bool was_measured(IntensityPoint const& point, Instant received_at);

// Checks order, overlap, emptiness and bounds (marginal 0..kMaxIntensity, average above 0). Returns what is
// wrong in words, or nothing.
std::optional<std::string> problem_of(Signal const& signal);

// A piecewise-constant intensity over time with gaps, built for fast integrals. Immutable.
class Curve {
 public:
  Curve() = default;
  explicit Curve(std::vector<IntensityPoint> points);  // ordered, no overlap

  std::vector<IntensityPoint> const& points() const { return points_; }
  bool empty() const { return points_.empty(); }
  // The point that covers t.
  IntensityPoint const* at(Instant t) const;
  // Time-weighted mean, or nothing if any part of the interval is not covered. O(log n).
  std::optional<Intensity> mean(Interval interval) const;
  // Integral of mg/kWh x ms; only defined where covered(interval). An empty interval is never covered.
  __int128 integral(Interval interval) const;
  bool covered(Interval interval) const;
  // Worst (highest) state over the interval; nothing if not covered. O(points in the interval).
  std::optional<PointState> worst_state(Interval interval) const;

 private:
  std::vector<IntensityPoint> points_;
  std::vector<__int128> prefix_;        // integral up to the start of point i
  std::vector<std::size_t> gap_count_;  // gaps before point i
  __int128 integral_until(Instant t) const;
};

// 24 hourly figures for each season (DJF, MAM, JJA, SON), hours in UTC.
struct Profile {
  SignalSource source;
  Intensity hours[4][24];
};

// The typical day repeated over the interval, hourly points of state kClimatology.
std::vector<IntensityPoint> climatology(Profile const& profile, Interval interval);

// Ordered rungs: `first` wins where it has a point, gaps are filled from `second` (clipped). Both ordered.
std::vector<IntensityPoint> fill_gaps(std::vector<IntensityPoint> const& first,
                                      std::vector<IntensityPoint> const& second, Interval interval);

// From the first begin to the last end of both; empty without points.
Interval span_of(std::vector<IntensityPoint> const& a, std::vector<IntensityPoint> const& b);

// Fills gaps of one or two steps between points of equal length by straight lines: kEstimated between two
// points that were measured, else kForecast. Longer ones stay.
std::vector<IntensityPoint> bridge_gaps(std::vector<IntensityPoint> const& points, Instant received_at);

}  // namespace greenq::core
