#include "simulate/simulate.hpp"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <ostream>

#include "core/carbon/utc_text.hpp"
#include "sim/bound.hpp"
#include "sim/engine.hpp"
#include "simulate/chart.hpp"
#include "simulate/flags.hpp"
#include "simulate/report.hpp"
#include "simulate/text_file.hpp"

namespace greenq::simulate {
namespace {

constexpr char kRecorded[] = "as it was";

Bounds bounds_of(sim::Instance const& instance, sim::Schedule const& baseline) {
  auto const due = sim::due_times(instance, baseline);
  double const fluid = sim::bound_with_pauses_kg(instance, due);
  return {fluid, std::max(fluid, sim::bound_without_pauses_kg(instance, due))};
}

// In the middle of the submissions, where most is decided.
core::Interval lost_of(Flags const& flags, sim::Instance const& instance) {
  if (instance.jobs.empty()) return {};
  core::Instant const first = instance.jobs.front().submit;
  core::Instant const middle = first + (instance.jobs.back().submit - first) / 2;
  return {middle, middle + flags.feed_lost};
}

std::string disturbed_text(Flags const& flags, sim::Instance const& instance, core::Interval lost) {
  std::string text;
  if (flags.estimates.factor != 1)
    text += fmt::format(", told {:g} times the run times", flags.estimates.factor);
  if (flags.estimates.sigma > 0) text += ", told run times drawn around the true ones";
  auto const given = [](sim::SimJob const& job) { return job.estimate.has_value(); };
  auto const estimates = std::count_if(instance.jobs.begin(), instance.jobs.end(), given);
  if (estimates > 0) text += fmt::format(", told the estimates of {} jobs", estimates);
  if (!lost.empty())
    text += ", no news from " + core::utc_text(lost.begin) + " to " + core::utc_text(lost.end);
  return text;
}

Report simulate(Flags const& flags, Loaded const& loaded, sim::Schedule& baseline) {
  sim::Instance const& instance = loaded.instance;
  std::shared_ptr<sim::Outlook> outlook = sim::make_outlook(flags.forecast, instance);
  core::Interval const lost = lost_of(flags, instance);
  if (!lost.empty()) outlook = sim::without_news(outlook, lost);
  sim::Instance const told = sim::told(instance, flags.estimates);
  auto const schedule_by = [&](std::string const& name) {
    auto const policy = sim::make_policy(name, told, outlook, flags.options);
    return sim::run(instance, told, *policy).schedule;
  };
  Report report;
  report.instance = &instance;
  if (flags.history) report.history = &loaded.facts;
  report.forecast = flags.forecast_name;
  report.disturbed = disturbed_text(flags, instance, lost);
  baseline = schedule_by("easy");
  report.baseline = sim::measure(instance, baseline, baseline);
  if (flags.bound) report.bounds = bounds_of(instance, baseline);
  std::vector<std::string> names{flags.policy};
  names.insert(names.end(), flags.compare.begin(), flags.compare.end());
  for (std::string const& name : names) {
    sim::Schedule schedule = name == "easy" ? baseline : schedule_by(name);
    sim::Metrics const metrics = sim::measure(instance, schedule, baseline);
    report.outcomes.push_back({name, metrics.pauses > 0, std::move(schedule), metrics});
  }
  if (loaded.facts.own_jobs) {
    sim::Schedule const& recorded = loaded.facts.recorded;
    sim::Metrics const metrics = sim::measure(instance, recorded, baseline);
    report.outcomes.push_back({kRecorded, metrics.pauses > 0, recorded, metrics});
  }
  return report;
}

core::Result<Loaded> load(Flags const& flags, HistorySource const& source) {
  if (flags.history) {
    if (!source.read) {
      return core::fail(core::ErrorCode::kInvalidArgument, "NO_HISTORY",
                        "--history: error: this program has no ledger; use greenqd simulate");
    }
    auto const ledger = source.read(*flags.history);
    if (!ledger) return tl::unexpected(ledger.error());
    return load_history(flags.sources, *ledger, flags.history->window);
  }
  auto instance = load_instance(flags.sources);
  if (!instance) return tl::unexpected(instance.error());
  return Loaded{std::move(*instance), {}};
}

}  // namespace

int run(std::vector<std::string> arguments, std::ostream& out, std::ostream& err,
        HistorySource const& history) {
  int status = 0;
  auto const flags = parse_flags(std::move(arguments), history.now, out, err, status);
  if (!flags) return status;
  auto loaded = load(*flags, history);
  if (!loaded) {
    err << loaded.error().message << '\n';
    return 2;
  }
  sim::Instance& instance = loaded->instance;
  if (flags->forecast == sim::OutlookKind::kPublished && instance.issues.empty()) {
    err << "--forecast: published: there are no issued forecasts here; give them with --issued FILE, or "
           "choose "
           "another\n";
    return 2;
  }
  if (!flags->pauses) {
    for (sim::SimJob& job : instance.jobs) job.interruptible = false;
  }
  sim::Schedule baseline;
  Report const report = simulate(*flags, *loaded, baseline);
  Problems problems;
  if (!flags->out.empty())
    write_text(flags->out, schedule_csv(instance, report.outcomes.front().schedule), problems);
  if (!flags->plot.empty()) write_text(flags->plot, svg_of(report, baseline), problems);
  if (!problems.empty()) {
    err << problems.to_error().value().message << '\n';
    return 1;
  }
  out << (flags->json ? json_of(report) : table_of(report));
  return 0;
}

}  // namespace greenq::simulate
