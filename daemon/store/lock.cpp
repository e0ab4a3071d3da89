#include "store/lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <string>
#include <utility>

namespace greenq::store {
namespace {

core::Error unusable(std::filesystem::path const& path, std::string const& why) {
  return {core::ErrorCode::kFailedPrecondition, "STATE_DIR_UNUSABLE",
          "The state directory " + path.string() + " cannot be used: " + why +
              "; give another one with --state-dir or correct its owner."};
}

std::string holder(int fd) {
  char text[32] = {};
  ssize_t const size = ::pread(fd, text, sizeof text - 1, 0);
  std::string pid;
  for (ssize_t i = 0; i < size && text[i] >= '0' && text[i] <= '9'; ++i) pid.push_back(text[i]);
  return pid.empty() ? "unknown" : pid;
}

}  // namespace

LockFile::~LockFile() {
  if (fd_ >= 0) ::close(fd_);
  if (directory_ >= 0) ::close(directory_);
}
LockFile::LockFile(LockFile&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), directory_(std::exchange(other.directory_, -1)) {}
LockFile& LockFile::operator=(LockFile&& other) noexcept {
  std::swap(fd_, other.fd_);
  std::swap(directory_, other.directory_);
  return *this;
}

core::Result<LockFile> lock_state_dir(std::filesystem::path const& state_dir, unsigned mode) {
  std::error_code failed;
  if (state_dir.has_parent_path()) std::filesystem::create_directories(state_dir.parent_path(), failed);
  if (::mkdir(state_dir.c_str(), 0700) != 0 && errno != EEXIST) {
    return tl::unexpected(unusable(state_dir, std::strerror(errno)));
  }
  struct stat info {};
  if (::stat(state_dir.c_str(), &info) != 0) return tl::unexpected(unusable(state_dir, std::strerror(errno)));
  if (!S_ISDIR(info.st_mode)) return tl::unexpected(unusable(state_dir, "it is not a directory"));
  if (info.st_uid != ::geteuid()) return tl::unexpected(unusable(state_dir, "it belongs to another user"));
  if ((info.st_mode & 0777) != mode && ::chmod(state_dir.c_str(), mode) != 0) {
    return tl::unexpected(unusable(state_dir, std::strerror(errno)));
  }
  auto const file = state_dir / "lock";
  int const fd = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return tl::unexpected(unusable(state_dir, std::strerror(errno)));
  int const directory = ::open(state_dir.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  LockFile lock(fd, directory);
  if (directory < 0) return tl::unexpected(unusable(state_dir, std::strerror(errno)));
  bool in_use = ::flock(fd, LOCK_EX | LOCK_NB) != 0;
  if (in_use && errno != EWOULDBLOCK) return tl::unexpected(unusable(state_dir, std::strerror(errno)));
  // Some network file systems cannot lock a directory; the file alone must do there.
  in_use = in_use || (::flock(directory, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK);
  if (in_use) {
    return core::fail(core::ErrorCode::kFailedPrecondition, "STATE_DIR_IN_USE",
                      "another greenqd (pid " + holder(fd) + ") uses this state directory: " +
                          state_dir.string() + "; stop it or give another one with --state-dir.");
  }
  std::string const pid = std::to_string(::getpid()) + "\n";
  if (::ftruncate(fd, 0) != 0 || ::pwrite(fd, pid.data(), pid.size(), 0) < 0) {
    // Only for people; the lock itself holds.
  }
  return lock;
}

}  // namespace greenq::store
