// What is known of load that has not come yet: learned from the jobs that came.
#pragma once

#include <array>
#include <optional>
#include <vector>

#include "core/units.hpp"

namespace greenq::core {

class Arrivals {
 public:
  static constexpr std::size_t kClasses = 3;

  // `load`: share of the scarcest resource times hours. Instants must not go back.
  void saw(Instant at, double hours, double share);

  // Cluster-hours of work that come in an hour: the mean so far, drawn to a usual load by two days of it.
  double rate(Instant now) const;
  // Durations in hours that stand for a third of the work each: work-weighted 1/6, 1/2 and 5/6 quantiles.
  std::array<double, kClasses> durations() const;
  bool empty() const { return jobs_.empty(); }

 private:
  struct Job {
    double hours = 0;
    double work = 0;
  };
  std::vector<Job> jobs_;  // the newest kRemembered, as a ring
  std::size_t next_ = 0;
  std::optional<Instant> since_;
  double work_ = 0;
};

}  // namespace greenq::core
