// Reading times of feeds. Strict: what is not understood is nothing.
#pragma once

#include <optional>
#include <string_view>

#include "core/units.hpp"

namespace greenq::feed {

// RFC 3339 with an explicit offset, seconds optional: "2020-06-01T00:00Z", "2020-06-01T00:00:00.250+00:00".
std::optional<core::Instant> parse_time(std::string_view text);
// IMF-fixdate: "Sun, 06 Nov 1994 08:49:37 GMT".
std::optional<core::Instant> parse_http_date(std::string_view text);
// Retry-After in either form, clamped to 1 s .. 1 h; nothing when absent or not understood.
std::optional<core::Span> parse_retry_after(std::string_view text, core::Instant now);

}  // namespace greenq::feed
