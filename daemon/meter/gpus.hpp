// Which NVIDIA GPUs this machine has.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "core/capacity.hpp"

namespace greenq::meter {

struct GpuList {
  std::vector<core::Gpu> gpus;  // in the driver's order; GPUs in MIG mode are left out
  std::string reason;  // one sentence: why there is none, or what was left out; may be empty otherwise
};

// Returns after `timeout` at the latest; a driver that hangs counts as no GPU and leaves one waiting thread
// behind. An empty library or "none" means that GPUs are not looked for.
GpuList enumerate_gpus(std::string const& nvml_library,
                       std::chrono::milliseconds timeout = std::chrono::seconds{5});

}  // namespace greenq::meter
