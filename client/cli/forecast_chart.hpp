// The coming intensity as a bar chart.
#pragma once

#include <optional>
#include <string>

#include "client/cli/environment.hpp"
#include "client/cli/table.hpp"
#include "greenq/v1/carbon.pb.h"
#include "greenq/v1/job.pb.h"

namespace greenq::client {

struct ChartOptions {
  UtcTime begin{};
  UtcTime end{};
  std::optional<v1::Plan> plan{};  // its windows are marked
  int rows = 24;                   // at most
  int columns = 80;
  bool utf8 = true;
};

// One line per step, the marked ones with ">"; a gap in the series is "unknown", without a bar. Bars start at
// zero. The title names the signal in capitals and the time zone.
std::string forecast_chart(v1::GetForecastResponse const& forecast, ChartOptions const& options, UtcTime now,
                           Style style);

}  // namespace greenq::client
