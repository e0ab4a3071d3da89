#include "greenq/v1/job_service.grpc.pb.h"
#include "rpc/job_calls.hpp"
#include "rpc/job_mapping.hpp"
#include "rpc/paging.hpp"
#include "rpc/services.hpp"
#include "rpc/time_mapping.hpp"

namespace greenq::rpc {
namespace {

core::Result<app::JobQuery> read_query(v1::ListJobsRequest const& request, Page const& page) {
  app::JobQuery query;
  auto project = parse_query_parent(request.parent());
  if (!project) return tl::unexpected(project.error());
  query.project = std::move(*project);
  query.owner = request.owner();
  query.name = request.display_name();
  for (int const state : request.states()) {
    if (state < v1::Job::STATE_QUEUED || state > v1::Job::STATE_LOST) {
      return tl::unexpected(
          invalid_field("states", "holds the unknown value " + std::to_string(state) + "."));
    }
    query.states.push_back(static_cast<core::JobState>(state));
  }
  if (request.has_submitted_after()) {
    query.submitted_after = to_instant(request.submitted_after());
    if (!query.submitted_after) {
      return tl::unexpected(invalid_field("submitted_after", "must be a time in the years 1 to 9999."));
    }
  }
  query.before_id = page.cursor;
  query.limit = page.size + 1;  // one more tells whether there is another page
  return query;
}

void list_jobs(CallPtr<v1::ListJobsResponse> const& call, v1::ListJobsRequest const& request) {
  auto const page = read_ledger_page(request, rule_of(call->rpc()).method);
  if (failed(call, page)) return;
  auto query = read_query(request, *page);
  if (failed(call, query)) return;
  call->context().parts.reads->list_jobs(
      std::move(*query), [call, page = *page](core::Result<std::vector<core::Job>> jobs) {
        if (failed(call, jobs)) return;
        call->answer([&](v1::ListJobsResponse& response) {
          bool const more = jobs->size() > static_cast<std::size_t>(page.size);
          if (more) jobs->resize(static_cast<std::size_t>(page.size));
          for (auto const& job : *jobs)
            job_to_wire(job, !owns(call->who(), job.owner.uid), *response.add_jobs());
          if (more) response.set_next_page_token(make_page_token(jobs->back().id, page.filter_hash));
        });
      });
}

void get_job(CallPtr<v1::GetJobResponse> const& call, v1::GetJobRequest const& request) {
  with_job(call, request.name(), [call](core::Job const& job) {
    call->answer([&](v1::GetJobResponse& response) {
      job_to_wire(job, !owns(call->who(), job.owner.uid), *response.mutable_job());
    });
  });
}

class JobServiceImpl final : public v1::JobService::CallbackService {
 public:
  explicit JobServiceImpl(ContextPtr context) : context_(std::move(context)) {}

  grpc::ServerUnaryReactor* SubmitJob(grpc::CallbackServerContext* call, v1::SubmitJobRequest const* request,
                                      v1::SubmitJobResponse* response) override {
    return handle(context_, call, response, Rpc::kSubmitJob, true,
                  [&](auto const& c) { submit_job(c, *request); });
  }
  grpc::ServerUnaryReactor* BatchSubmitJobs(grpc::CallbackServerContext* call,
                                            v1::BatchSubmitJobsRequest const* request,
                                            v1::BatchSubmitJobsResponse* response) override {
    return handle(context_, call, response, Rpc::kBatchSubmitJobs, true,
                  [&](auto const& c) { batch_submit_jobs(c, *request); });
  }
  grpc::ServerUnaryReactor* PlanJob(grpc::CallbackServerContext* call, v1::PlanJobRequest const* request,
                                    v1::PlanJobResponse* response) override {
    return handle(context_, call, response, Rpc::kPlanJob, true,
                  [&](auto const& c) { plan_job(c, *request); });
  }
  grpc::ServerUnaryReactor* GetJob(grpc::CallbackServerContext* call, v1::GetJobRequest const* request,
                                   v1::GetJobResponse* response) override {
    return handle(context_, call, response, Rpc::kGetJob, true, [&](auto const& c) { get_job(c, *request); });
  }
  grpc::ServerUnaryReactor* ListJobs(grpc::CallbackServerContext* call, v1::ListJobsRequest const* request,
                                     v1::ListJobsResponse* response) override {
    return handle(context_, call, response, Rpc::kListJobs, true,
                  [&](auto const& c) { list_jobs(c, *request); });
  }
  grpc::ServerUnaryReactor* CancelJob(grpc::CallbackServerContext* call, v1::CancelJobRequest const* request,
                                      v1::CancelJobResponse* response) override {
    return handle(context_, call, response, Rpc::kCancelJob, true,
                  [&](auto const& c) { cancel_job(c, *request); });
  }
  grpc::ServerUnaryReactor* HoldJob(grpc::CallbackServerContext* call, v1::HoldJobRequest const* request,
                                    v1::HoldJobResponse* response) override {
    return handle(context_, call, response, Rpc::kHoldJob, true,
                  [&](auto const& c) { hold_job(c, *request); });
  }
  grpc::ServerUnaryReactor* ReleaseJob(grpc::CallbackServerContext* call,
                                       v1::ReleaseJobRequest const* request,
                                       v1::ReleaseJobResponse* response) override {
    return handle(context_, call, response, Rpc::kReleaseJob, true,
                  [&](auto const& c) { release_job(c, *request); });
  }
  grpc::ServerUnaryReactor* ExplainJob(grpc::CallbackServerContext* call,
                                       v1::ExplainJobRequest const* request,
                                       v1::ExplainJobResponse* response) override {
    return handle(context_, call, response, Rpc::kExplainJob, true,
                  [&](auto const& c) { explain_job(c, *request); });
  }
  grpc::ServerUnaryReactor* WaitJob(grpc::CallbackServerContext* call, v1::WaitJobRequest const* request,
                                    v1::WaitJobResponse* response) override {
    return handle(context_, call, response, Rpc::kWaitJob, false,
                  [&](auto const& c) { wait_job(c, *request); });
  }
  grpc::ServerWriteReactor<v1::WatchJobsResponse>* WatchJobs(grpc::CallbackServerContext* call,
                                                             v1::WatchJobsRequest const* request) override {
    return watch_jobs(context_, call, *request);
  }
  grpc::ServerWriteReactor<v1::ReadLogResponse>* ReadLog(grpc::CallbackServerContext* call,
                                                         v1::ReadLogRequest const* request) override {
    return read_log(context_, call, *request);
  }

 private:
  ContextPtr context_;
};

}  // namespace

std::unique_ptr<grpc::Service> make_job_service(ContextPtr context) {
  return std::make_unique<JobServiceImpl>(std::move(context));
}

}  // namespace greenq::rpc
