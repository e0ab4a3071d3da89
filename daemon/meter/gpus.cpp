#include "meter/gpus.hpp"

#include <future>
#include <thread>

#include "meter/nvml.hpp"

namespace greenq::meter {

GpuList enumerate_gpus(std::string const& nvml_library, std::chrono::milliseconds timeout) {
  if (nvml_library.empty() || nvml_library == "none")
    return {{}, "GPUs are not looked for (meter.nvml_library: none)."};
  std::packaged_task<GpuList()> task([nvml_library] {
    Nvml nvml(nvml_library);
    std::vector<std::string> notes;
    GpuList list;
    list.gpus = nvml.gpus(notes);
    for (std::string const& note : notes) list.reason += (list.reason.empty() ? "" : "; ") + note;
    if (!list.reason.empty()) list.reason += ".";
    return list;
  });
  std::future<GpuList> result = task.get_future();
  std::thread(std::move(task)).detach();
  if (result.wait_for(timeout) != std::future_status::ready) {
    return {{}, "The NVIDIA driver did not answer in time; check it with nvidia-smi and restart greenqd."};
  }
  return result.get();
}

}  // namespace greenq::meter
