// The real clocks and real chance. The only place in app/ that asks the machine for time or randomness.
#pragma once

#include <functional>
#include <string>
#include <thread>

#include "app/ports.hpp"

namespace greenq::app {

class SystemClock final : public Clock {
 public:
  core::Instant now() override;
  core::Span steady() override;
};

// UUIDv7 (RFC 9562): 48 bits of Unix milliseconds, the rest from `random64`.
std::string uuid_v7(core::Instant at, std::function<std::uint64_t()> const& random64);
// From getrandom(2); crashes if the kernel has none.
std::uint64_t system_random64();

// One thread that runs jobs in order; the planner thread. The destructor runs what was given and joins.
class WorkerThread {
 public:
  WorkerThread();
  ~WorkerThread();
  WorkerThread(WorkerThread const&) = delete;
  WorkerThread& operator=(WorkerThread const&) = delete;
  void run(std::function<void()> job);

 private:
  struct Shared;
  std::shared_ptr<Shared> shared_;
  std::thread thread_;
};

}  // namespace greenq::app
