#include "store/codec.hpp"
#include "store/json.hpp"

namespace greenq::store {
namespace {

using js::get;
using js::put;
namespace json = boost::json;

json::object of(core::Resources const& resources) {
  json::object o;
  put(o, "gpus", std::int64_t{resources.gpus});
  put(o, "gpu_types", resources.gpu_types);
  put(o, "gpu_memory", resources.gpu_memory_bytes);
  put(o, "cpus", std::int64_t{resources.cpus});
  put(o, "memory", resources.memory_bytes);
  return o;
}

core::Resources resources_of(json::object const& o) {
  core::Resources resources;
  get(o, "gpus", resources.gpus);
  get(o, "gpu_types", resources.gpu_types);
  get(o, "gpu_memory", resources.gpu_memory_bytes);
  get(o, "cpus", resources.cpus);
  get(o, "memory", resources.memory_bytes);
  return resources;
}

json::object of(core::CarbonPolicy const& policy) {
  json::object o;
  put(o, "mode", policy.mode);
  put(o, "signal", policy.signal);
  if (policy.bound) {
    json::object bound;
    put(bound, "kind", policy.bound->kind);
    put(bound, "at", policy.bound->at);
    put(bound, "delay", policy.bound->delay);
    put(o, "bound", std::move(bound));
  }
  put(o, "max_intensity", policy.max_intensity);
  put(o, "interruptible", policy.interruptible);
  put(o, "on_missed", policy.on_missed);
  put(o, "on_stale_feed", policy.on_stale_feed);
  return o;
}

core::CarbonPolicy policy_of(json::object const& o) {
  core::CarbonPolicy policy;
  get(o, "mode", policy.mode);
  get(o, "signal", policy.signal);
  if (auto const* value = o.if_contains("bound")) {
    core::Bound& bound = policy.bound.emplace();
    get(value->as_object(), "kind", bound.kind);
    get(value->as_object(), "at", bound.at);
    get(value->as_object(), "delay", bound.delay);
  }
  get(o, "max_intensity", policy.max_intensity);
  get(o, "interruptible", policy.interruptible);
  get(o, "on_missed", policy.on_missed);
  get(o, "on_stale_feed", policy.on_stale_feed);
  return policy;
}

json::object of(core::Checkpoint const& checkpoint) {
  json::object o;
  put(o, "signal", std::int64_t{checkpoint.signal});
  put(o, "grace", checkpoint.grace);
  put(o, "exit_code", std::int64_t{checkpoint.exit_code});
  put(o, "cost", checkpoint.cost);
  return o;
}

core::Checkpoint checkpoint_of(json::object const& o) {
  core::Checkpoint checkpoint;
  get(o, "signal", checkpoint.signal);
  get(o, "grace", checkpoint.grace);
  get(o, "exit_code", checkpoint.exit_code);
  get(o, "cost", checkpoint.cost);
  return checkpoint;
}

json::object of(core::Retry const& retry) {
  json::object o;
  put(o, "max", std::int64_t{retry.max});
  json::array causes;
  for (core::RetryCause const cause : retry.causes) causes.emplace_back(static_cast<std::int64_t>(cause));
  put(o, "causes", std::move(causes));
  json::array codes;
  for (int const code : retry.exit_codes) codes.emplace_back(code);
  put(o, "exit_codes", std::move(codes));
  put(o, "backoff", retry.backoff);
  return o;
}

core::Retry retry_of(json::object const& o) {
  core::Retry retry;
  get(o, "max", retry.max);
  get(o, "causes", retry.causes);
  get(o, "exit_codes", retry.exit_codes);
  get(o, "backoff", retry.backoff);
  return retry;
}

json::object of(core::Attempt const& attempt) {
  json::object o;
  put(o, "number", std::int64_t{attempt.number});
  json::array segments;
  for (core::Segment const& segment : attempt.segments) {
    json::object& s = segments.emplace_back(json::object()).as_object();
    put(s, "begin", segment.begin);
    put(s, "end", segment.end);
  }
  put(o, "segments", std::move(segments));
  put(o, "launches", std::int64_t{attempt.launches});
  put(o, "gpus", attempt.gpu_uuids);
  if (attempt.end) {
    json::object end;
    put(end, "outcome", attempt.end->outcome);
    put(end, "status", std::int64_t{attempt.end->status});
    put(end, "at", attempt.end->at);
    put(end, "message", attempt.end->message);
    put(o, "end", std::move(end));
  }
  return o;
}

core::Attempt attempt_of(json::object const& o) {
  core::Attempt attempt;
  get(o, "number", attempt.number);
  for (auto const& item : js::items(o, "segments")) {
    core::Segment& segment = attempt.segments.emplace_back();
    get(item.as_object(), "begin", segment.begin);
    get(item.as_object(), "end", segment.end);
  }
  get(o, "launches", attempt.launches);
  get(o, "gpus", attempt.gpu_uuids);
  if (auto const* value = o.if_contains("end")) {
    core::SegmentEnd& end = attempt.end.emplace();
    get(value->as_object(), "outcome", end.outcome);
    get(value->as_object(), "status", end.status);
    get(value->as_object(), "at", end.at);
    get(value->as_object(), "message", end.message);
  }
  return attempt;
}

json::object of(core::LearnedDuration const& learned) {
  json::object o;
  put(o, "typical", learned.typical);
  put(o, "safe", learned.safe);
  put(o, "runs", std::int64_t{learned.runs});
  put(o, "part_permille", learned.part_permille);
  if (learned.any_name) put(o, "any_name", true);
  return o;
}

core::LearnedDuration learned_of(json::object const& o) {
  core::LearnedDuration learned;
  get(o, "typical", learned.typical);
  get(o, "safe", learned.safe);
  get(o, "runs", learned.runs);
  get(o, "part_permille", learned.part_permille);
  get(o, "any_name", learned.any_name);
  return learned;
}

json::object of(core::Plan const& plan) {
  json::object o;
  json::array segments;
  for (core::Interval const& segment : plan.segments) {
    segments.emplace_back(json::array{core::to_ms(segment.begin), core::to_ms(segment.end)});
  }
  put(o, "segments", std::move(segments));
  put(o, "pool", std::int64_t{plan.pool});
  put(o, "mean", plan.mean);
  put(o, "mean_if_now", plan.mean_if_now);
  put(o, "rung", plan.rung);
  put(o, "shifted", plan.shifted);
  put(o, "waits_for_capacity", plan.waits_for_capacity);
  put(o, "note", plan.note);
  return o;
}

core::Plan plan_of(json::object const& o) {
  core::Plan plan;
  for (auto const& item : js::items(o, "segments")) {
    core::Interval& segment = plan.segments.emplace_back();
    js::read(item.at(0), segment.begin);
    js::read(item.at(1), segment.end);
  }
  get(o, "pool", plan.pool);
  get(o, "mean", plan.mean);
  get(o, "mean_if_now", plan.mean_if_now);
  get(o, "rung", plan.rung);
  get(o, "shifted", plan.shifted);
  get(o, "waits_for_capacity", plan.waits_for_capacity);
  get(o, "note", plan.note);
  return plan;
}

}  // namespace

std::string encode_spec(core::JobSpec const& spec) {
  json::object o;
  put(o, "name", spec.name);
  put(o, "project", spec.project);
  put(o, "command", spec.command);
  put(o, "run", spec.run);
  put(o, "workdir", spec.workdir);
  put(o, "env", spec.env);
  put(o, "resources", of(spec.resources));
  put(o, "time_limit", spec.time_limit);
  put(o, "expected_duration", spec.expected_duration);
  put(o, "duration_assumed", spec.duration_assumed);
  put(o, "expected_power", spec.expected_power);
  put(o, "carbon", of(spec.carbon));
  if (spec.checkpoint) put(o, "checkpoint", of(*spec.checkpoint));
  put(o, "retry", of(spec.retry));
  json::array needs;
  for (core::DependencyRequest const& need : spec.depends_on) {
    json::object& n = needs.emplace_back(json::object()).as_object();
    put(n, "job", need.job);
    put(n, "condition", need.condition);
  }
  put(o, "depends_on", std::move(needs));
  put(o, "priority", std::int64_t{spec.priority});
  put(o, "hold", spec.hold);
  put(o, "not_before", spec.not_before);
  put(o, "labels", spec.labels);
  put(o, "stdout", spec.stdout_path);
  put(o, "stderr", spec.stderr_path);
  return json::serialize(o);
}

core::JobSpec decode_spec(std::string_view text) {
  json::object const o = js::parse(text);
  core::JobSpec spec;
  get(o, "name", spec.name);
  get(o, "project", spec.project);
  get(o, "command", spec.command);
  get(o, "run", spec.run);
  get(o, "workdir", spec.workdir);
  get(o, "env", spec.env);
  spec.resources = resources_of(o.at("resources").as_object());
  get(o, "time_limit", spec.time_limit);
  get(o, "expected_duration", spec.expected_duration);
  get(o, "duration_assumed", spec.duration_assumed);
  get(o, "expected_power", spec.expected_power);
  spec.carbon = policy_of(o.at("carbon").as_object());
  if (auto const* value = o.if_contains("checkpoint")) spec.checkpoint = checkpoint_of(value->as_object());
  spec.retry = retry_of(o.at("retry").as_object());
  for (auto const& item : js::items(o, "depends_on")) {
    core::DependencyRequest& need = spec.depends_on.emplace_back();
    get(item.as_object(), "job", need.job);
    get(item.as_object(), "condition", need.condition);
  }
  get(o, "priority", spec.priority);
  get(o, "hold", spec.hold);
  get(o, "not_before", spec.not_before);
  get(o, "labels", spec.labels);
  get(o, "stdout", spec.stdout_path);
  get(o, "stderr", spec.stderr_path);
  return spec;
}

std::string encode_runtime(core::Job const& job) {
  json::object o;
  put(o, "gid", std::int64_t{job.owner.gid});
  put(o, "admin", job.owner.admin);
  json::array needs;
  for (core::Dependency const& need : job.dependencies) {
    needs.emplace_back(
        json::array{need.job, static_cast<int>(need.condition), static_cast<int>(need.status)});
  }
  put(o, "dependencies", std::move(needs));
  json::array attempts;
  for (core::Attempt const& attempt : job.attempts) attempts.emplace_back(of(attempt));
  put(o, "attempts", std::move(attempts));
  if (job.learned) put(o, "learned", of(*job.learned));
  if (job.plan) put(o, "plan", of(*job.plan));
  put(o, "not_before", job.not_before);
  put(o, "held_by_user", job.held_by_user);
  put(o, "held_by_admin", job.held_by_admin);
  put(o, "bound_waived", job.bound_waived);
  put(o, "stop", job.stop);
  put(o, "stop_deadline", job.stop_deadline);
  put(o, "exit_status", std::int64_t{job.exit_status});
  put(o, "ran", job.ran);
  put(o, "headline", job.headline);
  put(o, "headline_since", job.headline_since);
  put(o, "message", job.message);
  put(o, "user_reason", job.user_reason);
  return json::serialize(o);
}

void decode_runtime(std::string_view text, core::Job& job) {
  json::object const o = js::parse(text);
  get(o, "gid", job.owner.gid);
  get(o, "admin", job.owner.admin);
  for (auto const& item : js::items(o, "dependencies")) {
    core::Dependency& need = job.dependencies.emplace_back();
    js::read(item.at(0), need.job);
    js::read(item.at(1), need.condition);
    js::read(item.at(2), need.status);
  }
  for (auto const& item : js::items(o, "attempts")) job.attempts.push_back(attempt_of(item.as_object()));
  if (auto const* value = o.if_contains("learned")) job.learned = learned_of(value->as_object());
  if (auto const* value = o.if_contains("plan")) job.plan = plan_of(value->as_object());
  get(o, "not_before", job.not_before);
  get(o, "held_by_user", job.held_by_user);
  get(o, "held_by_admin", job.held_by_admin);
  get(o, "bound_waived", job.bound_waived);
  get(o, "stop", job.stop);
  get(o, "stop_deadline", job.stop_deadline);
  get(o, "exit_status", job.exit_status);
  get(o, "ran", job.ran);
  get(o, "headline", job.headline);
  get(o, "headline_since", job.headline_since);
  get(o, "message", job.message);
  get(o, "user_reason", job.user_reason);
}

std::string encode_numbers(std::vector<std::uint64_t> const& numbers) {
  json::array array;
  for (std::uint64_t const number : numbers) array.emplace_back(number);
  return json::serialize(array);
}

std::vector<std::uint64_t> decode_numbers(std::string_view text) {
  std::vector<std::uint64_t> numbers;
  js::read(js::parse_any(text), numbers);
  return numbers;
}

}  // namespace greenq::store
