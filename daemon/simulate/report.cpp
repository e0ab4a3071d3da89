#include "simulate/report.hpp"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <boost/json.hpp>

namespace greenq::simulate {
namespace {

namespace json = boost::json;

// Share of the saving that the bound leaves possible; nothing without a bound, or where that is nothing.
std::optional<double> share_of_bound(Report const& report, Outcome const& outcome) {
  auto const& kg = outcome.pauses ? report.bounds.with_pauses_kg : report.bounds.without_pauses_kg;
  if (!kg || report.baseline.decided.kg - *kg <= 1e-9) return std::nullopt;
  return 100 * (report.baseline.decided.kg - outcome.metrics.decided.kg) / (report.baseline.decided.kg - *kg);
}

std::string or_dash(std::optional<double> value, char const* suffix) {
  return value ? fmt::format("{:.1f}{}", *value, suffix) : "-";
}

std::vector<std::string> header_of(Report const& report) {
  std::vector<std::string> out{"policy", "kg", "saving", "of bound"};
  if (report.baseline.other)
    out.push_back(std::string(core::to_string(report.baseline.other->kind)) + " saving");
  for (char const* name :
       {"wait mean", "p50", "p95", "p99", "missed", "worst late", "pauses/job", "starts/5min", "peak kW"})
    out.emplace_back(name);
  return out;
}

std::vector<std::string> row_of(Report const& report, Outcome const& outcome) {
  sim::Metrics const& m = outcome.metrics;
  std::vector<std::string> out{outcome.policy, fmt::format("{:.1f}", m.decided.kg),
                               fmt::format("{:.2f} %", m.decided.saving_percent),
                               or_dash(share_of_bound(report, outcome), " %")};
  if (m.other) out.push_back(fmt::format("{:.2f} %", m.other->saving_percent));
  for (double const hours : {m.wait.mean, m.wait.p50, m.wait.p95, m.wait.p99})
    out.push_back(fmt::format("{:.1f} h", hours));
  out.push_back(fmt::format("{} ({:.2f} %)", m.missed, m.missed_percent()));
  out.push_back(fmt::format("{:.1f} h", m.worst_late_h));
  out.push_back(fmt::format("{:.2f}", m.segments_per_job() - 1));
  out.push_back(fmt::format("{}", m.most_starts_5min));
  out.push_back(fmt::format("{:.1f}", m.peak_kw));
  return out;
}

std::string aligned(std::vector<std::vector<std::string>> const& rows) {
  std::vector<std::size_t> widths(rows.front().size());
  for (auto const& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string out;
  for (auto const& row : rows) {
    out += fmt::format("{:<{}}", row[0], widths[0]);
    for (std::size_t i = 1; i < row.size(); ++i) out += fmt::format("  {:>{}}", row[i], widths[i]);
    out += '\n';
  }
  return out;
}

std::string notes_of(Report const& report) {
  std::string out;
  auto const any = [&](auto const& what) {
    return std::any_of(report.outcomes.begin(), report.outcomes.end(), what);
  };
  if (any([](Outcome const& o) { return o.metrics.missed_beyond_baseline > 0; }))
    out += "Savings of a schedule that misses deadlines are not comparable: the time was taken from users.\n";
  if (any([](Outcome const& o) { return o.metrics.beyond_series > 0; }))
    out += "Some jobs end after the intensity series; its last value was charged.\n";
  if (report.baseline.missed > 0)
    out +=
        fmt::format("{} deadlines cannot be met even by first come, first served.\n", report.baseline.missed);
  return out;
}

json::object book_json(sim::Book const& book) {
  return {{"kind", core::to_string(book.kind)}, {"kg", book.kg}, {"saving_percent", book.saving_percent}};
}

json::object metrics_json(sim::Metrics const& m) {
  json::object out{{"decided", book_json(m.decided)},
                   {"wait_mean_h", m.wait.mean},
                   {"wait_p50_h", m.wait.p50},
                   {"wait_p95_h", m.wait.p95},
                   {"wait_p99_h", m.wait.p99},
                   {"start_delay_mean_h", m.start_delay_h},
                   {"missed", m.missed},
                   {"missed_percent", m.missed_percent()},
                   {"missed_beyond_baseline", m.missed_beyond_baseline},
                   {"worst_late_h", m.worst_late_h},
                   {"pauses", m.pauses},
                   {"pausing_jobs", m.pausing_jobs},
                   {"segments_per_job", m.segments_per_job()},
                   {"resume_gpu_h", m.resume_gpu_h},
                   {"most_starts_5min", m.most_starts_5min},
                   {"peak_kw", m.peak_kw},
                   {"mean_kw", m.mean_kw},
                   {"makespan_h", m.makespan_h},
                   {"beyond_series", m.beyond_series}};
  if (m.other) out["other"] = book_json(*m.other);
  return out;
}

}  // namespace

std::string table_of(Report const& report) {
  sim::Instance const& instance = *report.instance;
  std::string out = fmt::format("{}: {} jobs, {} GPUs of {:g} W, {:g} h slack, {} intensity, forecast {}\n\n",
                                instance.name, instance.jobs.size(), instance.cluster_gpus,
                                static_cast<double>(instance.power_per_gpu.value) / 1000,
                                static_cast<double>(instance.slack.count()) / 3'600'000,
                                core::to_string(instance.kind), report.forecast);
  std::vector<std::vector<std::string>> rows{header_of(report)};
  for (Outcome const& outcome : report.outcomes) rows.push_back(row_of(report, outcome));
  out += aligned(rows);
  out += "\nSavings are against first come, first served with backfill on the same GPUs";
  if (report.bounds.with_pauses_kg && report.bounds.without_pauses_kg && report.baseline.decided.kg > 0) {
    auto const percent = [&](double kg) { return 100 * (1 - kg / report.baseline.decided.kg); };
    out += fmt::format("; no schedule in time saves more than {:.2f} % with pauses, {:.2f} % without",
                       percent(*report.bounds.with_pauses_kg), percent(*report.bounds.without_pauses_kg));
  }
  return out + ".\n" + notes_of(report);
}

std::string json_of(Report const& report) {
  json::object root{{"instance", report.instance->name},
                    {"jobs", report.instance->jobs.size()},
                    {"cluster_gpus", report.instance->cluster_gpus},
                    {"forecast", report.forecast},
                    {"baseline", metrics_json(report.baseline)}};
  if (report.bounds.with_pauses_kg) root["bound_with_pauses_kg"] = *report.bounds.with_pauses_kg;
  if (report.bounds.without_pauses_kg) root["bound_without_pauses_kg"] = *report.bounds.without_pauses_kg;
  json::array policies;
  for (Outcome const& outcome : report.outcomes) {
    json::object one = metrics_json(outcome.metrics);
    one["policy"] = outcome.policy;
    if (auto const share = share_of_bound(report, outcome)) one["percent_of_bound"] = *share;
    policies.push_back(std::move(one));
  }
  root["policies"] = std::move(policies);
  return json::serialize(root) + "\n";
}

std::string schedule_csv(sim::Instance const& instance, sim::Schedule const& schedule) {
  auto const seconds = [&](core::Instant t) {
    return static_cast<double>((t - instance.begin()).count()) / 1000;
  };
  std::string out = "job_id,segment,start_s,end_s\n";
  for (sim::SimJob const& job : instance.jobs) {
    std::size_t number = 0;
    for (core::Interval const& run : schedule.segments[job.id - 1])
      out += fmt::format("{},{},{:.12g},{:.12g}\n", job.name, number++, seconds(run.begin), seconds(run.end));
  }
  return out;
}

}  // namespace greenq::simulate
