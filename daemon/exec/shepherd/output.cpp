#include "exec/shepherd/output.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string_view>

namespace greenq::shepherd {
namespace {

constexpr int kReadsPerTurn = 8;
// A pipe holds at most 1 MiB without privileges; more at the end comes from a stranger who keeps the other
// end.
constexpr int kReadsAtEnd = 64;

}  // namespace

Output::Output(exec::UniqueFd pipe, exec::UniqueFd log, std::int64_t limit_bytes)
    : pipe_(std::move(pipe)), log_(std::move(log)), limit_(limit_bytes) {}

void Output::pump() {
  for (int i = 0; i < kReadsPerTurn && read_once(); ++i) {
  }
}

void Output::drain() {
  for (int i = 0; i < kReadsAtEnd && read_once(); ++i) {
  }
  pipe_.reset();
}

bool Output::read_once() {
  if (!pipe_) return false;
  static char buffer[65'536];
  auto const n = ::read(pipe_.get(), buffer, sizeof buffer);
  if (n < 0 && errno == EINTR) return true;
  if (n < 0 && errno == EAGAIN) return false;
  if (n <= 0) {
    pipe_.reset();
    return false;
  }
  std::string_view const data(buffer, static_cast<std::size_t>(n));
  keep(data);
  if (user_ && !exec::write_all(user_.get(), data)) {
    user_error_ = exec::errno_text(errno);
    user_.reset();
    note("the output file could not be written (" + user_error_ + "); its rest is only in the job's log");
  }
  return true;
}

void Output::keep(std::string_view data) {
  auto const room = std::max<std::int64_t>(0, limit_ - written_);
  auto const taken = std::min<std::size_t>(data.size(), static_cast<std::size_t>(room));
  if (taken > 0 && exec::write_all(log_.get(), data.substr(0, taken))) {
    written_ += static_cast<std::int64_t>(taken);
  } else {
    dropped_ += static_cast<std::int64_t>(taken);
  }
  dropped_ += static_cast<std::int64_t>(data.size() - taken);
  if (taken < data.size() && !noticed_) {
    noticed_ = true;
    note("the log limit of " + std::to_string(limit_) + " bytes is reached; further output is dropped");
  }
}

void Output::note(std::string const& sentence) {
  exec::write_all(log_.get(), "\n[greenq: " + sentence + "]\n");
}

void Output::sync() {
  ::fdatasync(log_.get());
}

}  // namespace greenq::shepherd
