#include "core/plan/shadow_queue.hpp"

#include <algorithm>

namespace greenq::core {
namespace {

constexpr std::size_t kLookedAt = 5000;

}  // namespace

void ShadowQueue::submit(Instant at, std::vector<SlotNeed> needs, Span duration, double share) {
  move_to(at);
  InLine next{needs.front(), static_cast<float>(share), duration, {}};
  next.others.assign(needs.begin() + 1, needs.end());
  in_line_ += work_of(next);
  line_.push_back(std::move(next));
  let_in();
}

void ShadowQueue::let_in() {
  while (!line_.empty() && queue_.waiting().size() < kLookedAt) {
    InLine const next = std::move(line_.front());
    line_.pop_front();
    in_line_ = line_.empty() ? 0 : in_line_ - work_of(next);
    std::vector<SlotNeed> needs{next.need};
    needs.insert(needs.end(), next.others.begin(), next.others.end());
    queue_.add({0, 0, {}, std::move(needs), next.length, next.length, double{next.share}});
    came_ = true;
  }
}

void ShadowQueue::dispatch() {
  for (EasyQueue::Run const& run : queue_.dispatch(now_)) busy_ += run.share;
  came_ = false;
  let_in();
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
  double sum = in_line_;
  for (EasyQueue::Job const& job : queue_.waiting()) sum += job.share * grid_.hours(job.length);
  return sum;
}

}  // namespace greenq::core
