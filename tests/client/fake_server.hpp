// The services of greenqd with answers that a test gives. Methods without an answer say UNIMPLEMENTED.
#pragma once

#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "greenq/v1/carbon_service.grpc.pb.h"
#include "greenq/v1/footprint_service.grpc.pb.h"
#include "greenq/v1/job_service.grpc.pb.h"
#include "greenq/v1/node_service.grpc.pb.h"

namespace greenq::client {

template <class Request, class Response>
using Unary = std::function<grpc::Status(Request const&, Response&)>;
template <class Request, class Response>
using Stream =
    std::function<grpc::Status(grpc::ServerContext&, Request const&, grpc::ServerWriter<Response>&)>;

inline grpc::Status not_given() {
  return {grpc::StatusCode::UNIMPLEMENTED, "the test gives no answer"};
}

template <class Answer, class... Arguments>
grpc::Status answer(Answer const& given, Arguments&&... arguments) {
  return given ? given(std::forward<Arguments>(arguments)...) : not_given();
}

// A status with the details that greenqd sends.
inline grpc::Status detailed(grpc::StatusCode code, std::string const& message, std::string const& reason,
                             std::vector<std::pair<std::string, std::string>> const& violations = {}) {
  google::rpc::Status status;
  status.set_code(code);
  status.set_message(message);
  google::rpc::ErrorInfo info;
  info.set_reason(reason);
  info.set_domain("greenq");
  status.add_details()->PackFrom(info);
  google::rpc::BadRequest bad;
  for (auto const& [field, description] : violations) {
    auto& violation = *bad.add_field_violations();
    violation.set_field(field);
    violation.set_description(description);
  }
  if (!violations.empty()) status.add_details()->PackFrom(bad);
  return {code, message, status.SerializeAsString()};
}

#define GREENQ_FAKE_UNARY(Method)                                               \
  Unary<v1::Method##Request, v1::Method##Response> on_##Method;                 \
  grpc::Status Method(grpc::ServerContext*, v1::Method##Request const* request, \
                      v1::Method##Response* response) override {                \
    return answer(on_##Method, *request, *response);                            \
  }
#define GREENQ_FAKE_STREAM(Method)                                                      \
  Stream<v1::Method##Request, v1::Method##Response> on_##Method;                        \
  grpc::Status Method(grpc::ServerContext* context, v1::Method##Request const* request, \
                      grpc::ServerWriter<v1::Method##Response>* writer) override {      \
    return answer(on_##Method, *context, *request, *writer);                            \
  }

struct FakeJobs final : v1::JobService::Service {
  GREENQ_FAKE_UNARY(SubmitJob)
  GREENQ_FAKE_UNARY(BatchSubmitJobs)
  GREENQ_FAKE_UNARY(PlanJob)
  GREENQ_FAKE_UNARY(GetJob)
  GREENQ_FAKE_UNARY(ListJobs)
  GREENQ_FAKE_UNARY(CancelJob)
  GREENQ_FAKE_UNARY(HoldJob)
  GREENQ_FAKE_UNARY(ReleaseJob)
  GREENQ_FAKE_UNARY(ExplainJob)
  GREENQ_FAKE_UNARY(WaitJob)
  GREENQ_FAKE_STREAM(WatchJobs)
  GREENQ_FAKE_STREAM(ReadLog)
};

struct FakeCarbon final : v1::CarbonService::Service {
  GREENQ_FAKE_UNARY(GetForecast)
  GREENQ_FAKE_UNARY(GetForecastSkill)
  GREENQ_FAKE_UNARY(ListZones)
  GREENQ_FAKE_UNARY(ListFeeds)
};

struct FakeFootprints final : v1::FootprintService::Service {
  GREENQ_FAKE_UNARY(GetFootprint)
  GREENQ_FAKE_UNARY(ListFootprints)
  GREENQ_FAKE_UNARY(AggregateFootprints)
  GREENQ_FAKE_UNARY(GetSavings)
};

struct FakeNodes final : v1::NodeService::Service {
  GREENQ_FAKE_UNARY(ListNodes)
  GREENQ_FAKE_UNARY(GetServerInfo)
};

#undef GREENQ_FAKE_UNARY
#undef GREENQ_FAKE_STREAM

// Listens on a Unix socket from construction to destruction. Set the answers before the first call.
class FakeServer {
 public:
  explicit FakeServer(std::string const& socket) {
    grpc::ServerBuilder builder;
    builder.AddListeningPort("unix:" + socket, grpc::InsecureServerCredentials());
    builder.RegisterService(&jobs);
    builder.RegisterService(&carbon);
    builder.RegisterService(&footprints);
    builder.RegisterService(&nodes);
    server_ = builder.BuildAndStart();
  }
  ~FakeServer() { server_->Shutdown(std::chrono::system_clock::now()); }
  FakeServer(FakeServer const&) = delete;
  FakeServer& operator=(FakeServer const&) = delete;

  FakeJobs jobs;
  FakeCarbon carbon;
  FakeFootprints footprints;
  FakeNodes nodes;

 private:
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace greenq::client
