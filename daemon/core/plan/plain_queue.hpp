// When the plain queue would have started each of a list of submissions on one machine.
//
// A plain queue is carbon-blind: every job starts as soon as EASY backfill (easy_queue.hpp) has room for it,
// runs in one piece and holds its resources for its true length. Reservations believe the planned lengths, as
// queue_pass does. At one moment ends come first, then arrivals, then starts. Pure.
#pragma once

#include <vector>

#include "core/capacity.hpp"
#include "core/units.hpp"

namespace greenq::core {

struct PlainJob {
  JobId id = 0;
  std::uint32_t priority = 50;
  Instant submitted{};  // its place in the queue
  Instant ready{};      // not before; before its submission counts as then
  struct After {
    JobId job = 0;
    bool started = false;  // else ended
  };
  std::vector<After> after{};  // jobs that are not in the list count as met
  Demand demand;
  std::vector<std::uint32_t> pools;  // eligible, in order of preference; at least one
  Span planned{0};
  Span length{0};
};

// By index in `jobs`. Every job fits into the machine (eligible_pools() says so).
std::vector<Interval> plain_queue(Capacity const& capacity, std::vector<PlainJob> const& jobs);

}  // namespace greenq::core
