#include "sim/policy.hpp"

#include <algorithm>
#include <array>

#include "sim/policies.hpp"

namespace greenq::sim {
namespace {

struct Named {
  std::string_view name;
  PolicyMaker make;
};

constexpr std::array kPolicies{
    Named{"greenq", make_greenq},
    Named{"fcfs", make_fcfs},
    Named{"easy", make_easy},
    Named{"lowest-window", make_lowest_window},
    Named{"carbon-time", make_carbon_time},
    Named{"cap", make_cap},
    Named{"calendar", make_calendar},
    Named{"calendar-pauses", make_calendar_pauses},
    Named{"calendar-replan", make_calendar_replan},
    Named{"threshold", make_threshold},
    Named{"wait-awhile-replan", make_wait_awhile},
};

}  // namespace

std::vector<std::string_view> policy_names() {
  std::vector<std::string_view> out;
  out.reserve(kPolicies.size());
  for (Named const& policy : kPolicies) out.push_back(policy.name);
  return out;
}

std::unique_ptr<Policy> make_policy(std::string_view name, Instance const& instance,
                                    std::shared_ptr<Outlook> const& outlook, PolicyOptions const& options) {
  auto const* const found = std::find_if(kPolicies.begin(), kPolicies.end(),
                                         [&](Named const& policy) { return policy.name == name; });
  return found == kPolicies.end() ? nullptr : found->make(instance, outlook, options);
}

}  // namespace greenq::sim
