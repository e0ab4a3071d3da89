// What is known of load that has not come yet: learned from the jobs that came.
#pragma once

#include <array>
#include <optional>
#include <vector>

namespace greenq::core {

class Arrivals {
 public:
  static constexpr std::size_t kClasses = 3;

  struct Expected {
    // Cluster-hours of work that come in an hour: the mean so far, drawn to the usual load by two days of it.
    double rate = 0;
    // In hours; each stands for a third of the work: work-weighted 1/6, 1/2 and 5/6 quantiles.
    std::array<double, kClasses> durations{};
  };

  // `usual_load`: share of the cluster that is in use, before there is evidence.
  explicit Arrivals(double usual_load) : usual_load_(usual_load) {}

  // `at` and `hours` in hours of the slot grid, `at` does not go back. `share`: of the scarcest resource.
  void saw(double at, double hours, double share);
  Expected expected(double now) const;

 private:
  struct Job {
    double hours = 0;
    double work = 0;
  };
  std::array<double, kClasses> durations() const;

  double usual_load_;
  std::vector<Job> jobs_;  // the newest kRemembered, as a ring
  std::size_t next_ = 0;
  std::optional<double> since_;
  double work_ = 0;
};

}  // namespace greenq::core
