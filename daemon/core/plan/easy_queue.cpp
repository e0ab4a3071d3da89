#include "core/plan/easy_queue.hpp"

#include <algorithm>
#include <tuple>

namespace greenq::core {
namespace {

using Amounts = std::vector<std::int64_t>;

bool within(SlotNeed const& need, Amounts const& free) {
  for (std::uint32_t i = 0; i < need.count; ++i) {
    if (need.items[i].amount > free[need.items[i].figure]) return false;
  }
  return true;
}

void take(SlotNeed const& need, Amounts& free, std::int64_t sign) {
  for (std::uint32_t i = 0; i < need.count; ++i) free[need.items[i].figure] -= sign * need.items[i].amount;
}

SlotNeed const* first_within(EasyQueue::Job const& job, Amounts const& free) {
  auto const found = std::find_if(job.needs.begin(), job.needs.end(),
                                  [&](SlotNeed const& need) { return within(need, free); });
  return found == job.needs.end() ? nullptr : &*found;
}

bool comes_before(EasyQueue::Job const& a, EasyQueue::Job const& b) {
  return std::tie(b.priority, a.submitted, a.id) < std::tie(a.priority, b.submitted, b.id);
}

constexpr auto kLater = [](auto const& a, auto const& b) { return a.run.interval.end > b.run.interval.end; };

}  // namespace

void EasyQueue::add(Job job) {
  for (SlotNeed const& need : job.needs) {
    auto const at = std::lower_bound(leading_.begin(), leading_.end(), need.items.front().figure);
    if (at == leading_.end() || *at != need.items.front().figure)
      leading_.insert(at, need.items.front().figure);
  }
  auto const place = std::upper_bound(waiting_.begin(), waiting_.end(), job, comes_before);
  waiting_.insert(place, std::move(job));
}

bool EasyQueue::nothing_free() const {
  return std::all_of(leading_.begin(), leading_.end(), [&](std::uint32_t row) { return free_[row] <= 0; });
}

std::vector<EasyQueue::Run> EasyQueue::end(Instant now) {
  std::vector<Run> ended;
  while (!running_.empty() && running_.front().run.interval.end <= now) {
    std::pop_heap(running_.begin(), running_.end(), kLater);
    take(running_.back().need, free_, -1);
    ended.push_back(running_.back().run);
    running_.pop_back();
  }
  return ended;
}

std::optional<Instant> EasyQueue::next_end() const {
  if (running_.empty()) return std::nullopt;
  return running_.front().run.interval.end;
}

void EasyQueue::start(Job const& job, SlotNeed const& need, Instant now, std::vector<Run>& started) {
  take(need, free_, 1);
  started.push_back({job.id, {now, now + job.length}, job.share});
  running_.push_back({started.back(), need, now + job.planned});
  std::push_heap(running_.begin(), running_.end(), kLater);
}

bool EasyQueue::start_free(Job const& job, Instant now, std::vector<Run>& started) {
  SlotNeed const* const need = first_within(job, free_);
  if (need != nullptr) start(job, *need, now, started);
  return need != nullptr;
}

EasyQueue::Promise EasyQueue::promise(Job const& head, Instant now) const {
  std::vector<std::pair<Instant, SlotNeed const*>> ends;
  ends.reserve(running_.size());
  for (Running const& running : running_) {
    ends.emplace_back(running.believed > now ? running.believed : now + kOverrun, &running.need);
  }
  std::sort(ends.begin(), ends.end(), [](auto const& a, auto const& b) { return a.first < b.first; });
  Promise promise{now, free_};
  SlotNeed const* need = nullptr;
  for (auto it = ends.begin(); it != ends.end() && need == nullptr;) {
    promise.at = it->first;
    for (; it != ends.end() && it->first == promise.at; ++it) take(*it->second, promise.spare, -1);
    need = first_within(head, promise.spare);
  }
  take(need != nullptr ? *need : head.needs.front(), promise.spare, 1);
  return promise;
}

bool EasyQueue::backfill(Job const& job, Instant now, Promise& promise, std::vector<Run>& started) {
  bool const ends_before = now + job.planned <= promise.at;
  for (SlotNeed const& need : job.needs) {
    if (!within(need, free_) || (!ends_before && !within(need, promise.spare))) continue;
    if (!ends_before) take(need, promise.spare, 1);
    start(job, need, now, started);
    return true;
  }
  return false;
}

std::vector<EasyQueue::Run> EasyQueue::dispatch(Instant now) {
  std::vector<Run> started;
  auto head = waiting_.begin();
  while (head != waiting_.end() && start_free(*head, now, started)) ++head;
  head = waiting_.erase(waiting_.begin(), head);
  if (waiting_.size() < 2 || nothing_free()) return started;
  Promise promised = promise(*head, now);
  waiting_.erase(std::remove_if(head + 1, waiting_.end(),
                                [&](Job const& job) { return backfill(job, now, promised, started); }),
                 waiting_.end());
  return started;
}

}  // namespace greenq::core
