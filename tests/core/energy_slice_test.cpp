#include "core/energy/slice.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace greenq::core {
namespace {

constexpr std::int64_t kRange = 262'143'328'850;
Instant const kStart = from_ms(1'700'000'000'000);  // 100 s before a multiple of 300 s

EnergyModel model() {
  EnergyModel m;
  m.node_cpus = 8;
  m.cpu_tdp = {100'000};
  m.cpu_idle_share = 0.3;
  m.memory_per_gib = {400};
  m.package_max = {500'000};
  m.slice = std::chrono::minutes{5};
  return m;
}

MeteredJob job(std::uint32_t cpus = 2) {
  MeteredJob j;
  j.job = 7;
  j.attempt = 2;
  j.cpus = cpus;
  return j;
}

CounterSample sample(std::int64_t seconds) {
  CounterSample s;
  s.boot_id = "boot-1";
  s.boottime_ms = 1'000'000 + seconds * 1000;
  s.at = kStart + Span{seconds * 1000};
  s.job_cpu_us = 0;
  s.node_cpu_us = 0;
  return s;
}

std::vector<EnergySlice> of(std::vector<EnergySlice> const& slices, DeviceClass device) {
  std::vector<EnergySlice> result;
  std::copy_if(slices.begin(), slices.end(), std::back_inserter(result),
               [&](EnergySlice const& slice) { return slice.device == device; });
  return result;
}

EnergySlice only(std::vector<EnergySlice> const& slices, DeviceClass device) {
  auto const found = of(slices, device);
  EXPECT_EQ(found.size(), 1U) << to_string(device);
  return found.empty() ? EnergySlice{} : found.front();
}

void expect(EnergySlice const& slice, EnergyQuality quality, std::int64_t millijoules) {
  EXPECT_STREQ(to_string(slice.quality), to_string(quality));
  EXPECT_EQ(slice.energy.value, millijoules);
}

struct Pair {
  CounterSample from = sample(0);
  CounterSample to = sample(10);
};

// Half of the node's busy time is the job's.
Pair with_package(std::int64_t from_uj, std::int64_t to_uj, std::int64_t range = kRange) {
  Pair p;
  p.from.zones = {{"package-0", from_uj, range}};
  p.to.zones = {{"package-0", to_uj, range}};
  p.to.job_cpu_us = 10'000'000;
  p.to.node_cpu_us = 20'000'000;
  return p;
}

// 100 W x (0.3 x 2 x 10 s + 0.7 x 10 s) / 8 = 162.5 J
constexpr std::int64_t kModelOfPackagePair = 162'500;

Pair with_gpu(std::optional<std::int64_t> from_mj, std::optional<std::int64_t> to_mj) {
  Pair p;
  p.from.gpus = {{"GPU-a", from_mj, std::nullopt}};
  p.to.gpus = {{"GPU-a", to_mj, std::nullopt}};
  p.from.gpu_epoch = p.to.gpu_epoch = "550/1";
  return p;
}

MeteredJob gpu_job() {
  MeteredJob j = job();
  j.gpu_uuids = {"GPU-a"};
  return j;
}

TEST(EnergyStep, ModelsIdleByReservationAndTheRestByCpuTime) {
  Pair p;
  expect(only(step(model(), job(), p.from, p.to), DeviceClass::kCpu), EnergyQuality::kModelled, 75'000);
  p.to.job_cpu_us = 10'000'000;
  auto const slice = only(step(model(), job(), p.from, p.to), DeviceClass::kCpu);
  expect(slice, EnergyQuality::kModelled, kModelOfPackagePair);
  EXPECT_EQ(slice.job, 7U);
  EXPECT_EQ(slice.attempt, 2U);
  EXPECT_EQ(slice.interval, (Interval{kStart, kStart + Span{10'000}}));
}

TEST(EnergyStep, ModelIsBoundedByTheMachine) {
  Pair p;
  p.to.job_cpu_us = std::numeric_limits<std::int64_t>::max();
  expect(only(step(model(), job(8), p.from, p.to), DeviceClass::kCpu), EnergyQuality::kModelled, 1'000'000);
  expect(only(step(model(), job(99), p.from, p.to), DeviceClass::kCpu), EnergyQuality::kModelled, 1'000'000);
}

TEST(EnergyStep, WithoutCpuTimeCpuIsUnknownNotZero) {
  Pair p;
  p.to.job_cpu_us.reset();
  expect(only(step(model(), job(), p.from, p.to), DeviceClass::kCpu), EnergyQuality::kUnknown, 0);
  p = {};
  p.from.job_cpu_us = 5;
  p.to.job_cpu_us = 4;
  expect(only(step(model(), job(), p.from, p.to), DeviceClass::kCpu), EnergyQuality::kUnknown, 0);
}

TEST(EnergyStep, ReservedMemoryIsModelled) {
  Pair p;
  MeteredJob j = job();
  EXPECT_TRUE(of(step(model(), j, p.from, p.to), DeviceClass::kMemory).empty());
  j.memory_bytes = std::int64_t{16} << 30;
  expect(only(step(model(), j, p.from, p.to), DeviceClass::kMemory), EnergyQuality::kModelled, 64'000);
}

TEST(EnergyStep, PackageIsSplitByCpuTime) {
  Pair const p = with_package(1'000'000, 401'000'000);
  expect(only(step(model(), job(), p.from, p.to), DeviceClass::kCpu), EnergyQuality::kSplit, 200'000);
}

TEST(EnergyStep, PackageBelongsToAJobWithTheWholeMachine) {
  Pair p = with_package(1'000'000, 401'000'000);
  p.to.job_cpu_us.reset();
  expect(only(step(model(), job(8), p.from, p.to), DeviceClass::kCpu), EnergyQuality::kMeasured, 400'000);
}

TEST(EnergyStep, PackagesAddUpAndDramIsMemory) {
  Pair p = with_package(0, 100'000'000);
  p.from.zones.push_back({"package-1", 0, kRange});
  p.to.zones.push_back({"package-1", 60'000'000, kRange});
  p.from.zones.push_back({"package-0/dram", 5'000'000, 65'532'610'987});
  p.to.zones.push_back({"package-0/dram", 25'000'000, 65'532'610'987});
  MeteredJob j = job();
  j.memory_bytes = std::int64_t{16} << 30;
  auto const slices = step(model(), j, p.from, p.to);
  expect(only(slices, DeviceClass::kCpu), EnergyQuality::kSplit, 80'000);
  expect(only(slices, DeviceClass::kMemory), EnergyQuality::kSplit, 10'000);
}

TEST(EnergyStep, PackageWrapIsExact) {
  Pair const p = with_package(kRange - 100'000'000, 300'000'000);
  expect(only(step(model(), job(), p.from, p.to), DeviceClass::kCpu), EnergyQuality::kSplit, 200'000);
}

TEST(EnergyStep, ShareIsAtMostTheWhole) {
  Pair p = with_package(0, 400'000'000);
  p.to.node_cpu_us = 9'000'000;
  expect(only(step(model(), job(), p.from, p.to), DeviceClass::kCpu), EnergyQuality::kSplit, 400'000);
  p.to.job_cpu_us = 0;
  p.to.node_cpu_us = 0;
  expect(only(step(model(), job(), p.from, p.to), DeviceClass::kCpu), EnergyQuality::kSplit, 0);
}

TEST(EnergyStep, WithoutNodeCpuTimeTheModelIsUsed) {
  Pair p = with_package(0, 400'000'000);
  p.to.node_cpu_us.reset();
  expect(only(step(model(), job(), p.from, p.to), DeviceClass::kCpu), EnergyQuality::kModelled,
         kModelOfPackagePair);
}

TEST(EnergyStep, ChangedZonesFallBackToTheModel) {
  Pair p = with_package(0, 400'000'000);
  p.to.zones.push_back({"package-1", 1, kRange});
  expect(only(step(model(), job(), p.from, p.to), DeviceClass::kCpu), EnergyQuality::kModelled,
         kModelOfPackagePair);
  p = with_package(0, 400'000'000);
  p.from.zones.push_back({"package-1", 1, kRange});
  expect(only(step(model(), job(), p.from, p.to), DeviceClass::kCpu), EnergyQuality::kModelled,
         kModelOfPackagePair);
}

TEST(EnergyStep, GpuCounterBelongsToItsJob) {
  Pair p = with_gpu(5'000'000, 7'500'000);
  MeteredJob j = gpu_job();
  j.gpu_uuids = {"GPU-a", "GPU-b"};
  p.from.gpus.push_back({"GPU-b", 10, std::nullopt});
  p.to.gpus.push_back({"GPU-b", 110, std::nullopt});
  p.from.gpus.push_back({"GPU-other", 0, std::nullopt});
  p.to.gpus.push_back({"GPU-other", 5'000, std::nullopt});
  auto const slice = only(step(model(), j, p.from, p.to), DeviceClass::kGpu);
  expect(slice, EnergyQuality::kMeasured, 2'500'100);
  EXPECT_EQ(slice.devices, 2U);
}

TEST(EnergyStep, PowerReadingsAreIntegratedWithoutACounter) {
  Pair p = with_gpu(std::nullopt, 9);
  p.from.gpus[0].power_mw = 200'000;
  p.to.gpus[0].power_mw = 300'000;
  expect(only(step(model(), gpu_job(), p.from, p.to), DeviceClass::kGpu), EnergyQuality::kIntegrated,
         2'500'000);
  p.to.boottime_ms += 90'000;
  p.to.at += Span{90'000};
  expect(only(step(model(), gpu_job(), p.from, p.to), DeviceClass::kGpu), EnergyQuality::kUnknown, 0);
}

TEST(EnergyStep, GpuWithoutReadingsIsUnknownNotZero) {
  for (Pair const& p : {with_gpu(5, std::nullopt), with_gpu(std::nullopt, 5), Pair{}}) {
    auto const slice = only(step(model(), gpu_job(), p.from, p.to), DeviceClass::kGpu);
    expect(slice, EnergyQuality::kUnknown, 0);
    EXPECT_EQ(slice.devices, 1U);
    EXPECT_EQ(slice.interval.length(), Span{10'000});
  }
}

TEST(EnergyStep, QualitiesOfSeveralGpusStandSideBySide) {
  Pair p = with_gpu(0, 1'000'000);
  MeteredJob j = gpu_job();
  j.gpu_uuids = {"GPU-a", "GPU-b", "GPU-c", "GPU-d"};
  p.from.gpus.push_back({"GPU-b", std::nullopt, 100'000});
  p.to.gpus.push_back({"GPU-b", std::nullopt, 100'000});
  auto const slices = of(step(model(), j, p.from, p.to), DeviceClass::kGpu);
  ASSERT_EQ(slices.size(), 3U);
  expect(slices[0], EnergyQuality::kMeasured, 1'000'000);
  expect(slices[1], EnergyQuality::kIntegrated, 1'000'000);
  expect(slices[2], EnergyQuality::kUnknown, 0);
  EXPECT_EQ(slices[2].devices, 2U);
}

TEST(EnergyStep, AnotherBootIsAGap) {
  Pair p = with_package(1'000'000, 401'000'000);
  p.to.boot_id = "boot-2";
  p.to.boottime_ms = 5'000;
  MeteredJob j = gpu_job();
  j.gpu_uuids.emplace_back("GPU-b");
  j.memory_bytes = 1;
  auto const slices = step(model(), j, p.from, p.to);
  ASSERT_EQ(slices.size(), 3U);
  for (auto const& slice : slices) {
    expect(slice, EnergyQuality::kUnknown, 0);
    EXPECT_EQ(slice.interval, (Interval{kStart, kStart + Span{10'000}}));
  }
  EXPECT_EQ(only(slices, DeviceClass::kGpu).devices, 2U);
}

TEST(EnergyStep, SamplesInTheWrongOrderGiveNothing) {
  Pair const p = with_package(1'000'000, 401'000'000);
  EXPECT_TRUE(step(model(), gpu_job(), p.to, p.from).empty());
  EXPECT_TRUE(step(model(), gpu_job(), p.to, p.to).empty());
}

TEST(EnergyStep, CutsAtMultiplesOfTheSliceWithoutLoss) {
  Pair p;
  p.to = sample(777);
  p.to.job_cpu_us = 333'333'333;
  auto const slices = of(step(model(), job(), p.from, p.to), DeviceClass::kCpu);
  ASSERT_EQ(slices.size(), 4U);
  EXPECT_EQ(slices[0].interval.begin, kStart);
  EXPECT_EQ(slices[0].interval.length(), Span{100'000});
  EXPECT_EQ(slices[1].interval.length(), Span{300'000});
  EXPECT_EQ(slices[3].interval.end, kStart + Span{777'000});
  // 100 W x (0.3 x 2 x 777 s + 0.7 x 333.333333 s) / 8
  std::int64_t sum = 0;
  for (std::size_t i = 0; i < slices.size(); ++i) {
    sum += slices[i].energy.value;
    if (i == 0) continue;
    EXPECT_EQ(slices[i].interval.begin, slices[i - 1].interval.end);
    EXPECT_EQ(to_ms(slices[i].interval.begin) % 300'000, 0);
  }
  EXPECT_EQ(sum, 8'744'167);
}

TEST(EnergyStep, DurationsComeFromTheBootClock) {
  Pair p;
  p.to.at += std::chrono::hours{1};  // somebody set the clock
  p.to.job_cpu_us = 10'000'000;
  auto slices = of(step(model(), job(), p.from, p.to), DeviceClass::kCpu);
  expect(slices.at(0), EnergyQuality::kModelled, kModelOfPackagePair);
  EXPECT_EQ(slices.at(0).interval, (Interval{p.to.at - Span{10'000}, p.to.at}));
  p.to.at = kStart - std::chrono::hours{1};
  slices = of(step(model(), job(), p.from, p.to), DeviceClass::kCpu);
  EXPECT_EQ(slices.at(0).interval, (Interval{p.to.at - Span{10'000}, p.to.at}));
  p.to.at = kStart + Span{9'500};  // drift is no step
  slices = of(step(model(), job(), p.from, p.to), DeviceClass::kCpu);
  EXPECT_EQ(slices.at(0).interval, (Interval{kStart, kStart + Span{9'500}}));
}

// What peers do wrong (named by the peer), with their own figures.

TEST(PeerFailure, CodeCarbonFailedRaplReadDoesNotBecome262Kilojoule) {
  Pair first = with_package(1'000'000'000, 0);
  first.to.zones.clear();  // the read failed
  auto const lost = only(step(model(), job(), first.from, first.to), DeviceClass::kCpu);
  expect(lost, EnergyQuality::kModelled, kModelOfPackagePair);
  // Even a reader that writes the failed read as 0 makes no wrap of it.
  Pair const zero = with_package(1'000'000'000, 0);
  expect(only(step(model(), job(), zero.from, zero.to), DeviceClass::kCpu), EnergyQuality::kGapFilled,
         kModelOfPackagePair);
  // The next good reading after such a zero is no energy either.
  Pair const back = with_package(0, 250'000'000'000);
  expect(only(step(model(), job(), back.from, back.to), DeviceClass::kCpu), EnergyQuality::kGapFilled,
         kModelOfPackagePair);
}

TEST(PeerFailure, SlurmFailedMsrReadDoesNotBecomeAWrapOf32Bits) {
  std::int64_t const range = std::int64_t{61} << 32;
  Pair const p = with_package(200'000'000'000, 0, range);
  EXPECT_LE(only(step(model(), job(8), p.from, p.to), DeviceClass::kCpu).energy.value, 1'000'000);
}

TEST(PeerFailure, CodeCarbonDriverReloadIsNotNegative) {
  Pair p = with_gpu(1'001'002, 1);
  p.to.gpu_epoch = "550/2";
  auto const slices = of(step(model(), gpu_job(), p.from, p.to), DeviceClass::kGpu);
  ASSERT_EQ(slices.size(), 2U);
  expect(slices[0], EnergyQuality::kMeasured, 1);  // since the reload, a lower bound
  expect(slices[1], EnergyQuality::kUnknown, 0);   // and so marked
}

TEST(PeerFailure, AlumetCounterResetIsNot1e16Joule) {
  Pair const p = with_gpu(8'000'000'000, 40'000);  // same epoch: seen from the value alone
  auto const slices = of(step(model(), gpu_job(), p.from, p.to), DeviceClass::kGpu);
  ASSERT_EQ(slices.size(), 2U);
  expect(slices[0], EnergyQuality::kMeasured, 40'000);
  expect(slices[1], EnergyQuality::kUnknown, 0);
}

TEST(PeerFailure, ReloadThatEndsHigherIsStillSeenByTheEpoch) {
  Pair p = with_gpu(1'000, 1'500'000);
  p.to.gpu_epoch = "550/2";
  auto const slices = of(step(model(), gpu_job(), p.from, p.to), DeviceClass::kGpu);
  ASSERT_EQ(slices.size(), 2U);
  expect(slices[0], EnergyQuality::kMeasured, 1'500'000);
}

TEST(PeerFailure, GlitchOfAGpuCounterIsUnknownNotEnergy) {
  Pair const p = with_gpu(1'000, 9'000'000'000'000);
  expect(only(step(model(), gpu_job(), p.from, p.to), DeviceClass::kGpu), EnergyQuality::kUnknown, 0);
}

TEST(PeerFailure, CarbontrackerOneSocketWrapsTheOtherStillCounts) {
  Pair p = with_package(kRange - 100'000'000, 100'000'000);
  p.from.zones.push_back({"package-1", 0, kRange});
  p.to.zones.push_back({"package-1", 200'000'000, kRange});
  expect(only(step(model(), job(8), p.from, p.to), DeviceClass::kCpu), EnergyQuality::kMeasured, 400'000);
}

TEST(PeerFailure, LongSilenceMayHideWholeTurns) {
  Pair p = with_package(0, 1'000'000);
  p.to.boottime_ms += 600'000;  // 500 W x 610 s is more than the range
  p.to.at += Span{600'000};
  auto const slices = of(step(model(), job(8), p.from, p.to), DeviceClass::kCpu);
  ASSERT_FALSE(slices.empty());
  for (auto const& slice : slices) EXPECT_STREQ(to_string(slice.quality), "gap filled");
}

}  // namespace
}  // namespace greenq::core
