// What feed tests share: temporary files, a fake clock, an inbox that remembers, waiting with a deadline.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <string>
#include <vector>

#include "app/ports.hpp"
#include "feed/time_text.hpp"
#include "tests/support/temp_dir.hpp"

namespace greenq::test {

inline core::Instant at(std::string_view text) {
  auto const time = feed::parse_time(text);
  if (!time) throw std::invalid_argument(std::string(text));
  return *time;
}

class FakeClock final : public app::Clock {
 public:
  explicit FakeClock(core::Instant now) : now_ms_(core::to_ms(now)) {}
  core::Instant now() override { return core::from_ms(now_ms_); }
  core::Span steady() override { return core::Span{now_ms_}; }
  void set(core::Instant now) { now_ms_ = core::to_ms(now); }

 private:
  std::atomic<std::int64_t> now_ms_;
};

class RememberingInbox final : public app::Inbox {
 public:
  void post(core::Event event) override {
    std::lock_guard const lock(mutex_);
    if (auto* received = std::get_if<core::SignalReceived>(&event)) signals_.push_back(std::move(*received));
    arrived_.notify_all();
  }
  std::vector<core::SignalReceived> signals() const {
    std::lock_guard const lock(mutex_);
    return signals_;
  }
  bool wait_for(std::size_t count) {
    std::unique_lock lock(mutex_);
    return arrived_.wait_for(lock, std::chrono::seconds{20}, [&] { return signals_.size() >= count; });
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable arrived_;
  std::vector<core::SignalReceived> signals_;
};

template <class Condition>
bool eventually(Condition condition) {
  auto const deadline = std::chrono::steady_clock::now() + std::chrono::seconds{20};
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds{5});
  }
  return true;
}

// Directory of the shared series, or empty.
inline std::filesystem::path shared_data() {
  char const* set = std::getenv("GREENQ_SHARED_DATA");
  std::filesystem::path path = set != nullptr
                                   ? std::filesystem::path(set)
                                   : std::filesystem::path(GREENQ_SOURCE_DIR) / ".." / "shared" / "data";
  return std::filesystem::is_directory(path / "carbon") ? path : std::filesystem::path{};
}

}  // namespace greenq::test
