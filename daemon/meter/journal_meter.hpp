// app::Meter over the energy journals of run directories.
//
// One thread polls the watched journals every `interval` and posts what is new as SamplesArrived, in order
// and without overlap from the offset that was given. drain() reads to the end at once and posts until a last
// event with final = true; a missing or unreadable journal gives a final event without samples. A torn last
// line is never read.
#pragma once

#include <condition_variable>
#include <deque>
#include <filesystem>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "app/ports.hpp"
#include "meter/gpus.hpp"
#include "meter/journal.hpp"
#include "meter/sampler.hpp"

namespace greenq::meter {

struct JournalMeterOptions {
  std::filesystem::path state_dir;
  core::Span interval{10'000};
  JournalLimits limits{};
  SamplerOptions roots{};
  GpuList gpus{};            // as enumerated at start, for sensors()
  std::string model_source;  // of MachineModel, for sensors()
};

class JournalMeter final : public app::Meter {
 public:
  // `inbox` must outlive this. Starts the thread.
  JournalMeter(JournalMeterOptions options, app::Inbox& inbox);
  ~JournalMeter() override;
  JournalMeter(JournalMeter const&) = delete;
  JournalMeter& operator=(JournalMeter const&) = delete;

  // Any thread. The newest call for a segment counts.
  void watch(core::SegmentId segment, std::int64_t offset) override;
  void drain(core::SegmentId segment, std::int64_t offset) override;
  std::vector<Sensor> sensors() override;

 private:
  struct Watched {
    std::int64_t offset = 0;
    std::uint64_t call = 0;  // which watch() it comes from
    bool complained = false;
  };
  struct Drain {
    core::SegmentId segment;
    std::int64_t offset = 0;
  };

  void run();
  void poll_all();
  void drain_one(Drain const& drain);
  // Posts chunks from `offset` on; returns the offset reached. Complains once through `complained`.
  std::int64_t forward(core::SegmentId const& segment, std::int64_t offset, bool& complained);
  bool stopping();

  JournalMeterOptions const options_;
  app::Inbox& inbox_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<core::SegmentId, Watched> watched_;
  std::deque<Drain> drains_;
  std::uint64_t calls_ = 0;
  bool stop_ = false;
  std::thread thread_;  // last: uses all of the above
};

}  // namespace greenq::meter
