// The cap of the policy `cap`, for those who check it; source and formula: cap_policy.cpp.
#pragma once

#include <cstdint>

#include "core/carbon/signal.hpp"

namespace greenq::sim {

// GPUs that may be in use at the intensity `now`, which lies between the least and the greatest ahead.
std::uint32_t carbon_cap(std::uint32_t cluster, core::Intensity now, core::Intensity least,
                         core::Intensity greatest);

}  // namespace greenq::sim
