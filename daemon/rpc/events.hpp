// Fans committed events out to watchers. One Engine::watch serves all streams; the core thread only copies
// the batch and hands it to the courier.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "core/event.hpp"
#include "rpc/tasks.hpp"

namespace greenq::rpc {

class EventHub {
 public:
  // Called on the courier thread, in sequence. Must not block.
  using Listener = std::function<void(std::span<core::JobEvent const>)>;

  explicit EventHub(Tasks& courier) : courier_(courier) {}

  // Any thread. A listener may be called once more while unsubscribe() runs; it must keep what it needs alive
  // itself.
  int subscribe(Listener listener);
  void unsubscribe(int handle);
  // Core thread.
  void publish(std::span<core::JobEvent const> events);

 private:
  Tasks& courier_;
  std::mutex mutex_;
  int next_ = 1;
  std::map<int, std::shared_ptr<Listener const>> listeners_;
};

}  // namespace greenq::rpc
