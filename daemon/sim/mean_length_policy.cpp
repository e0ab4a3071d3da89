// carbon-time and average-window: of a job only the mean length of its queue over the whole trace is known.
// carbon-time starts it where (saving against a start now) / (wait + length) is greatest, average-window
// where a run of that length costs least; the earliest of equals. Source: Hanafy et al., "Going Green for
// Less Green" (ASPLOS 2024), umassos/GAIA, policies Carbon-Time and Lowest-Window. There are two queues
// there, jobs under 2 hours and longer ones, with a longest wait each (6 and 24 hours); candidates are whole
// hours after the submit. Without longest waits in PolicyOptions there is one queue, each job waits up to
// its deadline, and candidates are the steps of the instance: as the peers gaia_ct and gaia_lowest of the
// shared instances.
#include <algorithm>
#include <array>

#include "sim/policies.hpp"
#include "sim/prices.hpp"
#include "sim/release_policy.hpp"

namespace greenq::sim {
namespace {

using core::Instant;
using core::Span;

constexpr Span kShort{std::chrono::hours{2}};
constexpr Span kHour{std::chrono::hours{1}};
constexpr Span kLeastStep{std::chrono::minutes{5}};

Span to_steps(Span length, Span step) {
  return (length + step / 2) / step * step;
}

enum class Rule : bool { kCarbonTime, kAverageWindow };

class MeanLength final : public ReleasePolicy {
 public:
  MeanLength(Instance const& instance, std::shared_ptr<Outlook> outlook, PolicyOptions const& options,
             Rule rule)
      : rule_(rule),
        prices_(std::move(outlook)),
        longest_wait_{options.short_wait, options.long_wait},
        two_queues_(options.short_wait || options.long_wait),
        candidates_(two_queues_ ? kHour : std::max(instance.step, kLeastStep)) {
    std::array<std::int64_t, 2> count{};
    for (SimJob const& job : instance.jobs) {
      length_[queue_of(job)] += job.duration;
      ++count[queue_of(job)];
    }
    for (std::size_t queue = 0; queue < count.size(); ++queue) {
      Span& length = length_[queue];
      if (count[queue] > 0) length /= count[queue];
      if (!two_queues_) length = std::max(to_steps(length, instance.step), instance.step);
    }
  }

 private:
  std::size_t queue_of(SimJob const& job) const { return two_queues_ && job.duration >= kShort ? 1 : 0; }

  // How good it is to start then, for comparison with other moments.
  double merit(Instant now, Span wait, Span length, core::CostTable const& prices) const {
    auto const cost = static_cast<double>(prices.integral({now + wait, now + wait + length}));
    if (rule_ == Rule::kAverageWindow) return -cost;
    auto const at_once = static_cast<double>(prices.integral({now, now + length}));
    return (at_once - cost) / static_cast<double>((wait + length).count());
  }

  Instant release_at(SimJob const& job, Instant now) override {
    std::size_t const queue = queue_of(job);
    Span const most = longest_wait_[queue].value_or(job.deadline - job.duration - now);
    core::CostTable const& prices = prices_.at(now);
    Span best{0};
    double best_merit = merit(now, best, length_[queue], prices);
    for (Span wait = candidates_; wait <= most; wait += candidates_) {
      double const of_this = merit(now, wait, length_[queue], prices);
      if (of_this <= best_merit) continue;
      best_merit = of_this;
      best = wait;
    }
    return now + best;
  }

  Rule rule_;
  Prices prices_;
  std::array<std::optional<Span>, 2> longest_wait_;
  bool two_queues_;
  Span candidates_;
  std::array<Span, 2> length_{};
};

}  // namespace

std::unique_ptr<Policy> make_carbon_time(Instance const& instance, std::shared_ptr<Outlook> const& outlook,
                                         PolicyOptions const& options) {
  return std::make_unique<MeanLength>(instance, outlook, options, Rule::kCarbonTime);
}

std::unique_ptr<Policy> make_average_window(Instance const& instance, std::shared_ptr<Outlook> const& outlook,
                                            PolicyOptions const& options) {
  return std::make_unique<MeanLength>(instance, outlook, options, Rule::kAverageWindow);
}

}  // namespace greenq::sim
