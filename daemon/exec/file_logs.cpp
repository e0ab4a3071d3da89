#include "exec/file_logs.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <map>
#include <string>
#include <string_view>
#include <system_error>

#include "app/run_dir.hpp"
#include "exec/common/files.hpp"

namespace greenq::exec {
namespace {

// Launch number -> directory.
std::map<std::uint32_t, std::filesystem::path> launches(std::filesystem::path const& job_dir,
                                                        core::AttemptNo attempt, std::error_code& error) {
  std::map<std::uint32_t, std::filesystem::path> found;
  std::string const prefix = std::to_string(attempt) + ".";
  for (std::filesystem::directory_iterator it(job_dir, error), end; !error && it != end;
       it.increment(error)) {
    std::string const name = it->path().filename().string();
    if (!name.starts_with(prefix)) continue;
    std::uint32_t launch = 0;
    auto const [stop, failed] =
        std::from_chars(name.data() + prefix.size(), name.data() + name.size(), launch);
    if (failed == std::errc{} && stop == name.data() + name.size()) found[launch] = it->path();
  }
  return found;
}

struct Part {
  UniqueFd fd;
  std::int64_t begin = 0;  // offset over the whole attempt
  std::int64_t size = 0;
};

std::vector<Part> open_parts(std::map<std::uint32_t, std::filesystem::path> const& dirs, char const* name) {
  std::vector<Part> parts;
  std::int64_t begin = 0;
  for (auto const& [launch, path] : dirs) {
    UniqueFd const dir = open_dir(path.string());
    if (!dir) continue;
    UniqueFd fd{::openat(dir.get(), name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY)};
    struct stat info {};
    if (!fd || ::fstat(fd.get(), &info) != 0 || !S_ISREG(info.st_mode)) continue;
    parts.push_back({std::move(fd), begin, info.st_size});
    begin += info.st_size;
  }
  return parts;
}

}  // namespace

FileLogs::FileLogs(std::filesystem::path state_dir) : state_dir_(std::move(state_dir)) {}

core::Result<app::Logs::Chunk> FileLogs::read(core::JobId job, core::AttemptNo attempt, Stream stream,
                                              std::int64_t offset, std::size_t max_bytes) {
  std::error_code error;
  auto const dirs = launches(app::job_dir(state_dir_, job), attempt, error);
  if (error && error != std::errc::no_such_file_or_directory) {
    return core::fail(core::ErrorCode::kUnavailable, "LOG_UNREADABLE",
                      "the output of job " + std::to_string(job) + " cannot be read now (" + error.message() +
                          "); try again");
  }
  if (dirs.empty()) {
    return core::fail(core::ErrorCode::kNotFound, "LOG_NOT_FOUND",
                      "attempt " + std::to_string(attempt) + " of job " + std::to_string(job) +
                          " has no output yet; it has not started");
  }
  auto const parts = open_parts(dirs, stream == Stream::kStdout ? app::kStdoutFile : app::kStderrFile);
  std::int64_t const total = parts.empty() ? 0 : parts.back().begin + parts.back().size;
  Chunk chunk;
  chunk.offset = offset < 0 ? std::max<std::int64_t>(0, total + offset) : offset;
  std::size_t const most = std::min(max_bytes, kMostBytes);
  for (auto const& part : parts) {
    auto at = chunk.offset + static_cast<std::int64_t>(chunk.data.size());
    auto const end = part.begin + part.size;
    while (at < end && chunk.data.size() < most) {
      auto const had = chunk.data.size();
      auto const wanted = std::min(most - had, static_cast<std::size_t>(end - at));
      chunk.data.resize(had + wanted);
      auto const n = ::pread(part.fd.get(), chunk.data.data() + had, wanted, at - part.begin);
      if (n < 0 && errno == EINTR) {
        chunk.data.resize(had);
        continue;
      }
      chunk.data.resize(had + static_cast<std::size_t>(std::max<ssize_t>(n, 0)));
      if (n <= 0) break;
      at += n;
    }
    if (chunk.data.size() >= most) break;
  }
  return chunk;
}

}  // namespace greenq::exec
