// The listening unix socket, owned by us and not by gRPC.
//
// Why: gRPC's own listener unlinks whatever lies at its path, never accepts again after EMFILE, and tells
// handlers nothing about the peer (reference: CVE-2023-4785, grpc issues 15511 and 28755). Here one thread
// polls and accepts, asks the kernel who connects (SO_PEERCRED), applies the limits and hands the connection
// over.
//
// The hand-over function is the place for what belongs between socket and gRPC: a guard that reads HTTP/2
// frame headers, or TLS for a TCP listener. It gets an accepted connection with a known peer and owns it from
// then on.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <filesystem>
#include <functional>
#include <memory>
#include <thread>

#include "app/unique_fd.hpp"
#include "core/result.hpp"
#include "rpc/peer.hpp"

namespace greenq::rpc {

using app::UniqueFd;

struct SocketOptions {
  std::filesystem::path path;
  mode_t socket_mode = 0600;     // 0666 for a system daemon: anyone may connect, roles decide
  mode_t directory_mode = 0700;  // of the directory, if it has to be made; 0755 for a system daemon
};

// A bound and listening socket, and what wakes who waits for it. Nothing else may live at the path: a live
// daemon is never displaced, a stale socket is replaced atomically, any other file is left alone. Holds
// PATH.lock while it exists.
class ListeningSocket {
 public:
  // SOCKET_IN_USE (kAlreadyExists) when a live process answers or holds the lock; SOCKET_UNSAFE when
  // directory or file are not ours alone.
  static core::Result<ListeningSocket> open(SocketOptions const& options);
  ListeningSocket(ListeningSocket&&) = default;
  ListeningSocket& operator=(ListeningSocket&&) = delete;
  ~ListeningSocket();  // removes the path if it is still ours

  int fd() const { return fd_.get(); }
  int wake_fd() const { return wake_.get(); }  // an eventfd

 private:
  ListeningSocket() = default;
  std::filesystem::path path_;
  UniqueFd lock_;
  UniqueFd fd_;
  UniqueFd wake_;
  ino_t inode_ = 0;
};

struct FrontDoorCounters {
  std::atomic<std::uint64_t> accepted{0};
  std::atomic<std::uint64_t> refused{0};     // a limit was reached
  std::atomic<std::uint64_t> out_of_fds{0};  // EMFILE, ENFILE and the like; accepting goes on by itself
};

class FrontDoor {
 public:
  // Called on the accept thread. False: refused, the descriptor is closed.
  using HandOver = std::function<bool(UniqueFd connection, Peer const& peer)>;

  FrontDoor(ListeningSocket socket, HandOver hand_over);
  ~FrontDoor();  // stop()
  FrontDoor(FrontDoor const&) = delete;
  FrontDoor& operator=(FrontDoor const&) = delete;

  // Accepts no more and removes the socket. Connections made before live on.
  void stop();
  FrontDoorCounters const& counters() const { return counters_; }

 private:
  void run();
  // False when accepting should pause.
  bool accept_all();

  std::optional<ListeningSocket> socket_;
  HandOver hand_over_;
  FrontDoorCounters counters_;
  std::thread thread_;
};

}  // namespace greenq::rpc
