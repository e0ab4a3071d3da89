// What all services share. One object, owned by RpcServer, alive until the gRPC server is gone.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "app/engine.hpp"
#include "core/result.hpp"
#include "rpc/events.hpp"
#include "rpc/peer.hpp"
#include "rpc/roles.hpp"
#include "rpc/server.hpp"
#include "rpc/tasks.hpp"

namespace greenq::rpc {

enum class Phase : std::uint8_t { kStarting, kServing, kStopping };

// Calls that last: they are told when the server stops. Thread-safe.
class LongCalls {
 public:
  using Stop = std::function<void(core::Error const&)>;
  // Nothing once stop_all() has begun, or when the user has `per_uid` calls already (0: no limit).
  std::optional<int> add(std::uint32_t uid, std::size_t per_uid, Stop stop);
  void remove(int handle);
  void stop_all(core::Error const& error);
  std::size_t size() const;

 private:
  struct Entry {
    std::uint32_t uid = 0;
    std::shared_ptr<Stop const> stop;
  };
  mutable std::mutex mutex_;
  bool stopping_ = false;
  int next_ = 1;
  std::map<int, Entry> calls_;
};

// Held by every call and every callback given away, so that an answer of the core that comes after stop()
// finds it.
struct Context {
  explicit Context(RpcParts given)
      : parts(std::move(given)),
        peers({parts.options.connections_per_uid, parts.options.connections}),
        names(parts.user_name) {}

  // Serving, and a principal from the connection, without its name; else the error to answer with.
  core::Result<core::Principal> admit(std::string const& grpc_peer);
  // The name of an admitted principal. May block: on a worker.
  core::Result<std::string> name_of(core::Principal const& who) {
    return names.name_of(who.uid, parts.clock->steady().count());
  }
  core::Instant now() const { return parts.clock->now(); }
  // Joins the threads. Once the gRPC server is gone.
  void close();

  RpcParts parts;
  PeerRegistry peers;
  UserNames names;
  std::atomic<Phase> phase{Phase::kStarting};
  LongCalls streams;  // WatchJobs, ReadLog
  LongCalls waits;    // WaitJob
  Tasks courier{1, 0};
  Tasks workers{2, 1024};
  EventHub hub{courier};
};
using ContextPtr = std::shared_ptr<Context>;

core::Error shutting_down();
core::Error busy();
core::Error denied(Rpc rpc, std::string const& object);
core::Error job_not_found(std::string const& name);

}  // namespace greenq::rpc
