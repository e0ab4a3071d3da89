#include "core/plan/backlog.hpp"

#include <numeric>
#include <utility>

#include "core/plan/planner.hpp"

namespace greenq::core {

void Backlog::merge(PlanInput const& input) {
  gone_.clear();
  touched_.clear();
  if (!input.changes) return replace(input.waiting);
  for (JobId const id : input.gone) remove(id);
  for (WaitingJob const& job : input.waiting) put(job);
  for (WaitingJob const& job : input.waiting) touched_.push_back(*index_.find(job.id));
  std::sort(touched_.begin(), touched_.end());
  touched_.erase(std::unique(touched_.begin(), touched_.end()), touched_.end());
}

void Backlog::forget_loads() {
  std::fill(loads_.begin(), loads_.end(), std::nullopt);
}

void Backlog::set_previous(JobId id, std::vector<Interval> segments, std::uint32_t lane) {
  auto const index = index_.find(id);
  if (!index) return;
  jobs_[*index].previous = std::move(segments);
  jobs_[*index].previous_lane = lane;
}

void Backlog::forget_previous() {
  for (WaitingJob& job : jobs_) std::vector<Interval>{}.swap(job.previous);
}

void Backlog::put(WaitingJob const& job) {
  if (auto const known = index_.find(job.id)) {
    jobs_[*known] = job;
    return;
  }
  index_.put(job.id, static_cast<std::uint32_t>(jobs_.size()));
  grow_a_little(jobs_);
  grow_a_little(loads_);
  jobs_.push_back(job);
  loads_.emplace_back();
}

void Backlog::remove(JobId id) {
  auto const index = index_.find(id);
  if (!index) return;
  gone_.push_back({id, loads_[*index]});
  index_.remove(id);
  if (*index + 1 < jobs_.size()) {
    jobs_[*index] = std::move(jobs_.back());
    loads_[*index] = loads_.back();
    index_.put(jobs_[*index].id, *index);
  }
  jobs_.pop_back();
  loads_.pop_back();
}

void Backlog::replace(std::vector<WaitingJob> const& jobs) {
  std::vector<WaitingJob> const before = std::exchange(jobs_, jobs);
  std::vector<std::optional<JobLoad>> const loads = std::exchange(loads_, {});
  IdIndex const known = std::exchange(index_, {});
  loads_.resize(jobs_.size());
  index_.assign(jobs_);
  for (std::uint32_t i = 0; i < jobs_.size(); ++i) {
    if (auto const old = known.find(jobs_[i].id)) loads_[i] = loads[*old];
  }
  for (std::uint32_t i = 0; i < before.size(); ++i) {
    if (!index_.find(before[i].id)) gone_.push_back({before[i].id, loads[i]});
  }
  touched_.resize(jobs_.size());
  std::iota(touched_.begin(), touched_.end(), 0U);
}

}  // namespace greenq::core
