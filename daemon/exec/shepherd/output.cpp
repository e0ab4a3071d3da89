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

// Bytes written before the first error.
std::size_t write_most(int fd, std::string_view data) {
  std::size_t done = 0;
  while (done < data.size()) {
    auto const n = ::write(fd, data.data() + done, data.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    done += static_cast<std::size_t>(n);
  }
  return done;
}

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
  if (taken > 0) note_gap();
  auto const kept = gap_ > 0 ? 0 : write_most(log_.get(), data.substr(0, taken));
  auto const lost = static_cast<std::int64_t>(taken - kept);
  written_ += static_cast<std::int64_t>(kept);
  lost_ += lost;
  gap_ += lost;
  dropped_ += static_cast<std::int64_t>(data.size() - kept);
  if (taken < data.size() && !noticed_) {
    noticed_ = true;
    note("the log limit of " + std::to_string(limit_) + " bytes is reached; further output is dropped");
  }
}

bool Output::note(std::string const& sentence) {
  std::string const line = "\n[greenq: " + sentence + "]\n";
  return write_most(log_.get(), line) == line.size();
}

void Output::note_gap() {
  if (gap_ > 0 &&
      note(std::to_string(gap_) + " bytes of output are missing here: the log could not be written"))
    gap_ = 0;
}

void Output::sync() {
  note_gap();
  ::fdatasync(log_.get());
}

}  // namespace greenq::shepherd
