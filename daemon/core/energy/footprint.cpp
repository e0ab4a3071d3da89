#include "core/energy/footprint.hpp"

#include <algorithm>

#include "core/check.hpp"

namespace greenq::core {
namespace {

Interval moved(Interval interval, Span shift) {
  return {interval.begin + shift, interval.end + shift};
}

constexpr std::int64_t kNanogramPerMilligram = 1'000'000;

// Carbon of one slice in nanograms: energy x PUE x mean intensity over the interval, through one division. A
// slice of a short job is a fraction of a milligram, so that rounding each to milligrams would lose the
// whole.
__int128 nanograms(EnergySlice const& slice, Interval interval, Curve const& curve, std::int64_t pue_milli) {
  __int128 const facility = static_cast<__int128>(slice.energy.value) * pue_milli;  // 1/1000 mJ
  // Intensity x time / length first, in millionths, so that nothing overflows for a cluster-year in one
  // slice.
  __int128 const mean = curve.integral(interval) * kNanogramPerMilligram / interval.length().count();
  return divide_half_even(facility * mean, static_cast<__int128>(kMillijoulePerKwh) * 1000);
}

Carbon milligrams(__int128 nanograms_sum) {
  return {divide_half_even(nanograms_sum, kNanogramPerMilligram)};
}

}  // namespace

Energy EnergyTotal::sum() const {
  Energy total;
  for (auto const& [key, energy] : parts) total += energy;
  return total;
}

void EnergyTotal::add(EnergySlice const& slice) {
  if (slice.quality == EnergyQuality::kUnknown) {
    unknown_device_time += slice.interval.length() * static_cast<std::int64_t>(slice.devices);
    return;
  }
  parts[{slice.device, slice.quality}] += slice.energy;
}

void EnergyTotal::add(EnergyTotal const& other) {
  for (auto const& [key, energy] : other.parts) parts[key] += energy;
  unknown_device_time += other.unknown_device_time;
}

bool Book::settled() const {
  if (unpriced.value != 0) return false;
  bool const only_typical = source && (source->provider == kClimatology || source->provider == kYearlyFactor);
  return std::all_of(shares.begin(), shares.end(), [&](auto const& share) {
    switch (share.first) {
      case PointState::kActual:
        return true;
      case PointState::kClimatology:
      case PointState::kConstant:
        return only_typical;
      case PointState::kEstimated:
      case PointState::kForecast:
        return false;
    }
    return false;
  });
}

Book price(std::vector<EnergySlice> const& slices, SignalKind kind, Curve const& curve,
           std::optional<SignalSource> source, std::int64_t pue_milli, std::optional<Span> baseline_shift) {
  GREENQ_CHECK(pue_milli > 0);
  Book book;
  book.kind = kind;
  book.source = std::move(source);
  __int128 carbon = 0;
  __int128 baseline = 0;
  bool baseline_known = false;
  bool baseline_whole = baseline_shift.has_value();
  for (EnergySlice const& slice : slices) {
    if (slice.quality == EnergyQuality::kUnknown) continue;
    if (auto const state = curve.worst_state(slice.interval)) {
      carbon += nanograms(slice, slice.interval, curve, pue_milli);
      book.priced += slice.energy;
      book.shares[*state] += slice.energy;
    } else {
      book.unpriced += slice.energy;
    }
    if (!baseline_whole) continue;
    Interval const shifted = moved(slice.interval, *baseline_shift);
    baseline_whole = curve.covered(shifted);
    baseline_known = true;
    if (baseline_whole) baseline += nanograms(slice, shifted, curve, pue_milli);
  }
  book.carbon = milligrams(carbon);
  if (baseline_whole && baseline_known) book.baseline = milligrams(baseline);
  return book;
}

}  // namespace greenq::core
