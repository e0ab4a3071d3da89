#include "core/carbon/hours.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace greenq::core {
namespace {

constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();
constexpr double kNowcastHalfLife =
    30.0 * 60'000;  // ms; at five minutes persistence wins, at an hour it does not
constexpr Span kNowcastReach{std::chrono::hours{2}};

struct HourSum {
  double weighted = 0;  // mg/kWh x ms
  std::int64_t covered = 0;
  double mean() const { return weighted / static_cast<double>(covered) / 1000; }
};

// Calls with each hour that the points touch, in order.
template <class Use>
void each_hour(std::vector<IntensityPoint> const& points, Use const& use) {
  std::optional<Hour> open;
  HourSum sum;
  for (IntensityPoint const& point : points) {
    for (Hour h = hour_of(point.interval.begin); begin_of(h) < point.interval.end; ++h) {
      if (open && *open != h) {
        use(*open, sum);
        sum = {};
      }
      open = h;
      std::int64_t const part = intersect(point.interval, {begin_of(h), begin_of(h + 1)}).length().count();
      sum.weighted += static_cast<double>(point.value.value) * static_cast<double>(part);
      sum.covered += part;
    }
  }
  if (open) use(*open, sum);
}

Intensity bounded(SignalKind kind, double grams) {
  std::int64_t const least = kind == SignalKind::kAverage ? 1 : 0;
  return {std::clamp<std::int64_t>(std::llround(grams * 1000), least, kMaxIntensity.value)};
}

class Writer {
 public:
  Writer(SignalKind kind, Newest const& newest) : kind_(kind), newest_(newest) {}

  void add(Interval at, double grams, std::optional<Band> const& band, PointState state) {
    double const value = from_newest(at, grams);
    IntensityPoint point{at, bounded(kind_, value), state, std::nullopt};
    if (band) {
      point.spread = IntensitySpread{bounded(kind_, value + std::min(band->below, 0.0)),
                                     bounded(kind_, value + std::max(band->above, 0.0))};
    }
    out_.push_back(point);
  }
  std::vector<IntensityPoint> take() { return std::move(out_); }

 private:
  double from_newest(Interval at, double grams) const {
    Span const away = at.begin - newest_.end;
    if (newest_.step >= kHourSpan || newest_.step <= Span{0} || away < Span{0} || away > kNowcastReach)
      return grams;
    double const weight =
        std::exp2(-static_cast<double>((away + newest_.step / 2).count()) / kNowcastHalfLife);
    return weight * newest_.grams + (1 - weight) * grams;
  }

  SignalKind kind_;
  Newest newest_;
  std::vector<IntensityPoint> out_;
};

}  // namespace

Hour hour_of(Instant t) {
  return std::chrono::floor<std::chrono::hours>(t).time_since_epoch().count();
}

Instant begin_of(Hour hour) {
  return Instant{std::chrono::hours{hour}};
}

std::vector<std::pair<Hour, double>> whole_hours(std::vector<IntensityPoint> const& points) {
  std::vector<std::pair<Hour, double>> out;
  each_hour(points, [&](Hour hour, HourSum const& sum) {
    if (sum.covered == kHourSpan.count()) out.emplace_back(hour, sum.mean());
  });
  return out;
}

HourlyIssue published_hours(std::vector<IntensityPoint> const& points) {
  HourlyIssue out;
  each_hour(points, [&](Hour hour, HourSum const& sum) {
    if (out.values.empty()) out.first = hour;
    out.values.resize(static_cast<std::size_t>(hour - out.first), kUnknown);
    out.values.push_back(sum.mean());
  });
  return out;
}

HourlyIssue judged_hours(Instant issued_at, std::vector<IntensityPoint> const& points) {
  HourlyIssue out{hour_of(issued_at + kHourSpan - Span{1}), {}};
  for (auto const& [hour, grams] : whole_hours(points)) {
    if (hour < out.first) continue;
    out.values.resize(static_cast<std::size_t>(hour - out.first), kUnknown);
    out.values.push_back(grams);
  }
  return out;
}

std::vector<IntensityPoint> forecast_points(SignalKind kind, Hour first,
                                            std::vector<HourForecast> const& hours,
                                            std::vector<IntensityPoint> const& published,
                                            Newest const& newest) {
  Writer writer{kind, newest};
  auto next = published.begin();
  for (std::size_t lead = 0; lead < hours.size(); ++lead) {
    HourForecast const& hour = hours[lead];
    Interval const whole{begin_of(first + static_cast<Hour>(lead)),
                         begin_of(first + static_cast<Hour>(lead) + 1)};
    while (next != published.end() && next->interval.end <= whole.begin) ++next;
    auto last = next;
    HourSum sum;
    while (last != published.end() && last->interval.begin < whole.end) {
      std::int64_t const part = intersect(last->interval, whole).length().count();
      sum.weighted += static_cast<double>(last->value.value) * static_cast<double>(part);
      sum.covered += part;
      ++last;
    }
    bool const reached = sum.covered > 0 || lead < static_cast<std::size_t>(kLeads);
    PointState const state = reached ? PointState::kForecast : PointState::kClimatology;
    if (sum.covered != kHourSpan.count()) {
      writer.add(whole, hour.value, hour.band, state);
      continue;
    }
    for (auto it = next; it != last; ++it) {
      double const shape = static_cast<double>(it->value.value) / 1000 - sum.mean();
      writer.add(intersect(it->interval, whole), hour.value + shape, hour.band, state);
    }
  }
  return writer.take();
}

}  // namespace greenq::core
