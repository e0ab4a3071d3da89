#include "rpc/server.hpp"

#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/resource_quota.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#include <grpcpp/server_posix.h>
#include <sys/socket.h>

#include <array>
#include <mutex>
#include <string_view>

#include "core/check.hpp"
#include "rpc/context.hpp"
#include "rpc/front_door.hpp"
#include "rpc/services.hpp"

namespace greenq::rpc {
namespace {

constexpr int kMessageMax = 4 * 1024 * 1024;
constexpr std::size_t kMemoryMax = 256UL * 1024 * 1024;
constexpr int kThreadsMax = 32;
constexpr int kStreamsPerConnection = 1024;
constexpr int kMetadataMax = 16 * 1024;
// What a connection too many gets before it is closed: a GOAWAY frame (ENHANCE_YOUR_CALM), whose debug data
// greenq looks for. Without SETTINGS before it, gRPC takes the connection for failed and does not wait.
constexpr std::string_view kTooMany = "too many connections";
constexpr std::array<char const*, 4> kServices{"greenq.v1.JobService", "greenq.v1.CarbonService",
                                               "greenq.v1.FootprintService", "greenq.v1.NodeService"};

void refuse(int connection) {
  std::string frame{0, 0, static_cast<char>(8 + kTooMany.size()), 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 11};
  frame += kTooMany;
  // Best effort: who does not get it sees the connection closed.
  [[maybe_unused]] auto const sent =
      ::send(connection, frame.data(), frame.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
}

// Plugins are process-wide in gRPC 1.51; both only register what a builder may use.
void enable_plugins() {
  static std::once_flag once;
  std::call_once(once, [] {
    grpc::EnableDefaultHealthCheckService(true);
    grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  });
}

std::unique_ptr<grpc::Server> build(std::vector<std::unique_ptr<grpc::Service>> const& services,
                                    RpcOptions const& options) {
  grpc::ServerBuilder builder;
  for (auto const& service : services) builder.RegisterService(service.get());
  grpc::ResourceQuota quota("greenq");
  quota.Resize(kMemoryMax).SetMaxThreads(kThreadsMax);
  builder.SetResourceQuota(quota);
  builder.SetMaxReceiveMessageSize(kMessageMax);
  builder.SetMaxSendMessageSize(kMessageMax);
  // Only reflection is served by the synchronous API: one thread that sleeps.
  builder.SetSyncServerOption(grpc::ServerBuilder::SyncServerOption::NUM_CQS, 1);
  builder.SetSyncServerOption(grpc::ServerBuilder::SyncServerOption::MIN_POLLERS, 1);
  builder.SetSyncServerOption(grpc::ServerBuilder::SyncServerOption::MAX_POLLERS, 2);
  builder.SetSyncServerOption(grpc::ServerBuilder::SyncServerOption::CQ_TIMEOUT_MSEC, 60'000);
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, kStreamsPerConnection);
  builder.AddChannelArgument(GRPC_ARG_MAX_METADATA_SIZE, kMetadataMax);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, static_cast<int>(options.ping_every.count()));
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, static_cast<int>(options.ping_timeout.count()));
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  return builder.BuildAndStart();  // no port: connections come through the front door alone
}

}  // namespace

struct RpcServer::Impl {
  explicit Impl(RpcParts parts) : context(std::make_shared<Context>(std::move(parts))) {}

  ContextPtr context;
  std::vector<std::unique_ptr<grpc::Service>> services;
  std::unique_ptr<grpc::Server> server;
  std::unique_ptr<FrontDoor> door;
  int watch_handle = 0;
  bool stopped = false;

  // The way of a connection from the door to gRPC; a guard or TLS would stand here.
  bool hand_over(UniqueFd connection, Peer const& peer) {
    if (!context->peers.put(connection.get(), peer)) {
      refuse(connection.get());
      return false;
    }
    grpc::AddInsecureChannelFromFd(server.get(), connection.release());
    return true;
  }

  void set_health(bool serving) {
    auto* health = server->GetHealthCheckService();
    if (health == nullptr) return;
    health->SetServingStatus(serving);
    for (char const* service : kServices) health->SetServingStatus(service, serving);
  }
};

RpcServer::RpcServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

core::Result<std::unique_ptr<RpcServer>> RpcServer::start(RpcParts parts) {
  GREENQ_CHECK(parts.engine != nullptr && parts.reads != nullptr && parts.runner != nullptr);
  GREENQ_CHECK(parts.logs != nullptr && parts.meter != nullptr && parts.clock != nullptr);
  SocketOptions const socket_options{parts.options.socket, parts.options.socket_mode,
                                     parts.options.directory_mode};
  // First the socket: whether another daemon lives must be known before anything is started.
  auto socket = ListeningSocket::open(socket_options);
  if (!socket) return tl::unexpected(socket.error());

  enable_plugins();
  auto impl = std::make_unique<Impl>(std::move(parts));
  ContextPtr const context = impl->context;
  impl->services.push_back(make_job_service(context));
  impl->services.push_back(make_carbon_service(context));
  impl->services.push_back(make_footprint_service(context));
  impl->services.push_back(make_node_service(context));
  impl->server = build(impl->services, context->parts.options);
  if (!impl->server) {
    return core::fail(core::ErrorCode::kInternal, "GRPC_START", "The gRPC server could not be started.");
  }
  impl->set_health(false);
  impl->watch_handle = context->parts.engine->watch(
      [context](std::span<core::JobEvent const> events) { context->hub.publish(events); });
  Impl* const raw = impl.get();
  impl->door = std::make_unique<FrontDoor>(std::move(*socket), [raw](UniqueFd fd, Peer const& peer) {
    return raw->hand_over(std::move(fd), peer);
  });
  return std::unique_ptr<RpcServer>(new RpcServer(std::move(impl)));
}

RpcServer::~RpcServer() {
  stop();
}

void RpcServer::set_serving(bool serving) {
  auto expected = serving ? Phase::kStarting : Phase::kServing;
  bool const changed =
      impl_->context->phase.compare_exchange_strong(expected, serving ? Phase::kServing : Phase::kStarting);
  if (changed) impl_->set_health(serving);
}

void RpcServer::stop() {
  if (impl_->stopped) return;
  impl_->stopped = true;
  Context& context = *impl_->context;
  context.phase = Phase::kStopping;
  impl_->set_health(false);
  impl_->door->stop();
  core::Error const reason = shutting_down();
  context.streams.stop_all(reason);
  context.waits.stop_all(reason);
  impl_->server->Shutdown(std::chrono::system_clock::now() + context.parts.options.shutdown_grace);
  context.parts.engine->unwatch(impl_->watch_handle);
  impl_->server.reset();
  context.close();
}

RpcCounters RpcServer::counters() {
  RpcCounters out;
  auto const& door = impl_->door->counters();
  out.accepted = door.accepted;
  out.refused = door.refused;
  out.out_of_fds = door.out_of_fds;
  out.connections = impl_->context->peers.count();
  out.streams = impl_->context->streams.size();
  out.waits = impl_->context->waits.size();
  return out;
}

}  // namespace greenq::rpc
