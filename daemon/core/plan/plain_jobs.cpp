#include "core/plan/plain_jobs.hpp"

#include <algorithm>
#include <unordered_map>

namespace greenq::core {
namespace {

bool may_run(Job const& job) {
  bool const held = !is_alive(job.state) && (job.held_by_user || job.held_by_admin);
  return !held && std::none_of(job.dependencies.begin(), job.dependencies.end(),
                               [](Dependency const& d) { return d.status == DependencyStatus::kNever; });
}

}  // namespace

Span QueuedOnce::length() const {
  Span sum{0};
  for (Interval const& segment : ran) sum += segment.length();
  return sum;
}

QueuedOnce queued_once(Job const& job, Capacity const& capacity, std::optional<Instant> released,
                       Instant now) {
  QueuedOnce past;
  if (is_terminal(job.state)) past.end = job.ended_at.value_or(job.updated_at);
  for (Attempt const& attempt : job.attempts) {
    for (Segment const& segment : attempt.segments) {
      Instant const end = segment.end.value_or(past.end.value_or(now));
      past.ran.push_back({segment.begin, std::max(segment.begin, end)});
    }
  }
  past.bound = job.spec->carbon.bound;
  PlainJob& plain = past.plain;
  plain.id = job.id;
  plain.priority = job.spec->priority;
  plain.submitted = job.submitted_at;
  plain.ready =
      std::max(job.spec->not_before.value_or(job.submitted_at), released.value_or(job.submitted_at));
  for (Dependency const& dependency : job.dependencies)
    plain.after.push_back({dependency.job, dependency.condition == DependencyCondition::kStarted});
  plain.demand = demand_of(job.spec->resources);
  plain.pools = eligible_pools(job.spec->resources, capacity);
  plain.planned = expected_duration(job);
  plain.length = past.end ? past.length() : std::max(past.length(), plain.planned);
  past.competes = !plain.pools.empty() && (past.end ? !past.ran.empty() : may_run(job));
  return past;
}

std::vector<PlainJob> competitors(std::vector<QueuedOnce> const& jobs) {
  std::unordered_map<JobId, Instant> gone;
  for (QueuedOnce const& job : jobs) {
    if (!job.competes && job.end) gone[job.plain.id] = *job.end;
  }
  std::vector<PlainJob> plain;
  for (QueuedOnce const& job : jobs) {
    if (!job.competes) continue;
    plain.push_back(job.plain);
    for (PlainJob::After const& after : job.plain.after) {
      auto const found = gone.find(after.job);
      if (found != gone.end()) plain.back().ready = std::max(plain.back().ready, found->second);
    }
  }
  return plain;
}

}  // namespace greenq::core
