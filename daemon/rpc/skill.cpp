#include "rpc/skill.hpp"

#include <cmath>

#include "core/carbon/hours.hpp"
#include "core/carbon/skill.hpp"
#include "core/state.hpp"

namespace greenq::rpc {
namespace {

// One provider after another; the next read starts when the one before is judged.
struct Judging {
  CallPtr<v1::GetForecastSkillResponse> call;
  app::ForecastQuery query;
  std::vector<std::pair<std::string, std::string>> providers;  // id and label, to do
  std::size_t next = 0;
  v1::GetForecastSkillResponse response;
  std::vector<core::HourlyIssue> issues;  // of the first provider that had any
  core::HourlyActuals actuals;
};
using JudgingPtr = std::shared_ptr<Judging>;

void to_wire(core::Skill const& skill, std::string const& provider, std::string const& label,
             v1::ForecastSkill& wire) {
  wire.set_provider(provider);
  wire.set_label(label);
  wire.set_issues(skill.issues);
  for (core::LeadSkill const& lead : skill.leads) {
    auto* out = wire.add_leads();
    out->set_first_lead_hours(lead.first_lead);
    out->set_last_lead_hours(lead.last_lead);
    out->set_pairs(lead.pairs);
    out->set_mae_mg_per_kwh(lead.mae * 1000);
    out->set_bias_mg_per_kwh(lead.bias * 1000);
  }
  if (skill.rank_correlation) wire.set_rank_correlation(*skill.rank_correlation);
  for (core::KeptShare const& kept : skill.kept) {
    auto* out = wire.add_kept();
    out->set_job_hours(kept.job_hours);
    out->set_jobs(kept.jobs);
    if (kept.share) out->set_share(*kept.share);
    if (kept.possible) out->set_possible(*kept.possible);
  }
}

void finish(Judging& judging) {
  auto const add = [&](std::vector<core::HourlyIssue> const& issues, char const* id, char const* label) {
    to_wire(core::skill_of(issues, judging.actuals), id, label, *judging.response.add_skills());
  };
  if (!judging.issues.empty()) {
    add(core::as_yesterday(judging.issues, judging.actuals), "yesterday", "each hour as on the day before");
    add(core::as_last_week(judging.issues, judging.actuals), "last-week",
        "each hour as on the seven days before");
  }
  judging.call->answer(
      [&](v1::GetForecastSkillResponse& response) { response = std::move(judging.response); });
}

void judge_next(JudgingPtr const& judging) {
  if (judging->next == judging->providers.size()) return finish(*judging);
  judging->query.provider = judging->providers[judging->next].first;
  judging->call->context().parts.reads->forecasts(
      judging->query, [judging](core::Result<app::ForecastHistory> found) {
        if (failed(judging->call, found)) return;
        auto const& [provider, label] = judging->providers[judging->next];
        std::vector<core::HourlyIssue> issues;
        for (auto const& issue : found->issues)
          issues.push_back(core::judged_hours(issue.issued_at, issue.points));
        for (auto const& [hour, grams] : core::whole_hours(found->actuals)) judging->actuals[hour] = grams;
        judging->query.actuals = false;  // the same for all
        if (!issues.empty()) {
          to_wire(core::skill_of(issues, judging->actuals), provider, label, *judging->response.add_skills());
          if (judging->issues.empty()) judging->issues = std::move(issues);
        }
        ++judging->next;
        judge_next(judging);
      });
}

}  // namespace

void answer_skill(CallPtr<v1::GetForecastSkillResponse> const& call, std::string zone, core::SignalKind kind,
                  int days) {
  auto const judging = std::make_shared<Judging>();
  judging->call = call;
  core::Instant const now = call->context().now();
  judging->query = {zone, kind, {}, {now - std::chrono::hours{24} * days, now}};
  judging->providers.emplace_back(core::kOwnForecast, "GreenQ's own forecast");
  auto const& parts = call->context().parts;
  for (app::FeedStatus const& feed : parts.feeds ? parts.feeds() : std::vector<app::FeedStatus>{}) {
    if (feed.source.zone != zone || feed.source.kind != kind) continue;
    judging->providers.emplace_back(feed.source.provider, feed.source.label);
  }
  judging->response.set_zone(std::move(zone));
  judging->response.set_kind(static_cast<v1::SignalKind>(kind));
  judge_next(judging);
}

}  // namespace greenq::rpc
