// Quantities as people write them in files and on command lines. Text in, exact integers out.
//
// Each function returns the value or the rest of a sentence that begins with the field's name, e.g.
// `"64" needs a unit, e.g. 64GB`. No locale, no exceptions, no floating point. Negative values are refused.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

namespace greenq::config {

template <class T>
using Quantity = tl::expected<T, std::string>;

using Milliseconds = std::chrono::milliseconds;
using UtcTime = std::chrono::sys_time<Milliseconds>;

// "90m", "1d2h", "8h", "1.5h", "30s", "250ms", "2w", "HH:MM:SS", "H:MM:SS". At most ten years.
Quantity<Milliseconds> parse_span(std::string_view text);
// Bytes. "40GB", "512MB" decimal; "64GiB" binary; "40G" = 40GB, "64Gi" = 64GiB; "0B".
Quantity<std::int64_t> parse_bytes(std::string_view text);
// Milliwatts. "620W", "0.6kW", "500mW", "1MW".
Quantity<std::int64_t> parse_power(std::string_view text);
// Milligrams CO2e per kWh. "250gCO2/kWh", "250gCO2e/kWh", "250g/kWh", "0.25kg/kWh".
Quantity<std::int64_t> parse_intensity(std::string_view text);
// RFC 3339 with a zone: "2026-11-24T08:00:00Z", "2026-11-24T08:00+01:00", a space instead of T, up to 9
// digits of fraction (cut to ms). Years 1970 to 9999; leap seconds are refused.
Quantity<UtcTime> parse_instant(std::string_view text);
// Decimal digits with an optional sign, no leading zeros, within [min, max].
Quantity<std::int64_t> parse_integer(std::string_view text, std::int64_t min, std::int64_t max);
// A plain decimal number ("1.25", "-3"), within [min, max]. The one place with floating point: for settings
// such as a PUE that are ratios.
Quantity<double> parse_ratio(std::string_view text, double min, double max);

}  // namespace greenq::config
