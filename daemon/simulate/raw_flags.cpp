#include "simulate/raw_flags.hpp"

#include <CLI/CLI.hpp>

#include "simulate/simulate.hpp"

namespace greenq::simulate {
namespace {

// Below the flags.
std::string policies_text() {
  std::string text = "Policies:";
  for (std::string_view const name : sim::policy_names()) {
    text += "\n  " + std::string(name) + std::string(20 - name.size(), ' ');
    text += sim::policy_summary(name);
  }
  return text;
}

template <class Words>
std::string one_of_text(Words const& words) {
  std::string text;
  for (auto const& word : words) text += (text.empty() ? "{" : ",") + std::string(word);
  return text + '}';
}

void declare_inputs(CLI::App& app, Flags& flags, Raw& raw) {
  Sources& from = flags.sources;
  app.add_option("--instance", from.instance,
                 "folder with params.json, jobs.csv, carbon.csv; history.csv and forecast.csv, if there")
      ->type_name("DIR");
  app.add_option("--jobs", from.jobs,
                 "CSV of jobs: submit_s,duration_s,gpus[,estimate_s,job_id,user,deadline_s,interruptible]; "
                 "interruptible is yes unless it says no")
      ->type_name("FILE");
  app.add_option("--carbon", from.carbon, "CSV of intensity: time_utc,gco2_per_kwh")->type_name("FILE");
  app.add_option("--issued", from.forecast, "CSV of published forecasts: issued_utc,h000,h001,...")
      ->type_name("FILE");
  app.add_option("--second-book", from.second,
                 "CSV of the other kind of intensity, to price the same schedule")
      ->type_name("FILE");
  app.add_option("--kind", raw.kind,
                 "what --carbon holds, where it does not say it; of the ledger, what decides (site.signal)")
      ->type_name(one_of_text(kKinds));
  app.add_option("--start", raw.start, "where the jobs begin (UTC); what is before is history");
  app.add_option("--gpus", from.gpus, "GPUs of the cluster");
  app.add_option("--power", from.watts, "watts of a GPU that a job holds")->capture_default_str();
  app.add_option(
         "--slack", from.slack_h,
         "hours a job without deadline may end later; with --history one that asked not to shift, 0 then")
      ->capture_default_str();
  app.add_option("--resume-overhead", from.resume_overhead_s, "seconds that each resume costs")
      ->capture_default_str();
}

void declare_history(CLI::App& app, Flags& flags, Raw& raw) {
  app.add_flag(
      "--history", raw.history,
      "take what --jobs and --carbon do not give from the daemon's ledger; only reads, also beside a "
      "running daemon");
  app.add_option("--since", raw.since, "of the ledger: jobs submitted since, like 30d or 2026-11-01")
      ->capture_default_str();
  app.add_option("--until", raw.until, "of the ledger: jobs submitted before, like 7d or 2026-12-01 (now)");
  app.add_option("--config", raw.request.config, "of the ledger: the daemon's settings (site, node)")
      ->type_name("FILE");
  app.add_option("--state-dir", raw.request.state_dir, "of the ledger: where the daemon keeps it")
      ->type_name("DIR");
  app.add_option(
      "--cpus", flags.sources.cpus,
      "of the ledger: CPU cores of a cluster without GPUs; else --gpus, else what this machine has");
}

}  // namespace

void declare(CLI::App& app, Flags& flags, Raw& raw) {
  declare_inputs(app, flags, raw);
  declare_history(app, flags, raw);
  app.add_option("--policy", flags.policy, "the policy to judge; they stand below")
      ->type_name("POLICY")
      ->capture_default_str();
  app.add_option("--compare", flags.compare, "further policies, comma-separated, or all")
      ->type_name("POLICIES")
      ->delimiter(',');
  app.add_flag("--no-pause", raw.no_pause, "no job is ever paused");
  app.add_option("--forecast", raw.forecast,
                 "what policies see ahead; correlated: the truth with an error of 20 %")
      ->type_name(one_of_text(kForecasts))
      ->capture_default_str();
  app.add_flag("--perfect-forecast", raw.perfect, "same as --forecast perfect");
  app.add_option("--percentile", flags.options.percentile,
                 "of threshold and threshold-rolling: runs below this of the next day")
      ->capture_default_str();
  app.add_option("--short-wait", raw.short_wait_h,
                 "of carbon-time and average-window: hours that jobs under 2 hours wait at most");
  app.add_option("--long-wait", raw.long_wait_h, "of both: hours that other jobs wait at most");
  app.add_option("--wait-charge", raw.wait_charge,
                 "of greenq: what each day of waiting costs, as a share of the forecast error");
  app.add_option("--lateness-limit", raw.lateness_limit,
                 "of greenq: hours past its bound that a job may be put off for others, or none (36)");
  app.add_option("--estimates", raw.estimates,
                 "what policies are told of run times: exact, a factor like 0.5, or heavy (log-normal); "
                 "estimate_s of the jobs comes first")
      ->capture_default_str();
  app.add_option("--feed-lost", raw.feed_lost_h,
                 "hours without news of the intensity, from the middle of the submissions on");
  app.add_flag("--bound", flags.bound, "compute what no schedule that keeps all bounds can exceed");
  app.add_option("--out", flags.out, "write the schedule: job_id,segment,start_s,end_s")->type_name("FILE");
  app.add_option("--plot", flags.plot, "write a chart of load and intensity as SVG")->type_name("FILE");
  app.add_option("-o,--output", raw.output, "for people or for programs")
      ->type_name(one_of_text(kOutputs))
      ->capture_default_str();
  app.footer(policies_text());
}

config::CompletionCommand completion_of_flags(config::CompletionProgram program) {
  auto& policies = program.types["POLICY"].choices;
  for (std::string_view const name : sim::policy_names()) policies.emplace_back(name);
  program.types["POLICIES"].choices = policies;
  program.types["POLICIES"].choices.emplace_back("all");
  program.types["DIR"].file = true;
  CLI::App app{kSummary};
  Flags flags;
  Raw raw;
  declare(app, flags, raw);
  return config::command_of(app, "simulate", program);
}

}  // namespace greenq::simulate
