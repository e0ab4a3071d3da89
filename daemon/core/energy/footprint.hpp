// Carbon as a view: energy slices priced by intensity curves, one book per signal kind. Books are never
// added.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/carbon/signal.hpp"
#include "core/energy/slice.hpp"

namespace greenq::core {

struct EnergyTotal {
  std::map<std::pair<DeviceClass, EnergyQuality>, Energy> parts;  // no kUnknown key
  Span unknown_device_time{0};

  Energy sum() const;
  void add(EnergySlice const& slice);
  void add(EnergyTotal const& other);
};

struct Book {
  SignalKind kind = SignalKind::kMarginal;
  std::optional<SignalSource> source;  // nothing: no signal of this kind is known
  Carbon carbon{};                     // of the priced energy
  Energy priced{};
  Energy unpriced{};                    // intensity unknown; not zero grams
  std::map<PointState, Energy> shares;  // priced energy by state of the intensity
  std::optional<Carbon> baseline;       // same profile started at submission; nothing if not known
  bool settled() const;  // all energy priced by actual figures or typical ones that no feed will replace
};

struct Footprint {
  EnergyTotal energy;
  Book marginal;
  Book average;
  Span run{0};
};

// Prices each slice at the mean intensity over its interval. pue_milli: 1000 = 1.0. Sums nanograms and rounds
// once per book. `shift` moves the profile in time for the baseline (negative: earlier).
Book price(std::vector<EnergySlice> const& slices, SignalKind kind, Curve const& curve,
           std::optional<SignalSource> source, std::int64_t pue_milli, std::optional<Span> baseline_shift);

}  // namespace greenq::core
