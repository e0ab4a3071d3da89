// The simulated cluster as a policy sees it: it knows the run times that it was told, never the true ones.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "sim/instance.hpp"
#include "sim/schedule.hpp"

namespace greenq::sim {

struct Running {
  core::JobId id = 0;
  std::uint32_t gpus = 0;
  core::Instant since{};  // of this segment
  core::Instant end{};    // as told, unless it is paused; put off by a tenth of the segment once that is over
};

class Machine {
 public:
  // `told` is the instance with the run times that policies are told, perhaps the same object. Both must
  // outlive the machine; each job fits the empty cluster.
  Machine(Instance const& instance, Instance const& told);

  Instance const& instance() const { return *told_; }
  std::uint32_t capacity() const { return told_->cluster_gpus; }
  std::uint32_t free() const { return free_; }
  std::span<Running const> running() const { return running_; }      // by end, then id
  std::span<core::JobId const> waiting() const { return waiting_; }  // never started or paused; by id

  SimJob const& job(core::JobId id) const { return told_->job(id); }
  bool finished(core::JobId id) const { return tracks_[id - 1].left == core::Span{0}; }
  bool is_running(core::JobId id) const { return tracks_[id - 1].running; }
  // Has run, waits now.
  bool paused(core::JobId id) const { return !is_running(id) && !segments(id).empty() && !finished(id); }
  // How long it is expected to hold its GPUs from now on; of a paused job with the overhead of its resume.
  core::Span needs(core::JobId id, core::Instant now) const;
  // How much of its work is done.
  core::Span worked(core::JobId id, core::Instant now) const;
  // Segments so far, the open one with its true end.
  std::vector<core::Interval> const& segments(core::JobId id) const { return schedule_.segments[id - 1]; }

  // What the engine does to it. Breaking a rule is a broken invariant.
  void submit(core::JobId id);
  void start(core::JobId id, core::Instant now);
  void pause(core::JobId id, core::Instant now);
  // The next true end of a run.
  std::optional<core::Instant> next_end() const;
  // Ends the runs that are over, by id; replaces what `ended` held.
  void finish(core::Instant now, std::vector<core::JobId>& ended);
  Schedule take_schedule() { return std::move(schedule_); }

 private:
  struct Track {
    core::Span left{0};   // while it runs: at the begin of the segment
    core::Span told{0};   // the same as told
    core::Instant end{};  // as told, while it runs
    bool running = false;
  };
  core::Span overhead_on_start(core::JobId id) const;
  core::Instant true_end(core::JobId id) const { return segments(id).back().end; }
  void put_off(core::Instant now);

  Instance const* told_;
  std::uint32_t free_;
  std::vector<Running> running_;
  std::vector<core::JobId> waiting_;
  std::vector<Track> tracks_;
  Schedule schedule_;
};

}  // namespace greenq::sim
