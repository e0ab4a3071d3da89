#include "core/plan/detail.hpp"

#include "core/check.hpp"
#include "core/energy/footprint.hpp"
#include "core/step.hpp"

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

// The curve as far as a picture needs it. Steps that are not known as a whole are left out.
std::vector<IntensityPoint> outline_of(Curve const& curve, Interval range) {
  std::vector<IntensityPoint> points;
  for (IntensityPoint const& point : curve.points()) {
    Interval const part = intersect(point.interval, range);
    if (!part.empty()) points.push_back({part, point.value, point.state});
  }
  if (points.size() <= kMaxOutline) return points;
  points.clear();
  Span const step{(range.length().count() + kMaxOutline - 1) / kMaxOutline};
  for (Instant at = range.begin; at < range.end; at += step) {
    Interval const part = intersect({at, at + step}, range);
    auto const mean = curve.mean(part);
    if (mean) points.push_back({part, *mean, *curve.worst_state(part)});
  }
  return points;
}

// Where the figures of a plan come from.
struct Books {
  KindView view;
  Pricing pricing;
  std::string not_shifted_reason;
};

Books books_for(State const& state, Job const& job, Instant now) {
  Books books;
  Decision decision = decide(state.site, state.signals, job.spec->carbon);
  books.not_shifted_reason = std::move(decision.not_shifted_reason);
  books.pricing.power = expected_power(*job.spec, state.model);
  books.pricing.pue_milli = state.site.pue_milli;
  // Figures are shown for jobs that are not shifted, too: in marginal terms unless the site decides by the
  // average.
  bool const average = state.site.signal == SiteSignalChoice::kAverage;
  SignalKind const kind = decision.kind.value_or(average ? SignalKind::kAverage : SignalKind::kMarginal);
  if (!state.signals.has(kind)) return books;
  books.view = state.signals.view(kind, now, state.site.horizon);
  books.pricing.curve = books.view.curve.get();
  books.pricing.grams = kind != SignalKind::kRelative;
  return books;
}

PlanDetail figures_of(Job const& job, Books const& books, Instant now) {
  Plan const& plan = *job.plan;
  PlanDetail detail;
  detail.note = plan.note;
  detail.learned = job.learned;
  bool const from_limit = job.spec->expected_duration == job.spec->time_limit;
  detail.duration_assumed = !job.learned && job.spec->duration_assumed && !from_limit;
  detail.not_shifted_reason = books.not_shifted_reason;
  if (books.view.curve) {
    detail.source = books.view.source;
    detail.issued_at = books.view.issued_at;
  }
  for (Interval const& segment : plan.segments) detail.segments.push_back(detail_of(books.pricing, segment));
  detail.chosen = sum_of(detail.segments);
  Span const left = remaining_duration(job, now);
  detail.now = detail_of(books.pricing, {now, now + left});
  auto const latest = latest_start(job);
  if (latest && *latest > now) detail.latest = detail_of(books.pricing, {*latest, *latest + left});
  return detail;
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
  return figures_of(job, books_for(state, job, now), now);
}

PlanDetail describe_choice(State const& state, Job const& job, bool alone, Instant now) {
  GREENQ_CHECK(job.plan.has_value() && !job.plan->segments.empty());
  Books const books = books_for(state, job, now);
  PlanDetail detail = figures_of(job, books, now);
  auto placed = placed_job(state, job, now);
  if (!placed) return detail;
  placed->alone = alone;
  Instant end = std::max(detail.chosen.window.end, detail.now.window.end);
  if (detail.latest) end = std::max(end, detail.latest->window.end);
  for (RejectedWindow& one : rejected_windows(*placed, now)) {
    end = std::max(end, one.window.end);
    detail.rejected.push_back({detail_of(books.pricing, one.window), one.reason, std::move(one.message)});
  }
  detail.outline = outline_of(*placed->curve, {now, end});
  return detail;
}

}  // namespace greenq::core
