#include "sim/policy.hpp"

#include <algorithm>
#include <array>

#include "sim/policies.hpp"

namespace greenq::sim {
namespace {

struct Named {
  std::string_view name;
  std::string_view summary;
  PolicyMaker make;
};

constexpr std::array kPolicies{
    Named{"greenq", "GreenQ's own planner", make_greenq},
    Named{"fcfs", "first come, first served; none overtakes", make_fcfs},
    Named{"easy", "the same with EASY backfill; what savings are counted against", make_easy},
    Named{"lowest-window", "each job in its cheapest window, as if the cluster were empty; then a queue",
          make_lowest_window},
    Named{"average-window", "the same for a window of the mean length of all jobs (GAIA); then a queue",
          make_average_window},
    Named{"carbon-time", "the most saved per hour until the end (GAIA); then a queue", make_carbon_time},
    Named{"cap", "a queue that may use fewer GPUs the dirtier the hour (CAP)", make_cap},
    Named{"calendar", "each job reserves its cheapest free window", make_calendar},
    Named{"calendar-pauses", "the same, in parts where a job may be paused", make_calendar_pauses},
    Named{"calendar-replan", "the same, reserved anew with each new forecast", make_calendar_replan},
    Named{"threshold", "runs below a percentile of the next day, and pauses above (Ecovisor)",
          make_threshold},
    Named{"threshold-rolling", "the same with the percentile taken anew each hour", make_threshold_rolling},
    Named{"wait-awhile-replan", "runs in the cheapest hours left before the deadline (Wait Awhile)",
          make_wait_awhile},
};

}  // namespace

std::vector<std::string_view> policy_names() {
  std::vector<std::string_view> out;
  out.reserve(kPolicies.size());
  for (Named const& policy : kPolicies) out.push_back(policy.name);
  return out;
}

std::string_view policy_summary(std::string_view name) {
  for (Named const& policy : kPolicies) {
    if (policy.name == name) return policy.summary;
  }
  return {};
}

std::unique_ptr<Policy> make_policy(std::string_view name, Instance const& instance,
                                    std::shared_ptr<Outlook> const& outlook, PolicyOptions const& options) {
  auto const* const found = std::find_if(kPolicies.begin(), kPolicies.end(),
                                         [&](Named const& policy) { return policy.name == name; });
  return found == kPolicies.end() ? nullptr : found->make(instance, outlook, options);
}

}  // namespace greenq::sim
