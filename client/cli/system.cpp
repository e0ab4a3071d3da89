#include <fcntl.h>
#include <langinfo.h>
#include <poll.h>
#include <pwd.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <clocale>
#include <csignal>
#include <cstdlib>
#include <iostream>
#include <string_view>
#include <thread>

#include "client/cli/environment.hpp"

namespace greenq::client {
namespace {

std::optional<std::string> variable(std::string const& name) {
  char const* const value = std::getenv(name.c_str());
  if (value == nullptr) return std::nullopt;
  return std::string(value);
}

std::string random_uuid() {
  std::array<unsigned char, 16> bytes{};
  std::size_t have = 0;
  while (have < bytes.size()) {
    auto const got = ::getrandom(bytes.data() + have, bytes.size() - have, 0);
    if (got > 0) have += static_cast<std::size_t>(got);
  }
  bytes[6] = static_cast<unsigned char>((bytes[6] & 0x0FU) | 0x40U);
  bytes[8] = static_cast<unsigned char>((bytes[8] & 0x3FU) | 0x80U);
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
    text += kHex[bytes[i] >> 4U];
    text += kHex[bytes[i] & 0x0FU];
  }
  return text;
}

int terminal_columns() {
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 20) return size.ws_col;
  return 100;
}

struct Account {
  std::string name;
  std::string home;
};

Account account(uid_t uid) {
  std::array<char, 16384> buffer{};
  passwd entry{};
  passwd* found = nullptr;
  if (::getpwuid_r(uid, &entry, buffer.data(), buffer.size(), &found) != 0 || found == nullptr) return {};
  return {found->pw_name, found->pw_dir};
}

std::string working_directory() {
  char* const path = ::getcwd(nullptr, 0);
  if (path == nullptr) return "/";
  std::string result(path);
  std::free(path);
  return result;
}

}  // namespace

Environment system_environment() {
  std::setlocale(LC_CTYPE, "");
  Environment env{std::cout, std::cerr, std::cin};
  env.out_is_terminal = ::isatty(STDOUT_FILENO) == 1;
  env.err_is_terminal = ::isatty(STDERR_FILENO) == 1;
  env.utf8 = std::string_view(::nl_langinfo(CODESET)) == "UTF-8";
  env.columns = terminal_columns();
  env.variable = variable;
  env.now = [] { return std::chrono::time_point_cast<Milliseconds>(std::chrono::system_clock::now()); };
  env.new_uuid = random_uuid;
  env.sleep = [](Milliseconds span) { std::this_thread::sleep_for(span); };
  env.uid = ::geteuid();
  auto const who = account(env.uid);
  env.user = who.name;
  env.home = variable("HOME").value_or(who.home);
  env.directory = working_directory();
  return env;
}

namespace {
int interrupt_fd = -1;  // written by the signal handler

void handle_signal(int) {
  std::uint64_t const one = 1;
  int const saved = errno;
  [[maybe_unused]] auto const written = ::write(interrupt_fd, &one, sizeof one);
  errno = saved;
}
}  // namespace

struct InterruptWatch::Impl {
  std::function<void()> on_interrupt;
  int stop_fd = -1;
  struct sigaction old_int {};
  struct sigaction old_term {};
  std::thread thread;

  void listen() const {
    std::array<pollfd, 2> fds{{{interrupt_fd, POLLIN, 0}, {stop_fd, POLLIN, 0}}};
    while (::poll(fds.data(), fds.size(), -1) < 0 && errno == EINTR) {
    }
    if ((fds[0].revents & POLLIN) != 0) on_interrupt();
  }
};

InterruptWatch::InterruptWatch(std::function<void()> on_interrupt) : impl_(new Impl) {
  impl_->on_interrupt = std::move(on_interrupt);
  interrupt_fd = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  impl_->stop_fd = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  struct sigaction action {};
  action.sa_handler = handle_signal;
  action.sa_flags = SA_RESTART;
  ::sigaction(SIGINT, &action, &impl_->old_int);
  ::sigaction(SIGTERM, &action, &impl_->old_term);
  impl_->thread = std::thread([this] { impl_->listen(); });
}

InterruptWatch::~InterruptWatch() {
  ::sigaction(SIGINT, &impl_->old_int, nullptr);
  ::sigaction(SIGTERM, &impl_->old_term, nullptr);
  std::uint64_t const one = 1;
  [[maybe_unused]] auto const written = ::write(impl_->stop_fd, &one, sizeof one);
  impl_->thread.join();
  ::close(impl_->stop_fd);
  ::close(interrupt_fd);
  interrupt_fd = -1;
  delete impl_;
}

}  // namespace greenq::client
