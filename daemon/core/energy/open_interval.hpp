// A failed read leaves its interval open: the next good reading still tells the exact sum.
//
// Samples of one segment are taken in order. One that lacks a counter which the sample before had, or in
// which a counter says more than the hardware can use, is held back; energy is worked out from the last good
// sample to the next one, spread evenly. What stays so for ten minutes, until another counter could have
// turned round meanwhile, or to the end of the segment, is lost to that counter alone (modelled or unknown,
// see slice.hpp). A counter that really jumped is believed once two samples agree. Pure.
#pragma once

#include <optional>
#include <vector>

#include "core/energy/slice.hpp"

namespace greenq::core {

struct OpenInterval {
  std::optional<CounterSample> last;  // up to here energy is worked out
  std::optional<CounterSample> held;  // the newest sample after it, held back
};

inline constexpr Span kLongestOpen{std::chrono::minutes{10}};

// Appends what is known of the energy up to `sample`.
void take_sample(EnergyModel const& model, MeteredJob const& job, OpenInterval& open,
                 CounterSample const& sample, std::vector<EnergySlice>& out);
// At the end of the segment: what was held back counts as it is.
void close_interval(EnergyModel const& model, MeteredJob const& job, OpenInterval& open,
                    std::vector<EnergySlice>& out);

}  // namespace greenq::core
