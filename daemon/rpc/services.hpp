// The four services. Handlers validate, ask the engine or the reads, and return; answers finish the call
// elsewhere.
#pragma once

#include <grpcpp/impl/service_type.h>

#include <memory>
#include <vector>

#include "rpc/context.hpp"

namespace greenq::rpc {

std::unique_ptr<grpc::Service> make_job_service(ContextPtr context);
std::unique_ptr<grpc::Service> make_carbon_service(ContextPtr context);
std::unique_ptr<grpc::Service> make_footprint_service(ContextPtr context);
std::unique_ptr<grpc::Service> make_node_service(ContextPtr context);

}  // namespace greenq::rpc
