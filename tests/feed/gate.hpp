// A call that hangs until the test lets it go. Shared with the threads that wait in it.
#pragma once

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>

namespace greenq::test {

class Gate {
 public:
  void pass() {
    std::unique_lock lock(mutex_);
    ++entered_;
    changed_.notify_all();
    changed_.wait(lock, [this] { return open_; });
    ++left_;
    changed_.notify_all();
  }
  int entered() const {
    std::lock_guard const lock(mutex_);
    return entered_;
  }
  bool wait_entered(int count) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, kPatience, [&] { return entered_ >= count; });
  }
  // Lets all go. Whether they left.
  bool open() {
    std::unique_lock lock(mutex_);
    open_ = true;
    changed_.notify_all();
    return changed_.wait_for(lock, kPatience, [this] { return left_ == entered_; });
  }

 private:
  static constexpr std::chrono::seconds kPatience{20};

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = false;
  int entered_ = 0;
  int left_ = 0;
};

}  // namespace greenq::test
