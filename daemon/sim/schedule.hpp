// What ran when.
#pragma once

#include <vector>

#include "core/units.hpp"

namespace greenq::sim {

struct Schedule {
  // Of each job of the instance: its runs in order, with a pause between each two.
  std::vector<std::vector<core::Interval>> segments;

  friend bool operator==(Schedule const&, Schedule const&) = default;
};

}  // namespace greenq::sim
