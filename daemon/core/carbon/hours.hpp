// Between points of any step and the hours of the forecaster.
#pragma once

#include <utility>
#include <vector>

#include "core/carbon/forecaster.hpp"
#include "core/carbon/signal.hpp"

namespace greenq::core {

inline constexpr Span kHourSpan{std::chrono::hours{1}};

Hour hour_of(Instant t);
Instant begin_of(Hour hour);

// Means, in g/kWh, of the hours that the points cover without a gap. Ordered.
std::vector<std::pair<Hour, double>> whole_hours(std::vector<IntensityPoint> const& points);
// The forecast points as hourly means; the first and last hour may be covered in part. Without points: empty.
HourlyIssue published_hours(std::vector<IntensityPoint> const& points);
// To be judged: whole hours only, from the first one at or after the time of issue on, so that a lead means
// the same for every source. Without a whole hour: empty.
HourlyIssue judged_hours(Instant issued_at, std::vector<IntensityPoint> const& points);

// The forecast as points from `from` on (in the first hour it gives). Where the published points cover an
// hour in finer steps, its shape within the hour is theirs. Near the newest actual (steps below an hour) it
// starts from that one. Leads that the published forecast or the learned ones reach are kForecast, later ones
// kClimatology.
struct Newest {
  Instant end{};
  double grams = 0;
  Span step{0};
};
std::vector<IntensityPoint> forecast_points(SignalKind kind, Hour first,
                                            std::vector<HourForecast> const& hours,
                                            std::vector<IntensityPoint> const& published,
                                            Newest const& newest);

}  // namespace greenq::core
