// greenq forecast: the coming intensity, with the window chosen for a job, or for a run of some length.
#include <algorithm>
#include <ostream>

#include "client/cli/cli.hpp"
#include "client/cli/forecast_chart.hpp"
#include "client/cli/format.hpp"
#include "client/cli/json.hpp"
#include "client/cli/selectors.hpp"
#include "client/cli/skill_text.hpp"
#include "config/reader/quantity.hpp"

namespace greenq::client {
namespace {

struct ForecastOptions {
  std::string job;
  std::string duration;
  std::string horizon;
  std::string zone;
  std::string signal;
  bool skill = false;
  int days = 30;
};

Result<Milliseconds> span_option(std::string const& name, std::string const& text) {
  auto const parsed = config::parse_span(text);
  if (!parsed) return fail(Exit::kUsage, "USAGE", name + ": " + parsed.error());
  if (*parsed <= Milliseconds(0)) return fail(Exit::kUsage, "USAGE", name + " must be above 0s");
  return *parsed;
}

v1::SignalKind signal_of(ForecastOptions const& options) {
  if (options.signal == "marginal") return v1::SIGNAL_KIND_MARGINAL;
  if (options.signal == "average") return v1::SIGNAL_KIND_AVERAGE;
  return v1::SIGNAL_KIND_UNSPECIFIED;
}

Result<v1::Plan> plan_of_job(Context& context, std::string const& word) {
  auto const name = select_one(context, word);
  if (!name) return tl::unexpected<Failure>(name.error());
  auto& connection = context.connection();
  v1::ExplainJobRequest request;
  request.set_name(*name);
  auto response =
      connection.call<v1::ExplainJobResponse>(connection.jobs(), &v1::JobService::Stub::ExplainJob, request);
  if (!response) return tl::unexpected<Failure>(response.error());
  return std::move(*response->mutable_plan());
}

// What the planner would choose for one core and this long, anywhere within the horizon.
Result<v1::Plan> plan_of_duration(Context& context, Milliseconds length, std::optional<Milliseconds> horizon,
                                  v1::SignalKind signal) {
  auto& connection = context.connection();
  v1::PlanJobRequest request;
  request.mutable_spec()->add_command("true");
  request.mutable_spec()->set_workdir("/");
  *request.mutable_spec()->mutable_expected_duration() = duration(length);
  request.mutable_spec()->mutable_carbon()->set_signal(signal);
  if (horizon)
    *request.mutable_spec()->mutable_carbon()->mutable_max_delay() =
        duration(std::max(*horizon - length, Milliseconds(0)));
  auto response =
      connection.call<v1::PlanJobResponse>(connection.jobs(), &v1::JobService::Stub::PlanJob, request);
  if (!response) return tl::unexpected<Failure>(response.error());
  return std::move(*response->mutable_plan());
}

Result<std::optional<v1::Plan>> plan_for(Context& context, ForecastOptions const& options,
                                         std::optional<Milliseconds> horizon) {
  Result<v1::Plan> plan = v1::Plan();
  if (!options.job.empty()) {
    plan = plan_of_job(context, options.job);
  } else if (!options.duration.empty()) {
    auto const length = span_option("--duration", options.duration);
    if (!length) return tl::unexpected<Failure>(length.error());
    plan = plan_of_duration(context, *length, horizon, signal_of(options));
  }
  if (!plan) return tl::unexpected<Failure>(plan.error());
  if (!plan->has_chosen()) return std::optional<v1::Plan>{};
  return std::optional<v1::Plan>(*plan);
}

std::string nothing_known(ForecastOptions const& options, std::string const& zone) {
  auto const kind = signal_of(options);
  return std::string("No ") + (kind == v1::SIGNAL_KIND_UNSPECIFIED ? "" : kind_title(kind) + ' ') +
         "intensity is known for " +
         (zone.empty() ? "this machine, whose zone is not set" : "zone " + safe(zone));
}

// A day or what there is of it, or so much that the marked window stands inside.
Milliseconds shown_length(v1::GetForecastResponse const& forecast, std::optional<v1::Plan> const& plan,
                          UtcTime now) {
  if (plan) {
    auto const end = instant(plan->chosen().end_time());
    if (end > now) return std::max((end - now) * 5 / 4, Milliseconds(10'000));
  }
  auto const known = forecast.points_size() > 0
                         ? instant(forecast.points(forecast.points_size() - 1).end_time()) - now
                         : Milliseconds(0);
  return std::clamp(known, Milliseconds(10'000), Milliseconds(std::chrono::hours(24)));
}

Result<v1::GetForecastResponse> ask(Context& context, ForecastOptions const& options,
                                    std::optional<Milliseconds> horizon) {
  v1::GetForecastRequest request;
  if (!options.zone.empty()) request.set_name("zones/" + options.zone);
  request.set_kind(signal_of(options));
  if (horizon) *request.mutable_horizon() = duration(*horizon);
  auto& connection = context.connection();
  auto response = connection.call<v1::GetForecastResponse>(connection.carbon(),
                                                           &v1::CarbonService::Stub::GetForecast, request);
  if (!response && response.error().reason == "ZONE_NOT_FOUND") {
    response.error().message = nothing_known(options, options.zone) + "; greenq zones lists what there is";
  }
  return response;
}

// Why the picture does not move jobs, in the words of somebody who looks at a forecast.
std::string remark(ForecastOptions const& options, v1::GetForecastResponse const& response, UtcTime now) {
  if (response.not_shifted_reason().empty()) return {};
  if (!options.zone.empty()) return words(response.not_shifted_reason(), now) + '\n';
  if (!options.signal.empty()) {
    return "Jobs here are not moved by the " + kind_title(signal_of(options)) +
           " signal; the operator chooses it with site.signal.\n";
  }
  return "Jobs here: " + not_shifted_text(response.not_shifted_reason(), now) + '\n';
}

void print(Context& context, ForecastOptions const& options, v1::GetForecastResponse const& response,
           std::optional<v1::Plan> const& plan, std::optional<Milliseconds> horizon) {
  auto const now = context.now();
  if (response.points_size() == 0) {
    context.out()
        << nothing_known(options, response.source().zone())
        << ".\ngreenq zones lists what there is, greenq doctor says how the feeds are; an operator adds a "
           "feed in greenqd.yaml.\n";
    return;
  }
  ChartOptions chart;
  chart.begin = now;
  chart.end = now + horizon.value_or(shown_length(response, plan, now));
  chart.plan = plan;
  chart.columns = context.env().columns;
  chart.utf8 = context.env().utf8;
  context.out() << forecast_chart(response, chart, now, context.style()) << remark(options, response, now);
  if (!options.job.empty() && !plan)
    context.out() << "The job has no plan: it has started, ended, is held or waits for another job.\n";
  if (options.job.empty() && options.duration.empty() && options.zone.empty())
    context.out() << "--duration 2h marks the best window for a run of two hours.\n";
}

Result<int> show_skill(Context& context, ForecastOptions const& options) {
  v1::GetForecastSkillRequest request;
  if (!options.zone.empty()) request.set_name("zones/" + options.zone);
  request.set_kind(signal_of(options));
  request.set_days(options.days);
  auto& connection = context.connection();
  auto response = connection.call<v1::GetForecastSkillResponse>(
      connection.carbon(), &v1::CarbonService::Stub::GetForecastSkill, request);
  if (!response && response.error().reason == "ZONE_NOT_FOUND") {
    response.error().message = nothing_known(options, options.zone) + "; greenq zones lists what there is";
  }
  if (!response) return tl::unexpected<Failure>(response.error());
  if (context.json()) {
    context.out() << to_json(*response) << '\n';
  } else {
    context.out() << skill_text(*response, options.days, context.style());
  }
  return 0;
}

Result<int> forecast(Context& context, ForecastOptions const& options) {
  if (options.skill) return show_skill(context, options);
  std::optional<Milliseconds> horizon;
  if (!options.horizon.empty()) {
    auto const parsed = span_option("--horizon", options.horizon);
    if (!parsed) return tl::unexpected<Failure>(parsed.error());
    horizon = *parsed;
  }
  auto const plan = plan_for(context, options, horizon);
  if (!plan) return tl::unexpected<Failure>(plan.error());
  auto const response = ask(context, options, horizon);
  if (!response) return tl::unexpected<Failure>(response.error());
  if (context.json()) {
    context.out() << "{\"forecast\":" << to_json(*response)
                  << ",\"plan\":" << (*plan ? to_json(**plan) : "null") << "}\n";
  } else {
    print(context, options, *response, *plan, horizon);
  }
  return 0;
}

}  // namespace

void add_forecast(Cli& cli) {
  auto const options = std::make_shared<ForecastOptions>();
  auto* const command = cli.add("forecast", "Show the coming carbon intensity, and the best window in it",
                                [options](Context& context) { return forecast(context, *options); });
  auto* const job = command->add_option("--job", options->job, "Mark the window planned for this job");
  job->type_name("LIVE_JOB");
  auto* const length = command->add_option("--duration", options->duration,
                                           "Mark the best window for a run of this length, e.g. 2h");
  length->type_name("SPAN")->excludes(job);
  command->add_option("--horizon", options->horizon, "How far ahead, e.g. 48h")->type_name("SPAN");
  command
      ->add_option("--zone", options->zone,
                   "Of another grid zone, see greenq zones (default: this machine's)")
      ->type_name("ZONE")
      ->excludes(job)
      ->excludes(length);
  command->add_option("--signal", options->signal, "marginal or average (default: the one that decides here)")
      ->check(CLI::IsMember({"marginal", "average"}));
  auto* const skill =
      command->add_flag("--skill", options->skill, "How good the forecasts of the last days were");
  skill->excludes(job)->excludes(length);
  command->add_option("--days", options->days, "With --skill: days to look back")
      ->check(CLI::Range(1, 366))
      ->needs(skill)
      ->capture_default_str();
  command->footer(
      "MARGINAL: emissions of the plants that answer one more kWh; decides when jobs run.\n"
      "AVERAGE: the mean of the mix; for the inventory.");
}

}  // namespace greenq::client
