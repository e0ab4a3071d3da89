// SubmitJob, BatchSubmitJobs, PlanJob: validate here, check the file system on a worker, then ask the engine.
#include "rpc/job_calls.hpp"
#include "rpc/job_mapping.hpp"
#include "rpc/spec_mapping.hpp"

namespace greenq::rpc {
namespace {

constexpr int kBatchMax = 1000;

core::Result<void> check_request_id(std::string const& id) {
  if (id.empty() || is_uuid(id)) return {};
  return tl::unexpected(
      invalid_field("request_id", "must be a UUID, e.g. 3f1b9a52-6f0e-4c56-9b0a-2f4f3c1d7e8a."));
}

core::Result<core::JobSpec> read_job(std::string const& parent, std::string const& default_parent,
                                     v1::JobSpec const& spec, std::string const& prefix) {
  auto const project = parse_parent(parent.empty() ? default_parent : parent, prefix + "parent");
  if (!project) return tl::unexpected(project.error());
  return spec_from_wire(spec, *project, prefix + "spec");
}

// Problems on the file system, with their place in a batch.
core::Result<void> check_places(app::Runner& runner, app::Submission const& submission, bool batch) {
  std::string const refused = runner.refuse_owner(submission.owner);
  if (!refused.empty()) return core::fail(core::ErrorCode::kPermissionDenied, "OWNER_REFUSED", refused);
  core::Error error{core::ErrorCode::kInvalidArgument, "INVALID_JOB", ""};
  for (std::size_t i = 0; i < submission.specs.size(); ++i) {
    for (auto& problem : runner.check(submission.specs[i], submission.owner)) {
      if (batch) problem.field = "requests[" + std::to_string(i) + "]." + problem.field;
      error.fields.push_back(std::move(problem));
    }
  }
  if (error.fields.empty()) return {};
  error.message = error.fields.front().field + ": " + error.fields.front().message;
  return tl::unexpected(std::move(error));
}

// What the jobs became: jobs alone after a submission, with plans after a preview.
template <class Response>
using Fill = std::function<void(Response&, std::vector<app::Explanation> const&)>;

template <class Response, class T>
void deliver(CallPtr<Response> const& call, core::Result<std::vector<T>> result, Fill<Response> const& fill) {
  // On the core thread: the courier maps and writes.
  call->context().courier.push([call, result = std::move(result), fill] {
    if (failed(call, result)) return;
    std::vector<app::Explanation> jobs;
    for (auto const& entry : *result) {
      if constexpr (std::is_same_v<T, core::Job>) {
        jobs.push_back(app::Explanation{entry, {}, std::nullopt, {}});
      } else {
        jobs.push_back(entry);
      }
    }
    call->answer([&](Response& response) { fill(response, jobs); });
  });
}

template <class Response>
void run(CallPtr<Response> const& call, app::Submission submission, bool preview, bool batch,
         Fill<Response> fill) {
  submission.owner = call->who();
  bool const taken = call->context().workers.offer([call, submission = std::move(submission), preview, batch,
                                                    fill = std::move(fill)]() mutable {
    auto& parts = call->context().parts;
    if (!call->open()) return;  // the client gave up; store nothing for it
    auto name = call->context().name_of(call->who());
    if (failed(call, name)) return;
    submission.owner.name = std::move(*name);
    if (failed(call, check_places(*parts.runner, submission, batch))) return;
    if (preview) {
      parts.engine->preview(std::move(submission),
                            [call, fill](core::Result<std::vector<app::Explanation>> plans) {
                              deliver(call, std::move(plans), fill);
                            });
    } else {
      parts.engine->submit(std::move(submission), [call, fill](core::Result<std::vector<core::Job>> jobs) {
        deliver(call, std::move(jobs), fill);
      });
    }
  });
  if (!taken) call->fail(busy());
}

void fill_submitted(v1::SubmitJobResponse& response, app::Explanation const& entry) {
  job_to_wire(entry.job, false, *response.mutable_job());
  if (entry.plan) plan_to_wire(*entry.plan, *response.mutable_plan());
}

}  // namespace

void submit_job(CallPtr<v1::SubmitJobResponse> const& call, v1::SubmitJobRequest const& request) {
  if (failed(call, check_request_id(request.request_id()))) return;
  auto spec = read_job(request.parent(), "", request.spec(), "");
  if (failed(call, spec)) return;
  app::Submission submission;
  submission.specs.push_back(std::move(*spec));
  submission.request_id = request.request_id();
  submission.request_hash =
      hash_without(request, rule_of(call->rpc()).method, {"request_id", "validate_only"});
  run<v1::SubmitJobResponse>(call, std::move(submission), request.validate_only(), false,
                             [](v1::SubmitJobResponse& response, std::vector<app::Explanation> const& jobs) {
                               fill_submitted(response, jobs.at(0));
                             });
}

void batch_submit_jobs(CallPtr<v1::BatchSubmitJobsResponse> const& call,
                       v1::BatchSubmitJobsRequest const& request) {
  if (failed(call, check_request_id(request.request_id()))) return;
  if (request.requests_size() == 0 || request.requests_size() > kBatchMax) {
    return call->fail(invalid_field("requests", "must hold 1 to 1000 jobs."));
  }
  app::Submission submission;
  core::Error error{core::ErrorCode::kInvalidArgument, "INVALID_JOB", ""};
  for (int i = 0; i < request.requests_size(); ++i) {
    auto const& one = request.requests(i);
    std::string const prefix = "requests[" + std::to_string(i) + "].";
    if (!one.request_id().empty() || one.validate_only()) {
      error.fields.push_back({prefix + "request_id", "set request_id and validate_only on the batch."});
    }
    auto spec = read_job(one.parent(), request.parent(), one.spec(), prefix);
    if (spec) {
      submission.specs.push_back(std::move(*spec));
    } else {
      auto const& fields = spec.error().fields;
      error.fields.insert(error.fields.end(), fields.begin(), fields.end());
    }
  }
  if (!error.fields.empty()) {
    error.message = error.fields.front().field + ": " + error.fields.front().message;
    return call->fail(error);
  }
  submission.request_id = request.request_id();
  submission.request_hash =
      hash_without(request, rule_of(call->rpc()).method, {"request_id", "validate_only"});
  run<v1::BatchSubmitJobsResponse>(
      call, std::move(submission), request.validate_only(), true,
      [](v1::BatchSubmitJobsResponse& response, std::vector<app::Explanation> const& jobs) {
        for (auto const& job : jobs) fill_submitted(*response.add_responses(), job);
      });
}

void plan_job(CallPtr<v1::PlanJobResponse> const& call, v1::PlanJobRequest const& request) {
  auto spec = read_job(request.parent(), "", request.spec(), "");
  if (failed(call, spec)) return;
  app::Submission submission;
  submission.specs.push_back(std::move(*spec));
  run<v1::PlanJobResponse>(call, std::move(submission), true, false,
                           [](v1::PlanJobResponse& response, std::vector<app::Explanation> const& jobs) {
                             if (jobs.at(0).plan) plan_to_wire(*jobs.at(0).plan, *response.mutable_plan());
                           });
}

}  // namespace greenq::rpc
