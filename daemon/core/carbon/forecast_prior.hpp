// Start weights of the forecaster, so that it works from the first day.
#pragma once

#include <array>
#include <vector>

#include "core/carbon/signal.hpp"

namespace greenq::core {

// By lead hour, for the features of Forecaster's history stage. Dimensionless; between the tabulated leads
// linear. Average: means over ten grids of weights learned there (reference "forecasting", section 1).
// Marginal figures are noisier, so that the newest surprise says less: halfway to the weights learned on
// CAISO-PGE before any of its shared instances.
std::vector<std::array<double, 9>> history_start_weights(SignalKind kind);
// For the stage that corrects a published forecast: hour shape, day level, level, newest and usual error.
// Until there is evidence of its own a new feed is believed more than half, and its newest error goes on.
std::vector<std::array<double, 5>> published_start_weights();

}  // namespace greenq::core
