// Everything the CLI takes from outside, as one argument, so that tests decide it.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <iosfwd>
#include <optional>
#include <string>

namespace greenq::client {

using Milliseconds = std::chrono::milliseconds;
using UtcTime = std::chrono::sys_time<Milliseconds>;

// The streams outlive the run. `now`, `new_uuid`, `sleep` and `variable` may be called from any thread.
struct Environment {
  std::ostream& out;
  std::ostream& err;
  std::istream& in;
  bool out_is_terminal = false;
  bool err_is_terminal = false;
  bool utf8 = true;  // may print block characters
  int columns = 80;
  std::function<std::optional<std::string>(std::string const&)> variable{};
  std::function<UtcTime()> now{};
  std::function<std::string()> new_uuid{};
  std::function<void(Milliseconds)> sleep{};
  std::uint32_t uid = 0;
  std::string user{};       // login name, "" when unknown
  std::string home{};       // "" when unknown
  std::string directory{};  // absolute
};

// The real one: standard streams, wall clock, kernel randomness. Call once, from main.
Environment system_environment();

// Calls `on_interrupt` once, on a thread of its own, when SIGINT or SIGTERM arrives while this lives; the
// signals do not end the process then. At most one at a time.
class InterruptWatch {
 public:
  explicit InterruptWatch(std::function<void()> on_interrupt);
  ~InterruptWatch();
  InterruptWatch(InterruptWatch const&) = delete;
  InterruptWatch& operator=(InterruptWatch const&) = delete;

 private:
  struct Impl;
  Impl* impl_;
};

}  // namespace greenq::client
