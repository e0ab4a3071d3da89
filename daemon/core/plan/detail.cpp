#include "core/plan/detail.hpp"

#include "core/check.hpp"
#include "core/energy/footprint.hpp"

namespace greenq::core {
namespace {

constexpr std::int64_t kGib = std::int64_t{1} << 30;

struct Pricing {
  Curve const* curve = nullptr;  // null: no signal
  bool grams = false;            // a relative signal never enters a gram
  Power power;
  std::int64_t pue_milli = 1000;
};

WindowDetail detail_of(Pricing const& pricing, Interval window) {
  WindowDetail detail;
  detail.window = window;
  detail.energy = energy_of(pricing.power, window.length());
  if (pricing.curve == nullptr) return detail;
  detail.mean = pricing.curve->mean(window);
  if (detail.mean && pricing.grams) {
    __int128 const product =
        static_cast<__int128>(detail.energy.value) * detail.mean->value * pricing.pue_milli;
    detail.carbon = Carbon{divide_half_even(product, static_cast<__int128>(kMillijoulePerKwh) * 1000)};
  }
  return detail;
}

// One figure for a run in several segments: sums, and the mean weighted by time.
WindowDetail sum_of(std::vector<WindowDetail> const& segments) {
  WindowDetail sum = segments.front();
  if (segments.size() == 1) return sum;
  sum.window.end = segments.back().window.end;
  sum.energy = {};
  __int128 weighted = 0;
  Span length{0};
  std::optional<Carbon> carbon = Carbon{};
  bool known = true;
  for (WindowDetail const& segment : segments) {
    Span const span = segment.window.length();
    sum.energy += segment.energy;
    length += span;
    if (segment.mean) {
      weighted += static_cast<__int128>(segment.mean->value) * span.count();
    } else {
      known = false;
    }
    if (carbon && segment.carbon) {
      *carbon += *segment.carbon;
    } else {
      carbon.reset();
    }
  }
  sum.mean.reset();
  if (known) sum.mean = Intensity{divide_half_even(weighted, length.count())};
  sum.carbon = carbon;
  return sum;
}

}  // namespace

Power expected_power(JobSpec const& spec, EnergyModel const& model) {
  if (spec.expected_power) return *spec.expected_power;
  GREENQ_CHECK(model.node_cpus > 0);
  std::int64_t const cpu =
      divide_half_even(static_cast<__int128>(model.cpu_tdp.value) * spec.resources.cpus, model.node_cpus);
  std::int64_t const memory =
      divide_half_even(static_cast<__int128>(model.memory_per_gib.value) * spec.resources.memory_bytes, kGib);
  return {cpu + memory};
}

PlanDetail describe(State const& state, Job const& job, Instant now) {
  GREENQ_CHECK(job.plan.has_value() && !job.plan->segments.empty());
  Plan const& plan = *job.plan;
  PlanDetail detail;
  detail.note = plan.note;
  if (job.learned) detail.learned_runs = job.learned->runs;
  Decision const decision = decide(state.site, state.signals, job.spec->carbon);
  detail.not_shifted_reason = decision.not_shifted_reason;
  KindView view;
  Pricing pricing;
  pricing.power = expected_power(*job.spec, state.model);
  pricing.pue_milli = state.site.pue_milli;
  // Figures are shown for jobs that are not shifted, too: in marginal terms unless the site decides by the
  // average.
  bool const average = state.site.signal == SiteSignalChoice::kAverage;
  SignalKind const kind = decision.kind.value_or(average ? SignalKind::kAverage : SignalKind::kMarginal);
  if (state.signals.has(kind)) {
    view = state.signals.view(kind, now, state.site.horizon);
    pricing.curve = view.curve.get();
    pricing.grams = kind != SignalKind::kRelative;
    if (view.curve) {
      detail.source = view.source;
      detail.issued_at = view.issued_at;
    }
  }
  for (Interval const& segment : plan.segments) detail.segments.push_back(detail_of(pricing, segment));
  detail.chosen = sum_of(detail.segments);
  Span const left = remaining_duration(job, now);
  detail.now = detail_of(pricing, {now, now + left});
  auto const latest = latest_start(job);
  if (latest && *latest > now) detail.latest = detail_of(pricing, {*latest, *latest + left});
  return detail;
}

}  // namespace greenq::core
