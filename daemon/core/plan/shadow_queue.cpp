#include "core/plan/shadow_queue.hpp"

#include <algorithm>

namespace greenq::core {
namespace {

bool within(SlotNeed const& need, std::vector<std::int64_t> const& free) {
  for (std::uint32_t i = 0; i < need.count; ++i) {
    if (need.items[i].amount > free[need.items[i].figure]) return false;
  }
  return true;
}

void take(SlotNeed const& need, std::vector<std::int64_t>& free, std::int64_t sign) {
  for (std::uint32_t i = 0; i < need.count; ++i) free[need.items[i].figure] -= sign * need.items[i].amount;
}

constexpr auto kLater = [](auto const& a, auto const& b) { return a.end > b.end; };

}  // namespace

void ShadowQueue::start(Job job) {
  take(job.need, free_, 1);
  busy_ += job.share;
  job.end = now_ + job.duration;
  running_.push_back(job);
  std::push_heap(running_.begin(), running_.end(), kLater);
}

void ShadowQueue::submit(Instant at, SlotNeed const& need, Span duration, double share) {
  advance(at);
  queue_.push_back({need, duration, share, {}});
  dispatch();
}

void ShadowQueue::advance(Instant now) {
  now = std::max(now, now_);
  while (!running_.empty() && running_.front().end <= now) {
    Instant const end = running_.front().end;
    done_ += busy_ * grid_.hours(end - now_);
    now_ = end;
    while (!running_.empty() && running_.front().end <= end) {
      std::pop_heap(running_.begin(), running_.end(), kLater);
      take(running_.back().need, free_, -1);
      busy_ -= running_.back().share;
      running_.pop_back();
    }
    dispatch();
  }
  if (!running_.empty()) done_ += busy_ * grid_.hours(now - now_);
  now_ = now;
}

double ShadowQueue::waiting() const {
  double sum = 0;
  for (Job const& job : queue_) sum += job.share * grid_.hours(job.duration);
  return sum;
}

void ShadowQueue::dispatch() {
  std::size_t head = 0;
  while (head < queue_.size() && within(queue_[head].need, free_)) start(queue_[head++]);
  queue_.erase(queue_.begin(), queue_.begin() + static_cast<std::ptrdiff_t>(head));
  if (queue_.size() < 2 || free_.front() <= 0) return;
  // What is free when the head can start, and when that is.
  std::vector<Job> ends = running_;
  std::sort(ends.begin(), ends.end(), [](Job const& a, Job const& b) { return a.end < b.end; });
  std::vector<std::int64_t> spare = free_;
  SlotNeed const& head_need = queue_.front().need;
  Instant reserved = now_;
  for (std::size_t i = 0; i < ends.size() && (!within(head_need, spare) || ends[i].end == reserved); ++i) {
    reserved = ends[i].end;
    take(ends[i].need, spare, -1);
  }
  take(head_need, spare, 1);
  std::vector<Job> waiting{queue_.front()};
  for (std::size_t i = 1; i < queue_.size(); ++i) {
    Job const& job = queue_[i];
    bool const ends_before = now_ + job.duration <= reserved;
    if (!within(job.need, free_) || (!ends_before && !within(job.need, spare))) {
      waiting.push_back(job);
      continue;
    }
    if (!ends_before) take(job.need, spare, 1);
    start(job);
  }
  queue_ = std::move(waiting);
}

}  // namespace greenq::core
