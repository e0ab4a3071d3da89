// The rpc room from outside: start it, say when it may serve, stop it.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "app/engine.hpp"
#include "app/ports.hpp"
#include "core/result.hpp"

namespace greenq::rpc {

// For GetServerInfo.
struct ServerFacts {
  struct Setting {
    std::string key;
    std::string value;   // secrets masked
    std::string origin;  // "default", "file", "flag"
  };
  std::string version;
  core::Instant start_time{};
  std::string state_dir;
  std::string run_as;  // "self", "submitter"
  std::vector<Setting> settings;
  std::map<std::string, std::string> library_versions;
  std::vector<std::string> warnings;
};

struct RpcOptions {
  std::filesystem::path socket;
  mode_t socket_mode = 0600;     // 0666 for a system daemon
  mode_t directory_mode = 0700;  // if the directory has to be made; 0755 for a system daemon
  std::size_t connections = 1000;
  std::size_t connections_per_uid = 32;
  std::size_t streams_per_uid = 16;  // WatchJobs and ReadLog
  std::size_t waits_per_uid = 256;   // WaitJob
  std::size_t watch_queue = 1024;    // events a slow reader may be behind
  core::Span bookmark_every{std::chrono::seconds{10}};
  core::Span unary_deadline{std::chrono::seconds{30}};  // for calls that bring none
  core::Span log_poll_every{std::chrono::milliseconds{200}};
  core::Span shutdown_grace{std::chrono::seconds{2}};
  // A connection that does not answer pings is closed: it counts against the limits of its user.
  core::Span ping_every{std::chrono::seconds{10}};
  core::Span ping_timeout{std::chrono::seconds{10}};
};

// All pointers must outlive the server; none is owned.
struct RpcParts {
  app::Engine* engine = nullptr;
  app::Reads* reads = nullptr;
  app::Runner* runner = nullptr;
  app::Logs* logs = nullptr;
  app::Meter* meter = nullptr;
  app::Clock* clock = nullptr;
  std::function<std::vector<app::FeedStatus>()> feeds;  // any thread; may be empty
  std::vector<core::Profile> profiles;                  // all shipped ones
  std::map<std::string, std::string> zone_names;        // id -> name for people
  // May block; empty: asks the system's user database. See UserNames.
  std::function<core::Result<std::string>(std::uint32_t)> user_name;
  ServerFacts facts;
  RpcOptions options;
};

struct RpcCounters {
  std::uint64_t accepted = 0;
  std::uint64_t refused = 0;
  std::uint64_t out_of_fds = 0;
  std::size_t connections = 0;
  std::size_t streams = 0;
  std::size_t waits = 0;
};

class RpcServer {
 public:
  // Listens at once and answers UNAVAILABLE (RECOVERING) and health NOT_SERVING until set_serving(true).
  // Errors as ListeningSocket::open.
  static core::Result<std::unique_ptr<RpcServer>> start(RpcParts parts);
  ~RpcServer();  // stop()
  RpcServer(RpcServer const&) = delete;
  RpcServer& operator=(RpcServer const&) = delete;

  // Call with true once the engine is loaded. Any thread.
  void set_serving(bool serving);
  // Refuses new calls, ends streams with UNAVAILABLE (SHUTTING_DOWN), gives other calls shutdown_grace,
  // removes the socket. A call that arrives in the last moment may see CANCELLED, by gRPC itself. Call before
  // Engine::stop(), so that accepted commands are still answered. Not on the core thread.
  void stop();
  RpcCounters counters();

 private:
  struct Impl;
  explicit RpcServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace greenq::rpc
