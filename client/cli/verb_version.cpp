// greenq version
#include <ostream>

#include "client/cli/cli.hpp"
#include "client/cli/format.hpp"
#include "client/cli/json.hpp"
#include "client/cli/version.hpp"

namespace greenq::client {
namespace {

// The daemon's version is told when it answers within a second; that it does not is no failure here.
Result<int> version(Context& context) {
  std::optional<std::string> daemon;
  if (probe_socket(context.socket().path) == SocketState::kAnswers) {
    auto& connection = context.connection();
    auto const info =
        connection.call<v1::GetServerInfoResponse>(connection.nodes(), &v1::NodeService::Stub::GetServerInfo,
                                                   v1::GetServerInfoRequest(), Milliseconds(1000));
    if (info) daemon = info->version();
  }
  if (context.json()) {
    context.out() << "{\"client_version\":" << quote_json(kVersion)
                  << ",\"server_version\":" << (daemon ? quote_json(*daemon) : "null") << "}\n";
  } else {
    context.out() << "greenq " << kVersion << "\ngreenqd " << (daemon ? safe(*daemon) : "not reachable")
                  << '\n';
  }
  return 0;
}

}  // namespace

void add_version(Cli& cli) {
  cli.add("version", "Versions of the client and, when it runs, the daemon", version);
}

}  // namespace greenq::client
