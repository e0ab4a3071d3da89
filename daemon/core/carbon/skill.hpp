// How good forecasts were, judged by what was measured: error by lead time, order of the hours, and what jobs
// that followed them would have kept of the possible saving.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <vector>

#include "core/carbon/hour_series.hpp"

namespace greenq::core {

using HourlyActuals = std::map<Hour, double>;

struct LeadSkill {
  int first_lead = 0;  // hours from the first value of an issue on, see judged_hours()
  int last_lead = 0;   // included
  std::int64_t pairs = 0;
  double mae = 0;   // g/kWh
  double bias = 0;  // mean of forecast minus actual, g/kWh
};

// One job an issue, free to start within 24 h: (cost at once - cost where the forecast said) / (cost at once
// - least cost), sums over all issues.
struct KeptShare {
  int job_hours = 0;
  std::int64_t jobs = 0;
  std::optional<double> share;     // nothing without a possible saving
  std::optional<double> possible;  // least cost against cost at once, as a share of the latter
};

struct Skill {
  std::int64_t issues = 0;       // that have anything to be judged by
  std::vector<LeadSkill> leads;  // without pairs: left out
  std::optional<double>
      rank_correlation;         // mean over issues of Spearman's, leads 0 to 23; nothing: no full day
  std::vector<KeptShare> kept;  // 1, 4 and 12 hours
};

Skill skill_of(std::vector<HourlyIssue> const& issues, HourlyActuals const& actuals);

// The same issues made of history alone, as far as it was over when they were made: each hour as on the day
// before, or as its mean on the seven days before.
std::vector<HourlyIssue> as_yesterday(std::vector<HourlyIssue> const& like, HourlyActuals const& actuals);
std::vector<HourlyIssue> as_last_week(std::vector<HourlyIssue> const& like, HourlyActuals const& actuals);

// Start in 0..slack with the least sum over `length` values, the earliest on ties; values.size() >= slack +
// length.
int cheapest_start(std::span<double const> values, int slack, int length);
// Spearman's, ties share ranks; nothing when one of them is constant. Same sizes, at least two.
std::optional<double> rank_correlation(std::span<double const> a, std::span<double const> b);

}  // namespace greenq::core
