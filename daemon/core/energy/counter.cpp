#include "core/energy/counter.hpp"

namespace greenq::core {

CounterStep step_counter(std::int64_t from, std::int64_t to, std::int64_t range, std::int64_t limit,
                         bool restarted) {
  using Kind = CounterStep::Kind;
  auto bounded = [limit](Kind kind, std::int64_t delta) {
    return delta <= limit ? CounterStep{kind, delta} : CounterStep{Kind::kImplausible, 0};
  };
  if (from < 0 || to < 0) return {Kind::kImplausible, 0};
  if (restarted) return bounded(Kind::kRestarted, to);
  if (range > 0) {
    if (from > range || to > range) return {Kind::kImplausible, 0};
    if (limit >= range) return {Kind::kAmbiguous, 0};
  }
  if (to >= from) return bounded(Kind::kExact, to - from);
  if (range > 0 && range - from + to <= limit) return {Kind::kExact, range - from + to};
  return bounded(Kind::kRestarted, to);
}

}  // namespace greenq::core
