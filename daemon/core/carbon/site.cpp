#include "core/carbon/site.hpp"

namespace greenq::core {
namespace {

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
  Track& track = tracks_[signal.source.kind];
  track.put(rank, std::move(signal));
}

void SiteSignals::put_profile(Profile profile) {
  Track& track = tracks_[profile.source.kind];
  track.put_profile(std::move(profile));
}

void SiteSignals::put_factor(YearlyFactor factor) {
  Track& track = tracks_[factor.source.kind];
  track.put_factor(std::move(factor));
}

void SiteSignals::restore(SignalKind kind, int rank, std::string const& provider, Forecaster forecaster,
                          std::vector<IntensityPoint> const& actuals) {
  tracks_[kind].restore(kind, rank, provider, std::move(forecaster), actuals);
}

Track const* SiteSignals::track(SignalKind kind) const {
  auto const found = tracks_.find(kind);
  return found == tracks_.end() ? nullptr : &found->second;
}

KindView SiteSignals::view(SignalKind kind, Instant now, Span horizon) const {
  Track const* const known = track(kind);
  return known == nullptr ? KindView{} : known->view(now, horizon);
}

std::optional<PointState> SiteSignals::best_state(SignalKind kind) const {
  Track const* const known = track(kind);
  return known == nullptr ? std::nullopt : known->best_state();
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
