#include "core/carbon/forecast_prior.hpp"

#include <algorithm>
#include <iterator>

#include "core/carbon/lead_ridge.hpp"

namespace greenq::core {
namespace {

struct Row {
  int lead;
  std::array<double, 9> weights;
};

// hod, hods, how, same hour of the last day, r1, r3, r24, m1, m28.
constexpr Row kTable[] = {{0, {0.89, 0.04, 0.03, 0.01, 1.15, -0.26, 0.04, 0.00, -0.03}},
                          {1, {0.86, 0.05, 0.05, 0.02, 1.18, -0.32, 0.05, 0.00, -0.03}},
                          {2, {0.79, 0.05, 0.07, 0.03, 1.18, -0.38, 0.07, -0.01, -0.04}},
                          {3, {0.73, 0.06, 0.10, 0.05, 1.16, -0.40, 0.07, -0.01, -0.05}},
                          {5, {0.62, 0.06, 0.14, 0.10, 1.06, -0.37, 0.05, -0.02, -0.05}},
                          {8, {0.46, 0.07, 0.18, 0.20, 0.85, -0.22, -0.05, -0.03, -0.06}},
                          {11, {0.43, 0.05, 0.21, 0.23, 0.76, -0.20, -0.05, -0.05, -0.05}},
                          {14, {0.44, 0.03, 0.23, 0.22, 0.68, -0.19, 0.00, -0.09, -0.03}},
                          {17, {0.49, 0.01, 0.25, 0.19, 0.57, -0.12, 0.06, -0.13, 0.00}},
                          {20, {0.58, 0.00, 0.26, 0.11, 0.52, -0.07, 0.11, -0.16, 0.02}},
                          {23, {0.70, 0.03, 0.27, -0.04, 0.69, -0.15, 0.12, -0.14, 0.00}},
                          {24, {0.67, 0.05, 0.28, -0.04, 0.77, -0.24, 0.15, -0.14, -0.01}},
                          {27, {0.58, 0.06, 0.30, 0.00, 0.74, -0.28, 0.17, -0.14, -0.01}},
                          {30, {0.48, 0.07, 0.33, 0.04, 0.60, -0.19, 0.13, -0.12, -0.02}},
                          {36, {0.42, 0.06, 0.37, 0.08, 0.45, -0.12, 0.10, -0.13, -0.01}},
                          {42, {0.47, 0.03, 0.40, 0.04, 0.33, -0.06, 0.18, -0.17, 0.02}},
                          {47, {0.49, 0.05, 0.42, -0.02, 0.41, -0.12, 0.20, -0.16, 0.01}},
                          {48, {0.46, 0.06, 0.43, 0.00, 0.45, -0.16, 0.20, -0.15, 0.00}},
                          {54, {0.34, 0.09, 0.44, 0.06, 0.37, -0.14, 0.21, -0.17, 0.01}},
                          {60, {0.34, 0.10, 0.44, 0.05, 0.27, -0.09, 0.25, -0.20, 0.03}}};

}  // namespace

std::vector<std::array<double, 9>> history_start_weights() {
  std::vector<std::array<double, 9>> out;
  for (int lead = 0; lead < kLeads; ++lead) {
    auto const* const after =
        std::find_if(std::begin(kTable), std::end(kTable), [&](Row const& row) { return row.lead >= lead; });
    if (after == std::end(kTable)) {
      out.push_back(std::prev(after)->weights);
    } else if (after->lead == lead) {
      out.push_back(after->weights);
    } else {
      Row const& before = *std::prev(after);
      double const part = static_cast<double>(lead - before.lead) / (after->lead - before.lead);
      std::array<double, 9> weights{};
      for (std::size_t i = 0; i < weights.size(); ++i) {
        weights[i] = before.weights[i] + part * (after->weights[i] - before.weights[i]);
      }
      out.push_back(weights);
    }
  }
  return out;
}

std::vector<std::array<double, 5>> published_start_weights() {
  return std::vector<std::array<double, 5>>(kLeads, {0.3, 0.7, 0.5, 0.0, 0.0});
}

}  // namespace greenq::core
