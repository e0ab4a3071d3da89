// Policies that ask of every job, each time the outlook changes, whether it should run now, and give the GPUs
// to those that must (no time left before the deadline), by submit or by deadline, then to those that should,
// by submit.
//
// A running job that should not run, or whose GPUs an earlier one takes, is paused if it is interruptible.
#pragma once

#include <memory>
#include <vector>

#include "sim/policy.hpp"
#include "sim/prices.hpp"

namespace greenq::sim {

enum class MustOrder : bool { kSubmit, kDeadline };

class ReselectPolicy : public Policy {
 public:
  explicit ReselectPolicy(std::shared_ptr<Outlook> outlook, MustOrder order = MustOrder::kSubmit)
      : prices_(std::move(outlook)), order_(order) {}

  void submitted(SimJob const& job, core::Instant now) final {
    active_.push_back({job.id, now, false, false});
  }
  void ended(core::JobId job, core::Instant now) final;
  Decision decide(Machine const& machine, core::Instant now) final;

 protected:
  // `needs`: how long the job holds its GPUs from now on; less than what is left before its deadline.
  virtual bool should_run(SimJob const& job, core::Span needs, core::Instant now, Prices& prices) = 0;

 private:
  struct Active {
    core::JobId id = 0;
    core::Instant ask{};  // from then on should_run() is asked again
    bool should = false;
    bool must = false;
  };
  void ask_all(Machine const& machine, core::Instant now);
  void select(Machine const& machine, core::Instant now, Decision& decision);

  Prices prices_;
  MustOrder order_;
  core::Instant change_{};
  std::vector<Active> active_;  // by id
};

}  // namespace greenq::sim
