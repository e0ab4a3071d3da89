#include "rpc/events.hpp"

namespace greenq::rpc {

int EventHub::subscribe(Listener listener) {
  std::lock_guard const lock(mutex_);
  int const handle = next_++;
  listeners_.emplace(handle, std::make_shared<Listener const>(std::move(listener)));
  return handle;
}

void EventHub::unsubscribe(int handle) {
  std::lock_guard const lock(mutex_);
  listeners_.erase(handle);
}

void EventHub::publish(std::span<core::JobEvent const> events) {
  {
    std::lock_guard const lock(mutex_);
    if (listeners_.empty()) return;
  }
  courier_.push([this, batch = std::vector<core::JobEvent>(events.begin(), events.end())] {
    std::vector<std::shared_ptr<Listener const>> listeners;
    {
      std::lock_guard const lock(mutex_);
      for (auto const& [handle, listener] : listeners_) listeners.push_back(listener);
    }
    for (auto const& listener : listeners) (*listener)(batch);
  });
}

}  // namespace greenq::rpc
