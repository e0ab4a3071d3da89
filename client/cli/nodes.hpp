// The machines of the daemon; used by nodes and doctor.
#pragma once

#include <vector>

#include "client/cli/cli.hpp"

namespace greenq::client {

Result<std::vector<v1::Node>> list_nodes(Context& context, Milliseconds timeout);

}  // namespace greenq::client
