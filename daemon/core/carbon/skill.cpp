#include "core/carbon/skill.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>

namespace greenq::core {
namespace {

constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();
constexpr int kDay = 24;
constexpr std::array<int, 3> kJobHours{1, 4, 12};
constexpr std::array<std::pair<int, int>, 8> kLeads{
    {{0, 0}, {1, 2}, {3, 5}, {6, 11}, {12, 23}, {24, 47}, {48, 71}, {72, 191}}};

double at(HourlyActuals const& actuals, Hour hour) {
  auto const found = actuals.find(hour);
  return found == actuals.end() ? kUnknown : found->second;
}

std::vector<double> outcome(HourlyIssue const& issue, HourlyActuals const& actuals) {
  std::vector<double> out;
  out.reserve(issue.values.size());
  for (std::size_t k = 0; k < issue.values.size(); ++k)
    out.push_back(at(actuals, issue.first + static_cast<Hour>(k)));
  return out;
}

bool known(std::span<double const> values) {
  return std::none_of(values.begin(), values.end(), [](double v) { return std::isnan(v); });
}

void judge_leads(HourlyIssue const& issue, std::vector<double> const& truth, std::vector<LeadSkill>& leads) {
  for (LeadSkill& lead : leads) {
    auto const last = std::min(static_cast<std::size_t>(lead.last_lead) + 1, truth.size());
    for (auto k = static_cast<std::size_t>(lead.first_lead); k < last; ++k) {
      double const error = issue.values[k] - truth[k];
      if (std::isnan(error)) continue;
      ++lead.pairs;
      lead.mae += std::abs(error);
      lead.bias += error;
    }
  }
}

struct Costs {
  double now = 0;
  double chosen = 0;
  double least = 0;
  std::int64_t jobs = 0;
};

void judge_job(HourlyIssue const& issue, std::vector<double> const& truth, int length, Costs& costs) {
  auto const needed = std::size_t{kDay} + static_cast<std::size_t>(length);
  if (truth.size() < needed) return;
  auto const said = std::span(issue.values).first(needed);
  auto const was = std::span(truth).first(needed);
  if (!known(said) || !known(was)) return;
  auto const cost = [&](int start) {
    auto const part = was.subspan(static_cast<std::size_t>(start), static_cast<std::size_t>(length));
    return std::accumulate(part.begin(), part.end(), 0.0);
  };
  costs.now += cost(0);
  costs.chosen += cost(cheapest_start(said, kDay, length));
  costs.least += cost(cheapest_start(was, kDay, length));
  ++costs.jobs;
}

KeptShare share_of(int length, Costs const& costs) {
  KeptShare out{length, costs.jobs, std::nullopt, std::nullopt};
  double const possible = costs.now - costs.least;
  if (costs.now > 0) out.possible = possible / costs.now;
  if (possible > 1e-9) out.share = (costs.now - costs.chosen) / possible;
  return out;
}

std::vector<double> ranks(std::span<double const> values) {
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return values[a] < values[b]; });
  std::vector<double> out(values.size());
  for (std::size_t i = 0; i < order.size();) {
    std::size_t j = i;
    while (j < order.size() && values[order[j]] == values[order[i]]) ++j;
    for (std::size_t k = i; k < j; ++k) out[order[k]] = static_cast<double>(i + j - 1) / 2;
    i = j;
  }
  return out;
}

// To the last day on which that hour was over before the hour of the issue, the one before `first`.
Hour days_back(Hour k) {
  return (k + 1) / 24 + 1;
}

template <class Value>
std::vector<HourlyIssue> made_of_history(std::vector<HourlyIssue> const& like, Value const& value) {
  std::vector<HourlyIssue> out;
  for (HourlyIssue const& issue : like) {
    HourlyIssue made{issue.first, {}};
    for (std::size_t k = 0; k < issue.values.size(); ++k)
      made.values.push_back(value(issue.first, static_cast<Hour>(k)));
    out.push_back(std::move(made));
  }
  return out;
}

}  // namespace

int cheapest_start(std::span<double const> values, int slack, int length) {
  int best = 0;
  double least = std::numeric_limits<double>::infinity();
  for (int start = 0; start <= slack; ++start) {
    auto const part = values.subspan(static_cast<std::size_t>(start), static_cast<std::size_t>(length));
    double const cost = std::accumulate(part.begin(), part.end(), 0.0);
    if (cost < least - 1e-9) {
      least = cost;
      best = start;
    }
  }
  return best;
}

std::optional<double> rank_correlation(std::span<double const> a, std::span<double const> b) {
  auto const x = ranks(a);
  auto const y = ranks(b);
  double const middle = static_cast<double>(x.size() - 1) / 2;
  double xx = 0;
  double yy = 0;
  double xy = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    xx += (x[i] - middle) * (x[i] - middle);
    yy += (y[i] - middle) * (y[i] - middle);
    xy += (x[i] - middle) * (y[i] - middle);
  }
  if (xx <= 0 || yy <= 0) return std::nullopt;
  return xy / std::sqrt(xx * yy);
}

Skill skill_of(std::vector<HourlyIssue> const& issues, HourlyActuals const& actuals) {
  Skill skill;
  std::vector<LeadSkill> leads;
  leads.reserve(kLeads.size());
  for (auto const& [first, last] : kLeads) leads.push_back({first, last});
  std::array<Costs, kJobHours.size()> costs{};
  double correlations = 0;
  std::int64_t days = 0;
  for (HourlyIssue const& issue : issues) {
    auto const truth = outcome(issue, actuals);
    bool const any = std::any_of(truth.begin(), truth.end(), [](double v) { return !std::isnan(v); });
    if (!any) continue;
    ++skill.issues;
    judge_leads(issue, truth, leads);
    for (std::size_t i = 0; i < kJobHours.size(); ++i) judge_job(issue, truth, kJobHours[i], costs[i]);
    if (truth.size() < kDay) continue;
    auto const said = std::span(issue.values).first(kDay);
    auto const was = std::span(truth).first(kDay);
    if (!known(said) || !known(was)) continue;
    if (auto const correlation = rank_correlation(said, was)) {
      correlations += *correlation;
      ++days;
    }
  }
  for (LeadSkill& lead : leads) {
    if (lead.pairs == 0) continue;
    lead.mae /= static_cast<double>(lead.pairs);
    lead.bias /= static_cast<double>(lead.pairs);
    skill.leads.push_back(lead);
  }
  if (days > 0) skill.rank_correlation = correlations / static_cast<double>(days);
  for (std::size_t i = 0; i < kJobHours.size(); ++i) skill.kept.push_back(share_of(kJobHours[i], costs[i]));
  return skill;
}

std::vector<HourlyIssue> as_yesterday(std::vector<HourlyIssue> const& like, HourlyActuals const& actuals) {
  return made_of_history(like,
                         [&](Hour first, Hour k) { return at(actuals, first + k - 24 * days_back(k)); });
}

std::vector<HourlyIssue> as_last_week(std::vector<HourlyIssue> const& like, HourlyActuals const& actuals) {
  return made_of_history(like, [&](Hour first, Hour k) {
    double sum = 0;
    int count = 0;
    for (Hour day = days_back(k); day < days_back(k) + 7; ++day) {
      double const value = at(actuals, first + k - 24 * day);
      if (std::isnan(value)) continue;
      sum += value;
      ++count;
    }
    return count > 0 ? sum / count : kUnknown;
  });
}

}  // namespace greenq::core
