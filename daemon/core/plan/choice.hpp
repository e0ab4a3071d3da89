// Where a waiting job was put, and why: what the passes of the planner hand on.
#pragma once

#include <cstdint>
#include <tuple>
#include <vector>

#include "core/plan/planner.hpp"

namespace greenq::core {

// Becomes the plan's note.
enum class ChoiceKind : std::uint8_t {
  kWindow = 1,       // in one piece
  kPaused = 2,       // several segments
  kLatestStart = 3,  // threshold mode: nothing cheap enough
  kAfterLatest = 4,  // nothing free in time
  kQueue = 5,        // first come, first served
  kNeverFits = 6,
};

struct Choice {
  ChoiceKind kind = ChoiceKind::kWindow;
  std::vector<Interval> segments;
  std::uint32_t lane = 0;
  bool shifted = false;
  bool waits_for_capacity = false;
  bool cheapest = true;  // no place within the bound costs less, were nobody else there
};

struct Chosen {
  std::uint32_t job = 0;  // index in the backlog
  Choice choice;
};

// Earliest start the planner may give the job.
inline Instant earliest_start(PlanInput const& input, WaitingJob const& job) {
  return std::max(job.ready, input.now);
}

// At least one millisecond.
inline Span duration_of(WaitingJob const& job) {
  return std::max(job.duration, Span{1});
}

// Priority, higher first; latest start; id.
inline bool before_in_queue(WaitingJob const& a, WaitingJob const& b) {
  return std::tuple(b.priority, a.latest, a.id) < std::tuple(a.priority, b.latest, b.id);
}

}  // namespace greenq::core
