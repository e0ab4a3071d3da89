#include "client/cli/job_text.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "client/cli/format.hpp"
#include "client/cli/plan_text.hpp"

namespace greenq::client {
namespace {

class Lines {
 public:
  explicit Lines(Style style) : style_(style) {}
  void add(std::string_view key, std::string const& value) {
    if (!value.empty()) text_ += "  " + style_.dim(fmt::format("{:<12}", key)) + ' ' + value + '\n';
  }
  std::string take() { return std::move(text_); }

 private:
  Style style_;
  std::string text_;
};

std::string when(google::protobuf::Timestamp const& time, UtcTime now) {
  auto const at = instant(time);
  return local_time(at, now) + " (" + relative_time(at, now) + ')';
}

std::string resources_text(v1::Resources const& resources) {
  auto text = fmt::format("{} cpu", std::max(resources.cpus(), 1));
  if (resources.memory_bytes() > 0) text += ", " + bytes_text(resources.memory_bytes()) + " memory";
  if (resources.gpus() == 0) return text;
  text += fmt::format(", {} gpu", resources.gpus());
  std::string types;
  for (auto const& type : resources.gpu_types()) types += (types.empty() ? "" : "/") + safe(type);
  if (!types.empty()) text += " (" + types + ')';
  if (resources.gpu_memory_bytes() > 0) text += " of " + bytes_text(resources.gpu_memory_bytes());
  return text;
}

std::string carbon_policy_text(v1::CarbonPolicy const& carbon, UtcTime now) {
  std::string text = "shift";
  if (carbon.mode() == v1::CarbonPolicy::MODE_NONE) return "none: starts as soon as there is room";
  if (carbon.mode() == v1::CarbonPolicy::MODE_THRESHOLD) {
    text = "threshold " + intensity_text(carbon.max_mg_per_kwh()) + " g/kWh";
  }
  if (carbon.has_finish_by()) text += ", finish by " + local_time(instant(carbon.finish_by()), now);
  if (carbon.has_start_by()) text += ", start by " + local_time(instant(carbon.start_by()), now);
  if (carbon.has_max_delay()) text += ", within " + duration_text(span(carbon.max_delay()));
  if (carbon.interruptible()) text += ", interruptible";
  return text;
}

std::string command_text(v1::JobSpec const& spec) {
  if (!spec.run().empty()) {
    auto const end = spec.run().find('\n');
    bool const more = end != std::string::npos && end + 1 < spec.run().size();
    return safe(std::string_view(spec.run()).substr(0, std::min<std::size_t>(end, 100))) + (more ? " …" : "");
  }
  std::string text;
  for (auto const& word : spec.command()) text += (text.empty() ? "" : " ") + safe(word);
  return text;
}

std::string attempt_text(v1::Attempt const& attempt, UtcTime now) {
  auto text = outcome_text(attempt.outcome());
  if (attempt.outcome() == v1::Attempt::OUTCOME_EXITED)
    text += fmt::format(" with {}", attempt.exit_status());
  if (attempt.outcome() == v1::Attempt::OUTCOME_SIGNALED) text += fmt::format(" {}", attempt.exit_status());
  if (attempt.has_start_time()) text += ", started " + when(attempt.start_time(), now);
  if (attempt.has_start_time() && attempt.has_end_time()) {
    text += ", " + duration_text(instant(attempt.end_time()) - instant(attempt.start_time()));
  }
  if (attempt.segments() > 1) text += fmt::format(", {} segments", attempt.segments());
  if (!attempt.message().empty() && !attempt.message().starts_with("exit status "))
    text += ": " + words(attempt.message(), now);
  return text;
}

std::string state_coloured(v1::Job::State state, Style style) {
  auto const text = standing_text(state);
  if (state == v1::Job::STATE_RUNNING || state == v1::Job::STATE_SUCCEEDED) return style.green(text);
  if (state == v1::Job::STATE_FAILED || state == v1::Job::STATE_LOST) return style.red(text);
  return style.yellow(text);
}

}  // namespace

Result<v1::Job> get_job(Context& context, std::string const& name) {
  auto& connection = context.connection();
  v1::GetJobRequest request;
  request.set_name(name);
  auto response =
      connection.call<v1::GetJobResponse>(connection.jobs(), &v1::JobService::Stub::GetJob, request);
  if (!response) return tl::unexpected<Failure>(response.error());
  return std::move(*response->mutable_job());
}

std::string headline(v1::Job const& job, Style style) {
  return style.bold(full_id(job.name())) + ' ' + state_coloured(job.state(), style);
}

std::string job_text(v1::Job const& job, UtcTime now, Style style) {
  Lines lines(style);
  auto const& spec = job.spec();
  lines.add("name", safe(spec.display_name()));
  lines.add("owner", safe(job.owner()));
  lines.add("runs", command_text(spec));
  lines.add("in", safe(spec.workdir()));
  lines.add("resources", resources_text(spec.resources()));
  if (spec.has_time_limit()) lines.add("time limit", duration_text(span(spec.time_limit())));
  if (spec.has_expected_duration()) {
    auto const expected = span(spec.expected_duration());
    lines.add("expected", duration_text(expected) +
                              (is_the_assumed(expected) ? " (assumed, unless the file says so)" : ""));
  }
  lines.add("carbon", carbon_policy_text(spec.carbon(), now));
  if (spec.has_priority() && spec.priority() != 50) lines.add("priority", std::to_string(spec.priority()));
  for (auto const& dependency : spec.depends_on()) lines.add("depends on", safe(dependency.job()));
  if (job.has_create_time()) lines.add("submitted", when(job.create_time(), now));
  if (job.state() == v1::Job::STATE_QUEUED || job.state() == v1::Job::STATE_PAUSED) {
    if (job.reason() != v1::HoldReason::CODE_UNSPECIFIED) lines.add("waits for", reason_text(job.reason()));
    if (job.has_planned_start_time()) lines.add("planned", when(job.planned_start_time(), now));
    if (job.has_latest_start_time()) lines.add("latest start", when(job.latest_start_time(), now));
  }
  if (job.has_start_time()) lines.add("started", when(job.start_time(), now));
  if (job.has_end_time()) lines.add("ended", when(job.end_time(), now));
  if (is_terminal(job.state())) lines.add("exit status", std::to_string(job.exit_status()));
  lines.add("message", further_message(job, now));
  lines.add("reason given", safe(job.user_reason()));
  for (auto const& attempt : job.attempts()) {
    lines.add(fmt::format("attempt {}", attempt.number()), attempt_text(attempt, now));
  }
  return headline(job, style) + '\n' + lines.take();
}

}  // namespace greenq::client
