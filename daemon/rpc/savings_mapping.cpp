#include "rpc/savings_mapping.hpp"

#include "rpc/carbon_mapping.hpp"
#include "rpc/time_mapping.hpp"

namespace greenq::rpc {
namespace {

static_assert(static_cast<int>(core::LeftOut::kEnergyUnknown) == v1::LeftOutJobs::REASON_ENERGY_UNKNOWN);

void book_to_wire(core::SavingBook const& book, v1::SavingBook& wire) {
  wire.set_kind(static_cast<v1::SignalKind>(book.kind));
  if (book.source) source_to_wire(*book.source, *wire.mutable_source());
  wire.set_jobs(book.jobs);
  wire.set_energy_mj(book.energy.value);
  wire.set_provisional_jobs(book.provisional);
  wire.set_unpriced_jobs(book.unpriced);
  if (book.jobs == 0) return;
  wire.set_actual_mg(book.actual.value);
  wire.set_plain_queue_mg(book.plain.value);
  wire.set_saving_mg((book.plain - book.actual).value);
  if (!book.interval) return;
  wire.set_saving_low_mg(book.interval->low.value);
  wire.set_saving_high_mg(book.interval->high.value);
}

void figures_to_wire(core::QueueFigures const& figures, v1::QueueFigures& wire) {
  wire.set_mean_wait_ms(figures.mean_wait.count());
  wire.set_p95_wait_ms(figures.p95_wait.count());
  wire.set_mean_delay_ms(figures.mean_delay.count());
  wire.set_p95_delay_ms(figures.p95_delay.count());
  wire.set_missed_bounds(figures.missed);
}

}  // namespace

void savings_to_wire(core::Savings const& savings, core::SiteConfig const& site,
                     core::Capacity const& capacity, v1::Savings& wire) {
  set_time(*wire.mutable_ended_after(), savings.ended.begin);
  set_time(*wire.mutable_ended_before(), savings.ended.end);
  book_to_wire(savings.marginal, *wire.mutable_marginal());
  book_to_wire(savings.average, *wire.mutable_average());
  energy_to_wire(savings.energy, *wire.mutable_energy());
  wire.set_pue(site.pue_set ? static_cast<double>(site.pue_milli) / 1000.0 : 1.0);
  wire.set_jobs(savings.jobs);
  wire.set_bounded_jobs(savings.bounded);
  figures_to_wire(savings.actual, *wire.mutable_actual());
  figures_to_wire(savings.plain, *wire.mutable_plain_queue());
  for (auto const& [why, jobs] : savings.left_out) {
    auto& left_out = *wire.add_left_out();
    left_out.set_reason(static_cast<v1::LeftOutJobs::Reason>(why));
    left_out.set_jobs(jobs);
  }
  auto& machine = *wire.mutable_capacity();
  machine.set_cpus(static_cast<std::int32_t>(capacity.cpus));
  machine.set_memory_bytes(capacity.memory_bytes);
  for (core::GpuPool const& pool : capacity.pools) {
    auto& gpus = *machine.add_gpus();
    gpus.set_model(pool.model);
    gpus.set_count(static_cast<std::int32_t>(pool.uuids.size()));
  }
  wire.set_queued_jobs(savings.queued);
  wire.set_days(static_cast<std::int64_t>(savings.days));
  wire.set_days_needed(core::kIntervalDays);
}

}  // namespace greenq::rpc
