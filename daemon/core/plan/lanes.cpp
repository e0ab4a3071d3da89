#include "core/plan/lanes.hpp"

#include <algorithm>

#include "core/check.hpp"

namespace greenq::core {
namespace {

double part(std::int64_t amount, std::int64_t of) {
  return of > 0 ? static_cast<double>(amount) / static_cast<double>(of) : 0;
}

}  // namespace

std::int64_t mebibytes(std::int64_t bytes) {
  constexpr std::int64_t kMebi = 1 << 20;
  return (bytes + kMebi - 1) / kMebi;
}

Lanes::Lanes(std::vector<PlanSite> const& sites) {
  GREENQ_CHECK(!sites.empty());
  for (PlanSite const& site : sites) add(site);
}

void Lanes::add(PlanSite const& site) {
  auto const index = static_cast<std::uint32_t>(sites_.size());
  auto const cpus = static_cast<std::uint32_t>(rows_.size());
  sites_.push_back({static_cast<std::uint32_t>(lanes_.size()), site.capacity.memory_bytes});
  rows_.push_back(site.capacity.cpus);
  rows_.push_back(mebibytes(site.capacity.memory_bytes));
  auto const& pools = site.capacity.pools;
  for (std::size_t pool = 0; pool < std::max<std::size_t>(pools.size(), 1); ++pool) {
    double const energy = pool < site.pool_energy.size() ? site.pool_energy[pool] : 1;
    auto const gpus = static_cast<std::uint32_t>(rows_.size());
    lanes_.push_back({cpus, cpus + 1, gpus, index, site.pue * energy, index});
    rows_.push_back(pool < pools.size() ? static_cast<std::int64_t>(pools[pool].uuids.size()) : 0);
  }
}

SlotNeed Lanes::need(Demand const& demand, std::uint32_t lane) const {
  SlotNeed need;
  need.add(lanes_[lane].cpus, demand.cpus);
  need.add(lanes_[lane].memory, mebibytes(demand.memory_bytes));
  need.add(lanes_[lane].gpus, demand.gpus);
  return need;
}

double Lanes::share(Demand const& demand, std::uint32_t lane) const {
  Lane const& where = lanes_[lane];
  double share = std::max(part(demand.cpus, rows_[where.cpus]),
                          part(demand.memory_bytes, sites_[where.site].memory_bytes));
  share = std::max(share, part(demand.gpus, rows_[where.gpus]));
  return std::min(share, 1.0) / static_cast<double>(sites_.size());
}

bool Lanes::fits(Demand const& demand, std::uint32_t lane) const {
  if (!known(lane)) return false;
  Lane const& where = lanes_[lane];
  return demand.cpus <= rows_[where.cpus] && demand.gpus <= rows_[where.gpus] &&
         mebibytes(demand.memory_bytes) <= rows_[where.memory];
}

LaneSet Lanes::fitting(Demand const& demand, LaneSet lanes) const {
  LaneSet out;
  for (std::uint32_t const lane : lanes) {
    if (fits(demand, lane)) out.add(lane);
  }
  return out;
}

bool Lanes::alike(std::uint32_t a, std::uint32_t b) const {
  return lanes_[a].site == lanes_[b].site && lanes_[a].factor == lanes_[b].factor;
}

LaneSet Lanes::unlike(LaneSet lanes) const {
  LaneSet out;
  for (std::uint32_t const lane : lanes) {
    bool const seen =
        std::any_of(out.begin(), out.end(), [&](std::uint32_t other) { return alike(lane, other); });
    if (!seen) out.add(lane);
  }
  return out;
}

}  // namespace greenq::core
