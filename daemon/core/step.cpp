#include "core/step.hpp"

#include "core/draft.hpp"
#include "core/launch.hpp"

namespace greenq::core {
namespace {

struct Handler {
  Draft& draft;
  using Reply = Result<std::vector<JobId>>;
  static Reply done() { return std::vector<JobId>{}; }

  Reply operator()(SubmitJobs const& command) { return submit(draft, command); }
  Reply operator()(CancelJob const& command) { return cancel(draft, command); }
  Reply operator()(HoldJob const& command) { return hold(draft, command); }
  Reply operator()(ReleaseJob const& command) { return release(draft, command); }
  Reply operator()(PlanReady const& event) {
    adopt_plan(draft, event);
    dispatch(draft);
    return done();
  }
  Reply operator()(SegmentStarted const& event) {
    segment_started(draft, event);
    return done();
  }
  Reply operator()(SegmentEnded const& event) {
    segment_ended(draft, event);
    dispatch(draft);
    return done();
  }
  Reply operator()(SegmentDelayed const& event) {
    segment_delayed(draft, event);
    return done();
  }
  Reply operator()(SignalReceived const& event) {
    keep_experience(draft, event.signal);
    draft.changes().signals.emplace_back(event.rank, event.signal);
    if (event.signal.source.zone == draft.base().site.zone) draft.effect(RequestPlan{});
    return done();
  }
  Reply operator()(SamplesArrived const& event) {
    samples_arrived(draft, event);
    return done();
  }
  Reply operator()(FootprintSettled const& event) {
    draft.changes().footprints.push_back({event.job, event.footprint});
    return done();
  }
  Reply operator()(Tick const&) {
    dispatch(draft);
    return done();
  }
};

}  // namespace

Step step(State const& state, Event const& event, Instant now) {
  Draft draft{state, now};
  auto reply = std::visit(Handler{draft}, event);
  if (!reply) {
    Step refused;
    refused.reply = std::move(reply);
    return refused;
  }
  return draft.finish(std::move(reply));
}

std::vector<Effect> recover(State const& state, Instant) {
  std::vector<Effect> effects;
  for (JobId const id : state.alive) {
    Job const& job = state.jobs.at(id);
    effects.emplace_back(AdoptSegment{make_launch(job, state.stop_grace)});
    if (job.stop == StopIntent::kNone) continue;
    StopKind const kind = job.stop == StopIntent::kCancel ? StopKind::kTerminate : StopKind::kCheckpoint;
    effects.emplace_back(StopSegment{current_segment(job), kind});
  }
  for (auto const& [id, meter] : state.meters) {
    if (meter.ended) {
      effects.emplace_back(DrainMeter{id, meter.offset});
    } else {
      effects.emplace_back(WatchMeter{id, meter.offset});
    }
  }
  effects.emplace_back(RequestPlan{});
  return effects;
}

}  // namespace greenq::core
