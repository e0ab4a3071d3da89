// The way to the daemon: where its socket is, and calls over it.
#pragma once

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "client/cli/environment.hpp"
#include "client/cli/failure.hpp"
#include "greenq/v1/carbon_service.grpc.pb.h"
#include "greenq/v1/footprint_service.grpc.pb.h"
#include "greenq/v1/job_service.grpc.pb.h"
#include "greenq/v1/node_service.grpc.pb.h"

namespace greenq::client {

inline constexpr Milliseconds kCallTimeout{30'000};

struct SocketCandidate {
  std::string path;
  std::string origin;  // "--socket", "GREENQ_SOCKET", "XDG_RUNTIME_DIR", "system"
};

// In order of search. An explicit --socket or GREENQ_SOCKET is the only candidate. Never below /tmp, where
// anybody could wait for us.
std::vector<SocketCandidate> socket_candidates(Environment const& env, std::string const& option);
// The first that exists; the first at all when none does.
SocketCandidate choose_socket(std::vector<SocketCandidate> const& candidates);

enum class SocketState : std::uint8_t { kAnswers, kMissing, kNobodyListens, kDenied, kNotASocket };
SocketState probe_socket(std::string const& path);
// Why the daemon cannot be reached and what to do; nothing when somebody listens there.
std::optional<Failure> unreachable(SocketCandidate const& socket);

// One channel; opened lazily. Calls may come from several threads.
class Connection {
 public:
  explicit Connection(SocketCandidate socket);

  v1::JobService::Stub& jobs() { return *jobs_; }
  v1::CarbonService::Stub& carbon() { return *carbon_; }
  v1::FootprintService::Stub& footprints() { return *footprints_; }
  v1::NodeService::Stub& nodes() { return *nodes_; }
  SocketCandidate const& socket() const { return socket_; }

  // call<Response>(&stub, &Stub::Method, request)
  template <class Response, class Stub, class Method, class Request>
  Result<Response> call(Stub& stub, Method method, Request const& request,
                        Milliseconds timeout = kCallTimeout) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + timeout);
    Response response;
    auto const status = (stub.*method)(&context, request, &response);
    if (!status.ok()) return tl::unexpected<Failure>(explain(status));
    return response;
  }

  // failure_of, but says how to start the daemon when it is not there, and that a connection was lost.
  Failure explain(grpc::Status const& status) const;

 private:
  SocketCandidate socket_;
  std::unique_ptr<v1::JobService::Stub> jobs_;
  std::unique_ptr<v1::CarbonService::Stub> carbon_;
  std::unique_ptr<v1::FootprintService::Stub> footprints_;
  std::unique_ptr<v1::NodeService::Stub> nodes_;
};

}  // namespace greenq::client
