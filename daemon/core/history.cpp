#include "core/history.hpp"

#include <algorithm>
#include <numeric>

namespace greenq::core {
namespace {

std::vector<Interval> runs_of(Job const& job) {
  std::vector<Interval> runs;
  for (Attempt const& attempt : job.attempts) {
    for (Segment const& segment : attempt.segments) {
      if (segment.end && *segment.end > segment.begin) runs.push_back({segment.begin, *segment.end});
    }
  }
  return runs;
}

}  // namespace

Span running_time(PastJob const& job) {
  return std::accumulate(job.runs.begin(), job.runs.end(), Span{0},
                         [](Span sum, Interval const& run) { return sum + run.length(); });
}

PastJob past_job(Job const& job, Energy energy) {
  JobSpec const& spec = *job.spec;
  Job submitted = job;
  submitted.ran = Span{0};
  PastJob out;
  out.id = job.id;
  out.user = job.owner.name;
  out.state = job.state;
  out.ready = std::max(job.submitted_at, spec.not_before.value_or(job.submitted_at));
  for (Dependency const& dependency : job.dependencies) out.after.push_back(dependency.job);
  out.held = spec.hold;
  out.gpus = spec.resources.gpus;
  out.cpus = spec.resources.cpus;
  out.expected = expected_duration(job);
  out.runs = runs_of(job);
  out.shifts = spec.carbon.mode != CarbonMode::kNone;
  out.interruptible = out.shifts && spec.carbon.interruptible;
  out.latest_start = latest_start(submitted);
  out.energy = energy;
  return out;
}

}  // namespace greenq::core
