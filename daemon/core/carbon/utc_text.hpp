// Wall time as text for messages and labels: RFC 3339 in UTC.
#pragma once

#include <string>

#include "core/units.hpp"

namespace greenq::core {

// "2020-06-01T07:00Z"; seconds and milliseconds appear only when they are not zero.
std::string utc_text(Instant t);

}  // namespace greenq::core
