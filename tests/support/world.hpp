// A state machine without an engine: events in, changes applied at once, effects remembered.
#pragma once

#include <memory>

#include "core/step.hpp"
#include "support/fakes.hpp"

namespace greenq::test {

struct World {
  core::State state;
  core::Instant now = core::from_ms(1'600'000'000'000);
  std::vector<core::Effect> effects;
  std::vector<core::JobEvent> events;
  std::vector<core::EnergySlice> slices;
  std::map<core::JobId, core::Job> ended;

  World() {
    state.capacity = core::Capacity{"node", 4, 8LL << 30, {}};
    state.model.node_cpus = 4;
    state.model.cpu_tdp = core::Power{40'000};
  }

  core::Result<std::vector<core::JobId>> feed(core::Event const& event) {
    core::Step step = core::step(state, event, now);
    core::apply(state, step.changes);
    for (auto const& job : step.changes.jobs) {
      if (core::is_terminal(job.state)) ended[job.id] = job;
    }
    effects.insert(effects.end(), step.effects.begin(), step.effects.end());
    events.insert(events.end(), step.changes.events.begin(), step.changes.events.end());
    slices.insert(slices.end(), step.changes.slices.begin(), step.changes.slices.end());
    return step.reply;
  }

  core::JobId submit(core::JobSpec spec, std::vector<core::NewDependency> dependencies = {}) {
    core::SubmitJobs command;
    command.owner = user();
    command.jobs.push_back(
        {std::make_shared<core::JobSpec const>(std::move(spec)), "uid", std::move(dependencies)});
    return feed(command).value().front();
  }

  // Plans as the engine would, and feeds the answer.
  void plan() { feed(core::PlanReady{core::make_plan(core::snapshot(state, now))}); }

  core::Job const& job(core::JobId id) const {
    auto const live = state.jobs.find(id);
    return live != state.jobs.end() ? live->second : ended.at(id);
  }
  core::SegmentId segment(core::JobId id) const {
    auto const& attempt = job(id).attempts.back();
    return {id, attempt.number, attempt.launches};
  }
  void started(core::JobId id) { feed(core::SegmentStarted{segment(id), now}); }
  void end(core::JobId id, core::Outcome outcome, int status = 0) {
    feed(core::SegmentEnded{segment(id), {outcome, status, now, ""}});
  }
  void run(core::JobId id) {
    plan();
    started(id);
  }
  void advance(core::Span span) { now += span; }

  template <class T>
  std::vector<T> all() const {
    std::vector<T> out;
    for (auto const& effect : effects) {
      if (auto const* match = std::get_if<T>(&effect)) out.push_back(*match);
    }
    return out;
  }

  // Hourly marginal figures from the hour of `now` on.
  void signal(std::vector<std::int64_t> const& grams) {
    core::Signal signal;
    signal.source = {"ZZ", core::SignalKind::kMarginal, core::SignalBasis::kDirect, "test", "test series",
                     ""};
    signal.issued_at = signal.received_at = now;
    core::Instant begin = std::chrono::floor<std::chrono::hours>(now);
    for (auto const value : grams) {
      signal.points.push_back(
          {{begin, begin + std::chrono::hours{1}}, {value * 1000}, core::PointState::kForecast});
      begin += std::chrono::hours{1};
    }
    state.site.zone = "ZZ";
    feed(core::SignalReceived{0, signal});
  }
};

inline core::JobSpec bounded(core::Span max_delay, std::string name = "train") {
  core::JobSpec out = spec(std::move(name));
  out.carbon.bound = core::Bound{core::BoundKind::kMaxDelay, {}, max_delay};
  return out;
}

}  // namespace greenq::test
