// NVML calls on a thread of their own with a bound on the wait, so that a hung driver cannot hang its caller.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "core/energy/slice.hpp"

namespace greenq::meter {

// ask() and take() belong to one thread. A worker that hangs is left behind at destruction; it shares its
// state.
class NvmlWatch {
 public:
  struct Reading {
    std::vector<core::CounterSample::GpuCounter> gpus;  // one per UUID asked for
    std::string driver_version;
  };

  NvmlWatch(std::string library, std::vector<std::string> uuids);
  ~NvmlWatch();
  NvmlWatch(NvmlWatch const&) = delete;
  NvmlWatch& operator=(NvmlWatch const&) = delete;

  // Starts a reading, unless one still hangs.
  void ask();
  // The reading asked for last; nothing when it is not there in time or an older one still hangs.
  std::optional<Reading> take(std::chrono::milliseconds timeout);

 private:
  struct Shared;
  static void work(std::shared_ptr<Shared> const& shared, std::string const& library,
                   std::vector<std::string> const& uuids);
  std::shared_ptr<Shared> shared_;
  std::thread worker_;
};

}  // namespace greenq::meter
