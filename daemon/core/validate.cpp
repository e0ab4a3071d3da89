#include "core/validate.hpp"

#include <algorithm>
#include <cctype>

#include "core/carbon/utc_text.hpp"

namespace greenq::core {
namespace {

constexpr std::size_t kMaxArgs = 4096;
constexpr std::size_t kMaxText = std::size_t{256} * 1024;
// MAX_ARG_STRLEN of Linux: one argument, or one NAME=value, with its end.
constexpr std::size_t kMaxString = std::size_t{128} * 1024;
constexpr std::size_t kMaxLabels = 32;
constexpr std::uint32_t kMaxRetries = 100;
constexpr Span kMaxSpan{std::chrono::hours{24 * 366}};

bool is_env_name(std::string const& text) {
  if (text.empty() || text.size() > 256 || std::isdigit(static_cast<unsigned char>(text[0]))) return false;
  return std::all_of(text.begin(), text.end(), [](unsigned char c) { return std::isalnum(c) || c == '_'; });
}

bool has_nul(std::string const& text) {
  return text.find('\0') != std::string::npos;
}

class Checker {
 public:
  explicit Checker(JobSpec const& spec) : spec_(spec) {}

  std::vector<FieldError> run() {
    names();
    program();
    environment();
    resources();
    times();
    carbon();
    checkpoint_and_retry();
    outputs();
    return std::move(errors_);
  }

 private:
  JobSpec const& spec_;
  std::vector<FieldError> errors_;

  void bad(std::string field, std::string message) {
    errors_.push_back({"spec." + std::move(field), std::move(message)});
  }
  void require(bool good, char const* field, std::string message) {
    if (!good) bad(field, std::move(message));
  }

  void names() {
    require(spec_.name.empty() || is_name(spec_.name), "display_name",
            "must be 1 to 63 of a-z, 0-9 and -; got \"" + spec_.name + "\"");
    if (!is_name(spec_.project)) {
      errors_.push_back(
          {"parent", "the project must be 1 to 63 of a-z, 0-9 and -; got \"" + spec_.project + "\""});
    }
    require(spec_.priority <= 100, "priority", "must be 0 to 100");
    require(spec_.labels.size() <= kMaxLabels, "labels", "at most 32 labels");
    for (auto const& [key, value] : spec_.labels) {
      bool const good = is_name(key) && value.size() <= 255 && !has_nul(value);
      if (!good)
        bad("labels", "label \"" + key + "\" needs a key of a-z, 0-9, - and a value of at most 255 bytes");
    }
    for (DependencyRequest const& dependency : spec_.depends_on) {
      require(!dependency.job.empty(), "depends_on", "needs a job id or name");
    }
    require(spec_.depends_on.size() <= 100, "depends_on", "at most 100 dependencies");
  }

  void program() {
    bool const empty = spec_.command.empty() || spec_.command.front().empty();
    require(!empty, "command", "needs a program: give `run` (a script) or `command` (a list)");
    require(spec_.command.size() <= kMaxArgs, "command", "at most 4096 arguments");
    std::size_t size = 0;
    for (std::string const& argument : spec_.command) {
      size += argument.size();
      require(!has_nul(argument), "command", "arguments cannot contain a NUL byte");
      require(argument.size() < kMaxString, spec_.run.empty() ? "command" : "run",
              "one argument has " + std::to_string(argument.size()) +
                  " bytes, and Linux takes less than 128 KiB; put it into a file");
    }
    require(size <= kMaxText, "command", "longer than 256 KiB");
    require(!spec_.workdir.empty() && spec_.workdir.front() == '/' && !has_nul(spec_.workdir), "workdir",
            "must be an absolute path");
  }

  void environment() {
    std::size_t size = 0;
    for (auto const& [name, value] : spec_.env) {
      size += name.size() + value.size();
      if (!is_env_name(name)) bad("env", "\"" + name + "\" is not a variable name");
      if (name.rfind("GREENQ_", 0) == 0)
        bad("env", name + " is reserved; names starting with GREENQ_ are set by GreenQ");
      if (has_nul(value)) bad("env", "the value of " + name + " contains a NUL byte");
      require(name.size() + 1 + value.size() < kMaxString, "env",
              name + " has " + std::to_string(name.size() + 1 + value.size()) +
                  " bytes, and Linux takes less than 128 KiB; put it into a file");
    }
    require(size <= kMaxText, "env", "longer than 256 KiB");
  }

  void resources() {
    Resources const& need = spec_.resources;
    require(need.cpus >= 1 && need.cpus <= 65536, "resources.cpus", "must be at least 1");
    require(need.gpus <= 4096, "resources.gpus", "too many");
    require(need.memory_bytes >= 0, "resources.memory_bytes", "cannot be negative");
    require(need.gpu_memory_bytes >= 0, "resources.gpu_memory_bytes", "cannot be negative");
    require(need.gpus > 0 || (need.gpu_types.empty() && need.gpu_memory_bytes == 0), "resources.gpus",
            "gpu_type and gpu_memory need gpus: 1 or more");
  }

  void span(char const* field, std::optional<Span> value) {
    if (value)
      require(*value >= std::chrono::seconds{1} && *value <= kMaxSpan, field, "must be from 1 s to 366 days");
  }

  void times() {
    span("time_limit", spec_.time_limit);
    span("expected_duration", spec_.expected_duration);
    if (spec_.time_limit && spec_.expected_duration) {
      require(*spec_.expected_duration <= *spec_.time_limit, "expected_duration", "cannot exceed time_limit");
    }
    if (spec_.expected_power) {
      require(spec_.expected_power->value > 0 && spec_.expected_power->value <= 10'000'000'000,
              "expected_power_mw", "must be above 0 and at most 10 MW");
    }
  }

  void carbon() {
    CarbonPolicy const& policy = spec_.carbon;
    bool const threshold = policy.mode == CarbonMode::kThreshold;
    require(!threshold || policy.max_intensity.value > 0, "carbon.max_mg_per_kwh",
            "policy: threshold needs max_intensity, e.g. 250gCO2/kWh");
    require(threshold || policy.max_intensity.value == 0, "carbon.max_mg_per_kwh",
            "max_intensity is only for policy: threshold");
    require(!policy.interruptible || spec_.checkpoint.has_value(), "carbon.interruptible",
            "needs a checkpoint section, so that work can be saved");
    require(policy.signal != SignalKind::kRelative, "carbon.signal", "must be marginal or average");
    if (policy.bound && policy.bound->kind == BoundKind::kMaxDelay) {
      require(policy.bound->delay >= Span{0} && policy.bound->delay <= kMaxSpan, "carbon.max_delay",
              "must be from 0 s to 366 days");
    }
  }

  void checkpoint_and_retry() {
    if (spec_.checkpoint) {
      require(spec_.checkpoint->signal > 0, "checkpoint.signal", "unknown signal; use e.g. SIGUSR1");
      require(spec_.checkpoint->grace >= std::chrono::seconds{1} &&
                  spec_.checkpoint->grace <= std::chrono::hours{1},
              "checkpoint.grace", "must be from 1 s to 1 h");
      require(spec_.checkpoint->exit_code > 0 && spec_.checkpoint->exit_code < 128, "checkpoint.exit_code",
              "must be from 1 to 127");
      require(spec_.checkpoint->cost >= Span{0} && spec_.checkpoint->cost <= std::chrono::hours{6},
              "checkpoint.cost", "must be from 0 s to 6 h");
    }
    require(spec_.retry.max <= kMaxRetries, "retry.max", "at most 100");
    require(spec_.retry.backoff >= Span{0} && spec_.retry.backoff <= std::chrono::hours{24}, "retry.backoff",
            "must be from 0 s to 24 h");
    for (int const code : spec_.retry.exit_codes) {
      require(code > 0 && code < 256, "retry.exit_codes", "must be from 1 to 255");
    }
  }

  void outputs() {
    for (auto const& [field, path] :
         {std::pair{"output.stdout", spec_.stdout_path}, {"output.stderr", spec_.stderr_path}}) {
      bool const climbs = ("/" + path + "/").find("/../") != std::string::npos;
      require(path.size() <= 4096 && !has_nul(path) && !climbs, field, "must be a path without \"..\"");
    }
  }
};

void check_moments(JobSpec const& spec, Instant now, std::vector<FieldError>& errors) {
  auto const& bound = spec.carbon.bound;
  if (!bound || bound->kind == BoundKind::kMaxDelay) return;
  bool const finish = bound->kind == BoundKind::kFinishBy;
  std::string const field = finish ? "spec.carbon.finish_by" : "spec.carbon.start_by";
  if (bound->at <= now) return errors.push_back({field, "lies in the past"});
  if (bound->at - now > kMaxSpan) return errors.push_back({field, "lies more than 366 days ahead"});
  Instant const ready = std::max(now, spec.not_before.value_or(now));
  Instant const done = ready + (finish ? stated_duration(spec) : Span{0});
  if (spec.carbon.on_missed == OnMissed::kRun || done <= bound->at) return;
  errors.push_back({field, "cannot be kept even if the job starts at once (it takes until " + utc_text(done) +
                               "), and on_missed is not `run`; move it, or correct expected_duration"});
}

Error invalid(std::vector<FieldError> errors) {
  Error error;
  error.code = ErrorCode::kInvalidArgument;
  error.reason = "INVALID_JOB";
  error.message = errors.size() == 1 ? errors.front().field + ": " + errors.front().message
                                     : std::to_string(errors.size()) + " errors in the job";
  error.fields = std::move(errors);
  return error;
}

}  // namespace

bool is_name(std::string_view text) {
  constexpr std::string_view kAllowed = "abcdefghijklmnopqrstuvwxyz0123456789-";
  return !text.empty() && text.size() <= 63 && text.front() != '-' &&
         text.find_first_not_of(kAllowed) == std::string_view::npos;
}

std::vector<FieldError> violations(JobSpec const& spec) {
  return Checker{spec}.run();
}

Result<JobSpec> accept(JobSpec spec, SiteConfig const& site, Capacity const& capacity, Instant now) {
  spec.resources.cpus = std::max<std::uint32_t>(spec.resources.cpus, 1);
  std::vector<FieldError> errors = violations(spec);
  check_moments(spec, now, errors);
  if (spec.time_limit && *spec.time_limit > site.max_time_limit) {
    errors.push_back(
        {"spec.time_limit",
         "the site allows at most " +
             std::to_string(std::chrono::floor<std::chrono::hours>(site.max_time_limit).count()) + " h"});
  }
  if (!errors.empty()) return tl::unexpected(invalid(std::move(errors)));
  std::string const impossible = never_fits(spec.resources, capacity);
  if (!impossible.empty()) {
    Error error{ErrorCode::kInvalidArgument, "NEVER_FITS", "this job can never run here: " + impossible};
    error.fields.push_back({"spec.resources", impossible});
    return tl::unexpected(error);
  }
  spec.duration_assumed = !spec.expected_duration;
  spec.expected_duration = stated_duration(spec);
  if (!spec.time_limit) spec.time_limit = site.max_time_limit;
  if (!spec.carbon.bound) spec.carbon.bound = Bound{BoundKind::kMaxDelay, {}, site.default_max_delay};
  return spec;
}

}  // namespace greenq::core
