// Jobs as the plain queue (plain_queue.hpp) needs them, from what the ledger keeps of them.
#pragma once

#include <optional>
#include <vector>

#include "core/plan/plain_queue.hpp"

namespace greenq::core {

// Small: neither command nor environment.
struct QueuedOnce {
  PlainJob plain;              // `after` holds all its dependencies; without pools the machine has no room
  std::vector<Interval> ran;   // running segments of all attempts, in order
  std::optional<Instant> end;  // nothing: live
  std::optional<Bound> bound;
  // Takes resources in the plain queue: it fits, and ran or may still run.
  bool competes = false;

  Span length() const;  // of `ran`
};

// The length is that of its segments; of a live job at least what is expected. `released`: when it was last
// released by hand before its start; it was not ready before. A live job that is held, or whose dependencies
// cannot be met, does not compete.
QueuedOnce queued_once(Job const& job, Capacity const& capacity, std::optional<Instant> released,
                       Instant now);

// Those that compete, in order. A dependency on a job that does not is met when that one ended.
std::vector<PlainJob> competitors(std::vector<QueuedOnce> const& jobs);

}  // namespace greenq::core
