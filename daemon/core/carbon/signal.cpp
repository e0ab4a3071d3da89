#include "core/carbon/signal.hpp"

#include <algorithm>

#include "core/carbon/utc_text.hpp"
#include "core/check.hpp"

namespace greenq::core {
namespace {

std::string grams(Intensity value) {
  std::int64_t const whole = value.value / 1000;
  std::int64_t const rest = value.value % 1000;
  std::string text = std::to_string(whole);
  if (rest != 0) {
    std::string digits = std::to_string(rest < 0 ? -rest : rest);
    text = (value.value < 0 && whole == 0 ? "-0" : text) + "." + std::string(3 - digits.size(), '0') + digits;
  }
  return text + " g/kWh";
}

std::optional<std::string> bound_problem(SignalKind kind, Intensity value) {
  switch (kind) {
    case SignalKind::kMarginal:
      if (value.value < 0) return "is negative";
      if (value > kMaxIntensity) return "is above 1500 g/kWh (is the unit right?)";
      return std::nullopt;
    case SignalKind::kAverage:
      if (value.value < 0) return "is negative";
      if (value.value == 0) return "is zero, which an average never is";
      if (value > kMaxIntensity) return "is above 1500 g/kWh (is the unit right?)";
      return std::nullopt;
    case SignalKind::kRelative:
      if (value.value < 0) return "is negative";
      return std::nullopt;
  }
  return "has an unknown kind";
}

std::size_t season_of(std::chrono::sys_days day) {
  auto const month = static_cast<unsigned>(std::chrono::year_month_day{day}.month());
  return (month % 12) / 3;  // DJF 0, MAM 1, JJA 2, SON 3
}

}  // namespace

char const* to_string(SignalKind kind) {
  switch (kind) {
    case SignalKind::kMarginal:
      return "marginal";
    case SignalKind::kAverage:
      return "average";
    case SignalKind::kRelative:
      return "relative";
  }
  return "unknown";
}

char const* to_string(PointState state) {
  switch (state) {
    case PointState::kActual:
      return "actual";
    case PointState::kEstimated:
      return "estimated";
    case PointState::kForecast:
      return "forecast";
    case PointState::kClimatology:
      return "climatology";
    case PointState::kConstant:
      return "constant";
  }
  return "unknown";
}

bool was_measured(IntensityPoint const& point, Instant received_at) {
  bool const measured = point.state == PointState::kActual || point.state == PointState::kEstimated;
  return measured && point.interval.end <= received_at;
}

std::optional<std::string> problem_of(Signal const& signal) {
  if (signal.points.empty()) return "there are no points";
  IntensityPoint const* before = nullptr;
  for (IntensityPoint const& point : signal.points) {
    std::string const where = "the point at " + utc_text(point.interval.begin) + " ";
    if (point.interval.empty()) return where + "has no length";
    if (before != nullptr) {
      if (point.interval.begin == before->interval.begin) return where + "appears twice";
      if (point.interval.begin < before->interval.begin) {
        return where + "comes after a later one (" + utc_text(before->interval.begin) + ")";
      }
      if (point.interval.begin < before->interval.end) return where + "overlaps the one before it";
    }
    if (auto problem = bound_problem(signal.source.kind, point.value)) {
      return where + "(" + grams(point.value) + ") " + *problem;
    }
    before = &point;
  }
  return std::nullopt;
}

Curve::Curve(std::vector<IntensityPoint> points) : points_(std::move(points)) {
  prefix_.reserve(points_.size());
  gap_count_.reserve(points_.size());
  __int128 sum = 0;
  std::size_t gaps = 0;
  for (std::size_t i = 0; i < points_.size(); ++i) {
    GREENQ_CHECK(!points_[i].interval.empty());
    if (i > 0) {
      GREENQ_CHECK(points_[i - 1].interval.end <= points_[i].interval.begin);
      if (points_[i - 1].interval.end < points_[i].interval.begin) ++gaps;
    }
    prefix_.push_back(sum);
    gap_count_.push_back(gaps);
    sum += static_cast<__int128>(points_[i].value.value) * points_[i].interval.length().count();
  }
}

IntensityPoint const* Curve::at(Instant t) const {
  auto const after =
      std::upper_bound(points_.begin(), points_.end(), t,
                       [](Instant x, IntensityPoint const& p) { return x < p.interval.begin; });
  if (after == points_.begin()) return nullptr;
  IntensityPoint const& point = *std::prev(after);
  return point.interval.contains(t) ? &point : nullptr;
}

__int128 Curve::integral_until(Instant t) const {
  auto const after =
      std::upper_bound(points_.begin(), points_.end(), t,
                       [](Instant x, IntensityPoint const& p) { return x < p.interval.begin; });
  if (after == points_.begin()) return 0;
  auto const index = static_cast<std::size_t>(after - points_.begin()) - 1;
  IntensityPoint const& point = points_[index];
  Span const part = std::min(t, point.interval.end) - point.interval.begin;
  return prefix_[index] + static_cast<__int128>(point.value.value) * part.count();
}

__int128 Curve::integral(Interval interval) const {
  return integral_until(interval.end) - integral_until(interval.begin);
}

bool Curve::covered(Interval interval) const {
  if (interval.empty()) return false;
  IntensityPoint const* first = at(interval.begin);
  if (first == nullptr) return false;
  IntensityPoint const* last = at(interval.end - Span{1});
  if (last == nullptr) return false;
  auto const index = [this](IntensityPoint const* p) { return static_cast<std::size_t>(p - points_.data()); };
  return gap_count_[index(first)] == gap_count_[index(last)];
}

std::optional<Intensity> Curve::mean(Interval interval) const {
  if (!covered(interval)) return std::nullopt;
  return Intensity{divide_half_even(integral(interval), interval.length().count())};
}

std::optional<PointState> Curve::worst_state(Interval interval) const {
  if (!covered(interval)) return std::nullopt;
  PointState worst = PointState::kActual;
  IntensityPoint const* const end = points_.data() + points_.size();
  for (IntensityPoint const* p = at(interval.begin); p != end && p->interval.begin < interval.end; ++p) {
    worst = std::max(worst, p->state);
  }
  return worst;
}

std::vector<IntensityPoint> climatology(Profile const& profile, Interval interval) {
  std::vector<IntensityPoint> points;
  if (interval.empty()) return points;
  Span const hour{std::chrono::hours{1}};
  for (Instant begin = std::chrono::floor<std::chrono::hours>(interval.begin); begin < interval.end;
       begin += hour) {
    auto const day = std::chrono::floor<std::chrono::days>(begin);
    auto const hour_of_day = static_cast<std::size_t>((begin - day) / hour);
    points.push_back({intersect({begin, begin + hour}, interval), profile.hours[season_of(day)][hour_of_day],
                      PointState::kClimatology});
  }
  return points;
}

std::vector<IntensityPoint> fill_gaps(std::vector<IntensityPoint> const& first,
                                      std::vector<IntensityPoint> const& second, Interval interval) {
  std::vector<IntensityPoint> out;
  auto filler = second.begin();
  auto const fill = [&](Interval gap) {
    while (filler != second.end() && filler->interval.end <= gap.begin) ++filler;
    for (auto it = filler; it != second.end() && it->interval.begin < gap.end; ++it) {
      out.push_back({intersect(it->interval, gap), it->value, it->state, it->spread});
    }
  };
  Instant done = interval.begin;
  for (IntensityPoint const& point : first) {
    Interval const part = intersect(point.interval, interval);
    if (part.empty()) continue;
    if (done < part.begin) fill({done, part.begin});
    out.push_back({part, point.value, point.state, point.spread});
    done = part.end;
  }
  if (done < interval.end) fill({done, interval.end});
  return out;
}

Interval span_of(std::vector<IntensityPoint> const& a, std::vector<IntensityPoint> const& b) {
  if (a.empty() && b.empty()) return {};
  if (a.empty()) return {b.front().interval.begin, b.back().interval.end};
  if (b.empty()) return {a.front().interval.begin, a.back().interval.end};
  return {std::min(a.front().interval.begin, b.front().interval.begin),
          std::max(a.back().interval.end, b.back().interval.end)};
}

std::vector<IntensityPoint> bridge_gaps(std::vector<IntensityPoint> const& points, Instant received_at) {
  std::vector<IntensityPoint> out;
  out.reserve(points.size());
  for (IntensityPoint const& point : points) {
    if (!out.empty()) {
      IntensityPoint const before = out.back();
      Span const step = before.interval.length();
      std::int64_t const missing = (point.interval.begin - before.interval.end) / step;
      bool const regular =
          point.interval.length() == step && before.interval.end + missing * step == point.interval.begin;
      bool const between = was_measured(before, received_at) && was_measured(point, received_at);
      for (std::int64_t k = 1; regular && missing <= 2 && k <= missing; ++k) {
        Instant const begin = before.interval.begin + k * step;
        std::int64_t const rise = point.value.value - before.value.value;
        out.push_back({{begin, begin + step},
                       {before.value.value + divide_half_even(static_cast<__int128>(rise) * k, missing + 1)},
                       between ? PointState::kEstimated : PointState::kForecast});
      }
    }
    out.push_back(point);
  }
  return out;
}

}  // namespace greenq::core
