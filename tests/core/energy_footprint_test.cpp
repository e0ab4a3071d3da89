#include "core/energy/footprint.hpp"

#include <gtest/gtest.h>

namespace greenq::core {
namespace {

Instant const kHour = from_ms(1'700'002'800'000);

Instant at(std::int64_t minutes) {
  return kHour + std::chrono::minutes{minutes};
}

EnergySlice slice(std::int64_t from_minute, std::int64_t to_minute, std::int64_t millijoules,
                  EnergyQuality quality = EnergyQuality::kMeasured) {
  EnergySlice s;
  s.quality = quality;
  s.interval = {at(from_minute), at(to_minute)};
  s.energy = {millijoules};
  return s;
}

IntensityPoint point(std::int64_t from_minute, std::int64_t to_minute, std::int64_t grams,
                     PointState state = PointState::kActual) {
  return {{at(from_minute), at(to_minute)}, {grams * 1000}, state};
}

Curve const kCurve({point(0, 30, 100), point(30, 60, 300, PointState::kForecast), point(60, 90, 200)});

SignalSource source(char const* provider) {
  SignalSource s;
  s.provider = provider;
  return s;
}

TEST(EnergyTotal, KeepsQualitiesApartAndUnknownOutOfTheSum) {
  EnergyTotal total;
  total.add(slice(0, 5, 100));
  total.add(slice(5, 10, 11));
  total.add(slice(0, 10, 7, EnergyQuality::kModelled));
  EnergySlice unknown = slice(0, 10, 0, EnergyQuality::kUnknown);
  unknown.devices = 3;
  total.add(unknown);
  EXPECT_EQ(total.parts.size(), 2U);
  EXPECT_EQ((total.parts[{DeviceClass::kCpu, EnergyQuality::kMeasured}].value), 111);
  EXPECT_EQ(total.sum().value, 118);
  EXPECT_EQ(total.unknown_device_time, std::chrono::minutes{30});
  EnergyTotal twice = total;
  twice.add(total);
  EXPECT_EQ(twice.sum().value, 236);
  EXPECT_EQ(twice.unknown_device_time, std::chrono::minutes{60});
}

TEST(Price, UsesTheMeanOverTheSlice) {
  // 1 kWh over 0..60 min: half at 100, half at 300 g/kWh.
  Book const book =
      price({slice(0, 60, kMillijoulePerKwh)}, SignalKind::kAverage, kCurve, source("neso"), 1000, {});
  EXPECT_EQ(book.carbon.value, 200'000);
  EXPECT_EQ(book.priced.value, kMillijoulePerKwh);
  EXPECT_EQ(book.unpriced.value, 0);
  ASSERT_EQ(book.shares.size(), 1U);
  EXPECT_EQ(book.shares.begin()->first, PointState::kForecast);  // the worst of the interval
  EXPECT_EQ(book.kind, SignalKind::kAverage);
  EXPECT_FALSE(book.baseline);
}

TEST(Price, PueMultipliesTheGramsAndNotTheBookedEnergy) {
  Book const book = price({slice(0, 30, kMillijoulePerKwh)}, SignalKind::kMarginal, kCurve, {}, 1580, {});
  EXPECT_EQ(book.carbon.value, 158'000);
  EXPECT_EQ(book.priced.value, kMillijoulePerKwh);
}

// A short job has slices of a fraction of a milligram; its footprint once came out as 0 mg.
TEST(Price, ManySmallSlicesAddUp) {
  std::vector<EnergySlice> slices(1000, slice(0, 5, 900));
  EXPECT_EQ(price(slices, SignalKind::kMarginal, kCurve, {}, 1000, {}).carbon.value, 25);
}

TEST(Price, RoundsOncePerBook) {
  // 18 J x 100 g/kWh = 0.5 mg: to even, and 1.58 x that is 0.79.
  EXPECT_EQ(price({slice(0, 5, 18'000)}, SignalKind::kMarginal, kCurve, {}, 1000, {}).carbon.value, 0);
  EXPECT_EQ(price({slice(0, 5, 18'000)}, SignalKind::kMarginal, kCurve, {}, 1580, {}).carbon.value, 1);
  EXPECT_EQ(price({slice(0, 5, 54'000)}, SignalKind::kMarginal, kCurve, {}, 1000, {}).carbon.value, 2);
}

TEST(Price, WhatIsNotCoveredIsUnpricedNotFree) {
  std::vector<EnergySlice> const slices = {slice(0, 30, 1'000'000), slice(80, 100, 2'000'000),
                                           slice(200, 210, 4)};
  Book const book = price(slices, SignalKind::kMarginal, kCurve, source("neso"), 1000, {});
  EXPECT_EQ(book.priced.value, 1'000'000);
  EXPECT_EQ(book.unpriced.value, 2'000'004);
  EXPECT_FALSE(book.settled());
  Book const none = price(slices, SignalKind::kMarginal, Curve{}, {}, 1000, Span{0});
  EXPECT_EQ(none.carbon.value, 0);
  EXPECT_EQ(none.unpriced.value, 3'000'004);
  EXPECT_FALSE(none.baseline);
}

TEST(Price, UnknownSlicesCarryNothing) {
  Book const book = price({slice(500, 600, 0, EnergyQuality::kUnknown)}, SignalKind::kMarginal, kCurve,
                          source("x"), 1000, Span{0});
  EXPECT_EQ(book.unpriced.value, 0);
  EXPECT_TRUE(book.shares.empty());
  EXPECT_FALSE(book.baseline);
}

TEST(Price, BaselineIsTheSameProfileEarlier) {
  std::vector<EnergySlice> const slices = {slice(60, 75, kMillijoulePerKwh),
                                           slice(75, 90, kMillijoulePerKwh)};
  Book const book = price(slices, SignalKind::kMarginal, kCurve, source("neso"), 2000, Span{-30 * 60'000});
  EXPECT_EQ(book.carbon.value, 800'000);
  ASSERT_TRUE(book.baseline);
  EXPECT_EQ(book.baseline->value, 1'200'000);
  Book const outside = price(slices, SignalKind::kMarginal, kCurve, source("neso"), 2000, Span{-61 * 60'000});
  EXPECT_EQ(outside.carbon.value, 800'000);
  EXPECT_FALSE(outside.baseline) << "part of the shifted profile has no figures";
}

TEST(Price, SettlesWithActualFiguresOrTypicalOnesThatStay) {
  auto settled = [](PointState state, char const* provider) {
    Curve const curve({point(0, 60, 100, state)});
    return price({slice(0, 60, 10)}, SignalKind::kMarginal, curve, source(provider), 1000, {}).settled();
  };
  EXPECT_TRUE(settled(PointState::kActual, "neso"));
  EXPECT_FALSE(settled(PointState::kEstimated, "neso"));
  EXPECT_FALSE(settled(PointState::kForecast, "neso"));
  EXPECT_FALSE(settled(PointState::kClimatology, "neso")) << "the feed may still tell";
  EXPECT_TRUE(settled(PointState::kClimatology, "climatology"));
  EXPECT_FALSE(settled(PointState::kForecast, "climatology"));
  EXPECT_TRUE(Book{}.settled()) << "no energy, nothing to wait for";
}

}  // namespace
}  // namespace greenq::core
