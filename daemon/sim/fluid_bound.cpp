#include <algorithm>
#include <limits>
#include <numeric>

#include "core/check.hpp"
#include "sim/bound.hpp"
#include "sim/metrics.hpp"

namespace greenq::sim {
namespace {

constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();

// GPU-ms that job may take from a slot, and takes.
struct Edge {
  std::uint32_t slot = 0;
  std::uint32_t job = 0;
  std::int64_t most = 0;
  std::int64_t flow = 0;
};

class Fluid {
 public:
  Fluid(Instance const& instance, std::vector<core::Instant> const& due) : instance_(instance) {
    core::Instant const last = due.empty() ? instance.end() : *std::max_element(due.begin(), due.end());
    core::Span const step = instance.truth.step();
    auto const slots = static_cast<std::size_t>(
        (std::max(last, instance.end()) - instance.begin() + step - core::Span{1}) / step);
    of_slot_.resize(slots);
    of_job_.resize(instance.jobs.size());
    for (SimJob const& job : instance.jobs) {
      left_.push_back(job.duration.count() * job.gpus);
      add_edges(job, {job.submit, due[job.id - 1]});
    }
    dead_.assign(left_.size(), false);
    from_slot_.assign(left_.size(), kNone);
    from_job_.assign(slots, kNone);
  }

  // GPU-ms x mg/kWh.
  __int128 cost() {
    std::vector<std::uint32_t> order(of_slot_.size());
    std::iota(order.begin(), order.end(), 0U);
    std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return value(a) < value(b); });
    __int128 sum = 0;
    for (std::uint32_t const slot : order) sum += static_cast<__int128>(fill(slot)) * value(slot).value;
    for (std::int64_t const left : left_) GREENQ_CHECK(left == 0);
    return sum;
  }

 private:
  core::Instant begin_of(std::uint32_t slot) const {
    return instance_.begin() + instance_.truth.step() * slot;
  }
  core::Intensity value(std::uint32_t slot) const { return instance_.truth.at(begin_of(slot)); }

  void add_edges(SimJob const& job, core::Interval window) {
    core::Span const step = instance_.truth.step();
    auto const place = static_cast<std::uint32_t>(job.id - 1);
    auto slot = static_cast<std::uint32_t>((window.begin - instance_.begin()) / step);
    for (; begin_of(slot) < window.end; ++slot) {
      core::Span const usable = core::intersect(window, {begin_of(slot), begin_of(slot) + step}).length();
      auto const id = static_cast<std::uint32_t>(edges_.size());
      edges_.push_back({slot, place, usable.count() * job.gpus, 0});
      of_slot_[slot].push_back(id);
      of_job_[place].push_back(id);
    }
  }

  std::int64_t fill(std::uint32_t slot) {
    std::int64_t room = instance_.truth.step().count() * instance_.cluster_gpus;
    std::int64_t const all = room;
    while (room > 0) {
      std::uint32_t const job = search(slot);
      if (job == kNone) break;
      room -= augment(slot, job, room);
    }
    return all - room;
  }

  // Breadth first to a job with work left, over jobs that could give way in slots filled before. The parents
  // are in from_slot_ (edge into the job) and from_job_ (edge whose flow moves).
  std::uint32_t search(std::uint32_t source) {
    for (std::uint32_t const job : seen_jobs_) from_slot_[job] = kNone;
    for (std::uint32_t const slot : seen_slots_) from_job_[slot] = kNone;
    seen_jobs_.clear();
    seen_slots_.assign(1, source);
    for (std::size_t next = 0; next < seen_slots_.size(); ++next) {
      std::uint32_t const slot = seen_slots_[next];
      for (std::uint32_t const id : of_slot_[slot]) {
        Edge const& edge = edges_[id];
        if (edge.flow == edge.most || dead_[edge.job] || from_slot_[edge.job] != kNone) continue;
        from_slot_[edge.job] = id;
        seen_jobs_.push_back(edge.job);
        if (left_[edge.job] > 0) return edge.job;
        reach_slots(edge.job, source);
      }
    }
    for (std::uint32_t const job : seen_jobs_) dead_[job] = true;
    return kNone;
  }

  void reach_slots(std::uint32_t job, std::uint32_t source) {
    for (std::uint32_t const id : of_job_[job]) {
      Edge const& edge = edges_[id];
      if (edge.flow == 0 || edge.slot == source || from_job_[edge.slot] != kNone) continue;
      from_job_[edge.slot] = id;
      seen_slots_.push_back(edge.slot);
    }
  }

  std::int64_t augment(std::uint32_t source, std::uint32_t target, std::int64_t most) {
    most = std::min(most, left_[target]);
    auto const along = [&](auto forward, auto back) {
      for (std::uint32_t job = target;;) {
        Edge& in = edges_[from_slot_[job]];
        forward(in);
        if (in.slot == source) return;
        Edge& moved = edges_[from_job_[in.slot]];
        back(moved);
        job = moved.job;
      }
    };
    along([&](Edge const& e) { most = std::min(most, e.most - e.flow); },
          [&](Edge const& e) { most = std::min(most, e.flow); });
    along([&](Edge& e) { e.flow += most; }, [&](Edge& e) { e.flow -= most; });
    left_[target] -= most;
    return most;
  }

  Instance const& instance_;
  std::vector<Edge> edges_;
  std::vector<std::vector<std::uint32_t>> of_slot_;
  std::vector<std::vector<std::uint32_t>> of_job_;
  std::vector<std::int64_t> left_;
  std::vector<bool> dead_;  // no work left can be reached through it, now or later
  std::vector<std::uint32_t> from_slot_;
  std::vector<std::uint32_t> from_job_;
  std::vector<std::uint32_t> seen_jobs_;
  std::vector<std::uint32_t> seen_slots_;
};

}  // namespace

std::vector<core::Instant> due_times(Instance const& instance, Schedule const& baseline) {
  std::vector<core::Instant> due;
  due.reserve(instance.jobs.size());
  for (SimJob const& job : instance.jobs)
    due.push_back(std::max(job.deadline, baseline.segments[job.id - 1].back().end));
  return due;
}

double bound_with_pauses_kg(Instance const& instance, std::vector<core::Instant> const& due) {
  return kg_of(instance, static_cast<double>(Fluid{instance, due}.cost()));
}

}  // namespace greenq::sim
