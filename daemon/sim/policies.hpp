// The makers of the policies, one file each. Sources and rules stand there. Use make_policy().
#pragma once

#include <memory>

#include "sim/policy.hpp"

namespace greenq::sim {

using PolicyMaker = std::unique_ptr<Policy> (*)(Instance const&, std::shared_ptr<Outlook> const&,
                                                PolicyOptions const&);

std::unique_ptr<Policy> make_fcfs(Instance const&, std::shared_ptr<Outlook> const&, PolicyOptions const&);
std::unique_ptr<Policy> make_easy(Instance const&, std::shared_ptr<Outlook> const&, PolicyOptions const&);
std::unique_ptr<Policy> make_lowest_window(Instance const&, std::shared_ptr<Outlook> const&,
                                           PolicyOptions const&);
std::unique_ptr<Policy> make_carbon_time(Instance const&, std::shared_ptr<Outlook> const&,
                                         PolicyOptions const&);
std::unique_ptr<Policy> make_average_window(Instance const&, std::shared_ptr<Outlook> const&,
                                            PolicyOptions const&);
std::unique_ptr<Policy> make_threshold(Instance const&, std::shared_ptr<Outlook> const&,
                                       PolicyOptions const&);
std::unique_ptr<Policy> make_threshold_rolling(Instance const&, std::shared_ptr<Outlook> const&,
                                               PolicyOptions const&);
std::unique_ptr<Policy> make_calendar(Instance const&, std::shared_ptr<Outlook> const&, PolicyOptions const&);
std::unique_ptr<Policy> make_calendar_pauses(Instance const&, std::shared_ptr<Outlook> const&,
                                             PolicyOptions const&);
std::unique_ptr<Policy> make_calendar_replan(Instance const&, std::shared_ptr<Outlook> const&,
                                             PolicyOptions const&);
std::unique_ptr<Policy> make_cap(Instance const&, std::shared_ptr<Outlook> const&, PolicyOptions const&);
std::unique_ptr<Policy> make_wait_awhile(Instance const&, std::shared_ptr<Outlook> const&,
                                         PolicyOptions const&);
std::unique_ptr<Policy> make_greenq(Instance const&, std::shared_ptr<Outlook> const&, PolicyOptions const&);

}  // namespace greenq::sim
