#include "meter/nvml_watch.hpp"

#include <condition_variable>
#include <mutex>
#include <utility>

#include "meter/nvml.hpp"

namespace greenq::meter {

struct NvmlWatch::Shared {
  std::mutex mutex;
  std::condition_variable changed;
  bool asked = false;  // until the worker takes it
  bool busy = false;   // asked or being read
  bool gone = false;   // nobody waits any more for the reading in progress
  bool stop = false;
  std::optional<Reading> reading;
};

NvmlWatch::NvmlWatch(std::string library, std::vector<std::string> uuids)
    : shared_(std::make_shared<Shared>()) {
  worker_ = std::thread([shared = shared_, library = std::move(library), uuids = std::move(uuids)] {
    work(shared, library, uuids);
  });
}

NvmlWatch::~NvmlWatch() {
  bool hung = false;
  {
    std::lock_guard const lock(shared_->mutex);
    shared_->stop = true;
    hung = shared_->busy;
  }
  shared_->changed.notify_all();
  if (hung) {
    worker_.detach();
  } else {
    worker_.join();
  }
}

void NvmlWatch::work(std::shared_ptr<Shared> const& shared, std::string const& library,
                     std::vector<std::string> const& uuids) {
  Nvml nvml(library);
  std::unique_lock lock(shared->mutex);
  while (true) {
    shared->changed.wait(lock, [&] { return shared->asked || shared->stop; });
    if (shared->stop) return;
    shared->asked = false;
    lock.unlock();
    Reading reading;
    reading.gpus = nvml.read(uuids);
    reading.driver_version = nvml.driver_version();
    lock.lock();
    shared->busy = false;
    if (!shared->gone) shared->reading = std::move(reading);
    shared->gone = false;
    shared->changed.notify_all();
  }
}

void NvmlWatch::ask() {
  {
    std::lock_guard const lock(shared_->mutex);
    if (shared_->busy) return;
    shared_->reading.reset();
    shared_->asked = true;
    shared_->busy = true;
  }
  shared_->changed.notify_all();
}

std::optional<NvmlWatch::Reading> NvmlWatch::take(std::chrono::milliseconds timeout) {
  std::unique_lock lock(shared_->mutex);
  if (shared_->gone) return std::nullopt;  // still the one that was too slow: do not wait again
  if (!shared_->changed.wait_for(lock, timeout, [&] { return !shared_->busy; })) {
    shared_->gone = true;
    return std::nullopt;
  }
  return std::exchange(shared_->reading, std::nullopt);
}

}  // namespace greenq::meter
