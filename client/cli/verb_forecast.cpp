// greenq forecast: the coming intensity, with the window chosen for a job, or for a run of some length.
#include <algorithm>
#include <ostream>

#include "client/cli/cli.hpp"
#include "client/cli/forecast_chart.hpp"
#include "client/cli/format.hpp"
#include "client/cli/json.hpp"
#include "client/cli/selectors.hpp"
#include "config/reader/quantity.hpp"

namespace greenq::client {
namespace {

struct Options {
  std::string job;
  std::string duration;
  std::string horizon;
  std::string zone;
  std::string signal;
};

Result<Milliseconds> span_option(std::string const& name, std::string const& text) {
  auto const parsed = config::parse_span(text);
  if (!parsed) return fail(Exit::kUsage, "USAGE", name + ": " + parsed.error());
  if (*parsed <= Milliseconds(0)) return fail(Exit::kUsage, "USAGE", name + " must be above 0s");
  return *parsed;
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
Result<v1::Plan> plan_of_duration(Context& context, Milliseconds length,
                                  std::optional<Milliseconds> horizon) {
  auto& connection = context.connection();
  v1::PlanJobRequest request;
  request.mutable_spec()->add_command("true");
  request.mutable_spec()->set_workdir("/");
  *request.mutable_spec()->mutable_expected_duration() = duration(length);
  if (horizon)
    *request.mutable_spec()->mutable_carbon()->mutable_max_delay() =
        duration(std::max(*horizon - length, Milliseconds(0)));
  auto response =
      connection.call<v1::PlanJobResponse>(connection.jobs(), &v1::JobService::Stub::PlanJob, request);
  if (!response) return tl::unexpected<Failure>(response.error());
  return std::move(*response->mutable_plan());
}

Result<std::optional<v1::Plan>> plan_for(Context& context, Options const& options,
                                         std::optional<Milliseconds> horizon) {
  Result<v1::Plan> plan = v1::Plan();
  if (!options.job.empty()) {
    plan = plan_of_job(context, options.job);
  } else if (!options.duration.empty()) {
    auto const length = span_option("--duration", options.duration);
    if (!length) return tl::unexpected<Failure>(length.error());
    plan = plan_of_duration(context, *length, horizon);
  }
  if (!plan) return tl::unexpected<Failure>(plan.error());
  if (!plan->has_chosen()) return std::optional<v1::Plan>{};
  return std::optional<v1::Plan>(*plan);
}

// Long enough for all that is marked; otherwise a day, or what there is.
Milliseconds shown_length(v1::GetForecastResponse const& forecast, std::optional<v1::Plan> const& plan,
                          UtcTime now) {
  if (plan) {
    auto end = instant(plan->chosen().end_time());
    if (plan->has_latest()) end = std::max(end, instant(plan->latest().end_time()));
    if (end > now) return std::max((end - now) * 5 / 4, Milliseconds(10'000));
  }
  auto const known = forecast.points_size() > 0
                         ? instant(forecast.points(forecast.points_size() - 1).end_time()) - now
                         : Milliseconds(0);
  return std::clamp(known, Milliseconds(10'000), Milliseconds(std::chrono::hours(24)));
}

Result<int> forecast(Context& context, Options const& options) {
  std::optional<Milliseconds> horizon;
  if (!options.horizon.empty()) {
    auto const parsed = span_option("--horizon", options.horizon);
    if (!parsed) return tl::unexpected<Failure>(parsed.error());
    horizon = *parsed;
  }
  auto const plan = plan_for(context, options, horizon);
  if (!plan) return tl::unexpected<Failure>(plan.error());
  v1::GetForecastRequest request;
  if (!options.zone.empty()) request.set_name("zones/" + options.zone);
  if (options.signal == "marginal") request.set_kind(v1::SIGNAL_KIND_MARGINAL);
  if (options.signal == "average") request.set_kind(v1::SIGNAL_KIND_AVERAGE);
  if (horizon) *request.mutable_horizon() = duration(*horizon);
  auto& connection = context.connection();
  auto const response = connection.call<v1::GetForecastResponse>(
      connection.carbon(), &v1::CarbonService::Stub::GetForecast, request);
  if (!response) return tl::unexpected<Failure>(response.error());
  if (context.json()) {
    context.out() << "{\"forecast\":" << to_json(*response)
                  << ",\"plan\":" << (*plan ? to_json(**plan) : "null") << "}\n";
    return 0;
  }
  auto const now = context.now();
  if (response->points_size() == 0) {
    context.out() << "Nothing is known about the coming intensity; see greenq doctor for the feeds.\n";
    return 0;
  }
  ChartOptions chart;
  chart.begin = now;
  chart.end = now + horizon.value_or(shown_length(*response, *plan, now));
  chart.plan = *plan;
  chart.columns = context.env().columns;
  chart.utf8 = context.env().utf8;
  context.out() << forecast_chart(*response, chart, now, context.style());
  if (!options.job.empty() && !*plan)
    context.out() << "The job has no plan: it has started, ended or is held.\n";
  return 0;
}

}  // namespace

void add_forecast(Cli& cli) {
  auto const options = std::make_shared<Options>();
  auto* const command = cli.add("forecast", "Show the coming carbon intensity, and the best window in it",
                                [options](Context& context) { return forecast(context, *options); });
  auto* const job =
      command->add_option("--job", options->job, "Mark the window chosen for this job")->type_name("JOB");
  command
      ->add_option("--duration", options->duration, "Mark the best window for a run of this length, e.g. 2h")
      ->excludes(job);
  command->add_option("--horizon", options->horizon, "How far ahead, e.g. 48h");
  command->add_option("--zone", options->zone, "Of this grid zone (default: the site's)");
  command->add_option("--signal", options->signal, "marginal or average (default: what decides)")
      ->check(CLI::IsMember({"marginal", "average"}));
}

}  // namespace greenq::client
