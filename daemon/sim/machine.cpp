#include "sim/machine.hpp"

#include <algorithm>

#include "core/check.hpp"

namespace greenq::sim {
namespace {

bool before(Running const& a, Running const& b) {
  return a.end != b.end ? a.end < b.end : a.id < b.id;
}

}  // namespace

Machine::Machine(Instance const& instance, Instance const& told)
    : told_(&told), free_(instance.cluster_gpus), tracks_(instance.jobs.size()) {
  GREENQ_CHECK(told.jobs.size() == instance.jobs.size());
  schedule_.segments.resize(instance.jobs.size());
  for (SimJob const& job : instance.jobs) {
    GREENQ_CHECK(job.id >= 1 && job.id <= tracks_.size() && &instance.job(job.id) == &job);
    GREENQ_CHECK(job.gpus <= instance.cluster_gpus && job.duration > core::Span{0});
    tracks_[job.id - 1] = {job.duration, told.job(job.id).duration, {}, false};
  }
}

core::Span Machine::overhead_on_start(core::JobId id) const {
  return segments(id).empty() ? core::Span{0} : told_->resume_overhead;
}

core::Span Machine::needs(core::JobId id, core::Instant now) const {
  if (finished(id)) return core::Span{0};
  Track const& track = tracks_[id - 1];
  if (track.running) return track.end - now;
  return (track.told > core::Span{0} ? track.told : told_->step) + overhead_on_start(id);
}

core::Span Machine::worked(core::JobId id, core::Instant now) const {
  core::Span held{0};
  for (core::Interval const& run : segments(id)) held += std::min(run.end, now) - run.begin;
  auto const resumes = static_cast<std::int64_t>(segments(id).size()) - 1;
  return std::max(held - told_->resume_overhead * std::max<std::int64_t>(resumes, 0), core::Span{0});
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
  track.told = needs(id, now);
  track.end = now + track.told;
  track.left += overhead_on_start(id);
  track.running = true;
  waiting_.erase(place);
  free_ -= what.gpus;
  Running const run{id, what.gpus, now, track.end};
  running_.insert(std::upper_bound(running_.begin(), running_.end(), run, before), run);
  runs.push_back({now, now + track.left});
}

void Machine::pause(core::JobId id, core::Instant now) {
  GREENQ_CHECK(id >= 1 && id <= tracks_.size() && is_running(id) && job(id).interruptible);
  auto& run = schedule_.segments[id - 1].back();
  GREENQ_CHECK(run.begin < now && now < run.end);
  std::erase_if(running_, [&](Running const& r) { return r.id == id; });
  Track& track = tracks_[id - 1];
  track.left -= now - run.begin;
  track.told -= now - run.begin;
  track.running = false;
  run.end = now;
  free_ += job(id).gpus;
  waiting_.insert(std::lower_bound(waiting_.begin(), waiting_.end(), id), id);
}

std::optional<core::Instant> Machine::next_end() const {
  std::optional<core::Instant> next;
  for (Running const& run : running_) next = std::min(next.value_or(true_end(run.id)), true_end(run.id));
  return next;
}

// A job that runs on where its end was told; see core::remaining_duration().
void Machine::put_off(core::Instant now) {
  if (running_.empty() || running_.front().end > now) return;
  for (Running& run : running_) {
    if (run.end > now) continue;
    run.end = now + std::max(told_->step, (now - run.since) / 10);
    tracks_[run.id - 1].end = run.end;
  }
  std::sort(running_.begin(), running_.end(), before);
}

void Machine::finish(core::Instant now, std::vector<core::JobId>& ended) {
  ended.clear();
  std::erase_if(running_, [&](Running const& run) {
    if (true_end(run.id) > now) return false;
    tracks_[run.id - 1] = {};
    free_ += run.gpus;
    ended.push_back(run.id);
    return true;
  });
  put_off(now);
}

}  // namespace greenq::sim
