#include "core/carbon/track.hpp"

#include <algorithm>
#include <cmath>

#include "core/carbon/hours.hpp"

namespace greenq::core {
namespace {

// How far back the typical day is laid under the figures of feeds, so that what just ran can be priced.
constexpr Span kPast{std::chrono::hours{48}};
// How much of what was measured is kept in memory; the store has it all.
constexpr Span kMeasured{std::chrono::hours{72}};
// Another feed teaches once the preferred one has measured nothing for so long.
constexpr Span kSilence{std::chrono::hours{48}};
// Actuals this fresh make a feed without a forecast of its own a living one.
constexpr Span kFreshActuals{std::chrono::hours{6}};

bool measured(IntensityPoint const& point) {
  return point.state == PointState::kActual || point.state == PointState::kEstimated;
}

std::vector<IntensityPoint> pick(std::vector<IntensityPoint> const& points, bool actuals) {
  std::vector<IntensityPoint> out;
  std::copy_if(points.begin(), points.end(), std::back_inserter(out),
               [actuals](IntensityPoint const& point) { return measured(point) == actuals; });
  return out;
}

std::vector<IntensityPoint> of_state(std::vector<IntensityPoint> const& points, PointState state) {
  std::vector<IntensityPoint> out;
  std::copy_if(points.begin(), points.end(), std::back_inserter(out),
               [state](IntensityPoint const& point) { return point.state == state; });
  return out;
}

bool covers(std::vector<IntensityPoint> const& points, Instant now) {
  return std::any_of(points.begin(), points.end(),
                     [now](IntensityPoint const& point) { return point.interval.contains(now); });
}

Interval span_of(std::vector<IntensityPoint> const& a, std::vector<IntensityPoint> const& b) {
  if (a.empty() && b.empty()) return {};
  if (a.empty()) return {b.front().interval.begin, b.back().interval.end};
  if (b.empty()) return {a.front().interval.begin, a.back().interval.end};
  return {std::min(a.front().interval.begin, b.front().interval.begin),
          std::max(a.back().interval.end, b.back().interval.end)};
}

}  // namespace

void Track::put(int rank, Signal signal) {
  if (!signal.as_given && signal.source.kind != SignalKind::kRelative) learn(rank, signal);
  bool trusted = true;
  std::erase_if(replies_, [&](Ranked const& r) {
    if (r.signal.source.provider != signal.source.provider) return false;
    bool const ran_out = r.signal.points.empty() || r.signal.points.back().interval.end <= signal.received_at;
    trusted = !ran_out || replies_.size() == 1;
    return true;
  });
  auto const place = std::upper_bound(replies_.begin(), replies_.end(), rank,
                                      [](int value, Ranked const& r) { return value < r.rank; });
  replies_.insert(place, Ranked{rank, std::move(signal), trusted});
}

// One feed at a time: figures of two have different levels and bases.
bool Track::teaches(int rank, Signal const& signal) const {
  if (signal.source.provider == learned_from_) return true;
  auto const actuals = pick(signal.points, true);
  if (actuals.empty()) return false;
  return learned_from_.empty() || rank < learned_rank_ || past_->empty() ||
         past_->back().interval.end + kSilence < actuals.back().interval.end;
}

void Track::learn(int rank, Signal const& signal) {
  if (!teaches(rank, signal)) return;
  if (signal.source.provider != learned_from_) {
    past_ = std::make_shared<Points const>();
    forecaster_.reset();
    learned_from_ = signal.source.provider;
  }
  learned_rank_ = rank;
  auto const actuals = pick(signal.points, true);
  Interval all = span_of(actuals, *past_);
  all.begin = std::max(all.begin, all.end - kMeasured);
  // All that came goes to the forecaster; memory keeps the newest part.
  auto const hours = whole_hours(fill_gaps(actuals, *past_, span_of(actuals, *past_)));
  past_ = std::make_shared<Points const>(fill_gaps(actuals, *past_, all));
  auto next = forecaster_ ? std::make_shared<Forecaster>(*forecaster_) : std::make_shared<Forecaster>();
  std::vector<std::pair<Hour, double>> news;
  for (auto const& [hour, value] : hours) {
    double const known = next->actual(hour);
    if (std::isnan(known) || std::abs(known - value) > 1e-6) news.emplace_back(hour, value);
  }
  next->observe(news);
  auto issue = published_hours(pick(signal.points, false));
  if (!issue.values.empty()) next->publish(std::move(issue));
  forecaster_ = std::move(next);
  made_at_ = signal.received_at;
  look_ahead(signal.source.kind, pick(signal.points, false));
}

void Track::restore(SignalKind kind, std::string provider, Forecaster forecaster,
                    std::vector<IntensityPoint> const& actuals) {
  learned_from_ = std::move(provider);
  stored_until_ = forecaster.next();
  forecaster.observe(whole_hours(actuals));
  forecaster_ = std::make_shared<Forecaster const>(std::move(forecaster));
  Interval all = span_of(actuals, {});
  all.begin = std::max(all.begin, all.end - kMeasured);
  past_ = std::make_shared<Points const>(fill_gaps(actuals, {}, all));
  look_ahead(kind, {});
}

void Track::look_ahead(SignalKind kind, Points const& published) {
  if (forecaster_->empty()) {
    ahead_ = std::make_shared<Points const>();
    return;
  }
  Newest newest;
  if (!past_->empty()) {
    IntensityPoint const& last = past_->back();
    newest = {last.interval.end, static_cast<double>(last.value.value) / 1000, last.interval.length()};
  }
  // What was measured of the open hour belongs to its shape.
  Instant const open = begin_of(forecaster_->next());
  Points const shapes =
      published.empty() ? published : fill_gaps(*past_, published, {open, published.back().interval.end});
  ahead_ = std::make_shared<Points const>(
      forecast_points(kind, forecaster_->next(), forecaster_->forecast(), shapes, newest));
}

bool Track::stale(Instant now) const {
  if (replies_.empty()) return false;
  if (!past_->empty() && now - past_->back().interval.end <= kFreshActuals) return false;
  return std::none_of(replies_.begin(), replies_.end(),
                      [now](Ranked const& ranked) { return covers(ranked.signal.points, now); });
}

KindView Track::view(Instant now, Span horizon) const {
  KindView view;
  Interval wanted{std::chrono::floor<std::chrono::hours>(now) - kPast, now + horizon};
  Points points = *past_;
  if (!points.empty()) wanted.begin = std::min(wanted.begin, points.front().interval.begin);
  points = fill_gaps(points, of_state(*ahead_, PointState::kForecast), wanted);
  bool named = false;
  for (bool const trusted : {true, false}) {
    for (Ranked const& ranked : replies_) {
      if (ranked.trusted != trusted || ranked.signal.points.empty()) continue;
      Points const& reply = ranked.signal.points;
      wanted.begin = std::min(wanted.begin, reply.front().interval.begin);
      wanted.end = std::max(wanted.end, reply.back().interval.end);
      points = fill_gaps(points, reply, wanted);
      bool const learned = ranked.signal.source.provider == learned_from_ && forecaster_ && !ahead_->empty();
      if (named || (reply.back().interval.end <= now && !learned)) continue;
      named = true;
      view.source = ranked.signal.source;
      view.issued_at = ranked.signal.issued_at;
      view.issue_time_is_receipt = ranked.signal.issue_time_is_receipt;
    }
  }
  view.feed_stale = stale(now);
  if (forecaster_ && !forecaster_->empty()) view.learned_hours = forecaster_->next() - forecaster_->first();
  points = fill_gaps(points, of_state(*ahead_, PointState::kClimatology), wanted);
  if (profile_) {
    points = fill_gaps(points, climatology(*profile_, wanted), wanted);
    if (!named) view.source = profile_->source;
  }
  if (factor_) {
    points = fill_gaps(points, {{wanted, factor_->value, PointState::kConstant}}, wanted);
    if (!named && !profile_) view.source = factor_->source;
  }
  if (!points.empty()) view.curve = std::make_shared<Curve const>(std::move(points));
  return view;
}

std::optional<PointState> Track::best_state() const {
  std::optional<PointState> best;
  auto const consider = [&best](PointState state) { best = best ? std::min(*best, state) : state; };
  if (factor_) consider(PointState::kConstant);
  if (profile_) consider(PointState::kClimatology);
  for (Points const* points : {past_.get(), ahead_.get()}) {
    for (IntensityPoint const& point : *points) consider(point.state);
  }
  for (Ranked const& ranked : replies_) {
    for (IntensityPoint const& point : ranked.signal.points) consider(point.state);
  }
  return best;
}

}  // namespace greenq::core
