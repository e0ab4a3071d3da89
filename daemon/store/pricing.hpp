// Stored energy times stored intensity: the footprint of one job as of the newest figures.
#pragma once

#include <vector>

#include "core/carbon/site.hpp"
#include "core/energy/footprint.hpp"
#include "store/sqlite.hpp"

namespace greenq::store {

struct Prices {
  core::SiteConfig site;
  std::vector<core::Profile> profiles;
  std::vector<core::YearlyFactor> factors{};
};

struct PricedCurve {
  core::Curve curve;
  std::optional<core::SignalSource> source;  // nothing: neither feed, profile nor factor of that kind
};

// Intensity over `run` and over the same interval moved by `shift`. Rungs, best first: past figures (newest
// revision) of the feeds by rank; what a recording that is played says; the forecast issued last before
// `run`; the one issued last before the moved interval; the newest one issued before the end; the typical
// day; the yearly factor.
PricedCurve curve_for(Db& db, Prices const& prices, core::SignalKind kind, core::Interval run,
                      core::Span shift);

core::Footprint price_job(Db& db, Prices const& prices, core::Job const& job);

// Ended, its journals read to the end, and every figure final.
bool is_final(Db& db, core::Job const& job, core::Footprint const& footprint);

}  // namespace greenq::store
