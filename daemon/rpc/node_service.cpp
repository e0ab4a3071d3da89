#include <grpcpp/grpcpp.h>

#include "greenq/v1/node_service.grpc.pb.h"
#include "rpc/call.hpp"
#include "rpc/job_mapping.hpp"
#include "rpc/paging.hpp"
#include "rpc/services.hpp"
#include "rpc/time_mapping.hpp"

namespace greenq::rpc {
namespace {

void gpus_to_wire(app::View const& view, v1::Node& wire) {
  for (auto const& pool : view.capacity.pools) {
    for (auto const& uuid : pool.uuids) {
      auto* gpu = wire.add_gpus();
      gpu->set_uuid(uuid);
      gpu->set_model(pool.model);
      gpu->set_memory_bytes(pool.memory_bytes);
      auto const holder = view.gpu_jobs.find(uuid);
      if (holder != view.gpu_jobs.end()) gpu->set_job(job_name("-", holder->second));
    }
  }
}

void node_to_wire(app::View const& view, std::vector<app::Meter::Sensor> const& sensors, v1::Node& wire) {
  wire.set_name("nodes/" + view.capacity.node);
  wire.set_zone(view.site.zone);
  wire.set_cpus(static_cast<std::int32_t>(view.capacity.cpus));
  wire.set_cpus_used(static_cast<std::int32_t>(view.cpus_used));
  wire.set_memory_bytes(view.capacity.memory_bytes);
  wire.set_memory_used_bytes(view.memory_used);
  gpus_to_wire(view, wire);
  wire.set_running_jobs(view.running_jobs);
  for (auto const& sensor : sensors) {
    auto* out = wire.add_sensors();
    out->set_name(sensor.name);
    out->set_available(sensor.available);
    out->set_detail(sensor.detail);
  }
}

void list_nodes(CallPtr<v1::ListNodesResponse> const& call, v1::ListNodesRequest const& request) {
  auto const page = read_page(request, rule_of(call->rpc()).method);
  if (failed(call, page)) return;
  // On a worker: a look at the sensors reads files.
  bool const taken = call->context().workers.offer([call, page = *page] {
    auto const& parts = call->context().parts;
    auto const view = parts.engine->view();
    auto const sensors = parts.meter->sensors();
    call->answer([&](v1::ListNodesResponse& response) {
      response.set_next_page_token(
          page_through(page, 1, [&](std::size_t) { node_to_wire(*view, sensors, *response.add_nodes()); }));
    });
  });
  if (!taken) call->fail(busy());
}

void admin_info(ServerFacts const& facts, v1::GetServerInfoResponse& response) {
  response.set_state_dir(facts.state_dir);
  for (auto const& setting : facts.settings) {
    auto* out = response.add_settings();
    out->set_key(setting.key);
    out->set_value(setting.value);
    out->set_origin(setting.origin);
  }
  for (auto const& [library, version] : facts.library_versions) {
    (*response.mutable_library_versions())[library] = version;
  }
  (*response.mutable_library_versions())["grpc"] = grpc::Version();
  for (auto const& warning : facts.warnings) response.add_warnings(warning);
}

void server_info(CallPtr<v1::GetServerInfoResponse> const& call) {
  auto const& parts = call->context().parts;
  auto const view = parts.engine->view();
  call->answer([&](v1::GetServerInfoResponse& response) {
    response.set_version(parts.facts.version);
    set_time(*response.mutable_start_time(), parts.facts.start_time);
    response.set_epoch(view->epoch);
    response.set_hold_mode(view->hold_mode);
    response.set_hold_reason(view->hold_reason);
    response.set_run_as(parts.facts.run_as);
    for (auto const& [state, count] : view->live_jobs) {
      (*response.mutable_live_jobs())[core::to_string(state)] = count;
    }
    if (call->who().admin) admin_info(parts.facts, response);
  });
}

class NodeServiceImpl final : public v1::NodeService::CallbackService {
 public:
  explicit NodeServiceImpl(ContextPtr context) : context_(std::move(context)) {}

  grpc::ServerUnaryReactor* ListNodes(grpc::CallbackServerContext* call, v1::ListNodesRequest const* request,
                                      v1::ListNodesResponse* response) override {
    return handle(context_, call, response, Rpc::kListNodes, true,
                  [&](auto const& c) { list_nodes(c, *request); });
  }
  grpc::ServerUnaryReactor* GetServerInfo(grpc::CallbackServerContext* call, v1::GetServerInfoRequest const*,
                                          v1::GetServerInfoResponse* response) override {
    return handle(context_, call, response, Rpc::kGetServerInfo, true, [](auto const& c) { server_info(c); });
  }

 private:
  ContextPtr context_;
};

}  // namespace

std::unique_ptr<grpc::Service> make_node_service(ContextPtr context) {
  return std::make_unique<NodeServiceImpl>(std::move(context));
}

}  // namespace greenq::rpc
