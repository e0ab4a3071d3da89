#include "meter/journal_meter.hpp"

#include <spdlog/spdlog.h>

#include <chrono>
#include <utility>

#include "app/run_dir.hpp"
#include "meter/cpu_time.hpp"
#include "meter/powercap.hpp"

namespace greenq::meter {
namespace {

std::string name_of(core::SegmentId const& segment) {
  return "job " + std::to_string(segment.job) + " attempt " + std::to_string(segment.attempt) + "." +
         std::to_string(segment.launch);
}

app::Meter::Sensor powercap_sensor(SamplerOptions const& roots) {
  Powercap powercap(roots.sysfs_root);
  std::vector<core::CounterSample::Zone> const zones = powercap.read();
  if (!zones.empty()) {
    std::string names;
    for (auto const& zone : zones) names += (names.empty() ? "" : ", ") + zone.name;
    return {"powercap", true, "processor energy is measured: " + names};
  }
  std::string const folder = roots.sysfs_root + "/class/powercap";
  if (powercap.found() > 0) {
    return {"powercap", false,
            "the counters under " + folder +
                " may not be read, so processor energy is modelled; run greenqd as root or allow it to read "
                "energy_uj"};
  }
  return {
      "powercap", false,
      "there are no RAPL counters under " + folder +
          ", so processor energy is modelled; on a physical machine load the kernel module intel_rapl_msr"};
}

app::Meter::Sensor nvml_sensor(GpuList const& list) {
  if (list.gpus.empty()) {
    return {"nvml", false,
            (list.reason.empty() ? std::string("no NVIDIA GPU was found.") : list.reason) +
                " GPU energy is not measured; install the NVIDIA driver if this machine has a GPU"};
  }
  return {"nvml", true,
          "GPU energy is measured on " + std::to_string(list.gpus.size()) +
              (list.gpus.size() == 1 ? " GPU" : " GPUs") + (list.reason.empty() ? "" : "; " + list.reason)};
}

app::Meter::Sensor cpu_sensor(SamplerOptions const& roots) {
  std::filesystem::path const file = find_node_cpu_file(roots.procfs_root);
  if (!file.empty()) return {"cgroup cpu", true, "CPU time of the machine is read from " + file.string()};
  if (read_node_cpu_us({}, roots.procfs_root)) {
    return {"cgroup cpu", false,
            "the root cgroup's CPU time is not visible here, so " + roots.procfs_root +
                "/stat is used in steps of 10 ms; run greenqd outside a container for finer figures"};
  }
  return {"cgroup cpu", false, "CPU time cannot be read; check that " + roots.procfs_root + " is mounted"};
}

}  // namespace

JournalMeter::JournalMeter(JournalMeterOptions options, app::Inbox& inbox)
    : options_(std::move(options)), inbox_(inbox) {
  thread_ = std::thread([this] { run(); });
}

JournalMeter::~JournalMeter() {
  {
    std::lock_guard const lock(mutex_);
    stop_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void JournalMeter::watch(core::SegmentId segment, std::int64_t offset) {
  std::lock_guard const lock(mutex_);
  watched_[segment] = {offset, ++calls_, false};
}

void JournalMeter::drain(core::SegmentId segment, std::int64_t offset) {
  {
    std::lock_guard const lock(mutex_);
    watched_.erase(segment);
    std::erase_if(drains_, [&](Drain const& other) { return other.segment == segment; });
    drains_.push_back({segment, offset});
  }
  changed_.notify_all();
}

std::vector<app::Meter::Sensor> JournalMeter::sensors() {
  std::vector<Sensor> result;
  result.push_back(powercap_sensor(options_.roots));
  result.push_back(nvml_sensor(options_.gpus));
  result.push_back(cpu_sensor(options_.roots));
  result.push_back({"model", true, options_.model_source});
  return result;
}

bool JournalMeter::stopping() {
  std::lock_guard const lock(mutex_);
  return stop_;
}

void JournalMeter::run() {
  using Steady = std::chrono::steady_clock;
  auto next_poll = Steady::now() + options_.interval;
  while (true) {
    std::deque<Drain> drains;
    {
      std::unique_lock lock(mutex_);
      changed_.wait_until(lock, next_poll, [this] { return stop_ || !drains_.empty(); });
      if (stop_) return;
      drains.swap(drains_);
    }
    for (Drain const& drain : drains) drain_one(drain);
    if (Steady::now() < next_poll) continue;
    poll_all();
    next_poll = Steady::now() + options_.interval;
  }
}

void JournalMeter::poll_all() {
  std::map<core::SegmentId, Watched> watched;
  {
    std::lock_guard const lock(mutex_);
    watched = watched_;
  }
  for (auto& [segment, state] : watched) {
    if (stopping()) return;
    state.offset = forward(segment, state.offset, state.complained);
    std::lock_guard const lock(mutex_);
    auto const now = watched_.find(segment);
    if (now != watched_.end() && now->second.call == state.call) now->second = state;
  }
}

void JournalMeter::drain_one(Drain const& drain) {
  bool complained = false;
  std::int64_t const end = forward(drain.segment, drain.offset, complained);
  if (stopping()) return;  // asked for again after the next start
  inbox_.post(core::SamplesArrived{drain.segment, end, end, {}, true});
}

std::int64_t JournalMeter::forward(core::SegmentId const& segment, std::int64_t offset, bool& complained) {
  std::filesystem::path const path = app::run_dir(options_.state_dir, segment) / app::kEnergyFile;
  while (!stopping()) {
    auto chunk = read_journal(path, offset, options_.limits);
    if (!chunk) {
      if (chunk.error().code != core::ErrorCode::kNotFound && !std::exchange(complained, true)) {
        spdlog::warn("{} Energy of {} is unknown from here on.", chunk.error().message, name_of(segment));
      }
      return offset;
    }
    if (chunk->skipped_lines > 0 && !std::exchange(complained, true)) {
      spdlog::warn("The energy journal {} has unreadable lines; they are skipped.", path.string());
    }
    bool const more = chunk->more;
    if (chunk->to_offset > offset) {
      offset = chunk->to_offset;
      inbox_.post(
          core::SamplesArrived{segment, chunk->from_offset, offset, std::move(chunk->samples), false});
    }
    if (!more) return offset;
  }
  return offset;
}

}  // namespace greenq::meter
