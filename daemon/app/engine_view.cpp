// What the engine shows to those who read without touching State.
#include "app/engine_impl.hpp"

namespace greenq::app {

core::SiteSignals const* View::find(std::string const& zone) const {
  if (zone == site.zone) return signals.get();
  auto const found = elsewhere->find(zone);
  return found == elsewhere->end() ? nullptr : &found->second;
}

core::Instant View::measured_until(std::string const& zone, std::string const& provider) const {
  core::Instant until{};
  core::SiteSignals const* const known = find(zone);
  for (auto const kind : {core::SignalKind::kMarginal, core::SignalKind::kAverage}) {
    core::Track const* const track = known == nullptr ? nullptr : known->track(kind);
    if (track != nullptr && track->learned_from() == provider)
      until = std::max(until, track->measured_until());
  }
  return until;
}

void Engine::Impl::publish() {
  auto view = std::make_shared<View>();
  view->site = state.site;
  view->capacity = state.capacity;
  if (!shared_signals) {
    shared_signals = std::make_shared<core::SiteSignals const>(state.signals);
    shared_elsewhere = std::make_shared<View::Zones const>(state.elsewhere);
  }
  view->signals = shared_signals;
  view->elsewhere = shared_elsewhere;
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
