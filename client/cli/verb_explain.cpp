// greenq explain JOB: every reason why it waits, when each clears, and what would skip it.
#include <fmt/format.h>

#include <ostream>

#include "client/cli/cli.hpp"
#include "client/cli/format.hpp"
#include "client/cli/job_text.hpp"
#include "client/cli/json.hpp"
#include "client/cli/plan_text.hpp"
#include "client/cli/selectors.hpp"

namespace greenq::client {
namespace {

std::string clears_text(v1::HoldReason const& reason, UtcTime now) {
  if (!reason.has_clears_time()) return {};
  auto const at = instant(reason.clears_time());
  if (at <= now) return "clears now";
  return "clears " +
         (at - now < std::chrono::minutes(2) ? relative_time(at, now) : local_time_with_zone(at, now));
}

std::string history_text(v1::ExplainJobResponse const& response, UtcTime now) {
  std::string text;
  for (auto const& event : response.history()) {
    text += "  " + local_time_seconds(instant(event.time()), now) + "  " + state_text(event.state());
    if (event.reason() != v1::HoldReason::CODE_UNSPECIFIED && event.state() == v1::Job::STATE_QUEUED) {
      text += " " + reason_text(event.reason());
    }
    if (!event.message().empty()) text += ": " + safe(event.message());
    text += '\n';
  }
  return text;
}

void print(Context& context, v1::ExplainJobResponse const& response) {
  auto const now = context.now();
  auto const style = context.style();
  auto const& job = response.job();
  auto& out = context.out();
  out << style.bold(full_id(job.name())) << " is " << state_coloured(job.state(), style);
  if (job.has_create_time() && !is_terminal(job.state())) {
    out << " (submitted " << relative_time(instant(job.create_time()), now) << ')';
  }
  if (response.queue_position() > 0) {
    out << fmt::format(", position {} of {}", response.queue_position(), response.queue_length());
  }
  out << '\n';
  if (is_terminal(job.state()) && !job.message().empty()) out << safe(job.message()) << '\n';
  int number = 0;
  for (auto const& reason : response.reasons()) {
    out << fmt::format(" {} {:<18} {}", ++number, reason_text(reason.code()), safe(reason.message()));
    if (auto const clears = clears_text(reason, now); !clears.empty()) out << "  [" << clears << ']';
    if (!reason.action().empty()) out << "  " << style.dim("to skip: " + safe(reason.action()));
    out << '\n';
  }
  if (response.has_plan() && response.plan().has_chosen() && !is_terminal(job.state())) {
    out << "Plan: " << plan_line(response.plan(), now) << '\n';
    if (!response.plan().note().empty()) out << "      " << safe(response.plan().note()) << '\n';
  }
  if (job.has_latest_start_time() && job.state() == v1::Job::STATE_QUEUED) {
    auto const latest = instant(job.latest_start_time());
    out << "Starts at the latest " << local_time_with_zone(latest, now) << " (" << relative_time(latest, now)
        << ")\n";
  }
  if (response.history_size() > 0) out << "Past (" << zone_name(now) << "):\n" << history_text(response, now);
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
  command->add_option("job", *word, "Job: 4213 or last")->type_name("JOB")->required();
}

}  // namespace greenq::client
