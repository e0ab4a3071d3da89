// The windows of a plan on the intensity that decides, time from left to right.
#pragma once

#include <string>

#include "client/cli/environment.hpp"
#include "client/cli/table.hpp"
#include "greenq/v1/job.pb.h"

namespace greenq::client {

// Columns from zero up, "?" where nothing is known; below them "=" for the chosen window, a letter for each
// rejected one with a line that says why, "^" on the axis for the latest start. At most `columns` wide but
// for those lines. Empty for a plan without a curve.
std::string plan_chart(v1::Plan const& plan, int columns, bool utf8, UtcTime now, Style style);

}  // namespace greenq::client
