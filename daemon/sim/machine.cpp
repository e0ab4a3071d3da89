#include "sim/machine.hpp"

#include <algorithm>

#include "core/check.hpp"

namespace greenq::sim {
namespace {

bool before(Running const& a, Running const& b) {
  return a.end != b.end ? a.end < b.end : a.id < b.id;
}

}  // namespace

Machine::Machine(Instance const& instance)
    : instance_(&instance), free_(instance.cluster_gpus), tracks_(instance.jobs.size()) {
  schedule_.segments.resize(instance.jobs.size());
  for (SimJob const& job : instance.jobs) {
    GREENQ_CHECK(job.id >= 1 && job.id <= tracks_.size() && &instance.job(job.id) == &job);
    GREENQ_CHECK(job.gpus <= instance.cluster_gpus && job.duration > core::Span{0});
    tracks_[job.id - 1].left = job.duration;
  }
}

core::Span Machine::left_on_start(core::JobId id) const {
  return tracks_[id - 1].left + (segments(id).empty() ? core::Span{0} : instance_->resume_overhead);
}

core::Span Machine::needs(core::JobId id, core::Instant now) const {
  if (finished(id)) return core::Span{0};
  return is_running(id) ? segments(id).back().end - now : left_on_start(id);
}

void Machine::submit(core::JobId id) {
  GREENQ_CHECK(waiting_.empty() || waiting_.back() < id);
  waiting_.push_back(id);
}

void Machine::start(core::JobId id, core::Instant now) {
  auto const place = std::lower_bound(waiting_.begin(), waiting_.end(), id);
  GREENQ_CHECK(place != waiting_.end() && *place == id);
  SimJob const& what = job(id);
  GREENQ_CHECK(what.gpus <= free_ && now >= what.submit);
  auto& runs = schedule_.segments[id - 1];
  GREENQ_CHECK(runs.empty() || runs.back().end < now);
  Track& track = tracks_[id - 1];
  track.left = left_on_start(id);
  track.running = true;
  waiting_.erase(place);
  free_ -= what.gpus;
  Running const run{id, what.gpus, now, now + track.left};
  running_.insert(std::upper_bound(running_.begin(), running_.end(), run, before), run);
  runs.push_back({now, run.end});
}

void Machine::pause(core::JobId id, core::Instant now) {
  GREENQ_CHECK(id >= 1 && id <= tracks_.size() && is_running(id) && job(id).interruptible);
  auto& run = schedule_.segments[id - 1].back();
  GREENQ_CHECK(run.begin < now && now < run.end);
  Running const key{id, 0, run.begin, run.end};
  auto const place = std::lower_bound(running_.begin(), running_.end(), key, before);
  GREENQ_CHECK(place != running_.end() && place->id == id);
  running_.erase(place);
  Track& track = tracks_[id - 1];
  track.left -= now - run.begin;
  track.running = false;
  run.end = now;
  free_ += job(id).gpus;
  waiting_.insert(std::lower_bound(waiting_.begin(), waiting_.end(), id), id);
}

void Machine::finish(core::Instant now, std::vector<core::JobId>& ended) {
  ended.clear();
  auto const over =
      std::find_if(running_.begin(), running_.end(), [&](Running const& r) { return r.end > now; });
  for (auto run = running_.begin(); run != over; ++run) {
    tracks_[run->id - 1] = {core::Span{0}, false};
    free_ += run->gpus;
    ended.push_back(run->id);
  }
  running_.erase(running_.begin(), over);
}

}  // namespace greenq::sim
