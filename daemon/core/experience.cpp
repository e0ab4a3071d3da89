// What is kept of the forecasters: their own forecasts for the record, their state for the next start.
#include <cmath>

#include "core/carbon/hours.hpp"
#include "core/draft.hpp"

namespace greenq::core {
namespace {

constexpr Hour kStoreEvery = 6;

Signal own_forecast(Track const& track, SignalSource const& of) {
  Signal out;
  out.source = {of.zone, of.kind, of.basis, kOwnForecast, "GreenQ's own forecast", of.attribution};
  out.issued_at = out.received_at = track.made_at();
  out.issue_time_is_receipt = false;
  for (auto const& [hour, grams] : whole_hours(track.ahead())) {
    Intensity const value{std::llround(grams * 1000)};
    out.points.push_back({{begin_of(hour), begin_of(hour + 1)}, value, PointState::kForecast, std::nullopt});
  }
  return out;
}

}  // namespace

void keep_experience(Draft& draft, Signal const& signal) {
  SiteSignals const* const zone = find_signals(draft.base(), signal.source.zone);
  Track const* const track = zone ? zone->track(signal.source.kind) : nullptr;
  if (!track || !track->forecaster() || track->forecaster()->empty()) return;
  if (track->learned_from() != signal.source.provider) return;
  if (hour_of(track->made_at()) != hour_of(track->told_at())) {
    draft.changes().own_forecasts.push_back(own_forecast(*track, signal.source));
  }
  Hour const next = track->forecaster()->next();
  if (next - track->stored_until() < kStoreEvery) return;
  draft.changes().forecasters.push_back(
      {signal.source.zone, signal.source.kind, track->learned_from(), next, track->forecaster()->dump()});
}

}  // namespace greenq::core
