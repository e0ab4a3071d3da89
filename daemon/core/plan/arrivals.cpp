#include "core/plan/arrivals.hpp"

#include <algorithm>

namespace greenq::core {
namespace {

// Constants of reference "planner-method", step D.
constexpr double kUsualHours = 48;
constexpr double kMostLoad = 1.2;
constexpr std::size_t kRemembered = 5000;
constexpr double kQuantiles[Arrivals::kClasses] = {1.0 / 6, 1.0 / 2, 5.0 / 6};

}  // namespace

void Arrivals::saw(double at, double hours, double share) {
  if (!since_) since_ = at;
  work_ += hours * share;
  Job const job{hours, hours * share};
  if (jobs_.size() < kRemembered) {
    jobs_.push_back(job);
  } else {
    jobs_[next_] = job;
    next_ = (next_ + 1) % kRemembered;
  }
}

Arrivals::Expected Arrivals::expected(double now) const {
  double const seen = since_ ? now - *since_ : 0;
  double const rate = (work_ + usual_load_ * kUsualHours) / (seen + kUsualHours);
  return {std::min(kMostLoad, rate), durations()};
}

std::array<double, Arrivals::kClasses> Arrivals::durations() const {
  std::array<double, kClasses> out{};
  std::vector<Job> sorted = jobs_;
  std::sort(sorted.begin(), sorted.end(), [](Job const& a, Job const& b) { return a.hours < b.hours; });
  double total = 0;
  for (Job const& job : sorted) total += job.work;
  double below = 0;
  std::size_t next = 0;
  for (Job const& job : sorted) {
    below += job.work;
    while (next < kClasses && below >= kQuantiles[next] * total) out[next++] = job.hours;
  }
  for (; next < kClasses && !sorted.empty(); ++next) out[next] = sorted.back().hours;
  return out;
}

}  // namespace greenq::core
