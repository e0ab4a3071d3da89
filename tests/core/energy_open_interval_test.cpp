// Failed and garbled reads between good ones.
#include "core/energy/open_interval.hpp"

#include <gtest/gtest.h>

namespace greenq::core {
namespace {

EnergyModel model() {
  EnergyModel m;
  m.node_cpus = 8;
  m.cpu_tdp = {100'000};
  m.package_max = {500'000};
  m.slice = std::chrono::hours{24};
  return m;
}

MeteredJob job() {
  MeteredJob j;
  j.job = 7;
  j.attempt = 1;
  j.cpus = 8;
  j.gpu_uuids = {"GPU-a"};
  return j;
}

// A package at 100 W and a GPU at 300 W.
CounterSample sample(std::int64_t second, std::string boot = "boot") {
  CounterSample s;
  s.boot_id = std::move(boot);
  s.boottime_ms = 1000 + second * 1000;
  s.at = from_ms(1'700'000'000'000 + second * 1000);
  s.job_cpu_us = second * 1'000'000;
  s.node_cpu_us = second * 2'000'000;
  s.zones = {{"package-0", second * 100'000'000, 262'143'328'850}};
  s.gpus = {{"GPU-a", second * 300'000, std::nullopt}};
  return s;
}

CounterSample without_gpu(CounterSample s) {
  s.gpus.front().energy_mj.reset();
  return s;
}

CounterSample without_zones(CounterSample s) {
  s.zones.clear();
  return s;
}

struct Taken {
  OpenInterval open;
  std::vector<EnergySlice> slices;

  void take(CounterSample const& s) { take_sample(model(), job(), open, s, slices); }
  std::int64_t energy(DeviceClass device, EnergyQuality quality) const {
    std::int64_t sum = 0;
    for (EnergySlice const& slice : slices) {
      if (slice.device == device && slice.quality == quality) sum += slice.energy.value;
    }
    return sum;
  }
  std::int64_t unknown_seconds(DeviceClass device) const {
    Span sum{0};
    for (EnergySlice const& slice : slices) {
      if (slice.device == device && slice.quality == EnergyQuality::kUnknown) sum += slice.interval.length();
    }
    return sum.count() / 1000;
  }
};

constexpr auto kGpu = DeviceClass::kGpu;
constexpr auto kCpu = DeviceClass::kCpu;
constexpr auto kMeasured = EnergyQuality::kMeasured;

TEST(OpenInterval, GoodSamplesEndIt) {
  Taken taken;
  for (std::int64_t second : {0, 10, 20}) taken.take(sample(second));
  EXPECT_EQ(taken.energy(kGpu, kMeasured), 6'000'000);
  EXPECT_EQ(taken.energy(kCpu, kMeasured), 2'000'000);
  EXPECT_FALSE(taken.open.held);
}

TEST(OpenInterval, AFailedReadLosesNothing) {
  Taken taken;
  taken.take(sample(0));
  taken.take(without_gpu(sample(10)));
  EXPECT_TRUE(taken.slices.empty());
  EXPECT_TRUE(taken.open.held);
  taken.take(without_zones(sample(20)));
  taken.take(sample(30));
  EXPECT_EQ(taken.energy(kGpu, kMeasured), 9'000'000);
  EXPECT_EQ(taken.energy(kCpu, kMeasured), 3'000'000);
  EXPECT_EQ(taken.unknown_seconds(kGpu), 0);
}

// CodeCarbon made 262,644 J of 1,000 J by one failed read that counted as 0.
TEST(OpenInterval, AReadOfZeroIsNoWrap) {
  Taken taken;
  taken.take(sample(1000));
  CounterSample zero = sample(1010);
  zero.zones.front().energy_uj = 262'000'000'000;
  taken.take(zero);
  taken.take(sample(1020));
  EXPECT_EQ(taken.energy(kCpu, kMeasured), 2'000'000);
}

TEST(OpenInterval, AGarbledReadIsPassedOver) {
  Taken taken;
  taken.take(sample(0));
  CounterSample garbled = sample(10);
  garbled.gpus.front().energy_mj = 9'000'000'000'000;
  taken.take(garbled);
  taken.take(sample(20));
  EXPECT_EQ(taken.energy(kGpu, kMeasured), 6'000'000);
  EXPECT_EQ(taken.unknown_seconds(kGpu), 0);
}

TEST(OpenInterval, AJumpIsBelievedOnceTwoSamplesAgree) {
  Taken taken;
  auto const jumped = [](std::int64_t second) {
    CounterSample s = sample(second);
    *s.gpus.front().energy_mj += 9'000'000'000'000;
    return s;
  };
  taken.take(sample(0));
  taken.take(jumped(10));
  taken.take(jumped(20));
  taken.take(jumped(30));
  EXPECT_EQ(taken.energy(kGpu, kMeasured), 6'000'000);
  EXPECT_EQ(taken.unknown_seconds(kGpu), 10);
  EXPECT_EQ(taken.energy(kCpu, kMeasured), 3'000'000) << "the other counters are as good as ever";
}

TEST(OpenInterval, ACounterThatIsLostForGoodIsUnknownAlone) {
  Taken taken;
  taken.take(sample(0));
  for (std::int64_t second = 10; second <= 1200; second += 10) taken.take(without_gpu(sample(second)));
  EXPECT_EQ(taken.unknown_seconds(kGpu), 1200);
  EXPECT_EQ(taken.energy(kGpu, kMeasured), 0);
  EXPECT_EQ(taken.energy(kCpu, kMeasured), 120'000'000);
  EXPECT_FALSE(taken.open.held) << "what was never there is not waited for";
}

// 300 kJ may have been counted in ten minutes, more than the package counts to.
TEST(OpenInterval, IsNotHeldOpenUntilAnotherCounterMayHaveTurnedRound) {
  Taken taken;
  taken.take(sample(0));
  for (std::int64_t second = 60; second <= 1800; second += 60) taken.take(without_gpu(sample(second)));
  EXPECT_EQ(taken.energy(kCpu, kMeasured), 180'000'000);
  EXPECT_EQ(taken.unknown_seconds(kGpu), 1800);
}

TEST(OpenInterval, AGarbledReadAfterAFailedOneIsNotBelieved) {
  Taken taken;
  taken.take(sample(0));
  taken.take(without_gpu(sample(10)));
  CounterSample garbled = sample(20);
  garbled.gpus.front().energy_mj = 9'000'000'000'000;
  taken.take(garbled);
  taken.take(sample(30));
  EXPECT_EQ(taken.energy(kGpu, kMeasured), 9'000'000);
}

TEST(OpenInterval, AtTheEndWhatWasHeldBackCounts) {
  Taken taken;
  taken.take(sample(0));
  taken.take(without_gpu(sample(10)));
  close_interval(model(), job(), taken.open, taken.slices);
  EXPECT_EQ(taken.unknown_seconds(kGpu), 10);
  EXPECT_EQ(taken.energy(kCpu, kMeasured), 1'000'000);
  std::size_t const count = taken.slices.size();
  close_interval(model(), job(), taken.open, taken.slices);
  EXPECT_EQ(taken.slices.size(), count);
}

TEST(OpenInterval, ARebootEndsItWithWhatWasHeldBack) {
  Taken taken;
  taken.take(sample(0));
  taken.take(without_gpu(sample(10)));
  taken.take(sample(20, "other"));
  EXPECT_EQ(taken.energy(kCpu, kMeasured), 1'000'000);
  EXPECT_EQ(taken.unknown_seconds(kCpu), 10);
  EXPECT_EQ(taken.unknown_seconds(kGpu), 20);
}

}  // namespace
}  // namespace greenq::core
