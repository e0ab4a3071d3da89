// NVML by dlopen with own declarations: the NVIDIA library is neither linked nor needed to build. Every
// symbol is optional; what a library cannot do is absent. Calls may block for long: use NvmlWatch outside of
// tests. API facts: NVML reference (energy in mJ since driver load, Volta and newer; power in mW).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/capacity.hpp"
#include "core/energy/slice.hpp"

namespace greenq::meter {

class Nvml {
 public:
  explicit Nvml(std::string library);
  ~Nvml();
  Nvml(Nvml const&) = delete;
  Nvml& operator=(Nvml const&) = delete;

  // Why there is no NVML; empty when it is up. Loads and initialises on first use and again after the driver
  // was lost.
  std::string problem();

  // One entry per UUID, in that order, with what could be read.
  std::vector<core::CounterSample::GpuCounter> read(std::vector<std::string> const& uuids);

  // Empty when unknown.
  std::string driver_version();

  // GPUs that whole-device jobs can use, in the driver's order. GPUs in MIG mode are left out and named in
  // `notes`.
  std::vector<core::Gpu> gpus(std::vector<std::string>& notes);

 private:
  struct Api;
  std::unique_ptr<Api> api_;
};

}  // namespace greenq::meter
