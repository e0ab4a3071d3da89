// cap: first come, first served with backfill under a cap on the GPUs in use that falls as the intensity
// rises within the range of the next 48 hours; a fifth of the cluster may always be used. What runs is never
// paused, so that the use may lie above a cap that fell; no deadline is looked at. Source: CAP of Lechowicz
// et al., "Carbon- and precedence-aware scheduling" (arXiv 2502.09717), as the reference "planning", 2, has
// it: with K = C - B, L and U the least and greatest intensity ahead, and alpha = 1 / (1 + W0((L/U - 1) /
// e)),
//   theta_i = U (1 - (1 - 1/alpha) (1 + 1/(alpha K))^(i-1)),
// the cap is B + i - 1 for the first i up to K with theta_i < intensity now, else C.
#include "sim/cap_policy.hpp"

#include <algorithm>
#include <cmath>

#include "sim/easy_queue.hpp"
#include "sim/policies.hpp"
#include "sim/prices.hpp"

namespace greenq::sim {
namespace {

constexpr core::Span kAhead{std::chrono::hours{48}};
constexpr double kAlways = 0.2;  // of the cluster

// 1/alpha = 1 + W0((L/U - 1) / e) is the r in [0, 1] with (1 - r) e^r = 1 - L/U, which falls in r.
double inverse_alpha(double least_by_greatest) {
  double low = 0;
  double high = 1;
  for (int i = 0; i < 60; ++i) {
    double const r = (low + high) / 2;
    ((1 - r) * std::exp(r) > 1 - least_by_greatest ? low : high) = r;
  }
  return (low + high) / 2;
}

class CapPolicy final : public Policy {
 public:
  explicit CapPolicy(std::shared_ptr<Outlook> outlook) : prices_(std::move(outlook)) {}

  void submitted(SimJob const& job, core::Instant) override { queue_.push(job); }
  void ended(core::JobId, core::Instant) override {}

  Decision decide(Machine const& machine, core::Instant now) override {
    Decision decision;
    if (queue_.empty()) return decision;
    std::uint32_t const used = machine.capacity() - machine.free();
    std::uint32_t const cap = cap_at(machine.capacity(), now);
    queue_.dispatch(machine, machine.free(), now, decision.start, cap > used ? cap - used : 0);
    if (!queue_.empty()) decision.wake = prices_.next_change(now);
    return decision;
  }

 private:
  // Nothing known of the moment: no cap.
  std::uint32_t cap_at(std::uint32_t cluster, core::Instant now) {
    core::IntensityPoint const* const point = prices_.curve(now).at(now);
    if (point == nullptr) return cluster;
    core::Intensity least = point->value;
    core::Intensity greatest = point->value;
    prices_.each_step({now, now + kAhead}, [&](core::Intensity value, core::Span) {
      least = std::min(least, value);
      greatest = std::max(greatest, value);
      return true;
    });
    return carbon_cap(cluster, point->value, least, greatest);
  }

  Prices prices_;
  EasyQueue queue_;
};

}  // namespace

std::uint32_t carbon_cap(std::uint32_t cluster, core::Intensity now, core::Intensity least,
                         core::Intensity greatest) {
  auto const always = static_cast<std::uint32_t>(std::max(1.0, std::round(kAlways * cluster)));
  if (now <= least || always >= cluster) return cluster;
  auto const top = static_cast<double>(greatest.value);
  double const r = inverse_alpha(static_cast<double>(least.value) / top);
  std::uint32_t const above = cluster - always;
  double lowered = 1 - r;
  for (std::uint32_t i = 1; i <= above; ++i) {
    if (top * (1 - lowered) < static_cast<double>(now.value)) return always + i - 1;
    lowered *= 1 + r / above;
  }
  return cluster;
}

std::unique_ptr<Policy> make_cap(Instance const&, std::shared_ptr<Outlook> const& outlook,
                                 PolicyOptions const&) {
  return std::make_unique<CapPolicy>(outlook);
}

}  // namespace greenq::sim
