// wait-awhile-replan: "Let's Wait Awhile" (Wiesner et al., Middleware 2021) made online on a finite cluster:
// with each new outlook a job runs if the intensity now is not above its own limit, the least value under
// which the time before its deadline is enough for what is left of it. A job that cannot be paused starts
// when its cheapest window begins now. Rule and figures: reference "planning", 4.3.
#include <optional>

#include "sim/policies.hpp"
#include "sim/reselect_policy.hpp"

namespace greenq::sim {
namespace {

class WaitAwhile final : public ReselectPolicy {
 public:
  using ReselectPolicy::ReselectPolicy;

 private:
  bool should_run(SimJob const& job, core::Span needs, core::Instant now, Prices& prices) override {
    if (!job.interruptible) {
      auto const best = prices.at(now).cheapest({{now, job.deadline - needs}}, needs);
      return !best || best->start <= now;
    }
    std::optional<core::Intensity> at_once;
    core::Span cheaper{0};
    prices.each_step({now, job.deadline}, [&](core::Intensity value, core::Span length) {
      if (!at_once) at_once = value;
      if (value < *at_once) cheaper += length;
      return cheaper < needs;
    });
    return cheaper < needs;
  }
};

}  // namespace

std::unique_ptr<Policy> make_wait_awhile(Instance const&, std::shared_ptr<Outlook> const& outlook,
                                         PolicyOptions const&) {
  return std::make_unique<WaitAwhile>(outlook);
}

}  // namespace greenq::sim
