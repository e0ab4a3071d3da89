// Output of jobs, read from the logs in their run directories.
#pragma once

#include <filesystem>

#include "app/ports.hpp"

namespace greenq::exec {

// Stateless; any thread. An attempt that was paused and resumed has one log per launch; offsets run over them
// in order of the launches. A log of an earlier launch never grows, so offsets stay valid.
class FileLogs final : public app::Logs {
 public:
  static constexpr std::size_t kMostBytes = 1U << 20U;  // of one chunk, whatever was asked

  explicit FileLogs(std::filesystem::path state_dir);
  core::Result<Chunk> read(core::JobId job, core::AttemptNo attempt, Stream stream, std::int64_t offset,
                           std::size_t max_bytes) override;

 private:
  std::filesystem::path state_dir_;
};

}  // namespace greenq::exec
