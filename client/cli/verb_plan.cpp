// greenq plan FILE: when each job would run and what it would emit. Nothing is stored.
#include <ostream>

#include "client/cli/cli.hpp"
#include "client/cli/format.hpp"
#include "client/cli/job_file.hpp"
#include "client/cli/json.hpp"
#include "client/cli/plan_text.hpp"
#include "client/cli/submission.hpp"

namespace greenq::client {
namespace {

Result<int> plan(Context& context, SubmitOptions const& options) {
  auto const file = read_job_file(options.file, options.overrides, context.env(), "nothing was planned");
  if (!file) return tl::unexpected<Failure>(file.error());
  auto& connection = context.connection();
  for (std::size_t i = 0; i < file->requests.size(); ++i) {
    v1::PlanJobRequest request;
    request.set_parent(file->requests[i].parent());
    *request.mutable_spec() = file->requests[i].spec();
    auto const response =
        connection.call<v1::PlanJobResponse>(connection.jobs(), &v1::JobService::Stub::PlanJob, request);
    if (!response) return tl::unexpected<Failure>(file->place(response.error(), i));
    if (context.json()) {
      context.out() << to_json(response->plan()) << '\n';
      continue;
    }
    auto const& name = request.spec().display_name();
    if (file->requests.size() > 1) {
      context.out() << (i > 0 ? "\n" : "") << "Job " << i + 1 << (name.empty() ? "" : ": " + safe(name))
                    << '\n';
    }
    context.out() << plan_table(response->plan(), context.now(), context.style());
  }
  if (context.for_people()) context.out() << "Nothing was submitted.\n";
  return 0;
}

}  // namespace

void add_plan(Cli& cli) {
  auto const options = std::make_shared<SubmitOptions>();
  auto* const command = cli.add("plan", "Show when a job would run and what it would emit; stores nothing",
                                [options](Context& context) { return plan(context, *options); });
  add_file_options(*command, *options);
}

}  // namespace greenq::client
