// Who is at the other end of a connection, as the kernel says. Identity never comes from a message.
//
// gRPC 1.51 calls a peer that was handed over as a descriptor "fd:N". N is not reused while a call of its
// connection lives (the descriptor is closed in ~grpc_chttp2_transport only), and put() replaces an entry
// before gRPC sees the new connection, so a lookup made in a handler is right. gRPC does not report the end
// of a connection: entries are recognised as gone by the inode of the socket.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "core/result.hpp"

namespace greenq::rpc {

struct Peer {
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::int32_t pid = 0;
};

// Thread-safe.
class PeerRegistry {
 public:
  struct Limits {
    std::size_t per_uid = 32;
    std::size_t total = 1000;
  };

  explicit PeerRegistry(Limits limits) : limits_(limits) {}

  // False when a limit is reached; the caller closes the descriptor. `fd` must be an open socket.
  bool put(int fd, Peer const& peer);
  // "fd:N" -> peer; nothing for any other form.
  std::optional<Peer> find(std::string_view grpc_peer) const;
  // Open connections, all or of one user. Forgets those that are gone.
  std::size_t count();
  std::size_t count(std::uint32_t uid);

 private:
  struct Entry {
    Peer peer;
    ino_t inode = 0;
  };
  void sweep();
  std::size_t count_uid(std::uint32_t uid) const;

  Limits limits_;
  mutable std::mutex mutex_;
  std::map<int, Entry> entries_;
};

// The user's name, or the number as text when there is no such user. A database that cannot be asked is an
// error (UNAVAILABLE), never "no such user": owners are stored by this name. Thread-safe. Remembers answers:
// NSS can be slow.
class UserNames {
 public:
  using Lookup = std::function<core::Result<std::string>(std::uint32_t)>;

  explicit UserNames(Lookup lookup);  // empty: the system's user database
  // May block, so not on a gRPC thread. An answer holds for five minutes, and longer while lookups fail.
  core::Result<std::string> name_of(std::uint32_t uid, std::int64_t steady_ms);
  // What name_of said last, however long ago. Never blocks.
  std::optional<std::string> remembered(std::uint32_t uid) const;

 private:
  struct Known {
    std::string name;
    std::int64_t until_ms = 0;
  };
  Lookup lookup_;
  mutable std::mutex mutex_;
  std::map<std::uint32_t, Known> known_;
};

}  // namespace greenq::rpc
