// Which waiting jobs are not shifted.
#pragma once

#include <cstdint>
#include <vector>

namespace greenq::core {

struct QueueMembers {
  std::vector<std::uint32_t> jobs;  // indices in the backlog
  // Whether only the head of a long queue is placed. The starts of all that follow are tentative, and those
  // that they were given stand. `fresh` has none yet, so it gets one.
  bool head_only = false;
  std::vector<std::uint32_t> fresh;  // sorted
};

}  // namespace greenq::core
