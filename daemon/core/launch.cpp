#include "core/launch.hpp"

#include <algorithm>
#include <cstring>

#include "core/carbon/utc_text.hpp"
#include "core/check.hpp"

namespace greenq::core {
namespace {

std::string joined(std::vector<std::string> const& parts) {
  std::string out;
  for (std::string const& part : parts) out += (out.empty() ? "" : ",") + part;
  return out;
}

}  // namespace

std::string signal_name(int signal) {
  char const* const known = ::sigabbrev_np(signal);
  return "SIG" + (known != nullptr ? std::string{known} : std::to_string(signal));
}

SegmentId current_segment(Job const& job) {
  GREENQ_CHECK(!job.attempts.empty());
  return {job.id, job.attempts.back().number, job.attempts.back().launches};
}

std::string expand_path(std::string const& pattern, Job const& job) {
  std::string out;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] != '%' || i + 1 == pattern.size()) {
      out += pattern[i];
      continue;
    }
    switch (pattern[++i]) {
      case 'j':
        out += std::to_string(job.id);
        break;
      case 't':
        out += std::to_string(job.attempts.empty() ? 0 : job.attempts.back().number);
        break;
      case 'u':
        out += job.owner.name;
        break;
      case 'n':
        out += job.spec->name;
        break;
      case '%':
        out += '%';
        break;
      default:  // default: other characters stand for themselves
        out += std::string{'%'} + pattern[i];
    }
  }
  return out;
}

Launch make_launch(Job const& job, Span stop_grace) {
  JobSpec const& spec = *job.spec;
  Attempt const& attempt = job.attempts.back();
  Launch launch;
  launch.segment = current_segment(job);
  launch.project = spec.project;
  launch.name = spec.name;
  launch.owner = job.owner;
  launch.command = spec.command;
  launch.workdir = spec.workdir;
  launch.stdout_path = expand_path(spec.stdout_path, job);
  launch.stderr_path = expand_path(spec.stderr_path.empty() ? spec.stdout_path : spec.stderr_path, job);
  launch.time_limit =
      std::max(spec.time_limit.value_or(Span{0}) + pauses_cost(job) - job.ran, Span{std::chrono::seconds{1}});
  launch.stop_grace = stop_grace;
  launch.cpus = spec.resources.cpus;
  launch.memory_bytes = spec.resources.memory_bytes;
  launch.gpu_uuids = attempt.gpu_uuids;
  launch.seen_running = job.state == JobState::kRunning;
  launch.env = spec.env;
  launch.env["GREENQ_JOB"] = std::to_string(job.id);
  launch.env["GREENQ_JOB_NAME"] = spec.name;
  launch.env["GREENQ_PROJECT"] = spec.project;
  launch.env["GREENQ_ATTEMPT"] = std::to_string(attempt.number);
  launch.env["GREENQ_GPUS"] = std::to_string(attempt.gpu_uuids.size());
  launch.env["GREENQ_CPUS"] = std::to_string(spec.resources.cpus);
  launch.env["CUDA_VISIBLE_DEVICES"] = joined(attempt.gpu_uuids);
  if (spec.checkpoint) {
    launch.checkpoint_signal = spec.checkpoint->signal;
    launch.checkpoint_exit_code = spec.checkpoint->exit_code;
    launch.env["GREENQ_CHECKPOINT_SIGNAL"] = signal_name(spec.checkpoint->signal);
  }
  auto const& bound = spec.carbon.bound;
  if (bound && bound->kind == BoundKind::kFinishBy) launch.env["GREENQ_FINISH_BY"] = utc_text(bound->at);
  return launch;
}

}  // namespace greenq::core
