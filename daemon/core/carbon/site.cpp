#include "core/carbon/site.hpp"

#include <algorithm>

namespace greenq::core {
namespace {

// How far back the typical day is laid under the figures of feeds, so that what just ran can be priced.
constexpr Span kPast{std::chrono::hours{48}};

bool covers(std::vector<IntensityPoint> const& points, Instant now) {
  return std::any_of(points.begin(), points.end(),
                     [now](IntensityPoint const& point) { return point.interval.contains(now); });
}

char const* article(SignalKind kind) {
  return kind == SignalKind::kAverage ? "an" : "a";
}

std::string no_signal(std::string const& zone, SignalKind kind) {
  std::string const name = to_string(kind);
  std::string text = "zone " + zone + " has no " + name + " signal: not shifted; ";
  if (kind == SignalKind::kMarginal) {
    return text +
           "configure a marginal feed, or set site.signal: average (which does not estimate the effect of "
           "shifting) or site.signal: none";
  }
  return text + "configure " + article(kind) + " " + name + " feed or set site.signal: none";
}

}  // namespace

void SiteSignals::put(int rank, Signal signal) {
  std::vector<Ranked>& feeds = latest_[signal.source.kind];
  std::erase_if(feeds, [&](Ranked const& r) {
    return r.signal.source.provider == signal.source.provider && r.signal.source.zone == signal.source.zone;
  });
  auto const place = std::upper_bound(feeds.begin(), feeds.end(), rank,
                                      [](int value, Ranked const& r) { return value < r.rank; });
  feeds.insert(place, Ranked{rank, std::move(signal)});
}

void SiteSignals::put_profile(Profile profile) {
  SignalKind const kind = profile.source.kind;
  profiles_.insert_or_assign(kind, std::move(profile));
}

KindView SiteSignals::view(SignalKind kind, Instant now, Span horizon) const {
  KindView view;
  auto const feeds = latest_.find(kind);
  auto const profile = profiles_.find(kind);
  Interval wanted{std::chrono::floor<std::chrono::hours>(now) - kPast, now + horizon};
  std::vector<IntensityPoint> points;
  bool covered_now = false;
  bool named = false;
  if (feeds != latest_.end()) {
    for (Ranked const& ranked : feeds->second) {
      std::vector<IntensityPoint> const& reply = ranked.signal.points;
      if (reply.empty()) continue;
      wanted.begin = std::min(wanted.begin, reply.front().interval.begin);
      wanted.end = std::max(wanted.end, reply.back().interval.end);
      points = fill_gaps(points, reply, wanted);
      covered_now = covered_now || covers(reply, now);
      if (!named && reply.back().interval.end > now) {
        named = true;
        view.source = ranked.signal.source;
        view.issued_at = ranked.signal.issued_at;
        view.issue_time_is_receipt = ranked.signal.issue_time_is_receipt;
      }
    }
    view.feed_stale = !feeds->second.empty() && !covered_now;
  }
  if (profile != profiles_.end()) {
    points = fill_gaps(points, climatology(profile->second, wanted), wanted);
    if (!named) view.source = profile->second.source;
  }
  if (!points.empty()) view.curve = std::make_shared<Curve const>(std::move(points));
  return view;
}

std::optional<PointState> SiteSignals::best_state(SignalKind kind) const {
  std::optional<PointState> best;
  auto const consider = [&best](PointState state) { best = best ? std::min(*best, state) : state; };
  if (profiles_.contains(kind)) consider(PointState::kClimatology);
  if (auto const feeds = latest_.find(kind); feeds != latest_.end()) {
    for (Ranked const& ranked : feeds->second) {
      for (IntensityPoint const& point : ranked.signal.points) consider(point.state);
    }
  }
  return best;
}

bool SiteSignals::has(SignalKind kind) const {
  return best_state(kind).has_value();
}

Decision decide(SiteConfig const& site, SiteSignals const& signals, CarbonPolicy const& policy) {
  if (policy.mode == CarbonMode::kNone) return {std::nullopt, "carbon.policy is none: not shifted"};
  if (site.signal == SiteSignalChoice::kNone) {
    return {std::nullopt, "site.signal is none: jobs are not shifted here"};
  }
  if (site.zone.empty()) {
    return {std::nullopt, "the grid zone is not set: not shifted; set site.zone in greenqd.yaml"};
  }
  SignalKind const site_kind =
      site.signal == SiteSignalChoice::kAverage ? SignalKind::kAverage : SignalKind::kMarginal;
  SignalKind const kind = policy.signal.value_or(site_kind);
  if (kind == SignalKind::kRelative) {
    return {std::nullopt, "a relative signal cannot decide alone: not shifted; set carbon.signal: marginal"};
  }
  if (kind == SignalKind::kAverage && site_kind != SignalKind::kAverage) {
    return {std::nullopt,
            "the job asks for signal: average, which this site does not allow: not shifted; remove "
            "carbon.signal or "
            "ask the operator for site.signal: average"};
  }
  if (kind != site_kind) {
    return {std::nullopt,
            "the job asks for signal: marginal, but this site decides by the average: not shifted; remove "
            "carbon.signal"};
  }
  auto const best = signals.best_state(kind);
  if (!best) return {std::nullopt, no_signal(site.zone, kind)};
  if (*best == PointState::kConstant) {
    return {std::nullopt, "no signal: not shifted (only a constant " + std::string(to_string(kind)) +
                              " figure is known for zone " + site.zone + ")"};
  }
  return {kind, ""};
}

}  // namespace greenq::core
