// The parts of JobService, one file each: submissions (job_submit.cpp), commands on one job
// (job_commands.cpp), WaitJob (wait_job.cpp), WatchJobs (watch_jobs.cpp), ReadLog (read_log.cpp). Called by
// JobServiceImpl on gRPC threads; none blocks.
#pragma once

#include <functional>

#include "greenq/v1/job_service.pb.h"
#include "rpc/call.hpp"
#include "rpc/stream.hpp"
#include "rpc/tokens.hpp"

namespace greenq::rpc {

void submit_job(CallPtr<v1::SubmitJobResponse> const& call, v1::SubmitJobRequest const& request);
void batch_submit_jobs(CallPtr<v1::BatchSubmitJobsResponse> const& call,
                       v1::BatchSubmitJobsRequest const& request);
void plan_job(CallPtr<v1::PlanJobResponse> const& call, v1::PlanJobRequest const& request);

void cancel_job(CallPtr<v1::CancelJobResponse> const& call, v1::CancelJobRequest const& request);
void hold_job(CallPtr<v1::HoldJobResponse> const& call, v1::HoldJobRequest const& request);
void release_job(CallPtr<v1::ReleaseJobResponse> const& call, v1::ReleaseJobRequest const& request);
void explain_job(CallPtr<v1::ExplainJobResponse> const& call, v1::ExplainJobRequest const& request);

void wait_job(CallPtr<v1::WaitJobResponse> const& call, v1::WaitJobRequest const& request);

grpc::ServerWriteReactor<v1::WatchJobsResponse>* watch_jobs(ContextPtr const& context,
                                                            grpc::CallbackServerContext* server_context,
                                                            v1::WatchJobsRequest const& request);
grpc::ServerWriteReactor<v1::ReadLogResponse>* read_log(ContextPtr const& context,
                                                        grpc::CallbackServerContext* server_context,
                                                        v1::ReadLogRequest const& request);

// Reads the job that `name` means, checks project and rights, and hands it on, on a read thread.
void find_job(Context& context, core::Principal const& who, Rpc rpc, std::string const& name,
              std::function<void(core::Result<core::Job>)> done);

// find_job for a unary call: errors end it.
template <class Response, class Next>
void with_job(CallPtr<Response> const& call, std::string const& name, Next next) {
  find_job(call->context(), call->who(), call->rpc(), name,
           [call, next = std::move(next)](core::Result<core::Job> job) {
             if (!failed(call, job)) next(std::move(*job));
           });
}

}  // namespace greenq::rpc
