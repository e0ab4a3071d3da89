// The difference of two readings of an energy counter, told apart from everything that only looks like one.
//
// From two values alone a counter that restarted cannot be told from one that wrapped, so the decision rests
// on what the hardware can use at most (`limit`) in the time between the readings. Pure.
#pragma once

#include <cstdint>

namespace greenq::core {

struct CounterStep {
  enum class Kind : std::uint8_t {
    kExact,        // `delta` is the difference, over at most one wrap
    kRestarted,    // the counter began again: `delta` is what it has counted since, a lower bound
    kAmbiguous,    // whole turns may be hidden; no delta
    kImplausible,  // more than the hardware can use; no delta
  };
  Kind kind = Kind::kExact;
  std::int64_t delta = 0;
};

// All in the counter's own unit, readings >= 0. `range`: value after which the counter starts at 0, 0 when it
// does not wrap or this is unknown. `limit` > 0: most that can be used between the readings. `restarted`:
// known from elsewhere (another boot, another load of the driver).
CounterStep step_counter(std::int64_t from, std::int64_t to, std::int64_t range, std::int64_t limit,
                         bool restarted);

}  // namespace greenq::core
