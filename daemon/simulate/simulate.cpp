#include "simulate/simulate.hpp"

#include <algorithm>
#include <ostream>

#include "sim/bound.hpp"
#include "sim/engine.hpp"
#include "simulate/chart.hpp"
#include "simulate/flags.hpp"
#include "simulate/report.hpp"
#include "simulate/text_file.hpp"

namespace greenq::simulate {
namespace {

Bounds bounds_of(sim::Instance const& instance, sim::Schedule const& baseline) {
  auto const due = sim::due_times(instance, baseline);
  double const fluid = sim::bound_with_pauses_kg(instance, due);
  return {fluid, std::max(fluid, sim::bound_without_pauses_kg(instance, due))};
}

Report simulate(Flags const& flags, sim::Instance const& instance, sim::Schedule& baseline) {
  std::shared_ptr<sim::Outlook> outlook = sim::make_outlook(flags.forecast, instance);
  if (flags.feed_lost > core::Span{0}) {
    core::Instant const middle = instance.begin() + (instance.end() - instance.begin()) / 2;
    outlook = sim::without_news(outlook, {middle, middle + flags.feed_lost});
  }
  sim::Instance const told = sim::told(instance, flags.estimates);
  auto const schedule_by = [&](std::string const& name) {
    auto const policy = sim::make_policy(name, told, outlook, flags.options);
    return sim::run(instance, told, *policy).schedule;
  };
  Report report;
  report.instance = &instance;
  report.forecast = flags.forecast_name;
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
  return report;
}

}  // namespace

int run(std::vector<std::string> arguments, std::ostream& out, std::ostream& err) {
  int status = 0;
  auto const flags = parse_flags(std::move(arguments), out, err, status);
  if (!flags) return status;
  auto instance = load_instance(flags->sources);
  if (!instance) {
    err << instance.error().message << '\n';
    return 2;
  }
  if (flags->forecast == sim::OutlookKind::kPublished && instance->issues.empty()) {
    err << "--forecast: published: there are no issued forecasts here; give them with --issued FILE, or "
           "choose "
           "another\n";
    return 2;
  }
  if (!flags->pauses) {
    for (sim::SimJob& job : instance->jobs) job.interruptible = false;
  }
  sim::Schedule baseline;
  Report const report = simulate(*flags, *instance, baseline);
  Problems problems;
  if (!flags->out.empty())
    write_text(flags->out, schedule_csv(*instance, report.outcomes.front().schedule), problems);
  if (!flags->plot.empty()) write_text(flags->plot, svg_of(report, baseline), problems);
  if (!problems.empty()) {
    err << problems.to_error().value().message << '\n';
    return 1;
  }
  out << (flags->json ? json_of(report) : table_of(report));
  return 0;
}

}  // namespace greenq::simulate
