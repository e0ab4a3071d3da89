#include "core/units.hpp"

#include <gtest/gtest.h>

namespace greenq::core {
namespace {

using namespace std::chrono_literals;

TEST(Units, DivisionRoundsHalfToEven) {
  EXPECT_EQ(divide_half_even(5, 2), 2);
  EXPECT_EQ(divide_half_even(7, 2), 4);
  EXPECT_EQ(divide_half_even(-5, 2), -2);
  EXPECT_EQ(divide_half_even(-7, 2), -4);
  EXPECT_EQ(divide_half_even(7, 3), 2);
  EXPECT_EQ(divide_half_even(8, 3), 3);
  EXPECT_EQ(divide_half_even(-8, 3), -3);
}

TEST(Units, OneKilowattHourAtFourHundredGramsIsFourHundredGrams) {
  Energy const energy = energy_of(Power{1'000'000}, 1h);
  EXPECT_EQ(energy.value, kMillijoulePerKwh);
  EXPECT_EQ(carbon_of(energy, Intensity{400'000}).value, 400'000);
}

TEST(Units, AClusterYearDoesNotOverflow) {
  Energy const energy = energy_of(Power{1'000'000'000}, std::chrono::hours{24 * 365});
  EXPECT_EQ(carbon_of(energy, Intensity{1'500'000}).value, 8'760LL * 1000 * 1'500'000);
}

TEST(Units, IntervalsAreHalfOpen) {
  Interval const a{from_ms(0), from_ms(10)};
  EXPECT_TRUE(a.contains(from_ms(0)));
  EXPECT_FALSE(a.contains(from_ms(10)));
  EXPECT_FALSE(a.overlaps({from_ms(10), from_ms(20)}));
  EXPECT_TRUE(intersect(a, {from_ms(10), from_ms(20)}).empty());
}

}  // namespace
}  // namespace greenq::core
