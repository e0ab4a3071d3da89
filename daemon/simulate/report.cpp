#include "simulate/report.hpp"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>

#include "core/carbon/utc_text.hpp"

namespace greenq::simulate {
namespace {

namespace json = boost::json;

// Share of the saving that the bound leaves possible; nothing without a bound, or where that is nothing.
std::optional<double> share_of_bound(Report const& report, Outcome const& outcome) {
  auto const& kg = outcome.pauses ? report.bounds.with_pauses_kg : report.bounds.without_pauses_kg;
  if (!kg || report.baseline.decided.kg - *kg <= 1e-9) return std::nullopt;
  return 100 * (report.baseline.decided.kg - outcome.metrics.decided.kg) / (report.baseline.decided.kg - *kg);
}

// One for the whole report, so that a workstation sees digits and rows compare.
struct MassUnit {
  char const* name;
  double in_kg;
};

MassUnit mass_unit(Report const& report) {
  double const kg = report.baseline.decided.kg;
  if (kg >= 1 || kg == 0) return {"kg", 1};
  return kg >= 1e-3 ? MassUnit{"g", 1e-3} : MassUnit{"mg", 1e-6};
}

std::string time_text(double hours) {
  if (hours >= 1) return fmt::format("{:.1f} h", hours);
  if (hours * 60 >= 1) return fmt::format("{:.0f} min", hours * 60);
  return fmt::format("{:.0f} s", hours * 3600);
}

std::string or_dash(std::optional<double> value, char const* suffix) {
  return value ? fmt::format("{:.1f}{}", *value, suffix) : "-";
}

std::vector<std::string> header_of(Report const& report) {
  std::vector<std::string> out{"policy", mass_unit(report).name, "saving", "of bound"};
  if (report.baseline.other)
    out.push_back(std::string(core::to_string(report.baseline.other->kind)) + " saving");
  for (char const* name :
       {"wait mean", "p50", "p95", "p99", "missed", "worst late", "pauses/job", "starts/5min", "peak kW"})
    out.emplace_back(name);
  return out;
}

std::vector<std::string> row_of(Report const& report, Outcome const& outcome) {
  sim::Metrics const& m = outcome.metrics;
  std::vector<std::string> out{outcome.policy, fmt::format("{:.1f}", m.decided.kg / mass_unit(report).in_kg),
                               fmt::format("{:.2f} %", m.decided.saving_percent),
                               or_dash(share_of_bound(report, outcome), " %")};
  if (m.other) out.push_back(fmt::format("{:.2f} %", m.other->saving_percent));
  for (double const hours : {m.wait.mean, m.wait.p50, m.wait.p95, m.wait.p99})
    out.push_back(time_text(hours));
  out.push_back(fmt::format("{} ({:.2f} %)", m.missed, m.missed_percent()));
  out.push_back(time_text(m.worst_late_h));
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

std::string policy_words(std::string const& policy) {
  return policy == "greenq" ? "GreenQ" : policy;
}

std::string closing_of(Report const& report) {
  Outcome const& first = report.outcomes.front();
  sim::Metrics const& m = first.metrics;
  sim::Metrics const& base = report.baseline;
  MassUnit const unit = mass_unit(report);
  double const saved = (base.decided.kg - m.decided.kg) / unit.in_kg;
  double const waits = m.wait.mean - base.wait.mean;
  bool const replayed = report.history != nullptr && report.history->own_jobs;
  std::string out = fmt::format("{} {}: {:.1f} {} instead of {:.1f} ", replayed ? "Simulated with" : "With",
                                policy_words(first.policy), m.decided.kg / unit.in_kg, unit.name,
                                base.decided.kg / unit.in_kg);
  out += saved >= 0 ? fmt::format("(saved {:.1f} {}, {:.1f} %)", saved, unit.name, m.decided.saving_percent)
                    : fmt::format("({:.1f} {} more, {:.1f} %)", -saved, unit.name, -m.decided.saving_percent);
  out += fmt::format("; jobs would have waited {} {} in the mean (p95 {} instead of {}), ",
                     time_text(std::abs(waits)), waits >= 0 ? "more" : "less", time_text(m.wait.p95),
                     time_text(base.wait.p95));
  return out + fmt::format("{} of {} bounds missed instead of {}.\n", m.missed, m.jobs, base.missed);
}

double watts(core::Power power) {
  return static_cast<double>(power.value) / 1000;
}

std::string heading_of(Report const& report) {
  sim::Instance const& instance = *report.instance;
  return fmt::format("{}: {} jobs, {} {}s of {:g} W, {:g} h slack, {} intensity, forecast {}{}\n",
                     instance.name, instance.jobs.size(), instance.cluster_gpus, instance.unit,
                     watts(instance.power_per_gpu), static_cast<double>(instance.slack.count()) / 3'600'000,
                     core::to_string(instance.kind), report.forecast, report.disturbed);
}

std::string gaps_text(HistoryFacts const& facts) {
  auto const hours = [](core::Span span) { return static_cast<double>(span.count()) / 3'600'000; };
  if (facts.bridged + facts.borrowed == core::Span{0}) return {};
  return fmt::format(
      "Of {:.1f} h of intensity {:.1f} h are not stored: {:.1f} h are bridged by straight lines, {:.1f} h "
      "taken from "
      "the same time of the nearest day.\n",
      hours(facts.priced), hours(facts.bridged + facts.borrowed), hours(facts.bridged),
      hours(facts.borrowed));
}

std::string heading_of(Report const& report, HistoryFacts const& facts) {
  sim::Instance const& instance = *report.instance;
  std::string out = fmt::format("{}, {} to {}\n", facts.database, core::utc_text(facts.window.begin),
                                core::utc_text(facts.window.end));
  out += fmt::format("{} jobs, unit: {}, {} of them ({}), ", instance.jobs.size(), instance.unit,
                     instance.cluster_gpus, facts.capacity_from);
  out += facts.own_jobs ? fmt::format("each job with its own power (mean {:.3g} W a {}) and bound",
                                      watts(facts.mean_power), instance.unit)
                        : fmt::format("{:g} W each", watts(instance.power_per_gpu));
  out += fmt::format("\n{} intensity from {} to {}: {}{}, forecast {}{}\n", core::to_string(instance.kind),
                     core::utc_text(instance.begin()), core::utc_text(instance.end()),
                     facts.zone.empty() ? "" : facts.zone + ", ", facts.intensity_from, report.forecast,
                     report.disturbed);
  if (!facts.left_out.empty()) out += "Left out: " + left_out_text(facts).substr(2) + ".\n";
  out += gaps_text(facts);
  for (std::string const& note : facts.notes) out += note + '\n';
  return out;
}

json::object history_json(Report const& report, HistoryFacts const& facts) {
  json::object left_out;
  for (auto const& [why, count] : facts.left_out) left_out[why] = count;
  json::array notes;
  for (std::string const& note : facts.notes) notes.emplace_back(note);
  json::object out{{"database", facts.database},
                   {"begin", core::utc_text(facts.window.begin)},
                   {"end", core::utc_text(facts.window.end)},
                   {"simulated_from", core::utc_text(report.instance->begin())},
                   {"zone", facts.zone},
                   {"intensity", facts.intensity_from},
                   {"unit", report.instance->unit},
                   {"capacity_from", facts.capacity_from},
                   {"left_out", std::move(left_out)},
                   {"notes", std::move(notes)}};
  auto const hours = [](core::Span span) { return static_cast<double>(span.count()) / 3'600'000; };
  if (facts.priced > core::Span{0}) {
    out["intensity_h"] = hours(facts.priced);
    out["bridged_h"] = hours(facts.bridged);
    out["borrowed_h"] = hours(facts.borrowed);
  }
  if (facts.own_jobs) out["mean_watts"] = watts(facts.mean_power);
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
  std::string out = report.history != nullptr ? heading_of(report, *report.history) : heading_of(report);
  out += '\n';
  std::vector<std::vector<std::string>> rows{header_of(report)};
  for (Outcome const& outcome : report.outcomes) rows.push_back(row_of(report, outcome));
  out += aligned(rows);
  out += "\nSavings are against first come, first served with backfill on the same " + instance.unit + "s";
  if (report.bounds.with_pauses_kg && report.bounds.without_pauses_kg && report.baseline.decided.kg > 0) {
    auto const percent = [&](double kg) { return 100 * (1 - kg / report.baseline.decided.kg); };
    out += fmt::format("; no schedule in time saves more than {:.2f} % with pauses, {:.2f} % without",
                       percent(*report.bounds.with_pauses_kg), percent(*report.bounds.without_pauses_kg));
  }
  return out + ".\n" + notes_of(report) + '\n' + closing_of(report);
}

std::string json_of(Report const& report) {
  json::object root{{"instance", report.instance->name},
                    {"jobs", report.instance->jobs.size()},
                    {"cluster_gpus", report.instance->cluster_gpus},
                    {"forecast", report.forecast},
                    {"disturbed", report.disturbed},
                    {"baseline", metrics_json(report.baseline)}};
  if (report.history != nullptr) root["history"] = history_json(report, *report.history);
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
