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
// Older figures teach nothing; they correct what was learned, as far as it is remembered.
constexpr Span kLessons{std::chrono::hours{24 * 35}};
constexpr Span kCorrected{std::chrono::hours{HourSeries::kKept}};
// Another feed teaches once the preferred one has measured nothing for so long.
constexpr Span kSilence{std::chrono::hours{48}};
// Actuals this fresh make a feed without a forecast of its own a living one.
constexpr Span kFreshActuals{std::chrono::hours{6}};

// What was measured, or the rest, as far as it is worth learning from.
std::vector<IntensityPoint> pick(Signal const& signal, bool actuals) {
  Interval const of_use{signal.received_at - kCorrected, signal.received_at + kCorrected};
  std::vector<IntensityPoint> out;
  for (IntensityPoint const& point : signal.points) {
    if (!of_use.contains(point.interval.begin) || point.interval.end > of_use.end) continue;
    if (was_measured(point, signal.received_at) == actuals) out.push_back(point);
  }
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

std::vector<IntensityPoint> newest_of(std::vector<IntensityPoint> const& first,
                                      std::vector<IntensityPoint> const& second) {
  Interval all = span_of(first, second);
  all.begin = std::max(all.begin, all.end - kMeasured);
  return fill_gaps(first, second, all);
}

// A reply without a forecast cannot run out.
bool ran_out(Signal const& signal, Instant now) {
  if (signal.points.empty()) return true;
  IntensityPoint const& last = signal.points.back();
  return last.state >= PointState::kForecast && last.interval.end <= now;
}

}  // namespace

void Track::put(int rank, Signal signal) {
  if (!signal.as_given && signal.source.kind != SignalKind::kRelative) learn(rank, signal);
  bool trusted = true;
  std::erase_if(replies_, [&](Ranked const& r) {
    if (r.signal->source.provider != signal.source.provider) return false;
    trusted = !ran_out(*r.signal, signal.received_at) || replies_.size() == 1;
    return true;
  });
  auto const place = std::upper_bound(replies_.begin(), replies_.end(), rank,
                                      [](int value, Ranked const& r) { return value < r.rank; });
  replies_.insert(place, Ranked{rank, std::make_shared<Signal const>(std::move(signal)), trusted});
}

// The preferred one that measures, another one once that has been silent.
bool Track::may_teach(int rank, Instant measured_until) const {
  if (lesson_.provider.empty()) return true;
  if (rank < lesson_.rank) return measured_until + kSilence >= lesson_.until();
  return measured_until > lesson_.until() + kSilence;
}

void Track::change_to(std::string const& provider) {
  auto known = resting_.extract(provider);
  std::string const before = lesson_.provider;
  if (!before.empty()) resting_.insert_or_assign(before, std::move(lesson_));
  lesson_ = known.empty() ? Lesson{} : std::move(known.mapped());
  lesson_.provider = provider;
}

void Track::learn(int rank, Signal const& signal) {
  Points const actuals = pick(signal, true);
  if (signal.source.provider != lesson_.provider) {
    if (actuals.empty() || !may_teach(rank, actuals.back().interval.end)) return;
    change_to(signal.source.provider);
  }
  lesson_.rank = rank;
  // All that came goes to the forecaster; memory keeps the newest part.
  auto const hours = whole_hours(fill_gaps(actuals, *lesson_.past, span_of(actuals, *lesson_.past)));
  lesson_.past = std::make_shared<Points const>(newest_of(actuals, *lesson_.past));
  auto next = lesson_.forecaster ? std::make_shared<Forecaster>(*lesson_.forecaster)
                                 : std::make_shared<Forecaster>(signal.source.kind);
  Hour const oldest = hour_of(signal.received_at - kLessons);
  std::vector<std::pair<Hour, double>> news;
  for (auto const& [hour, value] : hours) {
    if (hour < oldest && hour >= next->next()) continue;
    double const known = next->actual(hour);
    if (std::isnan(known) || std::abs(known - value) > 1e-6) news.emplace_back(hour, value);
  }
  next->observe(news);
  Points const published = pick(signal, false);
  auto issue = published_hours(published);
  if (!issue.values.empty()) next->publish(std::move(issue));
  lesson_.forecaster = std::move(next);
  lesson_.made_at = signal.received_at;
  lesson_.look_ahead(signal.source.kind, published);
}

void Track::restore(SignalKind kind, int rank, std::string const& provider, Forecaster forecaster,
                    std::vector<IntensityPoint> const& actuals) {
  Lesson lesson{provider, rank};
  lesson.stored_until = forecaster.next();
  forecaster.observe(whole_hours(actuals));
  lesson.past = std::make_shared<Points const>(newest_of(actuals, {}));
  lesson.forecaster = std::make_shared<Forecaster const>(std::move(forecaster));
  lesson.look_ahead(kind, {});
  resting_.insert_or_assign(provider, std::move(lesson));
  if (may_teach(rank, measured_until(provider))) change_to(provider);
}

void Track::Lesson::look_ahead(SignalKind kind, Points const& published) {
  if (forecaster->empty()) {
    ahead = std::make_shared<Points const>();
    return;
  }
  Newest newest;
  if (!past->empty()) {
    IntensityPoint const& last = past->back();
    newest = {last.interval.end, static_cast<double>(last.value.value) / 1000, last.interval.length()};
  }
  // What was measured of the open hour belongs to its shape.
  Instant const open = begin_of(forecaster->next());
  Points const shapes =
      published.empty() ? published : fill_gaps(*past, published, {open, published.back().interval.end});
  ahead = std::make_shared<Points const>(
      forecast_points(kind, forecaster->next(), forecaster->forecast(), shapes, newest));
}

Instant Track::measured_until(std::string const& provider) const {
  if (provider == lesson_.provider) return lesson_.until();
  auto const resting = resting_.find(provider);
  return resting == resting_.end() ? Instant{} : resting->second.until();
}

bool Track::stale(Instant now) const {
  if (replies_.empty()) return false;
  if (now - lesson_.until() <= kFreshActuals) return false;
  return std::none_of(replies_.begin(), replies_.end(),
                      [now](Ranked const& ranked) { return covers(ranked.signal->points, now); });
}

// What feeds and experience say, best first.
std::vector<Track::Rung> Track::ladder(Instant now) const {
  std::vector<Rung> rungs;
  auto const add = [&](auto const& wanted) {
    for (Ranked const& ranked : replies_) {
      if (wanted(ranked)) rungs.push_back({ranked.signal->points, &ranked});
    }
  };
  // Given figures of the feed itself are not corrected by what it taught before. A feed that fell silent does
  // not stand above the one that took over.
  auto const first = [this, now](Ranked const& ranked) {
    bool const above = ranked.rank < lesson_.rank || (ranked.signal->as_given && ranked.rank == lesson_.rank);
    return ranked.trusted && above && now - ranked.signal->received_at <= kSilence;
  };
  auto const teacher = std::find_if(replies_.begin(), replies_.end(), [this](Ranked const& ranked) {
    return ranked.signal->source.provider == lesson_.provider;
  });
  Ranked const* const from = teacher == replies_.end() ? nullptr : &*teacher;
  add(first);
  rungs.push_back({*lesson_.past, from});
  rungs.push_back({of_state(*lesson_.ahead, PointState::kForecast), from});
  add([&](Ranked const& ranked) { return ranked.trusted && !first(ranked); });
  add([](Ranked const& ranked) { return !ranked.trusted; });
  rungs.push_back({of_state(*lesson_.ahead, PointState::kClimatology), from});
  return rungs;
}

KindView Track::view(Instant now, Span horizon) const {
  KindView view;
  Interval wanted{std::chrono::floor<std::chrono::hours>(now) - kPast, now + horizon};
  if (!lesson_.past->empty()) wanted.begin = std::min(wanted.begin, lesson_.past->front().interval.begin);
  for (Ranked const& ranked : replies_) {
    if (ranked.signal->points.empty()) continue;
    wanted.begin = std::min(wanted.begin, ranked.signal->points.front().interval.begin);
    wanted.end = std::max(wanted.end, ranked.signal->points.back().interval.end);
  }
  std::vector<Rung> const rungs = ladder(now);
  Points points;
  for (Rung const& rung : rungs) points = fill_gaps(points, rung.points, wanted);
  auto named =
      std::find_if(rungs.begin(), rungs.end(), [now](Rung const& rung) { return covers(rung.points, now); });
  if (named == rungs.end()) {
    named = std::find_if(rungs.begin(), rungs.end(), [now](Rung const& rung) {
      return !rung.points.empty() && rung.points.back().interval.end > now;
    });
  }
  if (named != rungs.end() && named->from != nullptr) {
    Signal const& reply = *named->from->signal;
    view.source = reply.source;
    view.issued_at = reply.issued_at;
    view.issue_time_is_receipt = reply.issue_time_is_receipt;
  } else if (profile_) {
    view.source = profile_->source;
  } else if (factor_) {
    view.source = factor_->source;
  }
  view.feed_stale = stale(now);
  if (lesson_.forecaster) view.learned_hours = lesson_.forecaster->known();
  if (profile_) points = fill_gaps(points, climatology(*profile_, wanted), wanted);
  if (factor_) points = fill_gaps(points, {{wanted, factor_->value, PointState::kConstant}}, wanted);
  if (!points.empty()) view.curve = std::make_shared<Curve const>(std::move(points));
  return view;
}

std::optional<PointState> Track::best_state() const {
  std::optional<PointState> best;
  auto const consider = [&best](PointState state) { best = best ? std::min(*best, state) : state; };
  if (factor_) consider(PointState::kConstant);
  if (profile_) consider(PointState::kClimatology);
  for (Points const* points : {lesson_.past.get(), lesson_.ahead.get()}) {
    for (IntensityPoint const& point : *points) consider(point.state);
  }
  for (Ranked const& ranked : replies_) {
    for (IntensityPoint const& point : ranked.signal->points) consider(point.state);
  }
  return best;
}

}  // namespace greenq::core
