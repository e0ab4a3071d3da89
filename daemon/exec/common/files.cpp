#include "exec/common/files.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <system_error>

namespace greenq::exec {
namespace {

constexpr char kLockFile[] = "lock";

bool read_to_end(int fd, std::size_t limit, std::string& out) {
  char buffer[8192];
  for (;;) {
    auto const n = ::read(fd, buffer, sizeof buffer);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return false;
    if (n == 0) return true;
    if (out.size() + static_cast<std::size_t>(n) > limit) {
      errno = EFBIG;
      return false;
    }
    out.append(buffer, static_cast<std::size_t>(n));
  }
}

core::ErrorCode code_of(int error) {
  if (error == ENOENT) return core::ErrorCode::kNotFound;
  return may_pass(error) ? core::ErrorCode::kUnavailable : core::ErrorCode::kInternal;
}

core::Result<void> failed(std::string const& name, int error) {
  return core::fail(code_of(error), "RUN_DIRECTORY", "could not write " + name + ": " + errno_text(error));
}

}  // namespace

bool may_pass(int error) {
  switch (error) {
    case EMFILE:
    case ENFILE:
    case ENOMEM:
    case EAGAIN:
    case ENOSPC:
    case EDQUOT:
    case EIO:
    case EROFS:
    case ESTALE:
      return true;
    default:  // default: errno has no enum
      return false;
  }
}

std::string errno_text(int error) {
  return std::generic_category().message(error);
}

core::Result<std::string> read_file_at(int dir, std::string const& name, std::size_t limit) {
  UniqueFd const fd{::openat(dir, name.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY)};
  if (!fd)
    return core::fail(code_of(errno), "RUN_DIRECTORY", "could not read " + name + ": " + errno_text(errno));
  struct stat info {};
  if (::fstat(fd.get(), &info) != 0 || !S_ISREG(info.st_mode)) {
    return core::fail(core::ErrorCode::kInternal, "RUN_DIRECTORY", name + " is not a regular file");
  }
  std::string text;
  if (!read_to_end(fd.get(), limit, text)) {
    return core::fail(code_of(errno), "RUN_DIRECTORY", "could not read " + name + ": " + errno_text(errno));
  }
  return text;
}

std::string read_whole(std::string const& path, std::size_t limit) {
  UniqueFd const fd{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY)};
  std::string text;
  if (!fd || !read_to_end(fd.get(), limit, text)) return {};
  return text;
}

bool write_whole(std::string const& path, std::string_view text) {
  UniqueFd const fd{::open(path.c_str(), O_WRONLY | O_CLOEXEC | O_NOCTTY)};
  return fd && write_all(fd.get(), text);
}

bool write_all(int fd, std::string_view data) {
  while (!data.empty()) {
    auto const n = ::write(fd, data.data(), data.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    data.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

core::Result<void> write_whole_at(int dir, std::string const& name, std::string_view content) {
  std::string const temporary = name + ".tmp";
  UniqueFd const fd{
      ::openat(dir, temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600)};
  if (!fd || !write_all(fd.get(), content) || ::fsync(fd.get()) != 0 ||
      ::renameat(dir, temporary.c_str(), dir, name.c_str()) != 0) {
    return failed(name, errno);
  }
  return {};
}

core::Result<void> write_durably_at(int dir, std::string const& name, std::string_view content) {
  if (auto written = write_whole_at(dir, name, content); !written) return written;
  if (::fsync(dir) != 0) return failed(name, errno);
  return {};
}

bool exists_at(int dir, std::string const& name) {
  struct stat info {};
  return ::fstatat(dir, name.c_str(), &info, AT_SYMLINK_NOFOLLOW) == 0;
}

std::optional<UniqueFd> try_lock_at(int dir) {
  UniqueFd fd{::openat(dir, kLockFile, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600)};
  if (!fd || ::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) return std::nullopt;
  return fd;
}

UniqueFd open_dir(std::string const& path) {
  return UniqueFd{::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW)};
}

}  // namespace greenq::exec
