// Start weights of the forecaster, so that it works from the first day.
#pragma once

#include <array>
#include <vector>

namespace greenq::core {

// By lead hour, for the features of Forecaster's history stage. Dimensionless; means over ten grids of
// weights learned there (reference "forecasting", section 1); between the tabulated leads linear.
std::vector<std::array<double, 9>> history_start_weights();
// For the stage that corrects a published forecast: hour shape, day level, level, newest and usual error.
std::vector<std::array<double, 5>> published_start_weights();

}  // namespace greenq::core
