#include "core/energy/open_interval.hpp"

#include <algorithm>

#include "core/energy/counter.hpp"

namespace greenq::core {
namespace {

// kTooFar: whole turns of a counter may lie between.
enum class Worth { kGood, kMissing, kImplausible, kTooFar };

bool differ(std::string const& a, std::string const& b) {
  return !a.empty() && !b.empty() && a != b;
}

Worth worth_of(CounterStep const& step) {
  switch (step.kind) {
    case CounterStep::Kind::kExact:
    case CounterStep::Kind::kRestarted:
      return Worth::kGood;
    case CounterStep::Kind::kAmbiguous:
      return Worth::kTooFar;
    case CounterStep::Kind::kImplausible:
      return Worth::kImplausible;
  }
  return Worth::kGood;
}

Worth of_zones(EnergyModel const& model, CounterSample const& from, CounterSample const& to, Span length) {
  Worth worth = Worth::kGood;
  for (auto const& zone : from.zones) {
    auto const now = std::find_if(to.zones.begin(), to.zones.end(),
                                  [&](auto const& other) { return other.name == zone.name; });
    if (now == to.zones.end()) {
      worth = std::max(worth, Worth::kMissing);
      continue;
    }
    std::int64_t const limit = zone_limit(model, length);
    worth = std::max(worth,
                     worth_of(step_counter(zone.energy_uj, now->energy_uj, now->max_range_uj, limit, false)));
  }
  return worth;
}

Worth of_gpus(MeteredJob const& job, CounterSample const& from, CounterSample const& to, Span length) {
  Worth worth = Worth::kGood;
  for (std::string const& uuid : job.gpu_uuids) {
    auto const* before = find_gpu(from, uuid);
    if (before == nullptr || (!before->energy_mj && !before->power_mw)) continue;
    auto const* now = find_gpu(to, uuid);
    bool const there = now != nullptr && (before->energy_mj ? now->energy_mj : now->power_mw).has_value();
    if (!there) worth = std::max(worth, Worth::kMissing);
    if (!there || !before->energy_mj) continue;
    bool const restarted = differ(from.gpu_epoch, to.gpu_epoch);
    CounterStep const step =
        step_counter(*before->energy_mj, *now->energy_mj, 0, gpu_limit(length), restarted);
    worth = std::max(worth, worth_of(step));
  }
  return worth;
}

// Of `to` as the end of the interval.
Worth worth_of(EnergyModel const& model, MeteredJob const& job, CounterSample const& from,
               CounterSample const& to) {
  Span const length{to.boottime_ms - from.boottime_ms};
  if (differ(from.boot_id, to.boot_id) || length <= Span{0}) return Worth::kGood;
  bool const no_cpu = (from.job_cpu_us && !to.job_cpu_us) || (from.node_cpu_us && !to.node_cpu_us);
  Worth const cpu = no_cpu ? Worth::kMissing : Worth::kGood;
  return std::max({cpu, of_zones(model, from, to, length), of_gpus(job, from, to, length)});
}

void end_with(EnergyModel const& model, MeteredJob const& job, OpenInterval& open,
              CounterSample const& sample, std::vector<EnergySlice>& out) {
  std::vector<EnergySlice> const slices = step(model, job, *open.last, sample);
  out.insert(out.end(), slices.begin(), slices.end());
  open.last = sample;
  open.held.reset();
}

}  // namespace

void take_sample(EnergyModel const& model, MeteredJob const& job, OpenInterval& open,
                 CounterSample const& sample, std::vector<EnergySlice>& out) {
  if (!open.last) {
    open.last = sample;
    return;
  }
  auto const worth = [&](CounterSample const& from, CounterSample const& to) {
    return worth_of(model, job, from, to);
  };
  Worth const here = worth(*open.last, sample);
  bool const two_agree = here == Worth::kImplausible && open.held &&
                         worth(*open.last, *open.held) == Worth::kImplausible &&
                         worth(*open.held, sample) == Worth::kGood;
  bool const too_long = Span{sample.boottime_ms - open.last->boottime_ms} >= kLongestOpen;
  bool const gives_up =
      differ(open.last->boot_id, sample.boot_id) || two_agree || too_long || here == Worth::kTooFar;
  if (gives_up) close_interval(model, job, open, out);
  if (gives_up || here == Worth::kGood) {
    end_with(model, job, open, sample, out);
  } else {
    open.held = sample;
  }
}

void close_interval(EnergyModel const& model, MeteredJob const& job, OpenInterval& open,
                    std::vector<EnergySlice>& out) {
  if (!open.held) return;
  CounterSample const held = *open.held;
  end_with(model, job, open, held, out);
}

}  // namespace greenq::core
