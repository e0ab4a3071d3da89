#include "sim/estimates.hpp"

#include <algorithm>
#include <cmath>
#include <random>

namespace greenq::sim {

Instance told(Instance const& instance, Estimates const& estimates) {
  Instance out = instance;
  std::mt19937_64 engine{estimates.seed};
  std::normal_distribution<double> normal;
  double const step = static_cast<double>(instance.step.count());
  for (SimJob& job : out.jobs) {
    double const factor = estimates.factor * std::exp(estimates.sigma * normal(engine));
    core::Span const true_duration = job.duration;
    if (job.estimate) {
      job.duration = *job.estimate;
    } else if (estimates.factor != 1 || estimates.sigma != 0) {
      double const steps = std::round(static_cast<double>(job.duration.count()) * factor / step);
      job.duration = instance.step * static_cast<std::int64_t>(std::max(steps, 1.0));
    }
    job.deadline += job.duration - true_duration;
  }
  return out;
}

}  // namespace greenq::sim
