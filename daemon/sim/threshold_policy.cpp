// threshold: a job runs while the intensity is below the 30th percentile of the 24 hours after its submit;
// above it waits, until its slack is spent, then it runs to its end. Source: the Ecovisor policy (Souza et
// al., ASPLOS 2023) as GAIA evaluates it (umassos/GAIA, suspend_scheduling_policy.py). Both assume capacity
// for all.
// threshold-rolling: a job also runs at the percentile, which is that of the 24 hours from the step under way
// on, whenever it is asked; of the jobs whose slack is spent the one with the earliest deadline comes first;
// as the peers threshold_p30 to threshold_p50 of the shared instances.
#include <algorithm>

#include "sim/policies.hpp"
#include "sim/reselect_policy.hpp"

namespace greenq::sim {
namespace {

constexpr core::Span kAhead{std::chrono::hours{24}};

enum class Limit : bool { kAtSubmit, kRolling };

class Threshold final : public ReselectPolicy {
 public:
  Threshold(Instance const& instance, std::shared_ptr<Outlook> outlook, double percentile, Limit limit)
      : ReselectPolicy(std::move(outlook),
                       limit == Limit::kRolling ? MustOrder::kDeadline : MustOrder::kSubmit),
        limit_(limit),
        truth_(instance.truth),
        share_(percentile / 100),
        limits_(instance.jobs.size()) {}

 private:
  bool should_run(SimJob const& job, core::Span, core::Instant now, Prices& prices) override {
    core::IntensityPoint const* point = prices.curve(now).at(now);
    if (point == nullptr) return true;
    if (limit_ == Limit::kRolling) {
      core::Instant const from = truth_.step_begin(now);
      return point->value <= value_at({from, from + kAhead}, truth_.step(), prices);
    }
    auto& limit = limits_[job.id - 1];
    if (!limit) limit = value_at({now, now + kAhead}, core::Span{0}, prices);
    return point->value < *limit;
  }

  // Of all values in the interval, by size, that which holds at the share of its length without the last.
  core::Intensity value_at(core::Interval in, core::Span last, Prices& prices) const {
    std::vector<std::pair<core::Intensity, core::Span>> steps;
    core::Span total{0};
    prices.each_step(in, [&](core::Intensity value, core::Span length) {
      steps.emplace_back(value, length);
      total += length;
      return true;
    });
    std::sort(steps.begin(), steps.end());
    auto const wanted = static_cast<std::int64_t>(share_ * static_cast<double>((total - last).count()));
    std::int64_t below = 0;
    for (auto const& [value, length] : steps) {
      below += length.count();
      if (below > wanted) return value;
    }
    return steps.empty() ? core::Intensity{} : steps.back().first;
  }

  Limit limit_;
  Series const& truth_;
  double share_;
  std::vector<std::optional<core::Intensity>> limits_;  // set at the submit
};

}  // namespace

std::unique_ptr<Policy> make_threshold(Instance const& instance, std::shared_ptr<Outlook> const& outlook,
                                       PolicyOptions const& options) {
  return std::make_unique<Threshold>(instance, outlook, options.percentile, Limit::kAtSubmit);
}

std::unique_ptr<Policy> make_threshold_rolling(Instance const& instance,
                                               std::shared_ptr<Outlook> const& outlook,
                                               PolicyOptions const& options) {
  return std::make_unique<Threshold>(instance, outlook, options.percentile, Limit::kRolling);
}

}  // namespace greenq::sim
