#include "sim/outlook.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <random>

#include "core/carbon/forecaster.hpp"
#include "core/check.hpp"
#include "sim/known_hours.hpp"

namespace greenq::sim {
namespace {

using core::Instant;
using core::IntensityPoint;
using core::PointState;
using Points = std::vector<IntensityPoint>;

constexpr core::Hour kDay = 24;
constexpr core::Hour kWeek = 168;
constexpr core::Hour kFourWeeks = 4 * kWeek;
constexpr core::Span kReach{std::chrono::hours{2 * kWeek}};

core::Intensity from_grams(double grams) {
  return {std::llround(grams * 1000)};
}

class WholeOutlook final : public Outlook {
 public:
  explicit WholeOutlook(Series const& series)
      : series_(series),
        curve_(std::make_shared<core::Curve const>(
            series.points({series.begin(), series.end()}, PointState::kForecast))) {}

  std::shared_ptr<core::Curve const> at(Instant) override { return curve_; }
  Instant next_change(Instant now) const override { return series_.step_begin(now) + series_.step(); }

 private:
  Series series_;
  std::shared_ptr<core::Curve const> curve_;
};

// The current step from the truth, what follows from ahead().
class SteppedOutlook : public Outlook {
 public:
  explicit SteppedOutlook(Instance const& instance) : instance_(instance), known_(instance) {}

  std::shared_ptr<core::Curve const> at(Instant now) final {
    Series const& truth = instance_.truth;
    Instant const begin = std::clamp(truth.step_begin(now), truth.begin(), truth.end() - truth.step());
    if (curve_ && begin == begin_) return curve_;
    Points points = truth.points({begin, begin + truth.step()}, PointState::kActual);
    Instant const from = points.back().interval.end;
    Instant const to = std::min(std::max(truth.end(), from + core::kHourSpan), begin + kReach);
    for (IntensityPoint point : ahead(begin, {from, to})) {
      point.interval = core::intersect(point.interval, {points.back().interval.end, to});
      if (!point.interval.empty()) points.push_back(point);
    }
    begin_ = begin;
    curve_ = std::make_shared<core::Curve const>(std::move(points));
    return curve_;
  }

  Instant next_change(Instant now) const final {
    return instance_.truth.step_begin(now) + instance_.truth.step();
  }

 protected:
  // Ordered points that cover `range`; they may be longer. `now` is the begin of a step, its end that of
  // range.
  virtual Points ahead(Instant now, core::Interval range) = 0;

  Instance const& instance() const { return instance_; }
  KnownHours const& known() const { return known_; }
  // The newest issue by then, or null.
  Issue const* issue_at(Instant now) const {
    auto const& issues = instance_.issues;
    auto const next = std::partition_point(issues.begin(), issues.end(),
                                           [&](Issue const& issue) { return issue.issued <= now; });
    return next == issues.begin() ? nullptr : &*(next - 1);
  }

  // value_at(hour) for each hour that touches the range.
  template <class Value>
  static void add_hours(Points& points, core::Interval range, Value value_at) {
    for (core::Hour h = core::hour_of(range.begin); core::begin_of(h) < range.end; ++h)
      points.push_back(
          {{core::begin_of(h), core::begin_of(h + 1)}, from_grams(value_at(h)), PointState::kForecast});
  }

 private:
  Instance const& instance_;
  KnownHours known_;
  Instant begin_{};
  std::shared_ptr<core::Curve const> curve_;
};

class RepeatingOutlook final : public SteppedOutlook {
 public:
  enum class Rule : std::uint8_t { kYesterday, kHourOfWeek, kIssue };
  RepeatingOutlook(Instance const& instance, Rule rule) : SteppedOutlook(instance), rule_(rule) {}

 private:
  Points ahead(Instant now, core::Interval range) override {
    core::Hour const next = core::hour_of(range.begin);
    double const level = static_cast<double>(instance().truth.at(now).value) / 1000;
    auto const yesterday = [&](core::Hour hour) {
      double const value = known().at(hour - kDay * ((hour - next) / kDay + 1));
      return std::isnan(value) ? level : value;
    };
    auto const hour_of_week = [&](core::Hour hour) {
      double const value = known().mean(hour - kWeek * ((hour - next) / kWeek + 1), kWeek, next - kFourWeeks);
      return std::isnan(value) ? yesterday(hour) : value;
    };
    Points points;
    Issue const* issue = rule_ == Rule::kIssue ? issue_at(now) : nullptr;
    if (issue != nullptr && !issue->values.empty()) return repeated(*issue, range);
    if (rule_ == Rule::kHourOfWeek) {
      add_hours(points, range, hour_of_week);
    } else {
      add_hours(points, range, yesterday);
    }
    return points;
  }

  // The last day of the issue (all of a shorter one) goes on for ever.
  static Points repeated(Issue const& issue, core::Interval range) {
    Points points = issue.points();
    auto const a_day =
        static_cast<std::size_t>(std::max<std::int64_t>(1, core::kHourSpan * kDay / issue.step));
    std::size_t const cycle = std::min(points.size(), a_day);
    while (points.back().interval.end < range.end) {
      IntensityPoint point = points[points.size() - cycle];
      point.interval = {points.back().interval.end, points.back().interval.end + issue.step};
      points.push_back(point);
    }
    return points;
  }

  Rule rule_;
};

class CorrelatedOutlook final : public SteppedOutlook {
 public:
  explicit CorrelatedOutlook(Instance const& instance)
      : SteppedOutlook(instance), first_(core::hour_of(instance.begin())) {
    double mean = 0;
    for (core::Intensity const value : instance.truth.values())
      mean += static_cast<double>(value.value) / static_cast<double>(instance.truth.values().size());
    std::mt19937_64 engine{1};
    std::normal_distribution<double> normal;
    double error = normal(engine);
    for (core::Hour hour = first_; core::begin_of(hour) < instance.end(); ++hour) {
      errors_.push_back(kShare * mean * error);
      error = kPersists * error + std::sqrt(1 - kPersists * kPersists) * normal(engine);
    }
  }

 private:
  static constexpr double kShare = 0.2;
  static constexpr double kPersists = 0.97;  // from hour to hour

  Points ahead(Instant now, core::Interval range) override {
    Points points = instance().truth.points(range, PointState::kForecast);
    for (IntensityPoint& point : points) {
      double const lead = static_cast<double>((point.interval.begin - now) / core::kHourSpan);
      double const grown = std::sqrt(1 - std::pow(kPersists, 2 * lead));
      double const error =
          grown * errors_[static_cast<std::size_t>(core::hour_of(point.interval.begin) - first_)];
      point.value.value = std::max<std::int64_t>(0, point.value.value + std::llround(error));
    }
    return points;
  }

  core::Hour first_;
  std::vector<double> errors_;  // in mg/kWh, of the hours from first_ on, of an infinite lead
};

class LossyOutlook final : public Outlook {
 public:
  LossyOutlook(std::shared_ptr<Outlook> outlook, core::Interval lost)
      : outlook_(std::move(outlook)), lost_(lost) {}

  std::shared_ptr<core::Curve const> at(Instant now) override {
    return outlook_->at(lost_.contains(now) ? lost_.begin : now);
  }
  Instant next_change(Instant now) const override { return outlook_->next_change(now); }

 private:
  std::shared_ptr<Outlook> outlook_;
  core::Interval lost_;
};

class GreenqOutlook final : public SteppedOutlook {
 public:
  explicit GreenqOutlook(Instance const& instance) : SteppedOutlook(instance), forecaster_(instance.kind) {}

 private:
  // What the forecaster said once the first `observed` hours and `issues` were in.
  struct Said {
    std::size_t observed = 0;
    Issue const* issue = nullptr;
    core::Hour first = 0;
    std::shared_ptr<std::vector<core::HourForecast> const> hours;
  };

  Points ahead(Instant now, core::Interval range) override {
    Said const& said = said_at(now, range.begin);
    double const level = static_cast<double>(instance().truth.at(now).value) / 1000;
    core::Span const step = instance().truth.step();
    Points points;
    if (said.hours->empty()) {
      points.push_back({range, from_grams(level), PointState::kConstant});
      return points;
    }
    Points const published = said.issue != nullptr ? said.issue->points() : Points{};
    Points shapes = published;
    if (!published.empty()) {
      Points const past =
          instance().truth.points({core::begin_of(said.first), range.begin}, PointState::kActual);
      shapes = core::fill_gaps(past, published, {core::begin_of(said.first), published.back().interval.end});
    }
    points =
        core::forecast_points(instance().kind, said.first, *said.hours, shapes, {range.begin, level, step});
    if (points.back().interval.end < range.end) typical_days(points, range.end);
    return points;
  }

  void typical_days(Points& points, Instant until) const {
    core::Hour const next = core::hour_of(points.front().interval.begin);
    double const last = static_cast<double>(points.back().value.value) / 1000;
    std::array<double, kDay> day{};
    for (core::Hour h = next - kDay; h < next; ++h) {
      double const value = known().mean(h, kDay, next - kFourWeeks);
      day[static_cast<std::size_t>(h % kDay)] = std::isnan(value) ? last : value;
    }
    add_hours(points, {points.back().interval.end, until},
              [&](core::Hour h) { return day[static_cast<std::size_t>(h % kDay)]; });
  }

  // Steps are taken in order, so that a run that skips some learns the same.
  Said const& said_at(Instant now, Instant known_until) {
    Series const& truth = instance().truth;
    auto const place = static_cast<std::size_t>((now - truth.begin()) / truth.step());
    while (said_.size() <= place) {
      Instant const begin = truth.begin() + truth.step() * static_cast<std::int64_t>(said_.size());
      take_step(begin, begin + truth.step());
    }
    GREENQ_CHECK(known_until == now + truth.step());
    return said_[place];
  }

  void take_step(Instant now, Instant known_until) {
    Said said;
    said.observed = known().over_at(known_until);
    said.issue = issue_at(now);
    bool const fresh = said.issue != nullptr && (said_.empty() || said_.back().issue != said.issue);
    bool const older = said_.empty() || said_.back().observed != said.observed;
    if (older) {
      auto const& all = known().all();
      auto const at = [&](std::size_t n) { return all.begin() + static_cast<std::ptrdiff_t>(n); };
      forecaster_.observe({at(said_.empty() ? 0 : said_.back().observed), at(said.observed)});
    }
    if (fresh) forecaster_.publish(core::published_hours(said.issue->points()));
    said.first = forecaster_.next();
    said.hours = older || fresh
                     ? std::make_shared<std::vector<core::HourForecast> const>(forecaster_.forecast())
                     : said_.back().hours;
    said_.push_back(std::move(said));
  }

  core::Forecaster forecaster_;
  std::vector<Said> said_;  // by step
};

}  // namespace

std::optional<OutlookKind> parse_outlook(std::string_view name) {
  if (name == "greenq") return OutlookKind::kGreenq;
  if (name == "perfect") return OutlookKind::kPerfect;
  if (name == "published") return OutlookKind::kPublished;
  if (name == "persistence") return OutlookKind::kPersistence;
  if (name == "climatology") return OutlookKind::kClimatology;
  if (name == "correlated") return OutlookKind::kCorrelated;
  return std::nullopt;
}

std::unique_ptr<Outlook> make_outlook(OutlookKind kind, Instance const& instance) {
  switch (kind) {
    case OutlookKind::kGreenq:
      return std::make_unique<GreenqOutlook>(instance);
    case OutlookKind::kPerfect:
      return std::make_unique<WholeOutlook>(instance.truth);
    case OutlookKind::kPublished:
      return std::make_unique<RepeatingOutlook>(instance, RepeatingOutlook::Rule::kIssue);
    case OutlookKind::kPersistence:
      return std::make_unique<RepeatingOutlook>(instance, RepeatingOutlook::Rule::kYesterday);
    case OutlookKind::kClimatology:
      return std::make_unique<RepeatingOutlook>(instance, RepeatingOutlook::Rule::kHourOfWeek);
    case OutlookKind::kCorrelated:
      return std::make_unique<CorrelatedOutlook>(instance);
  }
  return nullptr;
}

std::shared_ptr<Outlook> without_news(std::shared_ptr<Outlook> outlook, core::Interval lost) {
  return std::make_shared<LossyOutlook>(std::move(outlook), lost);
}

}  // namespace greenq::sim
