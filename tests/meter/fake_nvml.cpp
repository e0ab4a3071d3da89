// A libnvidia-ml.so.1 for tests, scripted by the file that GREENQ_FAKE_NVML names; read again with every
// call.
//
//   driver VERSION | init CODE | hang FUNCTION (init, energy: waits until the line is gone)
//   gpu UUID MEMORY_BYTES MIG ENERGY_CODE ENERGY_MJ FIELD_CODE FIELD_SCOPE FIELD_MW POWER_CODE POWER_MW NAME…
//
// With GREENQ_FAKE_NVML_MINIMAL it has no energy, field and MIG functions, as an old driver.
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

namespace {

struct Gpu {
  std::string uuid;
  unsigned long long memory = 0;
  unsigned mig = 0;
  int energy_code = 0;
  unsigned long long energy = 0;
  int field_code = 0;
  unsigned field_scope = 0;
  unsigned field_power = 0;
  int power_code = 0;
  unsigned power = 0;
  std::string name;
};

struct Script {
  std::string driver = "1.0";
  int init = 0;
  std::vector<std::string> hangs;
  std::vector<Gpu> gpus;
};

Script load() {
  Script script;
  char const* const path = std::getenv("GREENQ_FAKE_NVML");
  std::ifstream file(path != nullptr ? path : "");
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::string kind;
    words >> kind;
    if (kind == "driver") words >> script.driver;
    if (kind == "init") words >> script.init;
    if (kind == "hang") words >> script.hangs.emplace_back();
    if (kind == "gpu") {
      Gpu gpu;
      words >> gpu.uuid >> gpu.memory >> gpu.mig >> gpu.energy_code >> gpu.energy >> gpu.field_code >>
          gpu.field_scope >> gpu.field_power >> gpu.power_code >> gpu.power >> std::ws;
      std::getline(words, gpu.name);
      script.gpus.push_back(gpu);
    }
  }
  return script;
}

void maybe_hang(std::string const& function) {
  auto hangs = [&] {
    for (std::string const& name : load().hangs) {
      if (name == function) return true;
    }
    return false;
  };
  while (hangs()) std::this_thread::sleep_for(std::chrono::milliseconds(5));
}

// Handles are 1-based positions.
void* handle_of(std::size_t index) {
  return reinterpret_cast<void*>(index + 1);
}

bool find(void* device, Gpu& gpu) {
  auto const index = reinterpret_cast<std::size_t>(device);
  Script const script = load();
  if (index == 0 || index > script.gpus.size()) return false;
  gpu = script.gpus[index - 1];
  return true;
}

int copy(std::string const& text, char* out, unsigned size) {
  if (text.size() + 1 > size) return 7;
  std::memcpy(out, text.c_str(), text.size() + 1);
  return 0;
}

}  // namespace

extern "C" {

int nvmlInit_v2() {
  maybe_hang("init");
  return load().init;
}
int nvmlShutdown() {
  return 0;
}
char const* nvmlErrorString(int code) {
  return code == 9 ? "Driver Not Loaded" : "Some Error";
}
int nvmlSystemGetDriverVersion(char* out, unsigned size) {
  return copy(load().driver, out, size);
}

int nvmlDeviceGetCount_v2(unsigned* count) {
  *count = static_cast<unsigned>(load().gpus.size());
  return 0;
}
int nvmlDeviceGetHandleByIndex_v2(unsigned index, void** device) {
  if (index >= load().gpus.size()) return 2;
  *device = handle_of(index);
  return 0;
}
int nvmlDeviceGetHandleByUUID(char const* uuid, void** device) {
  Script const script = load();
  for (std::size_t i = 0; i < script.gpus.size(); ++i) {
    if (script.gpus[i].uuid == uuid) {
      *device = handle_of(i);
      return 0;
    }
  }
  return 6;
}
int nvmlDeviceGetUUID(void* device, char* out, unsigned size) {
  Gpu gpu;
  return find(device, gpu) ? copy(gpu.uuid, out, size) : 2;
}
int nvmlDeviceGetName(void* device, char* out, unsigned size) {
  Gpu gpu;
  return find(device, gpu) ? copy(gpu.name, out, size) : 2;
}
int nvmlDeviceGetMemoryInfo(void* device, unsigned long long* total_free_used) {
  Gpu gpu;
  if (!find(device, gpu)) return 2;
  total_free_used[0] = gpu.memory;
  return 0;
}
int nvmlDeviceGetPowerUsage(void* device, unsigned* power) {
  Gpu gpu;
  if (!find(device, gpu)) return 2;
  *power = gpu.power;
  return gpu.power_code;
}

#ifndef GREENQ_FAKE_NVML_MINIMAL
int nvmlDeviceGetMigMode(void* device, unsigned* current, unsigned* pending) {
  Gpu gpu;
  if (!find(device, gpu)) return 2;
  *current = gpu.mig;
  *pending = gpu.mig;
  return 0;
}
int nvmlDeviceGetTotalEnergyConsumption(void* device, unsigned long long* energy) {
  maybe_hang("energy");
  Gpu gpu;
  if (!find(device, gpu)) return 2;
  *energy = gpu.energy;
  return gpu.energy_code;
}
// The caller's struct is 40 bytes: field, scope, timestamp, latency, type, result, value.
int nvmlDeviceGetFieldValues(void* device, int count, void* values) {
  Gpu gpu;
  if (!find(device, gpu) || count != 1) return 2;
  auto* const bytes = static_cast<unsigned char*>(values);
  unsigned field = 0;
  std::memcpy(&field, bytes, sizeof(field));
  if (field != 186) return 2;
  int const type = 1;
  std::memcpy(bytes + 4, &gpu.field_scope, 4);
  std::memcpy(bytes + 24, &type, 4);
  std::memcpy(bytes + 28, &gpu.field_code, 4);
  std::memcpy(bytes + 32, &gpu.field_power, 4);
  return 0;
}
#endif

}  // extern "C"
