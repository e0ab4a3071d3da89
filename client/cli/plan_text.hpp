// Plans in words and as a table.
#pragma once

#include <string>

#include "client/cli/environment.hpp"
#include "client/cli/table.hpp"
#include "greenq/v1/job.pb.h"

namespace greenq::client {

// Whether a job taken from the daemon may run on that assumption: there it looks like a wish.
bool is_the_assumed(Milliseconds expected);

// "planned start Mon 23:40, 5h · 1.90 kg CO2e planned, 3.40 kg if started now (-44 %; marginal, GB, neso,
// issued 8m ago)". Unknown carbon is said to be unknown, an assumed length to be assumed. Names no time zone.
std::string plan_line(v1::Plan const& plan, bool assumed, UtcTime now);

// The windows "now", the chosen one and the latest, with the source below.
std::string plan_table(v1::Plan const& plan, bool assumed, UtcTime now, Style style);

// "Mon 23:40-04:40"
std::string window_text(v1::PlannedWindow const& window, UtcTime now);

// "after prep has succeeded, at a time that is not known"; empty without dependencies. A plan leaves them
// aside.
std::string dependency_text(v1::JobSpec const& spec);

}  // namespace greenq::client
