// greenq plan FILE: when each job would run and what it would emit. Nothing is stored.
#include <ostream>

#include "client/cli/cli.hpp"
#include "client/cli/format.hpp"
#include "client/cli/job_file.hpp"
#include "client/cli/json.hpp"
#include "client/cli/plan_chart.hpp"
#include "client/cli/plan_text.hpp"
#include "client/cli/submission.hpp"

namespace greenq::client {
namespace {

Result<v1::Plan> plan_one(Context& context, JobFile const& file) {
  auto& connection = context.connection();
  v1::PlanJobRequest request;
  request.set_parent(file.requests.front().parent());
  *request.mutable_spec() = file.requests.front().spec();
  auto response =
      connection.call<v1::PlanJobResponse>(connection.jobs(), &v1::JobService::Stub::PlanJob, request);
  if (!response) return tl::unexpected<Failure>(file.place(response.error()));
  return std::move(*response->mutable_plan());
}

// Asked together, the jobs of a file know each other's names and compete for the same room.
Result<std::vector<v1::Plan>> plan_all(Context& context, JobFile const& file) {
  std::vector<v1::Plan> plans;
  if (file.requests.size() == 1) {
    auto plan = plan_one(context, file);
    if (!plan) return tl::unexpected<Failure>(plan.error());
    plans.push_back(std::move(*plan));
    return plans;
  }
  auto const response = check_with_daemon(context, file);
  if (!response) return tl::unexpected<Failure>(file.place(response.error()));
  for (auto const& one : response->responses()) plans.push_back(one.plan());
  return plans;
}

void print(Context& context, JobFile const& file, std::size_t index, v1::Plan const& plan) {
  auto const& spec = file.requests.at(index).spec();
  if (file.requests.size() > 1) {
    context.out() << (index > 0 ? "\n" : "") << "Job " << index + 1
                  << (spec.display_name().empty() ? "" : ": " + safe(spec.display_name())) << '\n';
  }
  context.out() << plan_table(plan, plan.duration_assumed(), context.now(), context.style())
                << plan_chart(plan, context.env().columns, context.env().utf8, context.now(),
                              context.style());
  if (auto const first = dependency_text(spec); !first.empty())
    context.out() << "Waits: starts only " << first << ", so perhaps later than shown.\n";
  if (spec.hold()) context.out() << "Held: starts only after greenq release, so perhaps later than shown.\n";
}

Result<int> plan(Context& context, SubmitOptions const& options) {
  auto const file = read_job_file(options.file, options.overrides, context.env(), "nothing was planned");
  if (!file) return tl::unexpected<Failure>(file.error());
  auto const plans = plan_all(context, *file);
  if (!plans) return tl::unexpected<Failure>(plans.error());
  for (std::size_t i = 0; i < plans->size() && i < file->requests.size(); ++i) {
    if (context.json()) {
      context.out() << to_json((*plans)[i]) << '\n';
    } else {
      print(context, *file, i, (*plans)[i]);
    }
  }
  if (!context.json()) context.out() << "Nothing was submitted.\n";
  return 0;
}

}  // namespace

void add_plan(Cli& cli) {
  auto const options = std::make_shared<SubmitOptions>();
  auto* const command = cli.add("plan", "Show when a job would run and what it would emit; stores nothing",
                                [options](Context& context) { return plan(context, *options); });
  add_file_options(*command, *options);
  command->footer(
      "The chart has the chosen window (=) and, with letters, the best of the others and why not those. It "
      "is\n"
      "drawn for jobs that may be shifted, and for files with up to 8 jobs.");
}

}  // namespace greenq::client
