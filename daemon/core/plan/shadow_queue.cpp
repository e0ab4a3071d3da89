#include "core/plan/shadow_queue.hpp"

#include <algorithm>

namespace greenq::core {

void ShadowQueue::submit(Instant at, std::vector<SlotNeed> needs, Span duration, double share) {
  move_to(at);
  queue_.add({0, 0, {}, std::move(needs), duration, duration, share});
  came_ = true;
}

void ShadowQueue::dispatch() {
  for (EasyQueue::Run const& run : queue_.dispatch(now_)) busy_ += run.share;
  came_ = false;
}

void ShadowQueue::advance(Instant now) {
  move_to(now);
  if (came_) dispatch();
}

void ShadowQueue::move_to(Instant now) {
  if (now <= now_) return;
  if (came_) dispatch();
  for (auto next = queue_.next_end(); next && *next <= now; next = queue_.next_end()) {
    done_ += busy_ * grid_.hours(*next - now_);
    now_ = *next;
    for (EasyQueue::Run const& run : queue_.end(now_)) busy_ -= run.share;
    dispatch();
  }
  if (queue_.next_end()) done_ += busy_ * grid_.hours(now - now_);
  now_ = now;
}

double ShadowQueue::waiting() const {
  double sum = 0;
  for (EasyQueue::Job const& job : queue_.waiting()) sum += job.share * grid_.hours(job.length);
  return sum;
}

}  // namespace greenq::core
