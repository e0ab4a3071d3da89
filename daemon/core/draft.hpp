// One step in the making: jobs copied on first edit, events numbered in order, effects collected.
// Internal to core/.
#pragma once

#include <map>
#include <string>

#include "core/step.hpp"

namespace greenq::core {

class Draft {
 public:
  Draft(State const& base, Instant now) : base_(base), now_(now), next_sequence_(base.next_sequence) {}

  State const& base() const { return base_; }
  Instant now() const { return now_; }

  // The job as it stands in this step; null when not live.
  Job const* find(JobId id) const;
  // For change. The job must be live or added.
  Job& edit(JobId id);
  Job& add(Job job);
  void note(Job const& job, JobEventKind kind, std::string message);
  void effect(Effect effect) { step_.effects.push_back(std::move(effect)); }
  Changes& changes() { return step_.changes; }
  std::vector<JobId> edited() const;
  // True if the job may start as far as holds, dependencies and not_before go.
  bool startable(Job const& job) const;

  Step finish(Result<std::vector<JobId>> reply = std::vector<JobId>{});

 private:
  State const& base_;
  Instant now_;
  std::int64_t next_sequence_;
  std::map<JobId, Job> edited_;
  Step step_;
};

// Parts of step(), by file: commands.cpp, segments.cpp, dispatch.cpp.
Result<std::vector<JobId>> submit(Draft& draft, SubmitJobs const& command);
Result<std::vector<JobId>> cancel(Draft& draft, CancelJob const& command);
Result<std::vector<JobId>> hold(Draft& draft, HoldJob const& command);
Result<std::vector<JobId>> release(Draft& draft, ReleaseJob const& command);
void segment_started(Draft& draft, SegmentStarted const& event);
void segment_delayed(Draft& draft, SegmentDelayed const& event);
void segment_ended(Draft& draft, SegmentEnded const& event);
// Before a reply is taken in: what the forecaster said and learned until now goes into the record when it is
// due.
void keep_experience(Draft& draft, Signal const& signal);
void samples_arrived(Draft& draft, SamplesArrived const& event);
void adopt_plan(Draft& draft, PlanReady const& event);
// Starts what is due and fits, pauses what is to pause, judges missed bounds.
void dispatch(Draft& draft);
// Makes the job terminal: tells dependents, settles the footprint once metering is complete.
void end_job(Draft& draft, Job& job, JobState state, std::string message);
// Re-judges the jobs that wait for `job`.
void tell_dependents(Draft& draft, Job const& job);
DependencyStatus judge(DependencyCondition condition, JobState state, bool started);
HoldCode headline(State const& state, Job const& job, Instant now);

}  // namespace greenq::core
