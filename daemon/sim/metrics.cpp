#include "sim/metrics.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace greenq::sim {
namespace {

constexpr double kHourMs = 3'600'000;
constexpr core::Span kHerd{std::chrono::minutes{5}};

double hours(core::Span span) {
  return static_cast<double>(span.count()) / kHourMs;
}

Waits waits_of(std::vector<double> values) {
  if (values.empty()) return {};
  std::sort(values.begin(), values.end());
  auto const at = [&](double share) {
    double const rank = std::ceil(share * static_cast<double>(values.size()));
    return values[static_cast<std::size_t>(std::max(rank, 1.0)) - 1];
  };
  double const sum = std::accumulate(values.begin(), values.end(), 0.0);
  return {sum / static_cast<double>(values.size()), at(0.5), at(0.95), at(0.99)};
}

Book book_of(Instance const& instance, core::SignalKind kind, Series const& series, Schedule const& schedule,
             Schedule const& baseline) {
  double const kg = emissions_kg(instance, series, schedule);
  double const base = emissions_kg(instance, series, baseline);
  return {kind, kg, base > 0 ? 100 * (1 - kg / base) : 0};
}

void measure_herd(std::vector<core::Instant> starts, Metrics& out) {
  std::sort(starts.begin(), starts.end());
  auto oldest = starts.begin();
  for (auto newest = starts.begin(); newest != starts.end(); ++newest) {
    while (*newest - *oldest >= kHerd) ++oldest;
    out.most_starts_5min = std::max(out.most_starts_5min, static_cast<std::size_t>(newest - oldest) + 1);
  }
}

void measure_draw(Instance const& instance, Schedule const& schedule, Metrics& out) {
  std::vector<std::pair<core::Instant, std::int64_t>> changes;
  double draw_h = 0;
  for (SimJob const& job : instance.jobs) {
    for (core::Interval const& run : schedule.segments[job.id - 1]) {
      changes.emplace_back(run.begin, job.draw());
      changes.emplace_back(run.end, -job.draw());
      draw_h += hours(run.length()) * static_cast<double>(job.draw());
    }
  }
  std::sort(changes.begin(), changes.end());
  std::int64_t used = 0;
  std::int64_t peak = 0;
  for (auto const& [at, change] : changes) peak = std::max(peak, used += change);
  double const kw = static_cast<double>(instance.power_per_gpu.value) / 1e6;
  out.peak_kw = static_cast<double>(peak) * kw;
  out.mean_kw = out.makespan_h > 0 ? draw_h * kw / out.makespan_h : 0;
}

}  // namespace

double kg_of(Instance const& instance, double draw_intensity_ms) {
  double const watts = static_cast<double>(instance.power_per_gpu.value) / 1000;
  return draw_intensity_ms * watts / 1000 / kHourMs / 1e6;
}

double emissions_kg(Instance const& instance, Series const& book, Schedule const& schedule) {
  __int128 sum = 0;  // draw x mg/kWh x ms
  for (SimJob const& job : instance.jobs) {
    std::int64_t of_job = 0;
    for (core::Interval const& run : schedule.segments[job.id - 1]) of_job += book.integral(run);
    sum += static_cast<__int128>(of_job) * job.draw();
  }
  return kg_of(instance, static_cast<double>(sum));
}

Metrics measure(Instance const& instance, Schedule const& schedule, Schedule const& baseline) {
  Metrics out;
  out.jobs = instance.jobs.size();
  out.decided = book_of(instance, instance.kind, instance.truth, schedule, baseline);
  if (!instance.other.empty() && instance.other_kind)
    out.other = book_of(instance, *instance.other_kind, instance.other, schedule, baseline);
  std::vector<double> waits;
  std::vector<core::Instant> starts;
  core::Instant last = instance.jobs.empty() ? core::Instant{} : instance.jobs.front().submit;
  for (SimJob const& job : instance.jobs) {
    auto const& runs = schedule.segments[job.id - 1];
    core::Instant const end = runs.back().end;
    waits.push_back(hours(end - job.submit - job.duration));
    out.start_delay_h += hours(runs.front().begin - job.submit) / static_cast<double>(out.jobs);
    core::Span held{0};
    for (core::Interval const& run : runs) {
      starts.push_back(run.begin);
      held += run.length();
    }
    out.resume_gpu_h += hours(held - job.duration) * job.gpus;
    out.pauses += runs.size() - 1;
    if (runs.size() > 1) ++out.pausing_jobs;
    if (end > instance.end()) ++out.beyond_series;
    last = std::max(last, end);
    if (end <= job.deadline) continue;
    ++out.missed;
    if (baseline.segments[job.id - 1].back().end <= job.deadline) ++out.missed_beyond_baseline;
    out.worst_late_h = std::max(out.worst_late_h, hours(end - job.deadline));
  }
  if (!instance.jobs.empty()) out.makespan_h = hours(last - instance.jobs.front().submit);
  out.wait = waits_of(std::move(waits));
  measure_herd(std::move(starts), out);
  measure_draw(instance, schedule, out);
  return out;
}

}  // namespace greenq::sim
