// Deadlines of grpc::Alarm on the steady clock: a stepped wall clock must not fire or delay them.
#pragma once

#include <grpc/support/time.h>

#include "core/units.hpp"

namespace greenq::rpc {

inline gpr_timespec alarm_after(core::Span span) {
  return gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), gpr_time_from_millis(span.count(), GPR_TIMESPAN));
}

}  // namespace greenq::rpc
