// Sockets for the tests of the rpc room.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstring>
#include <filesystem>
#include <string>
#include <thread>

#include "app/unique_fd.hpp"
#include "tests/support/low_fd_limit.hpp"
#include "tests/support/temp_dir.hpp"

namespace greenq::test {

// Waits for another thread or process, with a generous end.
template <class Condition>
bool eventually(Condition condition, std::chrono::seconds limit = std::chrono::seconds{20}) {
  auto const end = std::chrono::steady_clock::now() + limit;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds{2});
  }
  return true;
}

inline sockaddr_un address_of(std::filesystem::path const& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(static_cast<void*>(address.sun_path), path.c_str(), path.native().size());
  return address;
}
inline sockaddr const* generic(sockaddr_un const& address) {
  return reinterpret_cast<sockaddr const*>(&address);
}

inline app::UniqueFd connect_to(std::filesystem::path const& path) {
  app::UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  auto const address = address_of(path);
  if (fd && ::connect(fd.get(), generic(address), sizeof address) == 0) return fd;
  return {};
}

// The raw system call changes the calling thread only, so a thread can connect as somebody else.
inline app::UniqueFd connect_as(unsigned uid, std::filesystem::path const& path) {
  app::UniqueFd fd;
  std::thread([&] {
    if (::syscall(SYS_setresuid, uid, uid, uid) == 0) fd = connect_to(path);
  }).join();
  return fd;
}

inline app::UniqueFd listen_at(std::filesystem::path const& path) {
  app::UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  auto const address = address_of(path);
  EXPECT_EQ(::bind(fd.get(), generic(address), sizeof address), 0);
  EXPECT_EQ(::listen(fd.get(), 5), 0);
  return fd;
}

// A process that holds many connections.
class Swarm {
 public:
  Swarm(std::filesystem::path const& path, int connections) {
    auto const address = address_of(path);
    child_ = ::fork();
    EXPECT_GE(child_, 0);
    if (child_ != 0) return;
    // Only system calls from here: the parent has threads.
    rlimit const high{1024, 4096};
    ::setrlimit(RLIMIT_NOFILE, &high);
    for (int i = 0; i < connections; ++i) {
      int const fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
      if (fd >= 0) ::connect(fd, generic(address), sizeof address);
    }
    for (;;) ::pause();
  }
  ~Swarm() { end(); }
  Swarm(Swarm const&) = delete;
  Swarm& operator=(Swarm const&) = delete;
  void end() {
    if (child_ <= 0) return;
    ::kill(child_, SIGKILL);
    ::waitpid(child_, nullptr, 0);
    child_ = -1;
  }

 private:
  pid_t child_ = -1;
};

}  // namespace greenq::test
