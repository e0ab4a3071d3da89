#include "rpc/front_door.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>

#include "core/check.hpp"

namespace greenq::rpc {
namespace {

constexpr int kBacklog = 512;
constexpr int kPauseMs = 100;        // between attempts while descriptors are short
constexpr int kAcceptsPerTurn = 64;  // so that stop() is noticed under a flood

std::string errno_text(int code) {
  return std::generic_category().message(code);
}

tl::unexpected<core::Error> io_error(std::string const& what, int code) {
  return core::fail(core::ErrorCode::kFailedPrecondition, "SOCKET_FAILED",
                    what + ": " + errno_text(code) + ".");
}

tl::unexpected<core::Error> unsafe(std::string const& message) {
  return core::fail(core::ErrorCode::kFailedPrecondition, "SOCKET_UNSAFE", message);
}

core::Result<sockaddr_un> address_of(std::filesystem::path const& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::string const& text = path.native();
  if (text.empty() || text.size() >= sizeof(address.sun_path)) {
    return core::fail(
        core::ErrorCode::kInvalidArgument, "SOCKET_PATH",
        "The socket path \"" + text + "\" must have 1 to 107 bytes; choose a shorter directory.");
  }
  std::memcpy(static_cast<void*>(address.sun_path), text.data(), text.size());
  return address;
}

sockaddr const* generic(sockaddr_un const& address) {
  return reinterpret_cast<sockaddr const*>(&address);
}

core::Result<void> prepare_directory(SocketOptions const& options) {
  auto const directory = options.path.parent_path();
  if (::mkdir(directory.c_str(), options.directory_mode) == 0) {
    // mkdir obeys the umask; the mode is part of the contract.
    if (::chmod(directory.c_str(), options.directory_mode) != 0)
      return io_error("chmod " + directory.native(), errno);
    return {};
  }
  if (errno != EEXIST) return io_error("Cannot make the directory " + directory.native(), errno);
  struct stat info {};
  if (::stat(directory.c_str(), &info) != 0) return io_error("stat " + directory.native(), errno);
  if (!S_ISDIR(info.st_mode))
    return unsafe(directory.native() + " is not a directory; choose another socket path.");
  bool const sticky = (info.st_mode & S_ISVTX) != 0;
  if (info.st_uid != ::geteuid() && info.st_uid != 0) {
    return unsafe(directory.native() + " belongs to another user; choose another socket path.");
  }
  if ((info.st_mode & (S_IWGRP | S_IWOTH)) != 0 && !sticky) {
    return unsafe(directory.native() + " can be written by others; run chmod go-w on it.");
  }
  return {};
}

core::Result<UniqueFd> take_lock(std::filesystem::path const& path) {
  std::string const name = path.native() + ".lock";
  UniqueFd lock(::open(name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!lock) return io_error("Cannot open " + name, errno);
  if (::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
    return core::fail(core::ErrorCode::kAlreadyExists, "SOCKET_IN_USE",
                      "Another daemon holds " + name + "; stop it or choose another socket path.");
  }
  return lock;
}

// Proves that the path is free or a dead socket.
core::Result<void> check_vacant(std::filesystem::path const& path, sockaddr_un const& address) {
  struct stat info {};
  if (::lstat(path.c_str(), &info) != 0) {
    if (errno == ENOENT) return {};
    return io_error("stat " + path.native(), errno);
  }
  if (!S_ISSOCK(info.st_mode)) {
    return unsafe(path.native() + " exists and is not a socket; remove it or choose another socket path.");
  }
  UniqueFd const probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!probe) return io_error("socket", errno);
  if (::connect(probe.get(), generic(address), sizeof address) != 0 && errno == ECONNREFUSED) return {};
  return core::fail(
      core::ErrorCode::kAlreadyExists, "SOCKET_IN_USE",
      "Another process answers at " + path.native() + "; stop it or choose another socket path.");
}

}  // namespace

core::Result<ListeningSocket> ListeningSocket::open(SocketOptions const& options) {
  auto const address = address_of(options.path);
  if (!address) return tl::unexpected(address.error());
  std::filesystem::path const temporary = options.path.native() + "." + std::to_string(::getpid());
  auto const temporary_address = address_of(temporary);
  if (!temporary_address) return tl::unexpected(temporary_address.error());
  if (auto const ready = prepare_directory(options); !ready) return tl::unexpected(ready.error());

  ListeningSocket socket;
  auto lock = take_lock(options.path);
  if (!lock) return tl::unexpected(lock.error());
  socket.lock_ = std::move(*lock);
  if (auto const vacant = check_vacant(options.path, *address); !vacant)
    return tl::unexpected(vacant.error());

  socket.wake_ = UniqueFd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!socket.wake_) return io_error("eventfd", errno);
  socket.fd_ = UniqueFd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket.fd_) return io_error("socket", errno);
  ::unlink(temporary.c_str());
  if (::bind(socket.fd(), generic(*temporary_address), sizeof(sockaddr_un)) != 0) {
    return io_error("Cannot bind " + temporary.native(), errno);
  }
  struct stat info {};
  // Mode and backlog are in place before the name appears.
  if (::chmod(temporary.c_str(), options.socket_mode) != 0 || ::listen(socket.fd(), kBacklog) != 0 ||
      ::stat(temporary.c_str(), &info) != 0 || ::rename(temporary.c_str(), options.path.c_str()) != 0) {
    int const code = errno;
    ::unlink(temporary.c_str());
    return io_error("Cannot set up " + options.path.native(), code);
  }
  socket.path_ = options.path;
  socket.inode_ = info.st_ino;
  return socket;
}

ListeningSocket::~ListeningSocket() {
  if (!fd_) return;
  struct stat info {};
  if (::lstat(path_.c_str(), &info) == 0 && info.st_ino == inode_) ::unlink(path_.c_str());
}

FrontDoor::FrontDoor(ListeningSocket socket, HandOver hand_over)
    : socket_(std::move(socket)), hand_over_(std::move(hand_over)) {
  thread_ = std::thread([this] { run(); });
}

FrontDoor::~FrontDoor() {
  stop();
}

void FrontDoor::stop() {
  if (!thread_.joinable()) return;
  std::uint64_t const one = 1;
  GREENQ_CHECK(::write(socket_->wake_fd(), &one, sizeof one) == sizeof one);
  thread_.join();
  socket_.reset();
}

void FrontDoor::run() {
  bool paused = false;
  for (;;) {
    std::array<pollfd, 2> watched{pollfd{socket_->wake_fd(), POLLIN, 0}, pollfd{socket_->fd(), POLLIN, 0}};
    // Paused: the listener stays readable, so it is left out and time alone brings us back.
    ::poll(watched.data(), paused ? 1 : 2, paused ? kPauseMs : -1);
    if ((watched[0].revents & POLLIN) != 0) return;
    paused = !accept_all();
  }
}

bool FrontDoor::accept_all() {
  for (int i = 0; i < kAcceptsPerTurn; ++i) {
    UniqueFd connection(::accept4(socket_->fd(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!connection) {
      if (errno == EAGAIN) return true;
      if (errno == EINTR || errno == ECONNABORTED) continue;
      counters_.out_of_fds.fetch_add(1);
      return false;
    }
    ucred credentials{};
    socklen_t size = sizeof credentials;
    if (::getsockopt(connection.get(), SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) {
      counters_.refused.fetch_add(1);
      continue;
    }
    Peer const peer{credentials.uid, credentials.gid, credentials.pid};
    (hand_over_(std::move(connection), peer) ? counters_.accepted : counters_.refused).fetch_add(1);
  }
  return true;
}

}  // namespace greenq::rpc
