// greenq cancel | hold | release JOB…: each job is tried; the first failure gives the exit code.
#include <ostream>

#include "client/cli/cli.hpp"
#include "client/cli/format.hpp"
#include "client/cli/json.hpp"
#include "client/cli/selectors.hpp"

namespace greenq::client {
namespace {

struct ChangeOptions {
  std::vector<std::string> jobs;
  std::string reason;
};

template <class Request, class Response, class Method>
Result<v1::Job> change(Context& context, std::string const& name, std::string const& reason, Method method) {
  auto& connection = context.connection();
  Request request;
  request.set_name(name);
  request.set_reason(reason);
  auto response = connection.call<Response>(connection.jobs(), method, request);
  if (!response) return tl::unexpected<Failure>(response.error());
  return std::move(*response->mutable_job());
}

using Change = std::function<Result<v1::Job>(Context&, std::string const&, std::string const&)>;

Result<int> change_all(Context& context, ChangeOptions const& options, std::string_view done,
                       Change const& apply) {
  auto const names = select(context, options.jobs);
  if (!names) return tl::unexpected<Failure>(names.error());
  if (names->empty() && context.for_people()) context.err() << "No live jobs.\n";
  std::optional<Failure> first;
  for (auto const& name : *names) {
    auto const job = apply(context, name, options.reason);
    if (!job) {
      // Nobody answers: the others would fail in the same way.
      if (names->size() == 1 || job.error().exit == Exit::kUnreachable)
        return tl::unexpected<Failure>(job.error());
      if (first) context.err() << (context.json() ? describe_json(*first) : describe(*first));
      first = job.error();
      continue;
    }
    if (context.json()) context.out() << to_json(*job) << '\n';
    if (context.parsable()) context.out() << short_id(job->name()) << '\n';
    if (context.for_people()) {
      bool const stopping = done == "cancelled" && !is_terminal(job->state());
      context.out() << full_id(job->name()) << ' ' << (stopping ? "is being stopped" : std::string(done))
                    << '\n';
    }
  }
  if (first) return tl::unexpected<Failure>(*first);
  return 0;
}

void add(Cli& cli, std::string const& verb, std::string const& help, std::string done, Change apply) {
  auto const options = std::make_shared<ChangeOptions>();
  auto* const command = cli.add(verb, help,
                                [options, done = std::move(done), apply = std::move(apply)](
                                    Context& context) { return change_all(context, *options, done, apply); },
                                {.json = true, .ids = true});
  command->add_option("job", options->jobs, kJobs)->type_name("LIVE_JOB")->required();
  command->add_option("--reason", options->reason, "Shown to others, at most 200 characters")
      ->check([](std::string const& text) {
        return text.size() > 200 ? std::string("must have at most 200 characters") : std::string();
      });
}

}  // namespace

void add_change(Cli& cli) {
  using Stub = v1::JobService::Stub;
  add(cli, "cancel", "Stop jobs, or take them off the queue", "cancelled",
      [](Context& c, auto const& name, auto const& reason) {
        return change<v1::CancelJobRequest, v1::CancelJobResponse>(c, name, reason, &Stub::CancelJob);
      });
  add(cli, "hold", "Keep queued jobs from starting; pause running ones that can save their work", "held",
      [](Context& c, auto const& name, auto const& reason) {
        return change<v1::HoldJobRequest, v1::HoldJobResponse>(c, name, reason, &Stub::HoldJob);
      });
  add(cli, "release", "Take a hold away", "released", [](Context& c, auto const& name, auto const& reason) {
    return change<v1::ReleaseJobRequest, v1::ReleaseJobResponse>(c, name, reason, &Stub::ReleaseJob);
  });
}

}  // namespace greenq::client
