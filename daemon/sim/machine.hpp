// The simulated cluster as a policy sees it.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "sim/instance.hpp"
#include "sim/schedule.hpp"

namespace greenq::sim {

struct Running {
  core::JobId id = 0;
  std::uint32_t gpus = 0;
  core::Instant since{};  // of this segment
  core::Instant end{};    // unless it is paused; true, not an estimate
};

class Machine {
 public:
  // The instance must outlive the machine; each of its jobs fits the empty cluster.
  explicit Machine(Instance const& instance);

  Instance const& instance() const { return *instance_; }
  std::uint32_t capacity() const { return instance_->cluster_gpus; }
  std::uint32_t free() const { return free_; }
  std::span<Running const> running() const { return running_; }      // by end, then id
  std::span<core::JobId const> waiting() const { return waiting_; }  // never started or paused; by id

  SimJob const& job(core::JobId id) const { return instance_->job(id); }
  bool finished(core::JobId id) const { return tracks_[id - 1].left == core::Span{0}; }
  bool is_running(core::JobId id) const { return tracks_[id - 1].running; }
  // Has run, waits now.
  bool paused(core::JobId id) const { return !is_running(id) && !segments(id).empty() && !finished(id); }
  // How long it must hold its GPUs from now on; of a paused job with the overhead of its resume.
  core::Span needs(core::JobId id, core::Instant now) const;
  // Segments so far, the open one with its end.
  std::vector<core::Interval> const& segments(core::JobId id) const { return schedule_.segments[id - 1]; }

  // What the engine does to it. Breaking a rule is a broken invariant.
  void submit(core::JobId id);
  void start(core::JobId id, core::Instant now);
  void pause(core::JobId id, core::Instant now);
  // Ends the runs that are over, by id; replaces what `ended` held.
  void finish(core::Instant now, std::vector<core::JobId>& ended);
  Schedule take_schedule() { return std::move(schedule_); }

 private:
  struct Track {
    core::Span left{0};  // while it runs: at the begin of the segment
    bool running = false;
  };
  core::Span left_on_start(core::JobId id) const;

  Instance const* instance_;
  std::uint32_t free_;
  std::vector<Running> running_;
  std::vector<core::JobId> waiting_;
  std::vector<Track> tracks_;
  Schedule schedule_;
};

}  // namespace greenq::sim
