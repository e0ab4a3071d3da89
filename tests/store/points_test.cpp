// Packed points: exact both ways, small, and safe against bytes that nobody wrote.
#include <gtest/gtest.h>

#include <random>

#include "store/codec.hpp"
#include "support/store_builders.hpp"

namespace greenq::test {
namespace {

using core::IntensityPoint;
using core::IntensitySpread;
using core::PointState;
using Points = std::vector<IntensityPoint>;
using store::decode_points;
using store::encode_points;

constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kLeast = std::numeric_limits<std::int64_t>::min();

IntensityPoint point(std::int64_t begin, std::int64_t end, std::int64_t value,
                     PointState state = PointState::kForecast, std::optional<IntensitySpread> spread = {}) {
  return {{core::from_ms(begin), core::from_ms(end)}, {value}, state, spread};
}

std::string bytes(std::initializer_list<int> values) {
  std::string out;
  for (int const value : values) out += static_cast<char>(value);
  return out;
}

// What SqlError says of the bytes; empty: they were read.
std::string refusal(std::string const& packed) {
  try {
    static_cast<void>(decode_points(packed));
    return {};
  } catch (store::SqlError const& error) {
    EXPECT_EQ(error.code(), SQLITE_CORRUPT);
    return error.what();
  }
}

// Ordered points with runs, gaps, changes of step, state and spread, and values of any size.
Points random_points(std::mt19937_64& chance) {
  auto const below = [&chance](std::uint64_t n) { return static_cast<std::int64_t>(chance() % n); };
  Points points;
  std::int64_t begin = below(4'000'000'000'000) - 2'000'000'000'000;
  std::int64_t step = 300'000;
  auto state = PointState::kForecast;
  bool spread = false;
  std::int64_t value = 200'000;
  for (std::int64_t left = below(400); left > 0; --left) {
    switch (below(20)) {  // default: most points go on as before
      case 0:
        begin += below(10'000'000);
        break;
      case 1:
        step = 1 + below(7'200'000);
        break;
      case 2:
        state = static_cast<PointState>(1 + below(5));
        break;
      case 3:
        spread = !spread;
        break;
      case 4:
        value = static_cast<std::int64_t>(chance());
        break;
      default:
        value += below(9000) - 4500;
    }
    IntensityPoint next = point(begin, begin + step, value, state);
    if (spread) next.spread = IntensitySpread{{value - below(50'000)}, {static_cast<std::int64_t>(chance())}};
    points.push_back(next);
    begin += step;
  }
  return points;
}

TEST(Packed, NothingAndOnePoint) {
  EXPECT_EQ(decode_points(encode_points({})), Points{});
  Points const one{point(-5, 7, -3, PointState::kConstant, IntensitySpread{{kLeast}, {kMost}})};
  EXPECT_EQ(decode_points(encode_points(one)), one);
}

TEST(Packed, ValuesOfAnySizeAndSign) {
  Points points;
  std::int64_t begin = 0;
  for (std::int64_t const value : {kMost, kLeast, std::int64_t{0}, kLeast, kMost, std::int64_t{-1}, kMost}) {
    points.push_back(point(begin, begin + 1, value));
    ++begin;
  }
  EXPECT_EQ(decode_points(encode_points(points)), points);
}

TEST(Packed, RandomSeriesComeBackExactly) {
  std::mt19937_64 chance(20260801);
  for (int round = 0; round < 500; ++round) {
    Points const points = random_points(chance);
    ASSERT_EQ(decode_points(encode_points(points)), points) << "round " << round;
  }
}

TEST(Packed, TheLayoutByHand) {
  Points const points{point(100, 110, 5), point(110, 120, 3),
                      point(125, 135, 3, PointState::kClimatology, IntensitySpread{{2}, {5}})};
  EXPECT_EQ(encode_points(points), bytes({1, 2, 0xc8, 1, 20, 3, 10, 3,  // 2 points from 100 in steps of 10
                                          1, 10, 20, 0x84, 0, 2, 4}));  // one, 5 after the end before
}

TEST(Packed, ThreeDaysInFiveMinutesTakeLessThanTwoKilobytes) {
  Points points;
  std::mt19937_64 chance(7);
  for (std::int64_t i = 0; i < 864; ++i) {
    auto const value = 250'000 + static_cast<std::int64_t>(chance() % 8000);
    points.push_back(point(i * 300'000, (i + 1) * 300'000, value));
  }
  EXPECT_LT(encode_points(points).size(), 2000U);
}

TEST(Hostile, EachThingThatCanBeWrongHasItsWords) {
  EXPECT_NE(refusal("").find("end too early"), std::string::npos);
  EXPECT_NE(refusal(bytes({9})).find("unknown format"), std::string::npos);
  EXPECT_NE(refusal(bytes({1, 1, 0, 2})).find("end too early"), std::string::npos);
  EXPECT_NE(refusal(bytes({1, 0, 0, 2, 3, 0})).find("count"), std::string::npos);
  EXPECT_NE(refusal(bytes({1, 0xff, 0xff, 0xff, 0xff, 0x0f, 0, 2, 3, 0})).find("count"), std::string::npos);
  EXPECT_NE(refusal(bytes({1, 1, 0, 0, 3, 0})).find("step"), std::string::npos);
  EXPECT_NE(refusal(bytes({1, 1, 0, 1, 3, 0})).find("step"), std::string::npos);
  EXPECT_NE(refusal(bytes({1, 1, 0, 2, 0, 0})).find("state"), std::string::npos);
  EXPECT_NE(refusal(bytes({1, 1, 0, 2, 6, 0})).find("state"), std::string::npos);
  EXPECT_NE(refusal(bytes({1, 1, 0, 2, 3, 0, 1, 1, 2, 3, 0})).find("order"), std::string::npos);
  EXPECT_NE(refusal(encode_points({point(kMost - 2, kMost - 1, 0)})).find("time"), std::string::npos);
  EXPECT_NE(refusal(encode_points({point(0, kMost, 0)})).find("step"), std::string::npos);
  std::string const long_number = bytes({1}) + std::string(10, '\xff');
  EXPECT_NE(refusal(long_number).find("number"), std::string::npos);
}

TEST(Hostile, AnEndlessSeriesStopsWhereTimeDoes) {
  std::string packed = bytes({1, 100, 0});
  std::string step = encode_points({point(0, std::int64_t{1} << 52, 0)});
  packed += step.substr(3, step.size() - 5) + bytes({3}) + std::string(100, '\0');
  EXPECT_NE(refusal(packed).find("time"), std::string::npos) << refusal(packed);
}

void expect_safe(std::string const& packed) {
  try {
    core::Curve const curve(decode_points(packed));  // checks order
    Points const& points = curve.points();
    EXPECT_EQ(decode_points(encode_points(points)), points);
  } catch (store::SqlError const& error) {
    EXPECT_EQ(error.code(), SQLITE_CORRUPT);
  }
}

TEST(Hostile, DamagedAndRandomBytesAreReadOrRefused) {
  std::mt19937_64 chance(42);
  for (int round = 0; round < 3000; ++round) {
    std::string packed = encode_points(random_points(chance));
    for (std::uint64_t hits = 1 + chance() % 4; hits > 0; --hits) {
      packed[chance() % packed.size()] = static_cast<char>(chance());
    }
    if (round % 3 == 0) packed.resize(chance() % packed.size());
    expect_safe(packed);
    std::string noise(1, '\1');
    for (std::uint64_t left = chance() % 60; left > 0; --left) noise += static_cast<char>(chance() % 8);
    expect_safe(noise);
  }
}

}  // namespace
}  // namespace greenq::test
