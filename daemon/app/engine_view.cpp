// What the engine shows to those who read without touching State.
#include "app/engine_impl.hpp"

namespace greenq::app {

core::SiteSignals const* View::find(std::string const& zone) const {
  if (zone == site.zone) return signals.get();
  auto const found = elsewhere.find(zone);
  return found == elsewhere.end() ? nullptr : found->second.get();
}

core::Instant View::measured_until(core::SignalSource const& feed) const {
  core::SiteSignals const* const known = find(feed.zone);
  core::Track const* const track = known == nullptr ? nullptr : known->track(feed.kind);
  return track == nullptr ? core::Instant{} : track->measured_until(feed.provider);
}

std::shared_ptr<core::SiteSignals const> Engine::Impl::share(std::string const& zone,
                                                             core::SiteSignals const& signals) {
  auto& shared = shared_signals[zone];
  if (!shared) shared = std::make_shared<core::SiteSignals const>(signals);
  return shared;
}

void Engine::Impl::publish() {
  auto view = std::make_shared<View>();
  view->site = state.site;
  view->capacity = state.capacity;
  view->signals = share(state.site.zone, state.signals);
  for (auto const& [zone, signals] : state.elsewhere) view->elsewhere[zone] = share(zone, signals);
  view->epoch = epoch;
  view->last_sequence = state.next_sequence - 1;
  view->hold_reason = hold_reason;
  view->hold_mode = !hold_reason.empty();
  view->live_jobs = live_jobs;
  view->running_jobs = static_cast<int>(state.alive.size());
  for (core::JobId const id : state.alive) {
    core::Job const& job = state.jobs.at(id);
    view->cpus_used += job.spec->resources.cpus;
    view->memory_used += job.spec->resources.memory_bytes;
    for (std::string const& uuid : job.attempts.back().gpu_uuids) view->gpu_jobs[uuid] = id;
  }
  std::lock_guard const lock{mutex};
  published = std::move(view);
}

}  // namespace greenq::app
