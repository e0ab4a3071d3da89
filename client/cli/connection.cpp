#include "client/cli/connection.hpp"

#include <fcntl.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace greenq::client {

std::vector<SocketCandidate> socket_candidates(Environment const& env, std::string const& option) {
  if (!option.empty()) return {{option, "--socket"}};
  if (auto const named = env.variable("GREENQ_SOCKET"); named && !named->empty())
    return {{*named, "GREENQ_SOCKET"}};
  std::vector<SocketCandidate> candidates;
  auto const runtime = env.variable("XDG_RUNTIME_DIR");
  if (runtime && runtime->starts_with('/'))
    candidates.push_back({*runtime + "/greenq/greenqd.sock", "XDG_RUNTIME_DIR"});
  candidates.push_back({"/run/greenq/greenqd.sock", "system"});
  // Where a user's daemon listens that has no runtime directory.
  auto const state = env.variable("XDG_STATE_HOME");
  std::string const home = state && state->starts_with('/') ? *state
                           : env.home.empty()               ? ""
                                                            : env.home + "/.local/state";
  if (env.uid != 0 && !home.empty()) candidates.push_back({home + "/greenq/greenqd.sock", "state directory"});
  return candidates;
}

SocketCandidate choose_socket(std::vector<SocketCandidate> const& candidates) {
  for (auto const& candidate : candidates) {
    struct stat info {};
    if (::stat(candidate.path.c_str(), &info) == 0 || errno == EACCES) return candidate;
  }
  return candidates.front();
}

namespace {

constexpr int kHangUpWaitMs = 1000;

// A connected descriptor, or -1 and errno.
int connect_to(std::string const& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), path.size());
  int const fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return -1;
  if (::connect(fd, reinterpret_cast<sockaddr const*>(&address), sizeof address) == 0) return fd;
  int const error = errno;
  ::close(fd);
  errno = error;
  return -1;
}

// greenqd greets first; when too many connections are open it closes a new one without a word.
bool hangs_up(std::string const& path) {
  int const fd = connect_to(path);
  if (fd < 0) return false;
  pollfd waiting{fd, POLLIN, 0};
  char byte = 0;
  bool const closed = ::poll(&waiting, 1, kHangUpWaitMs) == 1 && ::recv(fd, &byte, 1, MSG_PEEK) <= 0;
  ::close(fd);
  return closed;
}

}  // namespace

SocketState probe_socket(std::string const& path) {
  if (path.size() >= sizeof(sockaddr_un::sun_path)) return SocketState::kNotASocket;
  int const fd = connect_to(path);
  int const error = errno;
  if (fd >= 0) ::close(fd);
  if (fd >= 0 || error == EAGAIN) return SocketState::kAnswers;
  if (error == EACCES || error == EPERM) return SocketState::kDenied;
  if (error == ENOENT || error == ENOTDIR) return SocketState::kMissing;
  struct stat info {};
  if (::stat(path.c_str(), &info) == 0 && !S_ISSOCK(info.st_mode)) return SocketState::kNotASocket;
  return SocketState::kNobodyListens;
}

std::optional<Failure> unreachable(SocketCandidate const& socket) {
  Failure failure;
  failure.exit = Exit::kUnreachable;
  failure.code = "UNREACHABLE";
  switch (probe_socket(socket.path)) {
    case SocketState::kAnswers:
      if (!hangs_up(socket.path)) return std::nullopt;
      failure.exit = Exit::kError;
      failure.code = "RESOURCE_EXHAUSTED";
      failure.reason = "TOO_MANY_CONNECTIONS";
      failure.message =
          "greenqd runs, but takes no more connections; you may hold 32 at once, so end some "
          "`greenq watch`, `logs -f`, `wait` or `run`, or try again soon";
      return failure;
    case SocketState::kMissing:
    case SocketState::kNobodyListens:
      failure.reason = "DAEMON_NOT_RUNNING";
      failure.message = "greenqd is not running at " + socket.path +
                        "; start it with `greenqd`, or as a service with `systemctl start greenqd`";
      if (socket.origin == "--socket" || socket.origin == "GREENQ_SOCKET") {
        failure.message = "nothing listens at " + socket.path + " (from " + socket.origin +
                          "); start `greenqd --socket " + socket.path + "`, or correct the path";
      }
      return failure;
    case SocketState::kDenied:
      failure.exit = Exit::kDenied;
      failure.code = "PERMISSION_DENIED";
      failure.reason = "SOCKET_NOT_PERMITTED";
      failure.message = "you may not use " + socket.path +
                        "; ask an administrator to add you to the group that owns it (`ls -l " + socket.path +
                        "`), or run your own `greenqd`";
      return failure;
    case SocketState::kNotASocket:
      failure.reason = "NOT_A_SOCKET";
      failure.message = socket.path + " is not a socket; correct the path that " + socket.origin + " gives";
      return failure;
  }
  return std::nullopt;
}

Connection::Connection(SocketCandidate socket) : socket_(std::move(socket)) {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(16 * 1024 * 1024);
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  // Also the time a connection attempt may take, on a busy machine.
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 10'000);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 1000);
  arguments.SetString(GRPC_ARG_DEFAULT_AUTHORITY, "localhost");
  auto const channel =
      grpc::CreateCustomChannel("unix:" + socket_.path, grpc::InsecureChannelCredentials(), arguments);
  jobs_ = v1::JobService::NewStub(channel);
  carbon_ = v1::CarbonService::NewStub(channel);
  footprints_ = v1::FootprintService::NewStub(channel);
  nodes_ = v1::NodeService::NewStub(channel);
}

Failure Connection::explain(grpc::Status const& status) const {
  if (status.error_code() == grpc::StatusCode::UNAVAILABLE) {
    if (auto failure = unreachable(socket_)) return *failure;
  }
  return failure_of(status);
}

}  // namespace greenq::client
