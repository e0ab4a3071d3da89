// What the engine sets in motion after a commit: adapters, the planner, pricing.
#include <algorithm>
#include <iterator>

#include "app/engine_impl.hpp"

namespace greenq::app {
namespace {

constexpr core::Span kResettleEvery{std::chrono::seconds{30}};
constexpr core::Span kResettleAge{std::chrono::hours{72}};
constexpr int kResettleMax = 200;
// Without any event forecasts still grow old and feeds fall silent.
constexpr core::Span kReplanEvery{std::chrono::minutes{1}};
// Of a plan of many jobs so many are written down at once, so that others are answered in between.
constexpr std::ptrdiff_t kPlansAtOnce = 500;

void post_plan(Inbox& inbox, core::PlanOutput plan) {
  auto next = std::make_move_iterator(plan.jobs.begin());
  auto const end = std::make_move_iterator(plan.jobs.end());
  bool more = true;
  while (more) {
    auto const stop = next + std::min<std::ptrdiff_t>(kPlansAtOnce, end - next);
    more = stop != end;
    inbox.post(core::PlanReady{{{next, stop}}, more});
    next = stop;
  }
}

}  // namespace

void Engine::Impl::run_effects(std::vector<core::Effect> const& list) {
  struct Run {
    Impl& engine;
    void operator()(core::StartSegment const& e) { engine.parts.runner->start(e.launch); }
    void operator()(core::AdoptSegment const& e) { engine.parts.runner->adopt(e.launch); }
    void operator()(core::StopSegment const& e) { engine.parts.runner->stop(e.segment, e.kind); }
    void operator()(core::DrainMeter const& e) { engine.parts.meter->drain(e.segment, e.offset); }
    void operator()(core::WatchMeter const& e) { engine.parts.meter->watch(e.segment, e.offset); }
    void operator()(core::SettleFootprint const& e) {
      engine.parts.reads->settle(
          e.job, [&in = engine, job = e.job](core::Result<core::FootprintSettled> settled) {
            if (settled) return in.inbox.post(std::move(*settled));
            bool const busy = settled.error().code == core::ErrorCode::kResourceExhausted ||
                              settled.error().code == core::ErrorCode::kUnavailable;
            if (busy) in.push(Query{[&in, job] { in.unsettled.insert(job); }}, false);
          });
    }
    void operator()(core::RequestPlan const&) { engine.plan_wanted = true; }
  };
  for (core::Effect const& effect : list) std::visit(Run{*this}, effect);
}

void Engine::Impl::request_plan() {
  core::Span const steady = parts.clock->steady();
  bool const wanted = plan_wanted || steady - planned_at >= kReplanEvery;
  if (!wanted || planning || !hold_reason.empty() || steady < plan_not_before) return;
  plan_wanted = false;
  planned_at = steady;
  if (state.jobs.size() == state.alive.size()) return;
  planning = true;
  auto input = std::make_shared<core::PlanInput>(core::snapshot(state, parts.clock->now(), told));
  // A plan that takes long is made less often: planning gets at most half of the time.
  plan_not_before = steady;
  parts.run_on_planner(
      [input, memory = planner, &target = inbox] { post_plan(target, memory->plan(*input)); });
}

void Engine::Impl::plan_arrived() {
  planning = false;
  core::Span const steady = parts.clock->steady();
  plan_not_before = steady + (steady - plan_not_before);
}

// Figures that came in late price recent jobs anew; not more often than needed.
void Engine::Impl::resettle(core::Event const& event) {
  core::Span const steady = parts.clock->steady();
  if (!std::holds_alternative<core::SignalReceived>(event) || steady - settled_at < kResettleEvery) return;
  settled_at = steady;
  core::Instant const since = parts.clock->now() - kResettleAge;
  parts.reads->provisional(since, kResettleMax, [this](core::Result<std::vector<core::JobId>> ids) {
    if (!ids || ids->empty()) return;
    push(Query{[this, list = *ids] {
           for (core::JobId const id : list) run_effects({core::SettleFootprint{id}});
         }},
         false);
  });
}

void Engine::Impl::settle_again() {
  core::Span const steady = parts.clock->steady();
  if (unsettled.empty() || steady < settle_retry_at) return;
  settle_retry_at = steady + kResettleEvery;
  for (int i = 0; i < kResettleMax && !unsettled.empty(); ++i) {
    core::SettleFootprint const effect{*unsettled.begin()};
    unsettled.erase(unsettled.begin());
    run_effects({effect});
  }
}

}  // namespace greenq::app
