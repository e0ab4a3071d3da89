// carbon-time: each job starts where (saving against a start now) / (wait + length) is greatest. Source:
// Hanafy et al., "Going Green for Less Green" (ASPLOS 2024), umassos/GAIA, policy Carbon-Time. There are two
// queues, jobs under 2 hours and longer ones, with a longest wait each (6 and 24 hours there); of a job only
// the mean length of its queue over the whole trace is known; candidates are whole hours after the submit.
// Without longest waits in PolicyOptions there is one queue, and each job waits up to its deadline.
#include <array>

#include "sim/policies.hpp"
#include "sim/prices.hpp"
#include "sim/release_policy.hpp"

namespace greenq::sim {
namespace {

constexpr core::Span kShort{std::chrono::hours{2}};
constexpr core::Span kCandidates{std::chrono::hours{1}};

class CarbonTime final : public ReleasePolicy {
 public:
  CarbonTime(Instance const& instance, std::shared_ptr<Outlook> outlook, PolicyOptions const& options)
      : prices_(std::move(outlook)),
        longest_wait_{options.short_wait, options.long_wait},
        two_queues_(options.short_wait || options.long_wait) {
    std::array<std::int64_t, 2> count{};
    for (SimJob const& job : instance.jobs) {
      length_[queue_of(job)] += job.duration;
      ++count[queue_of(job)];
    }
    for (std::size_t queue = 0; queue < count.size(); ++queue) {
      if (count[queue] > 0) length_[queue] /= count[queue];
    }
  }

 private:
  std::size_t queue_of(SimJob const& job) const { return two_queues_ && job.duration >= kShort ? 1 : 0; }

  core::Instant release_at(SimJob const& job, core::Instant now) override {
    std::size_t const queue = queue_of(job);
    core::Span const length = length_[queue];
    core::Span const most = longest_wait_[queue].value_or(job.deadline - job.duration - now);
    core::CostTable const& prices = prices_.at(now);
    std::int64_t const at_once = prices.integral({now, now + length});
    core::Instant best = now;
    double best_rate = 0;
    for (core::Span wait{0}; wait <= most; wait += kCandidates) {
      std::int64_t const cost = prices.integral({now + wait, now + wait + length});
      double const rate = static_cast<double>(at_once - cost) / static_cast<double>((wait + length).count());
      if (rate <= best_rate) continue;
      best_rate = rate;
      best = now + wait;
    }
    return best;
  }

  Prices prices_;
  std::array<std::optional<core::Span>, 2> longest_wait_;
  bool two_queues_;
  std::array<core::Span, 2> length_{};
};

}  // namespace

std::unique_ptr<Policy> make_carbon_time(Instance const& instance, std::shared_ptr<Outlook> const& outlook,
                                         PolicyOptions const& options) {
  return std::make_unique<CarbonTime>(instance, outlook, options);
}

}  // namespace greenq::sim
