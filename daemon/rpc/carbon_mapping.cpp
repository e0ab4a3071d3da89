#include "rpc/carbon_mapping.hpp"

#include <algorithm>

#include "rpc/job_mapping.hpp"
#include "rpc/time_mapping.hpp"

namespace greenq::rpc {
namespace {

static_assert(static_cast<int>(core::SignalKind::kRelative) == v1::SIGNAL_KIND_RELATIVE);
static_assert(static_cast<int>(core::SignalBasis::kLifecycle) == v1::SIGNAL_BASIS_LIFECYCLE);
static_assert(static_cast<int>(core::PointState::kConstant) == v1::POINT_STATE_CONSTANT);
static_assert(static_cast<int>(core::EnergyQuality::kGapFilled) == v1::ENERGY_QUALITY_GAP_FILLED);
static_assert(static_cast<int>(core::DeviceClass::kGpu) == v1::DEVICE_CLASS_GPU);
static_assert(static_cast<int>(app::FeedHealth::kDead) == v1::FEED_STATE_DEAD);

bool has(core::EnergyTotal const& energy, core::DeviceClass device, core::EnergyQuality quality) {
  auto const it = energy.parts.find({device, quality});
  return it != energy.parts.end() && it->second.value != 0;
}

void note_book(core::Book const& book, char const* name, std::vector<std::string>& notes) {
  if (book.unpriced.value > 0) {
    notes.push_back("No " + std::string(name) + " intensity is known for " +
                    std::to_string(std::max<std::int64_t>(1, book.unpriced.value / 1000)) +
                    " J; they are not counted as zero grams.");
  }
}

}  // namespace

void source_to_wire(core::SignalSource const& source, v1::SignalSource& wire) {
  wire.set_zone(source.zone);
  wire.set_kind(static_cast<v1::SignalKind>(source.kind));
  wire.set_basis(static_cast<v1::SignalBasis>(source.basis));
  wire.set_provider(source.provider);
  wire.set_label(source.label);
  wire.set_attribution(source.attribution);
}

void point_to_wire(core::IntensityPoint const& point, v1::IntensityPoint& wire) {
  set_time(*wire.mutable_start_time(), point.interval.begin);
  set_time(*wire.mutable_end_time(), point.interval.end);
  wire.set_mg_per_kwh(point.value.value);
  wire.set_state(static_cast<v1::PointState>(point.state));
  if (!point.spread) return;
  wire.set_low_mg_per_kwh(point.spread->low.value);
  wire.set_high_mg_per_kwh(point.spread->high.value);
}

void feed_to_wire(app::FeedStatus const& feed, v1::Feed& wire) {
  source_to_wire(feed.source, *wire.mutable_source());
  wire.set_state(static_cast<v1::FeedState>(feed.health));
  if (feed.last_success) set_time(*wire.mutable_last_success_time(), *feed.last_success);
  if (feed.next_poll) set_time(*wire.mutable_next_poll_time(), *feed.next_poll);
  wire.set_last_error(feed.last_error);
  wire.set_rejected_replies(feed.rejected);
  wire.set_polls(feed.polls);
  wire.set_accepted_polls(feed.accepted);
  wire.set_given_up(feed.given_up);
}

void energy_to_wire(core::EnergyTotal const& energy, v1::Energy& wire) {
  std::int64_t total = 0;
  for (auto const& [key, value] : energy.parts) {
    auto* part = wire.add_parts();
    part->set_device(static_cast<v1::DeviceClass>(key.first));
    part->set_quality(static_cast<v1::EnergyQuality>(key.second));
    part->set_energy_mj(value.value);
    total += value.value;
  }
  wire.set_total_mj(total);
  wire.set_unknown_device_ms(energy.unknown_device_time.count());
}

void book_to_wire(core::Book const& book, v1::CarbonBook& wire) {
  wire.set_kind(static_cast<v1::SignalKind>(book.kind));
  wire.set_carbon_mg(book.carbon.value);
  wire.set_priced_mj(book.priced.value);
  wire.set_unpriced_mj(book.unpriced.value);
  for (auto const& [state, value] : book.shares) {
    auto* share = wire.add_shares();
    share->set_state(static_cast<v1::PointState>(state));
    share->set_energy_mj(value.value);
  }
  if (book.source) source_to_wire(*book.source, *wire.mutable_source());
  if (book.baseline) wire.set_baseline_mg(book.baseline->value);
}

std::vector<std::string> notes_of(core::Footprint const& footprint, core::SiteConfig const& site) {
  std::vector<std::string> notes;
  auto const& energy = footprint.energy;
  if (energy.parts.empty()) notes.emplace_back("No energy has been metered for it.");
  if (has(energy, core::DeviceClass::kCpu, core::EnergyQuality::kModelled)) {
    notes.emplace_back("CPU modelled: no RAPL counter.");
  }
  if (has(energy, core::DeviceClass::kGpu, core::EnergyQuality::kModelled)) {
    notes.emplace_back("GPU modelled: no NVML counter.");
  }
  if (has(energy, core::DeviceClass::kMemory, core::EnergyQuality::kModelled)) {
    notes.emplace_back("Memory modelled from its reserved size.");
  }
  if (energy.unknown_device_time.count() > 0) {
    notes.push_back("Nothing is known about " +
                    std::to_string(std::max<std::int64_t>(1, energy.unknown_device_time.count() / 1000)) +
                    " device seconds; they are not counted as zero.");
  }
  if (!site.pue_set) notes.emplace_back("PUE not set: energy at the device only.");
  note_book(footprint.marginal, "marginal", notes);
  note_book(footprint.average, "average", notes);
  return notes;
}

void footprint_to_wire(app::JobFootprint const& footprint, core::SiteConfig const& site,
                       v1::Footprint& wire) {
  core::Job const& job = footprint.job;
  wire.set_job(job_name(job.spec->project, job.id));
  wire.set_owner(job.owner.name);
  wire.set_display_name(job.spec->name);
  if (job.started_at) {
    set_time(*wire.mutable_start_time(), *job.started_at);
    wire.set_wait_seconds(static_cast<double>((*job.started_at - job.submitted_at).count()) / 1000.0);
    set_time(*wire.mutable_end_time(),
             job.ended_at ? *job.ended_at : *job.started_at + footprint.footprint.run);
  }
  energy_to_wire(footprint.footprint.energy, *wire.mutable_energy());
  for (auto& note : notes_of(footprint.footprint, site)) wire.mutable_energy()->add_notes(std::move(note));
  wire.set_pue(site.pue_set ? static_cast<double>(site.pue_milli) / 1000.0 : 1.0);
  book_to_wire(footprint.footprint.marginal, *wire.mutable_marginal());
  book_to_wire(footprint.footprint.average, *wire.mutable_average());
  // A default-made book says marginal; the place decides.
  wire.mutable_marginal()->set_kind(v1::SIGNAL_KIND_MARGINAL);
  wire.mutable_average()->set_kind(v1::SIGNAL_KIND_AVERAGE);
  wire.set_final(footprint.final);
  wire.set_run_ms(footprint.footprint.run.count());
}

void group_to_wire(app::FootprintGroup const& group, core::SiteConfig const& site, v1::FootprintGroup& wire) {
  for (auto const& key : group.keys) wire.add_keys(key);
  wire.set_jobs(group.jobs);
  energy_to_wire(group.footprint.energy, *wire.mutable_energy());
  for (auto& note : notes_of(group.footprint, site)) wire.mutable_energy()->add_notes(std::move(note));
  book_to_wire(group.footprint.marginal, *wire.mutable_marginal());
  book_to_wire(group.footprint.average, *wire.mutable_average());
  wire.mutable_marginal()->set_kind(v1::SIGNAL_KIND_MARGINAL);
  wire.mutable_average()->set_kind(v1::SIGNAL_KIND_AVERAGE);
  wire.set_run_ms(group.footprint.run.count());
}

}  // namespace greenq::rpc
