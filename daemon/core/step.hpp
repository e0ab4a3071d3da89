// The state machine: events in, changes and effects out. Pure; time comes in as an argument.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/effect.hpp"
#include "core/event.hpp"
#include "core/plan/rejected.hpp"
#include "core/result.hpp"
#include "core/state.hpp"

namespace greenq::core {

struct Step {
  Changes changes;
  std::vector<Effect> effects;                              // to run after the changes are on disk
  Result<std::vector<JobId>> reply = std::vector<JobId>{};  // for commands: the jobs concerned, or why not
};

// Does not change `state`; the caller commits the changes and then applies them.
Step step(State const& state, Event const& event, Instant now);

// Effects that must be pending for this state, whatever was lost in a crash.
std::vector<Effect> recover(State const& state, Instant now);

// The planner's snapshot: what waits.
PlanInput snapshot(State const& state, Instant now);

// What a planner that lives on was told, so that it is told only what differs.
struct Told {
  struct Signal {
    std::optional<SignalKind> kind;
    bool stale = false;
    bool curve = false;
    friend bool operator==(Signal const&, Signal const&) = default;
  };
  bool any = false;
  std::string capacity;
  std::map<std::optional<SignalKind>, Signal> signals;  // by what jobs ask for
  std::optional<std::optional<SignalKind>> leading;     // whose curve decides
  std::set<JobId> touched;                              // jobs that changed since
};
// To be called after each step: all changes but the places that the planner gave itself are news to it.
void touch(Told& told, Event const& event, Changes const& changes);
// The same for that planner: changes where what decides for all jobs is as it was, else all. `extra` jobs are
// not stored (previews; ids of their own).
PlanInput snapshot(State const& state, Instant now, Told& told, std::vector<Job> const& extra = {});

// The same of one job that waits with a plan and may be shifted; nothing otherwise. `alone` is not filled in.
std::optional<PlacedJob> placed_job(State const& state, Job const& job, Instant now);

// Ordered reasons why a queued or paused job waits; the first is the headline.
std::vector<HoldReason> reasons(State const& state, Job const& job, Instant now);

struct QueuePlace {
  int position = 0;  // from 1; 0 when not queued
  int length = 0;
};
QueuePlace queue_place(State const& state, JobId job);

}  // namespace greenq::core
