// First come, first served, in two forms: `fcfs` never lets a later job start before an earlier one; `easy`
// adds EASY backfill (see easy_queue.hpp). Neither looks at carbon. Order: submit, then the order of the
// file.
#include "sim/easy_queue.hpp"
#include "sim/policies.hpp"

namespace greenq::sim {
namespace {

class QueuePolicy final : public Policy {
 public:
  explicit QueuePolicy(Backfill backfill) : queue_(backfill) {}

  void submitted(SimJob const& job, core::Instant) override { queue_.push(job); }
  void ended(core::JobId, core::Instant) override {}
  Decision decide(Machine const& machine, core::Instant now) override {
    Decision decision;
    queue_.dispatch(machine, machine.free(), now, decision.start);
    return decision;
  }

 private:
  EasyQueue queue_;
};

}  // namespace

std::unique_ptr<Policy> make_fcfs(Instance const&, std::shared_ptr<Outlook> const&, PolicyOptions const&) {
  return std::make_unique<QueuePolicy>(Backfill::kNo);
}

std::unique_ptr<Policy> make_easy(Instance const&, std::shared_ptr<Outlook> const&, PolicyOptions const&) {
  return std::make_unique<QueuePolicy>(Backfill::kYes);
}

}  // namespace greenq::sim
