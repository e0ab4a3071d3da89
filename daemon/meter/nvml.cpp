#include "meter/nvml.hpp"

#include <dlfcn.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstring>
#include <limits>

namespace greenq::meter {
namespace {

using Device = void*;
constexpr int kSuccess = 0;
constexpr int kNotSupported = 3;
constexpr unsigned kFieldPowerInstant = 186;
constexpr unsigned kScopeGpu = 0;
constexpr unsigned kMaxGpus = 64;

// nvmlFieldValue_t: 40 bytes. The value's member is told by value_type.
struct FieldValue {
  unsigned field = 0;
  unsigned scope = 0;
  long long timestamp = 0;
  long long latency_us = 0;
  int value_type = 0;
  int result = 0;
  union {
    double as_double;
    unsigned as_unsigned;
    unsigned long as_unsigned_long;
    unsigned long long as_unsigned_long_long;
    long long as_long_long;
  } value{};
};
static_assert(sizeof(FieldValue) == 40);

struct Memory {
  unsigned long long total = 0;
  unsigned long long free = 0;
  unsigned long long used = 0;
};

std::optional<std::int64_t> to_milliwatts(FieldValue const& field) {
  switch (field.value_type) {
    case 1:
      return static_cast<std::int64_t>(field.value.as_unsigned);
    case 2:
      return static_cast<std::int64_t>(field.value.as_unsigned_long);
    case 3:
      return static_cast<std::int64_t>(field.value.as_unsigned_long_long);
    default:  // default: value types of newer drivers are unknown here
      return std::nullopt;
  }
}

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

}  // namespace

struct Nvml::Api {
  std::string library;
  void* handle = nullptr;
  bool up = false;

  int (*init)() = nullptr;
  int (*shutdown)() = nullptr;
  char const* (*error_string)(int) = nullptr;
  int (*driver_version)(char*, unsigned) = nullptr;
  int (*count)(unsigned*) = nullptr;
  int (*by_index)(unsigned, Device*) = nullptr;
  int (*by_uuid)(char const*, Device*) = nullptr;
  int (*uuid)(Device, char*, unsigned) = nullptr;
  int (*name)(Device, char*, unsigned) = nullptr;
  int (*memory)(Device, Memory*) = nullptr;
  int (*mig_mode)(Device, unsigned*, unsigned*) = nullptr;
  int (*energy)(Device, unsigned long long*) = nullptr;
  int (*fields)(Device, int, FieldValue*) = nullptr;
  int (*power)(Device, unsigned*) = nullptr;

  template <class Function>
  void find(Function& function, char const* symbol) {
    void* const address = ::dlsym(handle, symbol);
    static_assert(sizeof(function) == sizeof(address));
    std::memcpy(static_cast<void*>(&function), static_cast<void const*>(&address), sizeof(function));
  }

  void find_all() {
    find(init, "nvmlInit_v2");
    find(shutdown, "nvmlShutdown");
    find(error_string, "nvmlErrorString");
    find(driver_version, "nvmlSystemGetDriverVersion");
    find(count, "nvmlDeviceGetCount_v2");
    find(by_index, "nvmlDeviceGetHandleByIndex_v2");
    find(by_uuid, "nvmlDeviceGetHandleByUUID");
    find(uuid, "nvmlDeviceGetUUID");
    find(name, "nvmlDeviceGetName");
    find(memory, "nvmlDeviceGetMemoryInfo");
    find(mig_mode, "nvmlDeviceGetMigMode");
    find(energy, "nvmlDeviceGetTotalEnergyConsumption");
    find(fields, "nvmlDeviceGetFieldValues");
    find(power, "nvmlDeviceGetPowerUsage");
  }

  std::string words(int code) const {
    char const* const text = error_string != nullptr ? error_string(code) : nullptr;
    return (text != nullptr ? std::string(text) : "error") + " (code " + std::to_string(code) + ")";
  }

  void lose() {
    if (up && shutdown != nullptr) shutdown();
    up = false;
  }

  std::optional<std::int64_t> read_energy(Device device, bool& answered) const {
    unsigned long long value = 0;
    if (energy == nullptr) return std::nullopt;
    int const code = energy(device, &value);
    answered |= code == kSuccess || code == kNotSupported;
    if (code != kSuccess ||
        value > static_cast<unsigned long long>(std::numeric_limits<std::int64_t>::max())) {
      return std::nullopt;
    }
    return static_cast<std::int64_t>(value);
  }

  std::optional<std::int64_t> read_power(Device device, bool& answered) const {
    if (fields != nullptr) {
      FieldValue field;
      field.field = kFieldPowerInstant;
      // Module scope would count the CPU of a superchip as well.
      if (fields(device, 1, &field) == kSuccess && field.result == kSuccess && field.scope == kScopeGpu) {
        answered = true;
        if (auto const value = to_milliwatts(field)) return value;
      }
    }
    unsigned value = 0;
    if (power == nullptr) return std::nullopt;
    int const code = power(device, &value);
    answered |= code == kSuccess || code == kNotSupported;
    if (code != kSuccess) return std::nullopt;
    return static_cast<std::int64_t>(value);
  }
};

Nvml::Nvml(std::string library) : api_(std::make_unique<Api>()) {
  api_->library = std::move(library);
}

// The library stays loaded: unloading a driver library with threads of its own is not safe.
Nvml::~Nvml() {
  api_->lose();
}

std::string Nvml::problem() {
  if (api_->up) return "";
  if (api_->handle == nullptr) {
    api_->handle = ::dlopen(api_->library.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (api_->handle == nullptr) return "the NVIDIA library " + api_->library + " is not installed";
    api_->find_all();
  }
  if (api_->init == nullptr) return "the NVIDIA library " + api_->library + " has no nvmlInit_v2";
  int const code = api_->init();
  if (code != kSuccess) return "the NVIDIA driver does not answer: " + api_->words(code);
  api_->up = true;
  return "";
}

std::vector<core::CounterSample::GpuCounter> Nvml::read(std::vector<std::string> const& uuids) {
  std::vector<core::CounterSample::GpuCounter> result;
  bool const up = problem().empty();
  bool answered = false;
  for (std::string const& uuid : uuids) {
    core::CounterSample::GpuCounter& counter = result.emplace_back();
    counter.uuid = uuid;
    Device device = nullptr;
    if (!up || api_->by_uuid == nullptr || api_->by_uuid(uuid.c_str(), &device) != kSuccess) continue;
    counter.energy_mj = api_->read_energy(device, answered);
    counter.power_mw = api_->read_power(device, answered);
  }
  // Nobody answered: the driver may have been reloaded under us, so start over with the next read.
  if (up && !uuids.empty() && !answered) api_->lose();
  return result;
}

std::string Nvml::driver_version() {
  std::array<char, 96> text{};
  if (!problem().empty() || api_->driver_version == nullptr) return "";
  if (api_->driver_version(text.data(), static_cast<unsigned>(text.size() - 1)) != kSuccess) return "";
  return text.data();
}

std::vector<core::Gpu> Nvml::gpus(std::vector<std::string>& notes) {
  std::vector<core::Gpu> result;
  if (std::string const why = problem(); !why.empty()) {
    notes.push_back(why);
    return result;
  }
  unsigned count = 0;
  int const counted = api_->count != nullptr ? api_->count(&count) : kNotSupported;
  if (counted != kSuccess || api_->by_index == nullptr || api_->uuid == nullptr) {
    notes.push_back("the NVIDIA library cannot list GPUs: " + api_->words(counted));
    return result;
  }
  for (unsigned index = 0; index < std::min(count, kMaxGpus); ++index) {
    Device device = nullptr;
    std::array<char, 96> text{};
    int code = api_->by_index(index, &device);
    if (code == kSuccess) code = api_->uuid(device, text.data(), static_cast<unsigned>(text.size() - 1));
    if (code != kSuccess) {
      notes.push_back("GPU " + std::to_string(index) + " does not answer: " + api_->words(code));
      continue;
    }
    core::Gpu gpu;
    gpu.uuid = text.data();
    unsigned mig = 0;
    unsigned pending = 0;
    if (api_->mig_mode != nullptr && api_->mig_mode(device, &mig, &pending) == kSuccess && mig != 0) {
      notes.push_back("GPU " + gpu.uuid + " is in MIG mode; turn MIG off to let jobs use the whole GPU");
      continue;
    }
    text.fill('\0');
    if (api_->name != nullptr &&
        api_->name(device, text.data(), static_cast<unsigned>(text.size() - 1)) == kSuccess) {
      gpu.model = lower(text.data());
    }
    Memory memory;
    if (api_->memory != nullptr && api_->memory(device, &memory) == kSuccess) {
      gpu.memory_bytes = static_cast<std::int64_t>(memory.total);
    }
    result.push_back(std::move(gpu));
  }
  if (count == 0) notes.emplace_back("the NVIDIA driver reports no GPU");
  return result;
}

}  // namespace greenq::meter
