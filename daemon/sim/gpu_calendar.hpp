// A calendar of GPUs on which jobs book the cheapest room before their deadlines, by the outlook of the
// moment.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "core/plan/calendar.hpp"
#include "sim/instance.hpp"
#include "sim/prices.hpp"

namespace greenq::sim {

class GpuCalendar {
 public:
  GpuCalendar(core::Instant from, std::uint32_t gpus, std::shared_ptr<Outlook> outlook);

  // Forgets what is booked; everything is free from `from` on.
  void clear(core::Instant from);
  void book(core::Interval run, std::uint32_t gpus);

  // Both book what they give. `needs`: how long the job holds its GPUs from now on.
  //
  // One run: the cheapest before the deadline, earliest first, else the earliest there is.
  core::Interval book_whole(SimJob const& job, core::Span needs, core::Instant now);
  // In parts: the cheapest free time before the deadline, earliest first; unknown hours come last. Else the
  // earliest free time. Each part adds `overhead`, but the first of one that begins now if it `runs`, or that
  // `needs` has it for.
  std::vector<core::Interval> book_parts(SimJob const& job, core::Span needs, core::Instant now,
                                         core::Span overhead, bool runs);
  core::Instant next_change(core::Instant now) const { return prices_.next_change(now); }

 private:
  struct Part {
    core::Intensity price;
    core::Interval at;
  };
  std::optional<core::Instant> cheapest_start(SimJob const& job, core::Span needs, core::Instant now);
  std::vector<Part> free_parts(core::Interval range, std::uint32_t gpus);

  core::Capacity capacity_;
  core::Calendar calendar_;
  Prices prices_;
  std::vector<core::Interval> free_;  // scratch
};

}  // namespace greenq::sim
