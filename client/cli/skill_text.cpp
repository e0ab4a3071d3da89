#include "client/cli/skill_text.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "client/cli/format.hpp"
#include "client/cli/table.hpp"

namespace greenq::client {
namespace {

std::string percent(bool known, double share) {
  return known ? fmt::format("{:.0f} %", share * 100) : "-";
}

std::string lead_text(v1::LeadSkill const& lead) {
  if (lead.first_lead_hours() == lead.last_lead_hours()) return fmt::format("{} h", lead.first_lead_hours());
  return fmt::format("{}-{} h", lead.first_lead_hours(), lead.last_lead_hours());
}

std::string kept_table(v1::GetForecastSkillResponse const& response, Style style) {
  Table table({{"FORECAST"}, {"ISSUES"}, {"RANK CORR"}, {"1 H JOB"}, {"4 H JOB"}, {"12 H JOB"}});
  for (auto const& skill : response.skills()) {
    std::vector<std::string> row{
        safe(skill.provider()), std::to_string(skill.issues()),
        skill.has_rank_correlation() ? fmt::format("{:.2f}", skill.rank_correlation()) : "-"};
    for (auto const& kept : skill.kept()) row.push_back(percent(kept.has_share(), kept.share()));
    row.resize(6, "-");
    table.add(row);
  }
  return table.text(true, style);
}

std::string error_table(v1::GetForecastSkillResponse const& response, Style style) {
  Table table({{"FORECAST"}, {"LEAD"}, {"MEAN ERROR"}, {"BIAS"}, {"PAIRS"}});
  for (auto const& skill : response.skills()) {
    for (auto const& lead : skill.leads()) {
      table.add({safe(skill.provider()), lead_text(lead), fmt::format("{:.1f}", lead.mae_mg_per_kwh() / 1000),
                 fmt::format("{:+.1f}", lead.bias_mg_per_kwh() / 1000), std::to_string(lead.pairs())});
    }
  }
  return table.text(true, style);
}

}  // namespace

std::string skill_text(v1::GetForecastSkillResponse const& response, int days, Style style) {
  auto const what = kind_title(response.kind()) + " carbon intensity of " + safe(response.zone());
  if (response.skills_size() == 0) {
    return "No forecast of the " + what +
           fmt::format(
               " was kept in the last {} days, so there is nothing to judge. Kept are those of providers "
               "that are asked and of recordings with issues; other files are taken as they are.\n",
               days);
  }
  bool const judged = std::any_of(response.skills().begin(), response.skills().end(),
                                  [](v1::ForecastSkill const& skill) { return skill.issues() > 0; });
  if (!judged) {
    return "Forecasts of the " + what +
           " are kept, but none can be judged yet: that takes a day of measured figures after the first.\n";
  }
  std::string out = style.bold(fmt::format("Forecasts of the {}, last {} days", what, days)) + '\n';
  out += "Share of the possible saving that jobs would have kept, free to start within 24 h:\n";
  out += kept_table(response, style);
  out += "\nErrors by lead time, g CO2e/kWh:\n" + error_table(response, style);
  return out;
}

}  // namespace greenq::client
