#include "rpc/context.hpp"

#include <unistd.h>

namespace greenq::rpc {

std::optional<int> LongCalls::add(std::uint32_t uid, std::size_t per_uid, Stop stop) {
  std::lock_guard const lock(mutex_);
  if (stopping_) return std::nullopt;
  if (per_uid > 0) {
    std::size_t used = 0;
    for (auto const& [handle, entry] : calls_) used += entry.uid == uid ? 1 : 0;
    if (used >= per_uid) return std::nullopt;
  }
  int const handle = next_++;
  calls_.emplace(handle, Entry{uid, std::make_shared<Stop const>(std::move(stop))});
  return handle;
}

void LongCalls::remove(int handle) {
  std::lock_guard const lock(mutex_);
  calls_.erase(handle);
}

void LongCalls::stop_all(core::Error const& error) {
  std::vector<std::shared_ptr<Stop const>> stops;
  {
    std::lock_guard const lock(mutex_);
    stopping_ = true;
    for (auto const& [handle, entry] : calls_) stops.push_back(entry.stop);
  }
  for (auto const& stop : stops) (*stop)(error);
}

std::size_t LongCalls::size() const {
  std::lock_guard const lock(mutex_);
  return calls_.size();
}

core::Result<core::Principal> Context::admit(std::string const& grpc_peer) {
  switch (phase.load()) {
    case Phase::kServing:
      break;
    case Phase::kStarting: {
      return core::fail(core::ErrorCode::kUnavailable, "RECOVERING",
                        "The daemon is still loading its jobs; try again in a second.");
    }
    case Phase::kStopping:
      return tl::unexpected(shutting_down());
  }
  auto const peer = peers.find(grpc_peer);
  if (!peer) {
    return core::fail(core::ErrorCode::kPermissionDenied, "PEER_UNKNOWN",
                      "The daemon does not know who is calling; connect through its unix socket.");
  }
  core::Principal who;
  who.uid = peer->uid;
  who.gid = peer->gid;
  who.admin = peer->uid == 0 || peer->uid == ::geteuid();
  return who;
}

void Context::close() {
  workers.stop();
  courier.stop();
}

core::Error shutting_down() {
  return {core::ErrorCode::kUnavailable, "SHUTTING_DOWN",
          "The daemon is shutting down; jobs run on, try again when it is back."};
}

core::Error busy() {
  return {core::ErrorCode::kResourceExhausted, "BUSY",
          "The daemon has too much to do; try again in a second."};
}

core::Error denied(Rpc rpc, std::string const& object) {
  core::Error error{core::ErrorCode::kPermissionDenied, "NOT_OWNER",
                    object + " belongs to another user; ask its owner or an administrator."};
  error.metadata["method"] = std::string(rule_of(rpc).method);
  error.metadata["resource_name"] = object;
  return error;
}

core::Error job_not_found(std::string const& name) {
  core::Error error{core::ErrorCode::kNotFound, "JOB_NOT_FOUND",
                    "There is no job " + name + "; see greenq ls for the ids."};
  error.metadata["resource_name"] = name;
  return error;
}

}  // namespace greenq::rpc
