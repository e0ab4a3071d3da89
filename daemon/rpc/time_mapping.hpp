// Timestamps and durations: wire <-> milliseconds.
#pragma once

#include <google/protobuf/duration.pb.h>
#include <google/protobuf/timestamp.pb.h>

#include <optional>

#include "core/units.hpp"

namespace greenq::rpc {

void set_time(google::protobuf::Timestamp& wire, core::Instant at);
void set_duration(google::protobuf::Duration& wire, core::Span span);
// Nothing when out of the years 1 to 9999, or nanos are not within [0, 1e9).
std::optional<core::Instant> to_instant(google::protobuf::Timestamp const& wire);
// Rounded up to whole milliseconds. Nothing when negative, malformed, or longer than 100 years.
std::optional<core::Span> to_span(google::protobuf::Duration const& wire);

}  // namespace greenq::rpc
