// Sites, and their lanes: a lane is a pool of a site, numbered over all sites in order. A site without GPUs
// has one lane too; of a single site, lanes are its pools.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/capacity.hpp"
#include "core/carbon/signal.hpp"
#include "core/plan/timetable.hpp"

namespace greenq::core {

struct PlanSite {
  std::string name{};  // in notes, where there are several
  Capacity capacity{};
  // The curve that decides there, or null: then nothing is shifted there. No rung is worse than kClimatology.
  std::shared_ptr<Curve const> curve{};
  SignalKind kind = SignalKind::kMarginal;  // of that curve; figures of sites are compared as they stand
  double pue = 1;
  std::vector<double> pool_energy{};  // of the same work, beside others; by pool, 1 where it says nothing

  bool has_curve() const { return curve && !curve->empty(); }
};

class Lanes {
 public:
  // One at least.
  explicit Lanes(std::vector<PlanSite> const& sites);

  bool known(std::uint32_t lane) const { return lane < lanes_.size(); }
  std::uint32_t site(std::uint32_t lane) const { return lanes_[lane].site; }
  std::uint32_t pool(std::uint32_t lane) const { return lane - sites_[site(lane)].first; }
  std::uint32_t of(std::uint32_t site, std::uint32_t pool) const { return sites_[site].first + pool; }
  std::size_t sites() const { return sites_.size(); }
  // Lane::prices is the site.
  std::vector<Lane> const& all() const { return lanes_; }
  // Of the board, site after site: CPUs, MiB of memory, GPUs of each pool.
  std::vector<std::int64_t> const& rows() const { return rows_; }

  SlotNeed need(Demand const& demand, std::uint32_t lane) const;
  // Of the scarcest resource of the lane, as a part of all sites, each of which counts as much; at most 1.
  double share(Demand const& demand, std::uint32_t lane) const;
  // Whether the lane has it, with nothing else there.
  bool fits(Demand const& demand, std::uint32_t lane) const;
  // Those of the lanes that have it.
  LaneSet fitting(Demand const& demand, LaneSet lanes) const;
  // Whether the same work at the same time costs the same on both.
  bool alike(std::uint32_t a, std::uint32_t b) const;
  // The first of each kind.
  LaneSet unlike(LaneSet lanes) const;

  friend bool operator==(Lanes const&, Lanes const&) = default;

 private:
  struct Site {
    std::uint32_t first = 0;  // lane
    std::int64_t memory_bytes = 0;

    friend bool operator==(Site const&, Site const&) = default;
  };
  void add(PlanSite const& site);

  std::vector<Site> sites_;
  std::vector<Lane> lanes_;
  std::vector<std::int64_t> rows_;
};

// As the board counts memory: rounded up, exact where it is in MiB.
std::int64_t mebibytes(std::int64_t bytes);

}  // namespace greenq::core
