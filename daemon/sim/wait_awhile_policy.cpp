// wait-awhile-replan: "Let's Wait Awhile" (Wiesner et al., Middleware 2021) made online on a finite cluster:
// with each new outlook a job runs if the intensity now is not above its own limit, the least value under
// which the time before its deadline is enough for what is left of it. A job that cannot be paused starts
// when its cheapest window begins now. Rule and figures: reference "planning", 4.3.
#include <algorithm>

#include "sim/policies.hpp"
#include "sim/reselect_policy.hpp"

namespace greenq::sim {
namespace {

class WaitAwhile final : public ReselectPolicy {
 public:
  using ReselectPolicy::ReselectPolicy;

 private:
  void prepare(core::Instant now, Prices& prices) override {
    cheapest_first_.clear();
    for (core::IntensityPoint const& point : prices.curve(now).points()) {
      if (point.interval.end > now) cheapest_first_.push_back({point.value, point.interval});
    }
    now_value_ = cheapest_first_.front().value;
    std::stable_sort(cheapest_first_.begin(), cheapest_first_.end(),
                     [](Step const& a, Step const& b) { return a.value < b.value; });
  }

  bool should_run(SimJob const& job, core::Span needs, core::Instant now, Prices& prices) override {
    if (!job.interruptible) {
      auto const best = prices.at(now).cheapest({{now, job.deadline - needs}}, needs);
      return !best || best->start <= now;
    }
    core::Span cheaper{0};
    for (Step const& step : cheapest_first_) {
      if (step.value >= now_value_) break;
      core::Interval const usable = core::intersect(step.interval, {now, job.deadline});
      if (!usable.empty()) cheaper += usable.length();
    }
    return cheaper < needs;
  }

  struct Step {
    core::Intensity value;
    core::Interval interval;
  };
  std::vector<Step> cheapest_first_;
  core::Intensity now_value_;
};

}  // namespace

std::unique_ptr<Policy> make_wait_awhile(Instance const&, std::shared_ptr<Outlook> outlook,
                                         PolicyOptions const&) {
  return std::make_unique<WaitAwhile>(std::move(outlook));
}

}  // namespace greenq::sim
