#include "sim/easy_queue.hpp"

#include <algorithm>

#include "core/check.hpp"

namespace greenq::sim {

void EasyQueue::push(SimJob const& job) {
  auto const place = std::upper_bound(queue_.begin(), queue_.end(), job.id,
                                      [](core::JobId id, Entry const& entry) { return id < entry.id; });
  queue_.insert(place, {job.id, job.gpus, job.duration});
}

void EasyQueue::launch(Entry const& entry, core::Instant now, std::vector<core::JobId>& out) {
  ends_.emplace_back(now + entry.duration, entry.gpus);
  out.push_back(entry.id);
}

EasyQueue::Reservation EasyQueue::reserve(Machine const& machine, std::uint32_t free) {
  std::sort(ends_.begin(), ends_.end());
  auto running = machine.running().begin();
  auto const last = machine.running().end();
  auto started = ends_.begin();
  Reservation out;
  std::uint32_t const wanted = queue_.front().gpus;
  while (free < wanted) {
    bool const more = running != last || started != ends_.end();
    GREENQ_CHECK(more);
    bool const from_running = started == ends_.end() || (running != last && running->end <= started->first);
    out.at = from_running ? running->end : started->first;
    for (; running != last && running->end == out.at; ++running) free += running->gpus;
    for (; started != ends_.end() && started->first == out.at; ++started) free += started->second;
  }
  out.spare = free - wanted;
  return out;
}

void EasyQueue::dispatch(Machine const& machine, std::uint32_t free, core::Instant now,
                         std::vector<core::JobId>& out, std::uint32_t at_most) {
  ends_.clear();
  auto const give = [&](Entry const& entry) {
    free -= entry.gpus;
    at_most -= entry.gpus;
    launch(entry, now, out);
  };
  auto head = queue_.begin();
  for (; head != queue_.end() && head->gpus <= std::min(free, at_most); ++head) give(*head);
  queue_.erase(queue_.begin(), head);
  if (queue_.empty() || free == 0 || at_most == 0 || backfill_ == Backfill::kNo) return;
  Reservation reservation = reserve(machine, free);
  auto keep = queue_.begin() + 1;
  auto entry = keep;
  for (; entry != queue_.end() && free > 0; ++entry) {
    bool const in_time = now + entry->duration <= reservation.at;
    if (entry->gpus <= std::min(free, at_most) && (in_time || entry->gpus <= reservation.spare)) {
      if (!in_time) reservation.spare -= entry->gpus;
      give(*entry);
    } else {
      if (keep != entry) *keep = *entry;
      ++keep;
    }
  }
  queue_.erase(keep, entry);
}

}  // namespace greenq::sim
