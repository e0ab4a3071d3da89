// threshold: a job runs while the intensity is not above a percentile (30th) of the next 24 hours, else it
// waits until its slack is spent. Source: the Ecovisor policy (Souza et al., ASPLOS 2023) as GAIA evaluates
// it.
#include <algorithm>
#include <cmath>

#include "sim/policies.hpp"
#include "sim/reselect_policy.hpp"

namespace greenq::sim {
namespace {

constexpr core::Span kAhead{std::chrono::hours{24}};

class Threshold final : public ReselectPolicy {
 public:
  Threshold(std::shared_ptr<Outlook> outlook, double percentile)
      : ReselectPolicy(std::move(outlook)), share_(percentile / 100) {}

 private:
  void prepare(core::Instant now, Prices& prices) override {
    std::vector<std::pair<core::Intensity, core::Span>> steps;
    core::Span total{0};
    for (core::IntensityPoint const& point : prices.curve(now).points()) {
      core::Interval const part = core::intersect(point.interval, {now, now + kAhead});
      if (part.empty()) continue;
      if (steps.empty()) now_value_ = point.value;
      steps.emplace_back(point.value, part.length());
      total += part.length();
    }
    std::sort(steps.begin(), steps.end());
    auto const wanted = static_cast<std::int64_t>(share_ * static_cast<double>(total.count()));
    std::int64_t below = 0;
    for (auto const& [value, length] : steps) {
      limit_ = value;
      below += length.count();
      if (below > wanted) break;
    }
  }

  bool should_run(SimJob const&, core::Span, core::Instant, Prices&) override { return now_value_ <= limit_; }

  double share_;
  core::Intensity now_value_;
  core::Intensity limit_;
};

}  // namespace

std::unique_ptr<Policy> make_threshold(Instance const&, std::shared_ptr<Outlook> outlook,
                                       PolicyOptions const& options) {
  return std::make_unique<Threshold>(std::move(outlook), options.percentile);
}

}  // namespace greenq::sim
