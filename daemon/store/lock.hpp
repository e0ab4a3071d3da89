// One daemon per state directory.
#pragma once

#include <filesystem>

#include "core/result.hpp"

namespace greenq::store {

// Holds flock on STATE/lock, and on STATE itself because a file can be removed, for its lifetime; the kernel
// lets go when the process dies. The file holds the pid.
class LockFile {
 public:
  LockFile(int file, int directory) : fd_(file), directory_(directory) {}
  ~LockFile();
  LockFile(LockFile&& other) noexcept;
  LockFile& operator=(LockFile&& other) noexcept;
  LockFile(LockFile const&) = delete;
  LockFile& operator=(LockFile const&) = delete;

 private:
  int fd_ = -1;
  int directory_ = -1;
};

// Makes the directory if needed, sets its mode (0711 where jobs of others must reach their run directories)
// and locks it. kFailedPrecondition STATE_DIR_IN_USE when another greenqd holds it, STATE_DIR_UNUSABLE when
// it cannot be made or belongs to somebody else.
core::Result<LockFile> lock_state_dir(std::filesystem::path const& state_dir, unsigned mode = 0700);

}  // namespace greenq::store
