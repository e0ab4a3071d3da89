// threshold: a job runs while the intensity is below the 30th percentile of the 24 hours after its submit;
// above it waits, until its slack is spent, then it runs to its end. Source: the Ecovisor policy (Souza et
// al., ASPLOS 2023) as GAIA evaluates it (umassos/GAIA, suspend_scheduling_policy.py). Both assume capacity
// for all.
#include <algorithm>

#include "sim/policies.hpp"
#include "sim/reselect_policy.hpp"

namespace greenq::sim {
namespace {

constexpr core::Span kAhead{std::chrono::hours{24}};

class Threshold final : public ReselectPolicy {
 public:
  Threshold(Instance const& instance, std::shared_ptr<Outlook> outlook, double percentile)
      : ReselectPolicy(std::move(outlook)), share_(percentile / 100), limits_(instance.jobs.size()) {}

 private:
  bool should_run(SimJob const& job, core::Span, core::Instant now, Prices& prices) override {
    auto& limit = limits_[job.id - 1];
    if (!limit) limit = percentile_after(now, prices);
    core::IntensityPoint const* point = prices.curve(now).at(now);
    return point == nullptr || point->value < *limit;
  }

  core::Intensity percentile_after(core::Instant now, Prices& prices) const {
    std::vector<std::pair<core::Intensity, core::Span>> steps;
    core::Span total{0};
    prices.each_step({now, now + kAhead}, [&](core::Intensity value, core::Span length) {
      steps.emplace_back(value, length);
      total += length;
      return true;
    });
    std::sort(steps.begin(), steps.end());
    auto const wanted = static_cast<std::int64_t>(share_ * static_cast<double>(total.count()));
    std::int64_t below = 0;
    for (auto const& [value, length] : steps) {
      below += length.count();
      if (below > wanted) return value;
    }
    return steps.empty() ? core::Intensity{} : steps.back().first;
  }

  double share_;
  std::vector<std::optional<core::Intensity>> limits_;  // set at the submit
};

}  // namespace

std::unique_ptr<Policy> make_threshold(Instance const& instance, std::shared_ptr<Outlook> const& outlook,
                                       PolicyOptions const& options) {
  return std::make_unique<Threshold>(instance, outlook, options.percentile);
}

}  // namespace greenq::sim
