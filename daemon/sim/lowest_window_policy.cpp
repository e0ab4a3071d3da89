// lowest-window: each job starts where its run costs least between now and its latest start; its true length
// is known. Source: Wiesner et al., "Let's Wait Awhile" (Middleware 2021), non-interruptible strategy, and
// CATS; GAIA's Lowest-Window with true length. Both assume capacity for all; here the job then queues.
#include "sim/policies.hpp"
#include "sim/prices.hpp"
#include "sim/release_policy.hpp"

namespace greenq::sim {
namespace {

class LowestWindow final : public ReleasePolicy {
 public:
  explicit LowestWindow(std::shared_ptr<Outlook> outlook) : prices_(std::move(outlook)) {}

 private:
  core::Instant release_at(SimJob const& job, core::Instant now) override {
    core::Instant const latest = job.deadline - job.duration;
    if (latest <= now) return now;
    auto const best = prices_.at(now).cheapest({{now, latest}}, job.duration);
    return best ? best->start : now;
  }

  Prices prices_;
};

}  // namespace

std::unique_ptr<Policy> make_lowest_window(Instance const&, std::shared_ptr<Outlook> const& outlook,
                                           PolicyOptions const&) {
  return std::make_unique<LowestWindow>(outlook);
}

}  // namespace greenq::sim
