// How a scheduling policy meets a simulated cluster: told what happens, asked once per moment what to do.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/plan/shift_planner.hpp"
#include "sim/instance.hpp"
#include "sim/machine.hpp"
#include "sim/outlook.hpp"

namespace greenq::sim {

// Pauses come first, so that their GPUs serve the starts. A job may be in one list once.
struct Decision {
  std::vector<core::JobId> start;       // waiting or paused jobs, together within what is free
  std::vector<core::JobId> pause;       // running, interruptible jobs
  std::optional<core::Instant> wake{};  // after now; replaces the one asked for before
};

// Not thread-safe; one object for one run. Never sees a job before its submit.
class Policy {
 public:
  virtual ~Policy() = default;
  virtual void submitted(SimJob const& job, core::Instant now) = 0;
  virtual void ended(core::JobId job, core::Instant now) = 0;
  // Called once at each moment with an event, after all of them (ends first, then submits, both by id), and
  // at the wake it asked for. Whoever leaves jobs waiting on an idle machine must ask for a wake.
  virtual Decision decide(Machine const& machine, core::Instant now) = 0;
};

struct PolicyOptions {
  std::optional<double> wait_charge{};  // greenq, see core::ShiftOptions; nothing: that of the kind
  std::optional<int> lateness_limit{};  // greenq: hours; negative: none; nothing: the default
  double percentile = 30;  // threshold: runs below this percentile of the 24 hours after the submit
  std::optional<core::Span>
      short_wait{};                       // carbon-time, average-window: longest wait of short and long jobs;
  std::optional<core::Span> long_wait{};  // nothing: the slack of each job
};

// Names in the order in which tables show them.
std::vector<std::string_view> policy_names();
// One line for people, without a full stop; empty: unknown name.
std::string_view policy_summary(std::string_view name);
// Null: unknown name. The instance must outlive the policy.
std::unique_ptr<Policy> make_policy(std::string_view name, Instance const& instance,
                                    std::shared_ptr<Outlook> const& outlook,
                                    PolicyOptions const& options = {});

}  // namespace greenq::sim
