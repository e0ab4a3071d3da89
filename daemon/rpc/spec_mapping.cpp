#include "rpc/spec_mapping.hpp"

#include <limits>
#include <string_view>
#include <utility>

#include "config/reader/signals.hpp"
#include "rpc/time_mapping.hpp"

namespace greenq::rpc {
namespace {

constexpr int kDefaultCheckpointExit = 85;
constexpr core::Span kDefaultGrace = std::chrono::minutes{2};
constexpr core::Span kDefaultPauseCost = std::chrono::minutes{1};

// Collects violations while reading.
class Reader {
 public:
  explicit Reader(std::string prefix) : prefix_(std::move(prefix)) {}

  void wrong(std::string const& field, std::string message) {
    errors_.push_back({prefix_ + "." + field, std::move(message)});
  }

  template <class To>
  To count(std::string const& field, std::int64_t value) {
    if (value < 0 || std::cmp_greater(value, std::numeric_limits<To>::max())) {
      wrong(field, "must not be negative.");
      return To{};
    }
    return static_cast<To>(value);
  }

  // Wire enums are open: a number this server does not know is refused, not guessed.
  template <class To>
  To choice(std::string const& field, int value, To fallback, int max) {
    if (value == 0) return fallback;
    if (value < 0 || value > max) {
      wrong(field,
            "has the unknown value " + std::to_string(value) + "; this server may be older than the client.");
      return fallback;
    }
    return static_cast<To>(value);
  }

  core::Span span(std::string const& field, google::protobuf::Duration const& wire) {
    auto const value = to_span(wire);
    if (!value) wrong(field, "must be a duration from 0 to 100 years.");
    return value.value_or(core::Span{0});
  }

  core::Instant instant(std::string const& field, google::protobuf::Timestamp const& wire) {
    auto const value = to_instant(wire);
    if (!value) wrong(field, "must be a time in the years 1 to 9999.");
    return value.value_or(core::Instant{});
  }

  std::string text(std::string const& field, std::string const& wire) {
    if (wire.find('\0') != std::string::npos) wrong(field, "must not contain the byte 0.");
    return wire;
  }

  std::vector<core::FieldError>& errors() { return errors_; }

 private:
  std::string prefix_;
  std::vector<core::FieldError> errors_;
};

std::string at_index(std::string const& field, int index) {
  return field + "[" + std::to_string(index) + "]";
}

void read_program(Reader& in, v1::JobSpec const& wire, core::JobSpec& spec) {
  if (wire.command().empty() && wire.run().empty()) in.wrong("run", "give a script in run, or a command.");
  if (!wire.command().empty() && !wire.run().empty())
    in.wrong("run", "give either run or command, not both.");
  spec.run = in.text("run", wire.run());
  if (!wire.run().empty()) {
    spec.command = {"/bin/bash", "-euo", "pipefail", "-c", spec.run};
  } else {
    for (int i = 0; i < wire.command_size(); ++i) {
      spec.command.push_back(in.text(at_index("command", i), wire.command(i)));
    }
  }
  spec.workdir = in.text("workdir", wire.workdir());
  for (auto const& [key, value] : wire.env()) {
    if (key.empty() || key.find('=') != std::string::npos) {
      in.wrong("env", "a variable needs a name without '='.");
      continue;
    }
    spec.env[in.text("env", key)] = in.text("env." + key, value);
  }
  spec.stdout_path = in.text("output.stdout", wire.output().stdout());
  spec.stderr_path = in.text("output.stderr", wire.output().stderr());
}

void read_resources(Reader& in, v1::Resources const& wire, core::Resources& out) {
  out.gpus = in.count<std::uint32_t>("resources.gpus", wire.gpus());
  out.gpu_types.assign(wire.gpu_types().begin(), wire.gpu_types().end());
  out.gpu_memory_bytes = in.count<std::int64_t>("resources.gpu_memory_bytes", wire.gpu_memory_bytes());
  out.cpus = wire.cpus() == 0 ? 1 : in.count<std::uint32_t>("resources.cpus", wire.cpus());
  out.memory_bytes = in.count<std::int64_t>("resources.memory_bytes", wire.memory_bytes());
}

std::optional<core::Bound> read_bound(Reader& in, v1::CarbonPolicy const& wire) {
  core::Bound bound;
  switch (wire.bound_case()) {
    case v1::CarbonPolicy::kFinishBy:
      bound.kind = core::BoundKind::kFinishBy;
      bound.at = in.instant("carbon.finish_by", wire.finish_by());
      return bound;
    case v1::CarbonPolicy::kStartBy:
      bound.kind = core::BoundKind::kStartBy;
      bound.at = in.instant("carbon.start_by", wire.start_by());
      return bound;
    case v1::CarbonPolicy::kMaxDelay:
      bound.kind = core::BoundKind::kMaxDelay;
      bound.delay = in.span("carbon.max_delay", wire.max_delay());
      return bound;
    case v1::CarbonPolicy::BOUND_NOT_SET:
      return std::nullopt;
  }
  return std::nullopt;
}

void read_carbon(Reader& in, v1::CarbonPolicy const& wire, core::CarbonPolicy& out) {
  out.mode = in.choice("carbon.mode", wire.mode(), core::CarbonMode::kShift, 3);
  if (wire.signal() != v1::SIGNAL_KIND_UNSPECIFIED) {
    out.signal = in.choice("carbon.signal", wire.signal(), core::SignalKind::kMarginal, 3);
  }
  out.bound = read_bound(in, wire);
  out.max_intensity.value = in.count<std::int64_t>("carbon.max_mg_per_kwh", wire.max_mg_per_kwh());
  out.interruptible = wire.interruptible();
  out.on_missed = in.choice("carbon.on_missed", wire.on_missed(), core::OnMissed::kRun, 3);
  out.on_stale_feed =
      in.choice("carbon.on_stale_feed", wire.on_stale_feed(), core::OnStaleFeed::kUseHistory, 3);
}

core::Checkpoint read_checkpoint(Reader& in, v1::Checkpoint const& wire) {
  core::Checkpoint out;
  auto const signal = config::parse_signal(wire.signal().empty() ? "SIGUSR1" : wire.signal());
  if (!signal) in.wrong("checkpoint.signal", signal.error() + ".");
  out.signal = signal.value_or(0);
  out.grace = wire.has_grace() ? in.span("checkpoint.grace", wire.grace()) : kDefaultGrace;
  out.exit_code = wire.exit_code() == 0 ? kDefaultCheckpointExit : wire.exit_code();
  out.cost = wire.has_cost() ? in.span("checkpoint.cost", wire.cost()) : kDefaultPauseCost;
  return out;
}

void read_retry(Reader& in, v1::Retry const& wire, core::Retry& out) {
  out.max = in.count<std::uint32_t>("retry.max", wire.max());
  for (int i = 0; i < wire.causes_size(); ++i) {
    if (wire.causes(i) == v1::Retry::CAUSE_UNSPECIFIED) {
      in.wrong(at_index("retry.causes", i), "must name a cause.");
      continue;
    }
    out.causes.push_back(
        in.choice(at_index("retry.causes", i), wire.causes(i), core::RetryCause::kNodeLost, 4));
  }
  for (int i = 0; i < wire.exit_codes_size(); ++i) {
    out.exit_codes.push_back(wire.exit_codes(i));
  }
  if (wire.has_backoff()) out.backoff = in.span("retry.backoff", wire.backoff());
}

void read_schedule(Reader& in, v1::JobSpec const& wire, core::JobSpec& spec) {
  if (wire.has_time_limit()) spec.time_limit = in.span("time_limit", wire.time_limit());
  if (wire.has_expected_duration())
    spec.expected_duration = in.span("expected_duration", wire.expected_duration());
  auto const power = in.count<std::int64_t>("expected_power_mw", wire.expected_power_mw());
  if (power > 0) spec.expected_power = core::Power{power};
  if (wire.has_checkpoint()) spec.checkpoint = read_checkpoint(in, wire.checkpoint());
  for (int i = 0; i < wire.depends_on_size(); ++i) {
    auto const& dependency = wire.depends_on(i);
    std::string const field = at_index("depends_on", i);
    if (dependency.job().empty()) in.wrong(field + ".job", "must name a job.");
    spec.depends_on.push_back({dependency.job(), in.choice(field + ".condition", dependency.condition(),
                                                           core::DependencyCondition::kSucceeded, 4)});
  }
  if (wire.has_priority()) spec.priority = in.count<std::uint32_t>("priority", wire.priority());
  spec.hold = wire.hold();
  if (wire.has_not_before()) spec.not_before = in.instant("not_before", wire.not_before());
}

void carbon_to_wire(core::CarbonPolicy const& policy, v1::CarbonPolicy& wire) {
  wire.set_mode(static_cast<v1::CarbonPolicy::Mode>(policy.mode));
  if (policy.signal) wire.set_signal(static_cast<v1::SignalKind>(*policy.signal));
  if (policy.bound) {
    switch (policy.bound->kind) {
      case core::BoundKind::kFinishBy:
        set_time(*wire.mutable_finish_by(), policy.bound->at);
        break;
      case core::BoundKind::kStartBy:
        set_time(*wire.mutable_start_by(), policy.bound->at);
        break;
      case core::BoundKind::kMaxDelay:
        set_duration(*wire.mutable_max_delay(), policy.bound->delay);
        break;
    }
  }
  wire.set_max_mg_per_kwh(policy.max_intensity.value);
  wire.set_interruptible(policy.interruptible);
  wire.set_on_missed(static_cast<v1::CarbonPolicy::OnMissed>(policy.on_missed));
  wire.set_on_stale_feed(static_cast<v1::CarbonPolicy::OnStaleFeed>(policy.on_stale_feed));
}

void private_to_wire(core::JobSpec const& spec, v1::JobSpec& wire) {
  if (spec.run.empty()) {
    for (auto const& word : spec.command) wire.add_command(word);
  } else {
    wire.set_run(spec.run);
  }
  wire.set_workdir(spec.workdir);
  for (auto const& [key, value] : spec.env) (*wire.mutable_env())[key] = value;
  if (!spec.stdout_path.empty()) wire.mutable_output()->set_stdout(spec.stdout_path);
  if (!spec.stderr_path.empty()) wire.mutable_output()->set_stderr(spec.stderr_path);
}

void resources_to_wire(core::Resources const& resources, v1::Resources& wire) {
  wire.set_gpus(static_cast<std::int32_t>(resources.gpus));
  for (auto const& type : resources.gpu_types) wire.add_gpu_types(type);
  wire.set_gpu_memory_bytes(resources.gpu_memory_bytes);
  wire.set_cpus(static_cast<std::int32_t>(resources.cpus));
  wire.set_memory_bytes(resources.memory_bytes);
}

void retry_to_wire(core::Retry const& retry, v1::Retry& wire) {
  wire.set_max(static_cast<std::int32_t>(retry.max));
  for (auto const cause : retry.causes) wire.add_causes(static_cast<v1::Retry::Cause>(cause));
  for (int const code : retry.exit_codes) wire.add_exit_codes(code);
  if (retry.backoff.count() > 0) set_duration(*wire.mutable_backoff(), retry.backoff);
}

}  // namespace

core::Result<core::JobSpec> spec_from_wire(v1::JobSpec const& wire, std::string const& project,
                                           std::string const& prefix) {
  if (wire.ByteSizeLong() > kSpecBytesMax) {
    core::Error error{core::ErrorCode::kInvalidArgument, "SPEC_TOO_LARGE",
                      "The job is larger than 256 KiB; put the script into a file."};
    error.fields.push_back({prefix, "must be at most 256 KiB."});
    return tl::unexpected(std::move(error));
  }
  Reader in(prefix);
  core::JobSpec spec;
  spec.name = wire.display_name();
  spec.project = project;
  read_program(in, wire, spec);
  read_resources(in, wire.resources(), spec.resources);
  read_carbon(in, wire.carbon(), spec.carbon);
  read_retry(in, wire.retry(), spec.retry);
  read_schedule(in, wire, spec);
  for (auto const& [key, value] : wire.labels()) spec.labels[key] = value;
  if (in.errors().empty()) return spec;
  core::Error error{core::ErrorCode::kInvalidArgument, "INVALID_JOB",
                    in.errors().front().field + ": " + in.errors().front().message};
  error.fields = std::move(in.errors());
  return tl::unexpected(std::move(error));
}

void spec_to_wire(core::JobSpec const& spec, bool redacted, v1::JobSpec& wire) {
  wire.set_display_name(spec.name);
  if (!redacted) private_to_wire(spec, wire);
  resources_to_wire(spec.resources, *wire.mutable_resources());
  if (spec.time_limit) set_duration(*wire.mutable_time_limit(), *spec.time_limit);
  if (spec.expected_duration) set_duration(*wire.mutable_expected_duration(), *spec.expected_duration);
  if (spec.expected_power) wire.set_expected_power_mw(spec.expected_power->value);
  carbon_to_wire(spec.carbon, *wire.mutable_carbon());
  if (spec.checkpoint) {
    wire.mutable_checkpoint()->set_signal(config::signal_name(spec.checkpoint->signal));
    set_duration(*wire.mutable_checkpoint()->mutable_grace(), spec.checkpoint->grace);
    wire.mutable_checkpoint()->set_exit_code(spec.checkpoint->exit_code);
    set_duration(*wire.mutable_checkpoint()->mutable_cost(), spec.checkpoint->cost);
  }
  if (spec.retry.max > 0) retry_to_wire(spec.retry, *wire.mutable_retry());
  for (auto const& dependency : spec.depends_on) {
    auto* out = wire.add_depends_on();
    out->set_job(dependency.job);
    out->set_condition(static_cast<v1::Dependency::Condition>(dependency.condition));
  }
  wire.set_priority(static_cast<std::int32_t>(spec.priority));
  wire.set_hold(spec.hold);
  if (spec.not_before) set_time(*wire.mutable_not_before(), *spec.not_before);
  for (auto const& [key, value] : spec.labels) (*wire.mutable_labels())[key] = value;
}

}  // namespace greenq::rpc
