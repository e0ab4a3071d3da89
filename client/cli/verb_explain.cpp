// greenq explain JOB: every reason why it waits, when each clears, and what would skip it.
#include <fmt/format.h>

#include <ostream>

#include "client/cli/cli.hpp"
#include "client/cli/format.hpp"
#include "client/cli/job_text.hpp"
#include "client/cli/json.hpp"
#include "client/cli/plan_chart.hpp"
#include "client/cli/plan_text.hpp"
#include "client/cli/selectors.hpp"

namespace greenq::client {
namespace {

std::string clears_text(v1::HoldReason const& reason, UtcTime now) {
  if (!reason.has_clears_time()) return {};
  auto const at = instant(reason.clears_time());
  if (at <= now) return "clears now";
  return "clears " + (at - now < std::chrono::minutes(2) ? relative_time(at, now) : local_time(at, now));
}

std::string assumed_text(v1::Plan const& plan) {
  if (!plan.duration_assumed()) return {};
  return "      (1h is assumed when a job file gives neither expected_duration nor time_limit; set "
         "expected_duration)\n";
}

std::string history_text(v1::ExplainJobResponse const& response, UtcTime now) {
  std::string text;
  for (auto const& event : response.history()) {
    text += "  " + local_time_seconds(instant(event.time()), now) + "  " + state_text(event.state());
    if (auto const more = event_text(event, now); !more.empty()) text += ": " + more;
    text += '\n';
  }
  return text;
}

void print(Context& context, v1::ExplainJobResponse const& response) {
  auto const now = context.now();
  auto const style = context.style();
  auto const& job = response.job();
  auto& out = context.out();
  out << headline(job, style);
  if (job.has_create_time() && !is_terminal(job.state())) {
    out << " (submitted " << local_time(instant(job.create_time()), now) << ')';
  }
  if (response.queue_position() > 0) {
    out << fmt::format(", position {} of {}", response.queue_position(), response.queue_length());
  }
  out << '\n';
  if (is_terminal(job.state()) && !job.message().empty()) out << words(job.message(), now) << '\n';
  int number = 0;
  bool plan_is_told = response.plan().note().empty();
  for (auto const& reason : response.reasons()) {
    out << fmt::format(" {} {:<20}  {}", ++number, reason_text(reason.code()), words(reason.message(), now));
    if (auto const clears = clears_text(reason, now); !clears.empty()) out << "  [" << clears << ']';
    if (!reason.action().empty()) out << "  " << style.dim("to skip: " + safe(reason.action()));
    out << '\n';
    plan_is_told = plan_is_told || reason.message() == response.plan().note();
  }
  if (response.has_plan() && response.plan().has_chosen() && !is_terminal(job.state())) {
    out << "Plan: " << plan_line(response.plan(), false, now) << '\n';
    if (!plan_is_told) out << "      " << words(response.plan().note(), now) << '\n';
    out << assumed_text(response.plan());
  }
  if (job.has_latest_start_time() && job.state() == v1::Job::STATE_QUEUED) {
    auto const latest = instant(job.latest_start_time());
    out << "Starts at the latest " << local_time(latest, now) << " (" << relative_time(latest, now) << ")\n";
  }
  if (!is_terminal(job.state())) {
    out << plan_chart(response.plan(), context.env().columns, context.env().utf8, now, style);
  }
  if (response.history_size() > 0) out << "Past:\n" << history_text(response, now);
  out << zone_line(now);
}

Result<int> explain(Context& context, std::string const& word) {
  auto const name = select_one(context, word);
  if (!name) return tl::unexpected<Failure>(name.error());
  auto& connection = context.connection();
  v1::ExplainJobRequest request;
  request.set_name(*name);
  auto const response =
      connection.call<v1::ExplainJobResponse>(connection.jobs(), &v1::JobService::Stub::ExplainJob, request);
  if (!response) return tl::unexpected<Failure>(response.error());
  if (context.json()) {
    context.out() << to_json(*response) << '\n';
  } else {
    print(context, *response);
  }
  return 0;
}

}  // namespace

void add_explain(Cli& cli) {
  auto const word = std::make_shared<std::string>();
  auto* const command =
      cli.add("explain", "Why a job waits, when it will start, and what would skip the wait",
              [word](Context& context) { return explain(context, *word); });
  command->add_option("job", *word, kOneJob)->type_name("JOB")->required();
}

}  // namespace greenq::client
