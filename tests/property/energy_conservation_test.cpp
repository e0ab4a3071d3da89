// No millijoule is lost or made, whatever the order and size of steps.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <numeric>

#include "core/energy/counter.hpp"
#include "core/energy/footprint.hpp"
#include "core/energy/open_interval.hpp"

namespace greenq::core {
namespace {

constexpr std::int64_t kStartMs = 1'700'000'000'000;

std::int64_t sum(std::vector<EnergySlice> const& slices, DeviceClass device) {
  std::int64_t total = 0;
  for (auto const& slice : slices) {
    if (slice.device == device) total += slice.energy.value;
  }
  return total;
}

CounterSample gpu_sample(std::int64_t ms, std::int64_t energy_mj) {
  CounterSample s;
  s.boot_id = "b";
  s.boottime_ms = ms;
  s.at = from_ms(kStartMs + ms);
  s.job_cpu_us = ms * 100;
  s.node_cpu_us = ms * 300;
  s.gpus = {{"GPU-a", energy_mj, std::nullopt}};
  return s;
}

EnergyModel model(std::int64_t slice_ms) {
  EnergyModel m;
  m.node_cpus = 16;
  m.cpu_tdp = {280'000};
  m.memory_per_gib = {400};
  m.slice = Span{slice_ms};
  return m;
}

MeteredJob job() {
  return {1, 1, 3, std::int64_t{5} << 30, {"GPU-a"}};
}

RC_GTEST_PROP(EnergyConservation, CuttingLosesNothing, ()) {
  auto const length = *rc::gen::inRange<std::int64_t>(1, 7 * 86'400'000);
  auto const slice = *rc::gen::inRange<std::int64_t>(100, 3'600'000);
  auto const offset = *rc::gen::inRange<std::int64_t>(0, 3'600'000);
  auto const energy = *rc::gen::inRange<std::int64_t>(0, 2'900 * length / 1000 * 1000 + 1);
  auto const slices =
      step(model(slice), job(), gpu_sample(offset, 17), gpu_sample(offset + length, 17 + energy));
  RC_ASSERT(sum(slices, DeviceClass::kGpu) == energy);
  Instant end{};
  for (auto const& s : slices) {
    RC_ASSERT(s.energy.value >= 0);
    RC_ASSERT(!s.interval.empty());
    if (s.device != DeviceClass::kGpu) continue;
    RC_ASSERT(end == Instant{} || s.interval.begin == end);
    end = s.interval.end;
    if (length / slice <= 10'000) {
      RC_ASSERT(to_ms(s.interval.begin) / slice == (to_ms(s.interval.end) - 1) / slice);
    }
  }
  RC_ASSERT(to_ms(end) == kStartMs + offset + length);
}

RC_GTEST_PROP(EnergyConservation, ManyStepsMakeTheDirectSum, ()) {
  auto const lengths =
      *rc::gen::container<std::vector<std::int64_t>>(rc::gen::inRange<std::int64_t>(1, 600'000));
  std::int64_t ms = 1000;
  std::int64_t energy = 5;
  CounterSample last = gpu_sample(ms, energy);
  std::int64_t summed = 0;
  for (std::int64_t const length : lengths) {
    ms += length;
    energy += *rc::gen::inRange<std::int64_t>(0, length * 2);
    CounterSample next = gpu_sample(ms, energy);
    summed += sum(step(model(300'000), job(), last, next), DeviceClass::kGpu);
    last = next;
  }
  RC_ASSERT(summed == energy - 5);
}

// A true counter that wraps at random places is followed exactly.
RC_GTEST_PROP(EnergyConservation, WrapsAreFollowedExactly, ()) {
  std::int64_t const range = *rc::gen::inRange<std::int64_t>(10'000, 1'000'000);
  std::int64_t const limit = *rc::gen::inRange<std::int64_t>(1, range);
  auto const uses =
      *rc::gen::container<std::vector<std::int64_t>>(rc::gen::inRange<std::int64_t>(0, limit + 1));
  std::int64_t truth = *rc::gen::inRange<std::int64_t>(0, range);
  std::int64_t const start = truth;
  std::int64_t followed = 0;
  for (std::int64_t const use : uses) {
    CounterStep const one = step_counter(truth % range, (truth + use) % range, range, limit, false);
    RC_ASSERT(one.kind == CounterStep::Kind::kExact);
    followed += one.delta;
    truth += use;
  }
  RC_ASSERT(followed == truth - start);
}

// Whatever the readings are: never negative, never more than the hardware can use.
RC_GTEST_PROP(EnergyConservation, GarbageStaysWithinTheLimit, ()) {
  auto const from = *rc::gen::arbitrary<std::int64_t>();
  auto const to = *rc::gen::arbitrary<std::int64_t>();
  auto const range = *rc::gen::inRange<std::int64_t>(0, std::int64_t{1} << 50);
  auto const limit = *rc::gen::inRange<std::int64_t>(1, std::int64_t{1} << 50);
  CounterStep const one = step_counter(from, to, range, limit, *rc::gen::arbitrary<bool>());
  RC_ASSERT(one.delta >= 0);
  RC_ASSERT(one.delta <= limit);
}

// Jobs that share a machine get no more than the package used, up to one rounding each.
RC_GTEST_PROP(EnergyConservation, SharesDoNotExceedThePackage, ()) {
  auto const cpu = *rc::gen::nonEmpty(
      rc::gen::container<std::vector<std::int64_t>>(rc::gen::inRange<std::int64_t>(0, 30'000'000)));
  std::int64_t const busy = std::accumulate(cpu.begin(), cpu.end(), *rc::gen::inRange<std::int64_t>(0, 1000));
  std::int64_t const used = *rc::gen::inRange<std::int64_t>(0, 3'000'000'000);
  CounterSample from = gpu_sample(1000, 0);
  CounterSample to = gpu_sample(11'000, 0);
  from.zones = {{"package-0", 0, 262'143'328'850}};
  to.zones = {{"package-0", used, 262'143'328'850}};
  from.job_cpu_us = from.node_cpu_us = 0;
  to.node_cpu_us = busy;
  std::int64_t given = 0;
  for (std::int64_t const mine : cpu) {
    to.job_cpu_us = mine;
    given += sum(step(model(300'000), job(), from, to), DeviceClass::kCpu);
  }
  RC_ASSERT(given * 1000 <= used + 500 * static_cast<std::int64_t>(cpu.size()));
}

// price() against a millisecond-free but naive sum in long double.
RC_GTEST_PROP(Pricing, AgreesWithANaiveRecomputation, ()) {
  std::vector<IntensityPoint> points;
  std::int64_t t = kStartMs;
  auto const count = *rc::gen::inRange<std::size_t>(0, 12);
  for (std::size_t i = 0; i < count; ++i) {
    if (*rc::gen::inRange(0, 6) == 0) t += *rc::gen::inRange<std::int64_t>(1, 900'000);
    std::int64_t const length = *rc::gen::inRange<std::int64_t>(1, 3'600'000);
    auto const state = static_cast<PointState>(*rc::gen::inRange(1, 6));
    points.push_back(
        {{from_ms(t), from_ms(t + length)}, {*rc::gen::inRange<std::int64_t>(0, 1'500'000)}, state});
    t += length;
  }
  std::vector<EnergySlice> slices(*rc::gen::inRange<std::size_t>(0, 20));
  for (auto& s : slices) {
    std::int64_t const begin =
        kStartMs + *rc::gen::inRange<std::int64_t>(-1'000'000, t - kStartMs + 1'000'000);
    s.interval = {from_ms(begin), from_ms(begin + *rc::gen::inRange<std::int64_t>(1, 300'001))};
    s.energy = {*rc::gen::inRange<std::int64_t>(0, 1'000'000'000)};
    s.quality = static_cast<EnergyQuality>(*rc::gen::inRange(1, 8));
    if (s.quality == EnergyQuality::kUnknown) s.energy = {};
  }
  auto const pue = *rc::gen::inRange<std::int64_t>(1000, 2500);
  Span const shift{*rc::gen::inRange<std::int64_t>(-3'000'000, 3'000'000)};

  // Nothing unless every millisecond is covered.
  auto grams = [&](EnergySlice const& s, Span by, PointState* worst) -> std::optional<long double> {
    long double weighted = 0;
    std::int64_t covered = 0;
    for (auto const& p : points) {
      Interval const part = intersect(p.interval, {s.interval.begin + by, s.interval.end + by});
      if (part.empty()) continue;
      covered += part.length().count();
      weighted += static_cast<long double>(p.value.value) * static_cast<long double>(part.length().count());
      if (worst != nullptr) *worst = std::max(*worst, p.state);
    }
    if (covered != s.interval.length().count()) return std::nullopt;
    long double const kwh =
        static_cast<long double>(s.energy.value) / 3.6e9L * static_cast<long double>(pue) / 1000;
    return kwh * weighted / static_cast<long double>(covered);
  };
  long double carbon = 0;
  long double baseline = 0;
  bool baseline_known = false;
  bool baseline_whole = true;
  std::int64_t unpriced = 0;
  std::map<PointState, Energy> shares;
  for (auto const& s : slices) {
    if (s.quality == EnergyQuality::kUnknown) continue;
    PointState worst = PointState::kActual;
    if (auto const value = grams(s, Span{0}, &worst)) {
      carbon += *value;
      shares[worst] += s.energy;
    } else {
      unpriced += s.energy.value;
    }
    auto const other = grams(s, shift, nullptr);
    baseline += other.value_or(0);
    baseline_known = true;
    baseline_whole = baseline_whole && other.has_value();
  }
  Book const book = price(slices, SignalKind::kMarginal, Curve(points), std::nullopt, pue, shift);
  auto const rounding = static_cast<long double>(slices.size()) * 0.5L + 0.001L;
  RC_ASSERT(std::abs(static_cast<long double>(book.carbon.value) - carbon) <= rounding);
  RC_ASSERT(book.unpriced.value == unpriced);
  RC_ASSERT(book.shares == shares);
  RC_ASSERT(book.baseline.has_value() == (baseline_known && baseline_whole));
  if (book.baseline)
    RC_ASSERT(std::abs(static_cast<long double>(book.baseline->value) - baseline) <= rounding);
  std::int64_t total = 0;
  for (auto const& s : slices) total += s.energy.value;
  RC_ASSERT(book.priced.value + book.unpriced.value == total);
}

// Whatever reads fail or are garbled in between.
RC_GTEST_PROP(EnergyConservation, FailedReadsBetweenGoodOnesLoseNothing, ()) {
  OpenInterval open;
  std::vector<EnergySlice> slices;
  std::int64_t energy = 1000;
  std::int64_t ms = 0;
  auto const take = [&](CounterSample const& sample) {
    take_sample(model(300'000), job(), open, sample, slices);
  };
  take(gpu_sample(ms, energy));
  auto const bad_at_most = *rc::gen::inRange(0, 8);
  auto const samples = *rc::gen::inRange(1, 40);
  int bad = 0;
  for (int i = 0; i < samples; ++i) {
    ms += *rc::gen::inRange<std::int64_t>(1000, 60'000);
    energy += *rc::gen::inRange<std::int64_t>(0, 400'000);
    CounterSample sample = gpu_sample(ms, energy);
    // Never two garbled ones in a row: they would be believed.
    auto const kind = bad < bad_at_most && i + 1 < samples ? *rc::gen::inRange(0, 3) : 0;
    bad = kind == 0 ? 0 : kind == 2 ? bad_at_most : bad + 1;
    if (kind == 1) sample.gpus.front().energy_mj.reset();
    if (kind == 2) sample.gpus.front().energy_mj = energy + 1'000'000'000'000;
    take(sample);
  }
  RC_ASSERT(!open.held);
  RC_ASSERT(sum(slices, DeviceClass::kGpu) == energy - 1000);
  for (EnergySlice const& slice : slices) {
    RC_ASSERT(slice.energy.value >= 0);
    RC_ASSERT(slice.device != DeviceClass::kGpu || slice.quality == EnergyQuality::kMeasured);
  }
}

}  // namespace
}  // namespace greenq::core
