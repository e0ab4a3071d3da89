// The waiting jobs as the planner was told of them last.
#pragma once

#include <optional>
#include <vector>

#include "core/capacity.hpp"
#include "core/plan/id_index.hpp"
#include "core/plan/lane_set.hpp"
#include "core/units.hpp"

namespace greenq::core {

struct WaitingJob {
  JobId id = 0;
  Demand demand;
  LaneSet lanes;  // eligible; see lanes.hpp
  Span duration{0};
  Span pause_cost{0};  // run time that each further pause adds to it
  Instant submitted{};
  Instant ready{};                           // earliest start
  Instant latest{};                          // latest start; <= ready means no slack
  double power = 0;                          // expected watts; 0: not known
  std::optional<Intensity> max_intensity{};  // threshold mode
  std::vector<Interval> previous{};          // last plan; kept unless another is better
  std::uint32_t previous_lane = 0;
  std::uint32_t priority = 50;
  bool shift = false;  // may wait for a cheaper window
  bool interruptible = false;
  std::uint8_t home = 0;  // site that has its data
  // Watt-hours that it takes to move them to another site. They are priced there, in the hours of the job.
  // Where `power` is not known they cannot be weighed: the job stays, if it can.
  float move_energy = 0;
};

struct PlanInput;

// What a job was expected to take when it came.
struct JobLoad {
  float hours = 0;
  float share = 0;  // of the cluster
};

class Backlog {
 public:
  // Replaces all, or takes over changes. What touched() and gone() say is of this call.
  void merge(PlanInput const& input);

  // In no order that means anything.
  std::vector<WaitingJob> const& jobs() const { return jobs_; }
  std::optional<std::uint32_t> find(JobId id) const { return index_.find(id); }
  // New ones and those that differ.
  std::vector<std::uint32_t> const& touched() const { return touched_; }
  struct Gone {
    JobId id = 0;
    std::optional<JobLoad> load;
  };
  std::vector<Gone> const& gone() const { return gone_; }

  std::optional<JobLoad> const& load(std::uint32_t index) const { return loads_[index]; }
  void set_load(std::uint32_t index, JobLoad load) { loads_[index] = load; }
  void forget_loads();
  // The place that a job had, for a planner that starts anew.
  void set_previous(JobId id, std::vector<Interval> segments, std::uint32_t lane);
  void forget_previous();

 private:
  void put(WaitingJob const& job);
  void remove(JobId id);
  void replace(std::vector<WaitingJob> const& jobs);

  std::vector<WaitingJob> jobs_;
  std::vector<std::optional<JobLoad>> loads_;  // by the same index; nothing: never counted
  IdIndex index_;
  std::vector<std::uint32_t> touched_;
  std::vector<Gone> gone_;
};

}  // namespace greenq::core
