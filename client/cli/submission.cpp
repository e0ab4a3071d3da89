#include "client/cli/submission.hpp"

#include <algorithm>

#include "client/cli/format.hpp"
#include "client/cli/job_file.hpp"
#include "client/cli/plan_text.hpp"

namespace greenq::client {
namespace {

constexpr int kPlanTries = 10;
constexpr Milliseconds kPlanPause{100};
constexpr std::size_t kMaxPlansShown = 20;

// How long an answer that was lost is asked for, and a daemon that is not there, or says that it cannot now.
constexpr Milliseconds kAskAgainFor{5000};
constexpr Milliseconds kTryAgainFor{300};

bool lost(Failure const& failure) {
  return failure.code == "UNAVAILABLE" || failure.code == "UNREACHABLE";
}

// The same request id makes a further call harmless when an earlier one was accepted.
template <class Response, class Method, class Request>
Result<Response> call_until_sure(Context& context, Method method, Request const& request) {
  auto& connection = context.connection();
  bool unsure = false;
  Milliseconds waited{0};
  for (Milliseconds pause{100};; pause *= 2) {
    auto response = connection.call<Response>(connection.jobs(), method, request);
    if (response) return response;
    auto& failure = response.error();
    unsure = unsure || failure.unsure;
    auto const limit = unsure ? kAskAgainFor : kTryAgainFor;
    if (lost(failure) && waited < limit) {
      context.env().sleep(pause);
      waited += pause;
      continue;
    }
    if (unsure) {
      failure.message +=
          "; what you submitted was under way and may have been accepted: look with `greenq ls`, or submit "
          "the "
          "same again with --request-id " +
          request.request_id() + ", which is safe";
    }
    return response;
  }
}

Result<std::vector<Submitted>> submit_one(Context& context, JobFile& file, std::string const& id) {
  auto& request = file.requests.front();
  request.set_request_id(id);
  auto response = call_until_sure<v1::SubmitJobResponse>(context, &v1::JobService::Stub::SubmitJob, request);
  if (!response) return tl::unexpected<Failure>(file.place(response.error()));
  return std::vector<Submitted>{{response->job(), response->plan(), request.spec()}};
}

v1::BatchSubmitJobsRequest batch_of(JobFile const& file) {
  v1::BatchSubmitJobsRequest request;
  for (auto const& one : file.requests) *request.add_requests() = one;
  return request;
}

Result<std::vector<Submitted>> submit_batch(Context& context, JobFile& file, std::string const& id) {
  auto request = batch_of(file);
  request.set_request_id(id);
  auto response =
      call_until_sure<v1::BatchSubmitJobsResponse>(context, &v1::JobService::Stub::BatchSubmitJobs, request);
  if (!response) return tl::unexpected<Failure>(file.place(response.error()));
  std::vector<Submitted> jobs;
  for (auto const& one : response->responses()) {
    auto const& asked = file.requests.at(std::min(jobs.size(), file.requests.size() - 1)).spec();
    jobs.push_back({one.job(), one.plan(), asked});
  }
  return jobs;
}

void fetch_plan(Context& context, Submitted& submitted) {
  auto& connection = context.connection();
  v1::ExplainJobRequest request;
  request.set_name(submitted.job.name());
  for (int i = 0; i < kPlanTries && !submitted.plan.has_chosen(); ++i) {
    if (i > 0) context.env().sleep(kPlanPause);
    auto const response = connection.call<v1::ExplainJobResponse>(connection.jobs(),
                                                                  &v1::JobService::Stub::ExplainJob, request);
    if (!response) return;
    submitted.plan = response->plan();
    submitted.job = response->job();
    bool const waits = submitted.job.spec().hold() || submitted.job.spec().depends_on_size() > 0;
    if (submitted.job.state() != v1::Job::STATE_QUEUED || waits) return;
  }
}

}  // namespace

void add_file_options(CLI::App& command, SubmitOptions& options) {
  command.add_option("file", options.file, "Job file, or - for standard input")
      ->type_name("FILE")
      ->required();
  command.add_option("--set", options.overrides, "Override a value of the file, e.g. --set resources.gpus=2")
      ->type_name("KEY=VALUE")
      ->allow_extra_args(false);
}

void add_request_id(CLI::App& command, SubmitOptions& options) {
  command
      .add_option("--request-id", options.request_id,
                  "Repeat a submission whose answer was lost: under its id it is stored once")
      ->type_name("UUID");
}

Result<std::vector<Submitted>> submit_file(Context& context, SubmitOptions const& options,
                                           bool wait_for_plan) {
  auto file = read_job_file(options.file, options.overrides, context.env(), "nothing was submitted");
  if (!file) return tl::unexpected<Failure>(file.error());
  if (options.single && file->requests.size() != 1) {
    return fail(Exit::kUsage, "USAGE",
                "run attaches to one job, but the file has " + std::to_string(file->requests.size()) +
                    "; nothing was submitted, use greenq submit");
  }
  if (options.hold) {
    for (auto& request : file->requests) request.mutable_spec()->set_hold(true);
  }
  auto const id = options.request_id.empty() ? context.env().new_uuid() : options.request_id;
  auto jobs = file->requests.size() == 1 ? submit_one(context, *file, id) : submit_batch(context, *file, id);
  if (!jobs || !wait_for_plan) return jobs;
  for (std::size_t i = 0; i < std::min(jobs->size(), kMaxPlansShown); ++i) fetch_plan(context, (*jobs)[i]);
  return jobs;
}

Result<v1::BatchSubmitJobsResponse> check_with_daemon(Context& context, JobFile const& file) {
  auto& connection = context.connection();
  auto request = batch_of(file);
  request.set_validate_only(true);
  return connection.call<v1::BatchSubmitJobsResponse>(connection.jobs(),
                                                      &v1::JobService::Stub::BatchSubmitJobs, request);
}

std::string submitted_line(Submitted const& submitted, UtcTime now) {
  auto line = "Submitted " + full_id(submitted.job.name());
  auto const& name = submitted.job.spec().display_name();
  if (!name.empty() && name != "job-" + short_id(submitted.job.name())) line += " (" + safe(name) + ")";
  if (submitted.job.spec().hold())
    return line + " · held until `greenq release " + short_id(submitted.job.name()) + "`";
  if (submitted.plan.has_chosen())
    return line + " · " + plan_line(submitted.plan, submitted.plan.duration_assumed(), now);
  if (auto const first = dependency_text(submitted.asked); !first.empty()) return line + " · starts " + first;
  return line + " · " + state_text(submitted.job.state());
}

}  // namespace greenq::client
