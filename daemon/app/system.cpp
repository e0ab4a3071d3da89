#include "app/system.hpp"

#include <sys/random.h>

#include <array>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <deque>
#include <mutex>

#include "core/check.hpp"

namespace greenq::app {

core::Instant SystemClock::now() {
  return std::chrono::floor<core::Span>(std::chrono::system_clock::now());
}

core::Span SystemClock::steady() {
  return std::chrono::floor<core::Span>(std::chrono::steady_clock::now().time_since_epoch());
}

std::string uuid_v7(core::Instant at, std::function<std::uint64_t()> const& random64) {
  auto const ms = static_cast<std::uint64_t>(core::to_ms(at)) & 0xffff'ffff'ffffU;
  std::uint64_t const a = random64();
  std::uint64_t const b = random64();
  std::array<char, 40> text{};
  std::snprintf(text.data(), text.size(), "%08x-%04x-7%03x-%04x-%012llx", static_cast<unsigned>(ms >> 16U),
                static_cast<unsigned>(ms & 0xffffU), static_cast<unsigned>(a & 0xfffU),
                static_cast<unsigned>(0x8000U | ((a >> 12U) & 0x3fffU)), b & 0xffff'ffff'ffffULL);
  return text.data();
}

std::uint64_t system_random64() {
  std::uint64_t value = 0;
  GREENQ_CHECK(getrandom(&value, sizeof value, 0) == sizeof value);
  return value;
}

struct WorkerThread::Shared {
  std::mutex mutex;
  std::condition_variable wake;
  std::deque<std::function<void()>> jobs;
  bool stopping = false;
};

WorkerThread::WorkerThread() : shared_(std::make_shared<Shared>()) {
  thread_ = std::thread([shared = shared_] {
    std::unique_lock lock{shared->mutex};
    while (true) {
      shared->wake.wait(lock, [&] { return shared->stopping || !shared->jobs.empty(); });
      if (shared->jobs.empty()) return;
      auto job = std::move(shared->jobs.front());
      shared->jobs.pop_front();
      lock.unlock();
      job();
      lock.lock();
    }
  });
}

WorkerThread::~WorkerThread() {
  {
    std::lock_guard const lock{shared_->mutex};
    shared_->stopping = true;
  }
  shared_->wake.notify_one();
  thread_.join();
}

void WorkerThread::run(std::function<void()> job) {
  {
    std::lock_guard const lock{shared_->mutex};
    shared_->jobs.push_back(std::move(job));
  }
  shared_->wake.notify_one();
}

}  // namespace greenq::app
