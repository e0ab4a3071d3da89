#include "client/cli/connection.hpp"

#include <fcntl.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <thread>

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

constexpr int kFirstWordsMs = 1000;
constexpr std::string_view kTooMany = "too many connections";  // as in daemon/rpc/server.cpp
constexpr std::chrono::milliseconds kEndingPause{50};  // of a daemon that closes one thing after another

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

// What greenqd says first: the greeting of HTTP/2, or that it has too many connections. Empty when it closes
// without a word, as it does when it ends; nothing when it is silent, or when nobody listens any more.
std::optional<std::string> first_words(std::string const& path) {
  int const fd = connect_to(path);
  if (fd < 0) return std::nullopt;
  std::optional<std::string> words;
  pollfd waiting{fd, POLLIN, 0};
  if (::poll(&waiting, 1, kFirstWordsMs) == 1) {
    std::array<char, 256> buffer{};
    auto const got = ::recv(fd, buffer.data(), buffer.size(), 0);
    words = std::string(buffer.data(), static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
  }
  ::close(fd);
  return words;
}

Failure connection_lost(std::string const& path) {
  Failure failure;
  failure.exit = Exit::kUnreachable;
  failure.code = "UNREACHABLE";
  failure.reason = "CONNECTION_LOST";
  failure.message =
      "the connection to greenqd at " + path + " was lost, as when it is restarted; see `greenq doctor`";
  return failure;
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
  auto state = probe_socket(socket.path);
  auto const words = state == SocketState::kAnswers ? first_words(socket.path) : std::nullopt;
  if (words && words->empty()) {
    std::this_thread::sleep_for(kEndingPause);
    state = probe_socket(socket.path);
  }
  switch (state) {
    case SocketState::kAnswers:
      if (!words || words->find(kTooMany) == std::string::npos) return std::nullopt;
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
  auto const code = status.error_code();
  // What greenqd says carries details; without them gRPC tells of a connection that broke or never was. A
  // daemon that stops in good order cancels what is under way.
  bool const lost = status.error_details().empty() &&
                    (code == grpc::StatusCode::UNAVAILABLE || code == grpc::StatusCode::CANCELLED);
  std::optional<Failure> failure;
  if (lost || code == grpc::StatusCode::UNAVAILABLE) failure = unreachable(socket_);
  if (!failure) failure = lost ? connection_lost(socket_.path) : failure_of(status);
  bool const never_sent = status.error_message().starts_with("failed to connect to all addresses");
  failure->unsure = (lost && !never_sent) || code == grpc::StatusCode::DEADLINE_EXCEEDED;
  return *failure;
}

}  // namespace greenq::client
