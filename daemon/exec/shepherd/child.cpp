#include "exec/shepherd/child.hpp"

#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <sstream>

namespace greenq::shepherd {
namespace {

using exec::errno_text;
using exec::UniqueFd;

constexpr int kChannel = 3;
constexpr char kOutBit = 1;
constexpr char kErrBit = 2;
constexpr char kNoMetricsBit = 4;

class Child {
 public:
  explicit Child(ChildPlan const& plan) : plan_(plan) {}

  [[noreturn]] void run(int channel, int out, int err) {
    if (::setsid() < 0) fail("could not make a session", errno);
    place_descriptors(channel, out, err);
    await('J');
    reset_signals();
    set_limits();
    if (plan_.identity.switch_user) switch_user();
    if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) fail("could not set no_new_privs", errno);
    ::umask(077);
    if (::chdir(plan_.workdir.c_str()) != 0) {
      fail("could not enter the working directory " + plan_.workdir, errno);
    }
    announce(open_output(plan_.stdout_path), open_output(plan_.stderr_path));
    await('G');
    exec_program();
  }

 private:
  [[noreturn]] static void fail(std::string const& what, int error) {
    std::string const text = "E" + what + (error != 0 ? ": " + errno_text(error) : "");
    static_cast<void>(::send(kChannel, text.data(), text.size(), MSG_NOSIGNAL));
    ::_exit(127);
  }

  static void await(char token) {
    char got = 0;
    ssize_t n = 0;
    do {
      n = ::recv(kChannel, &got, 1, 0);
    } while (n < 0 && errno == EINTR);
    if (n != 1 || got != token) ::_exit(127);  // the shepherd is gone
  }

  static void place_descriptors(int channel, int out, int err) {
    int const null = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (null < 0 || ::dup2(null, 0) < 0 || ::dup2(out, 1) < 0 || ::dup2(err, 2) < 0) ::_exit(127);
    if (channel != kChannel && ::dup3(channel, kChannel, O_CLOEXEC) < 0) ::_exit(127);
    if (::close_range(kChannel + 1, ~0U, 0) != 0) fail("could not close inherited descriptors", errno);
  }

  static void reset_signals() {
    // Past the C library, which keeps two real-time signals for itself and would leave those ignored.
    std::array<unsigned long, 4> const
        defaults{};  // the kernel's struct sigaction: SIG_DFL, no flags, empty mask
    for (int signal = 1; signal < NSIG; ++signal) {
      ::syscall(SYS_rt_sigaction, signal, defaults.data(), nullptr, sizeof(unsigned long));
    }
    sigset_t none;
    ::sigemptyset(&none);
    if (::sigprocmask(SIG_SETMASK, &none, nullptr) != 0) fail("could not reset the signal mask", errno);
  }

  static void set_limits() {
    rlimit core{};
    ::getrlimit(RLIMIT_CORE, &core);
    core.rlim_cur = 0;
    if (::setrlimit(RLIMIT_CORE, &core) != 0) fail("could not set resource limits", errno);
    exec::write_whole("/proc/self/oom_score_adj", "0");  // not the protection a daemon may have
  }

  void switch_user() const {
    Identity const& who = plan_.identity;
    if (::setgroups(who.groups.size(), who.groups.data()) != 0) fail("could not set the groups", errno);
    if (::setresgid(who.gid, who.gid, who.gid) != 0) fail("could not set the group", errno);
    if (::setresuid(who.uid, who.uid, who.uid) != 0) fail("could not set the user", errno);
    if (::setuid(0) == 0 || ::setgid(0) == 0 || ::geteuid() != who.uid || ::getegid() != who.gid) {
      fail("privileges could not be given up", 0);
    }
  }

  static UniqueFd open_output(std::string const& path) {
    if (path.empty()) return UniqueFd{};
    constexpr int kFlags = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK;
    UniqueFd fd{::open(path.c_str(), kFlags, 0600)};
    if (!fd && errno == ELOOP)
      fail("the output file " + path + " is a symbolic link; name the file itself", 0);
    if (!fd) fail("could not open the output file " + path, errno);
    struct stat info {};
    if (::fstat(fd.get(), &info) != 0 || !S_ISREG(info.st_mode)) {
      fail("the output file " + path + " is not a regular file", 0);
    }
    return fd;
  }

  void announce(UniqueFd const& out, UniqueFd const& err) const {
    std::array<char, 2> text{'R', 0};
    std::array<int, 2> fds{};
    std::size_t count = 0;
    if (out) {
      text[1] = static_cast<char>(text[1] | kOutBit);
      fds[count++] = out.get();
    }
    if (err) {
      text[1] = static_cast<char>(text[1] | kErrBit);
      fds[count++] = err.get();
    }
    if (::access(plan_.metrics_path.c_str(), W_OK) != 0) text[1] = static_cast<char>(text[1] | kNoMetricsBit);
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int) * 2)> control{};
    iovec part{text.data(), text.size()};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    if (count > 0) {
      message.msg_control = control.data();
      message.msg_controllen = CMSG_SPACE(sizeof(int) * count);
      cmsghdr* header = CMSG_FIRSTHDR(&message);
      header->cmsg_level = SOL_SOCKET;
      header->cmsg_type = SCM_RIGHTS;
      header->cmsg_len = CMSG_LEN(sizeof(int) * count);
      std::memcpy(CMSG_DATA(header), fds.data(), sizeof(int) * count);
    }
    if (::sendmsg(kChannel, &message, MSG_NOSIGNAL) < 0) ::_exit(127);
  }

  static std::vector<char*> pointers(std::vector<std::string> const& texts) {
    std::vector<char*> list;
    list.reserve(texts.size() + 1);
    for (auto const& text : texts) list.push_back(const_cast<char*>(text.c_str()));
    list.push_back(nullptr);
    return list;
  }

  [[noreturn]] void exec_program() const {
    std::vector<char*> const arguments = pointers(plan_.command);
    std::vector<char*> const environment = pointers(plan_.environment);
    std::string const& program = plan_.command.front();
    int error = ENOENT;
    if (program.find('/') != std::string::npos) {
      ::execve(program.c_str(), arguments.data(), environment.data());
      error = errno;
    } else {
      std::istringstream dirs(plan_.path);
      for (std::string dir; std::getline(dirs, dir, ':');) {
        if (dir.empty() || dir.front() != '/') continue;
        dir.append("/").append(program);
        ::execve(dir.c_str(), arguments.data(), environment.data());
        if (errno != ENOENT && errno != ENOTDIR) error = errno;
      }
    }
    fail("could not run " + program, error);
  }

  ChildPlan const& plan_;
};

}  // namespace

void run_child(ChildPlan const& plan, int channel, int stdout_pipe, int stderr_pipe) {
  Child(plan).run(channel, stdout_pipe, stderr_pipe);
}

bool send_token(int channel, char token) {
  return ::send(channel, &token, 1, MSG_NOSIGNAL) == 1;
}

core::Result<UserFiles> receive_ready(int channel) {
  std::array<char, 4096> text{};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int) * 2)> control{};
  iovec part{text.data(), text.size()};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  ssize_t n = 0;
  do {
    n = ::recvmsg(channel, &message, MSG_CMSG_CLOEXEC);
  } while (n < 0 && errno == EINTR);
  if (n < 2 || text[0] != 'R') {
    std::string why = "the job's process did not answer";
    if (n > 1 && text[0] == 'E') why.assign(text.data() + 1, static_cast<std::size_t>(n) - 1);
    if (n < 0 && errno == EAGAIN) why = "the working directory or an output file did not answer for a minute";
    return core::fail(core::ErrorCode::kFailedPrecondition, "COULD_NOT_START", why);
  }
  std::array<int, 2> fds{-1, -1};
  if (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr && header->cmsg_type == SCM_RIGHTS) {
    std::memcpy(fds.data(), CMSG_DATA(header), header->cmsg_len - CMSG_LEN(0));
  }
  UserFiles files;
  std::size_t next = 0;
  if ((text[1] & kOutBit) != 0) files.out.reset(fds[next++]);
  if ((text[1] & kErrBit) != 0) files.err.reset(fds[next]);
  files.metrics_reachable = (text[1] & kNoMetricsBit) == 0;
  return files;
}

std::string receive_failure(int channel) {
  std::array<char, 4096> text{};
  ssize_t n = 0;
  do {
    n = ::recv(channel, text.data(), text.size(), 0);
  } while (n < 0 && errno == EINTR);
  if (n <= 1 || text[0] != 'E') return {};
  return {text.data() + 1, static_cast<std::size_t>(n) - 1};
}

}  // namespace greenq::shepherd
