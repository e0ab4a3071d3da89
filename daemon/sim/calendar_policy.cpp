// calendar: jobs reserve in the order of their submit, each its cheapest window before its deadline in which
// the GPUs are still free for the whole run, else the earliest place; reservations never move. "Let's Wait
// Awhile" with a capacity calendar: reference "planning", 4.3.
#include <functional>
#include <queue>

#include "sim/gpu_calendar.hpp"
#include "sim/policies.hpp"

namespace greenq::sim {
namespace {

class CalendarPolicy final : public Policy {
 public:
  CalendarPolicy(Instance const& instance, std::shared_ptr<Outlook> const& outlook)
      : calendar_(instance.begin(), instance.cluster_gpus, outlook) {}

  void submitted(SimJob const& job, core::Instant now) override {
    reserved_.emplace(calendar_.book_whole(job, job.duration, now).begin, job.id);
  }

  void ended(core::JobId, core::Instant) override {}

  Decision decide(Machine const& machine, core::Instant now) override {
    Decision decision;
    for (; !reserved_.empty() && reserved_.top().first <= now; reserved_.pop())
      due_.push_back(reserved_.top().second);
    std::uint32_t free = machine.free();
    std::erase_if(due_, [&](core::JobId id) {
      if (machine.job(id).gpus > free) return false;
      free -= machine.job(id).gpus;
      decision.start.push_back(id);
      return true;
    });
    if (!reserved_.empty()) decision.wake = reserved_.top().first;
    return decision;
  }

 private:
  using Reserved = std::pair<core::Instant, core::JobId>;
  GpuCalendar calendar_;
  std::priority_queue<Reserved, std::vector<Reserved>, std::greater<>> reserved_;
  std::vector<core::JobId> due_;  // that find their GPUs taken by jobs that run longer than told
};

}  // namespace

std::unique_ptr<Policy> make_calendar(Instance const& instance, std::shared_ptr<Outlook> const& outlook,
                                      PolicyOptions const&) {
  return std::make_unique<CalendarPolicy>(instance, outlook);
}

}  // namespace greenq::sim
