#include "config/reader/quantity.hpp"

#include <gtest/gtest.h>

namespace greenq::config {
namespace {

template <class T>
std::string shown(Quantity<T> const& quantity) {
  if (!quantity) return quantity.error();
  if constexpr (std::is_same_v<T, Milliseconds>) {
    return std::to_string(quantity->count());
  } else if constexpr (std::is_same_v<T, UtcTime>) {
    return std::to_string(quantity->time_since_epoch().count());
  } else {
    return std::to_string(*quantity);
  }
}

struct Case {
  char const* text;
  char const* result;
};

TEST(Quantity, Spans) {
  for (auto const& [text, result] : {
           Case{"90m", "5400000"},
           Case{"1d2h", "93600000"},
           Case{"1d 2h", "93600000"},
           Case{"8h", "28800000"},
           Case{"30s", "30000"},
           Case{"250ms", "250"},
           Case{"1.5h", "5400000"},
           Case{"0s", "0"},
           Case{"2w", "1209600000"},
           Case{"01:30:00", "5400000"},
           Case{"100:00:01", "360001000"},
           Case{"90", "\"90\" needs a unit, e.g. 90m (s, m, h, d, w)"},
           Case{"", "\"\" is empty; write a duration, e.g. 90m"},
           Case{"-5m", "\"-5m\" is not a duration; write e.g. 90m, 1d2h or HH:MM:SS"},
           Case{"5x", "\"5x\" has an unknown unit \"x\"; use ms, s, m, h, d or w"},
           Case{"2h1d", "\"2h1d\" must name each unit once, the largest first, e.g. 1d2h"},
           Case{"1h1h", "\"1h1h\" must name each unit once, the largest first, e.g. 1d2h"},
           Case{"1:60:00", "\"1:60:00\" is not a duration; write HH:MM:SS, or with units, e.g. 90m or 1d2h"},
           Case{"1:30", "\"1:30\" is not a duration; write HH:MM:SS, or with units, e.g. 90m or 1d2h"},
           Case{"99999999999999999d", "\"99999999999999999d\" is longer than ten years"},
           Case{"1..5h", "\"1..5h\" is not a duration; write e.g. 90m, 1d2h or HH:MM:SS"},
       }) {
    EXPECT_EQ(shown(parse_span(text)), result) << text;
  }
}

TEST(Quantity, Bytes) {
  for (auto const& [text, result] : {
           Case{"40GB", "40000000000"},
           Case{"64GiB", "68719476736"},
           Case{"512MB", "512000000"},
           Case{"40 GB", "40000000000"},
           Case{"1.5kB", "1500"},
           Case{"0B", "0"},
           Case{"32G", "32000000000"},
           Case{"32Gi", "34359738368"},
           Case{"64", "\"64\" needs a unit, e.g. 64GB"},
           Case{"GB", "\"GB\" is not a number with a unit, e.g. 64GB"},
           Case{"5gb", "\"5gb\" has an unknown unit \"gb\"; use B, kB, MB, GB, TB, KiB, MiB, GiB or TiB"},
           Case{"99999999999TB", "\"99999999999TB\" is too large"},
           Case{"123456789012345678901234567890GB",
                "\"123456789012345678901234567890GB\" is not a number with a unit, e.g. 64GB"},
       }) {
    EXPECT_EQ(shown(parse_bytes(text)), result) << text;
  }
}

TEST(Quantity, PowerAndIntensity) {
  EXPECT_EQ(shown(parse_power("620W")), "620000");
  EXPECT_EQ(shown(parse_power("0.6kW")), "600000");
  EXPECT_EQ(shown(parse_power("620")), "\"620\" needs a unit, e.g. 620W");
  EXPECT_EQ(shown(parse_power("5J")), "\"5J\" has an unknown unit \"J\"; use W or kW");
  EXPECT_EQ(shown(parse_intensity("250gCO2/kWh")), "250000");
  EXPECT_EQ(shown(parse_intensity("250gCO2e/kWh")), "250000");
  EXPECT_EQ(shown(parse_intensity("250g/kWh")), "250000");
  EXPECT_EQ(shown(parse_intensity("0.25kg/kWh")), "250000");
  EXPECT_EQ(shown(parse_intensity("250")), "\"250\" needs a unit, e.g. 250gCO2/kWh");
  EXPECT_EQ(shown(parse_intensity("550lb/MWh")),
            "\"550lb/MWh\" has an unknown unit \"lb/MWh\"; use gCO2/kWh or g/kWh");
}

TEST(Quantity, Instants) {
  for (auto const& [text, result] : {
           Case{"2026-11-24T08:00:00Z", "1795507200000"},
           Case{"2026-11-24T08:00+01:00", "1795503600000"},
           Case{"2026-11-24 08:00Z", "1795507200000"},
           Case{"2026-11-24T08:00:00.1234567Z", "1795507200123"},
           Case{"2026-11-24T08:00:00-05:30", "1795527000000"},
           Case{"2026-11-24T08:00", "\"2026-11-24T08:00\" needs a time zone, e.g. 2026-11-24T08:00+01:00"},
           Case{"2026-11-24", "\"2026-11-24\" needs a time of day, e.g. 2026-11-24T08:00+01:00"},
           Case{"2026-02-30T08:00Z",
                "\"2026-02-30T08:00Z\" is not a day of the calendar, e.g. 2026-11-24T08:00+01:00"},
           Case{"2026-11-24T24:00Z",
                "\"2026-11-24T24:00Z\" has no valid time of day, e.g. 2026-11-24T08:00+01:00"},
           Case{"2026-11-24T23:59:60Z",
                "\"2026-11-24T23:59:60Z\" has no valid time of day, e.g. 2026-11-24T08:00+01:00"},
           Case{"2026-11-24T08:00+0100",
                "\"2026-11-24T08:00+0100\" has no valid time zone, e.g. 2026-11-24T08:00+01:00"},
           Case{"1969-11-24T08:00Z", "\"1969-11-24T08:00Z\" is before 1970, e.g. 2026-11-24T08:00+01:00"},
           Case{"tomorrow", "\"tomorrow\" is not a time, e.g. 2026-11-24T08:00+01:00"},
       }) {
    EXPECT_EQ(shown(parse_instant(text)), result) << text;
  }
}

TEST(Quantity, IntegersAndRatios) {
  EXPECT_EQ(shown(parse_integer("42", 0, 100)), "42");
  EXPECT_EQ(shown(parse_integer("-1", -5, 100)), "-1");
  EXPECT_EQ(shown(parse_integer("010", 0, 100)), "\"010\" has a leading zero; write it without");
  EXPECT_EQ(shown(parse_integer("0x10", 0, 100)), "\"0x10\" is not a whole number");
  EXPECT_EQ(shown(parse_integer("1e3", 0, 100)), "\"1e3\" is not a whole number");
  EXPECT_EQ(shown(parse_integer("101", 0, 100)), "\"101\" is out of range; use 0 to 100");
  EXPECT_EQ(shown(parse_integer("99999999999999999999", 0, 100)),
            "\"99999999999999999999\" is out of range; use 0 to 100");
  EXPECT_EQ(*parse_ratio("1.25", 1, 3), 1.25);
  EXPECT_EQ(shown(parse_ratio("nan", 1, 3)), "\"nan\" is not a number");
  EXPECT_EQ(shown(parse_ratio("4", 1, 3)), "\"4\" is out of range; use 1 to 3");
  EXPECT_EQ(shown(parse_ratio("1,5", 1, 3)), "\"1,5\" is not a number");
}

}  // namespace
}  // namespace greenq::config
