// Load and intensity over time as SVG, for light and dark pages.
#pragma once

#include <string>

#include "simulate/report.hpp"

namespace greenq::simulate {

// Above: GPUs in use by the report's first policy and by the baseline, with the capacity. Below: the
// intensity that decides. Means of equal pieces of time, at most 720 of them, from the first submit to the
// last end.
std::string svg_of(Report const& report, sim::Schedule const& baseline);

}  // namespace greenq::simulate
