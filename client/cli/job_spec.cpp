#include "client/cli/job_spec.hpp"

#include <algorithm>
#include <array>
#include <limits>

#include "client/cli/format.hpp"
#include "client/cli/job_words.hpp"
#include "config/reader/signals.hpp"
#include "config/reader/suggest.hpp"

namespace greenq::client {
namespace {

using config::MapReader;

// MAX_ARG_STRLEN of Linux: one argument, or one NAME=value, with its end.
constexpr std::size_t kMaxString = std::size_t{128} * 1024;

class JobReader {
 public:
  JobReader(config::Node const& document, Environment const& env, config::Problems& problems,
            std::set<std::string>* asked)
      : job_(document, {}, problems), env_(env), problems_(problems), asked_(asked) {}

  v1::SubmitJobRequest read() {
    identity();
    program();
    place();
    environment();
    resources();
    times();
    carbon();
    checkpoint();
    retry();
    dependencies();
    output();
    refuse_later_keys(job_);
    refuse_deadline(job_);
    finish(job_);
    return std::move(request_);
  }

 private:
  void finish(MapReader& map) {
    map.finish();
    if (asked_ == nullptr) return;
    for (auto& key : map.asked()) asked_->insert(std::move(key));
  }

  v1::JobSpec& spec() { return *request_.mutable_spec(); }

  void identity() {
    auto const checked = [&](std::string_view key) -> std::optional<std::string> {
      auto name = job_.text(key);
      if (name && !is_name(*name)) {
        job_.complain(key, in_quotes(*name) + " must be 1 to 63 of a-z, 0-9 and -, not - first");
        return std::nullopt;
      }
      return name;
    };
    if (auto const name = checked("name")) spec().set_display_name(*name);
    if (auto const project = checked("project")) request_.set_parent("projects/" + *project);
    if (auto const priority = job_.integer("priority", 0, 100)) {
      spec().set_priority(static_cast<std::int32_t>(*priority));
    }
    if (auto const hold = job_.boolean("hold")) spec().set_hold(*hold);
    if (auto const labels = job_.text_map("labels")) {
      if (labels->size() > 32) job_.complain("labels", "at most 32 labels are allowed");
      for (auto const& [key, value] : *labels) {
        if (!is_name(key) || value.size() > 255) {
          job_.complain("labels", "the label " + in_quotes(key) +
                                      " needs a key of a-z, 0-9 and -, and a value of at most 255 bytes");
        }
      }
      spec().mutable_labels()->insert(labels->begin(), labels->end());
    }
  }

  void program() {
    auto const run = job_.text("run");
    auto const command = job_.text_list("command");
    bool const both = job_.has("run") && job_.has("command");
    if (both) {
      job_.complain("command", "give either run (a script) or command (a list), not both");
    } else if (!job_.has("run") && !job_.has("command")) {
      job_.complain("run", "is missing; give run: a script, or command: a list of program and arguments");
    }
    if (run && run->find_first_not_of(" \t\r\n") == std::string::npos) {
      job_.complain("run", "is empty; write what the job runs");
    }
    if (command && (command->empty() || command->front().empty())) {
      job_.complain("command", "is empty; the first entry must be a program");
    }
    if (run) check_size("run", "one argument", run->size());
    for (auto const& one : command.value_or(std::vector<std::string>{}))
      check_size("command", "one argument", one.size());
    if (run) spec().set_run(*run);
    if (command) spec().mutable_command()->Assign(command->begin(), command->end());
  }

  void place() {
    auto const given = job_.text("workdir");
    std::string path = given.value_or(env_.directory);
    if (path == "~" || path.starts_with("~/")) {
      if (env_.home.empty()) {
        job_.complain("workdir", "~ cannot be expanded because HOME is not set; write the whole path");
      }
      path = env_.home + path.substr(1);
    } else if (path.starts_with('~')) {
      job_.complain("workdir", "only ~ and ~/ are expanded; write the whole path");
    } else if (path.empty()) {
      job_.complain("workdir", "is empty; write a path or remove the key");
    } else if (!path.starts_with('/')) {
      path = env_.directory + (env_.directory.ends_with('/') ? "" : "/") + path;
    }
    spec().set_workdir(path);
  }

  void environment() {
    auto& env = *spec().mutable_env();
    if (auto const given = job_.text_map("env")) {
      for (auto const& [name, value] : *given) {
        check_variable("env", name);
        check_size("env", name, name.size() + 1 + value.size());
        env[name] = value;
      }
    }
    if (auto const* const node = job_.node("env_passthrough"); node != nullptr && node->text == "all") {
      job_.complain("env_passthrough", "not yet: \"all\" is not possible; list the variables by name");
      return;
    }
    auto const names = job_.text_list("env_passthrough");
    if (!names) return;
    for (auto const& name : *names) {
      check_variable("env_passthrough", name);
      auto const value = env_.variable(name);
      if (!value) {
        job_.complain("env_passthrough",
                      name + " is not set in your environment; set it or remove it from the list");
      } else if (env.contains(name)) {
        job_.complain("env_passthrough", name + " stands in env as well; remove one");
      } else {
        check_size("env_passthrough", name, name.size() + 1 + value->size());
        env[name] = *value;
      }
    }
  }

  void check_size(std::string_view key, std::string const& what, std::size_t bytes) {
    if (bytes < kMaxString) return;
    job_.complain(key, what + " has " + std::to_string(bytes) +
                           " bytes, and Linux takes less than 128 KiB; put it into a file");
  }

  void check_variable(std::string_view key, std::string const& name) {
    if (!is_variable_name(name)) {
      job_.complain(key, in_quotes(name) + " is not a name of a variable");
    } else if (name.starts_with("GREENQ_")) {
      job_.complain(key, name + " is reserved; names that begin with GREENQ_ are set by GreenQ");
    }
  }

  void resources() {
    auto map = job_.map("resources");
    if (!map) return;
    auto& resources = *spec().mutable_resources();
    if (auto const gpus = map->integer("gpus", 0, 4096)) resources.set_gpus(static_cast<std::int32_t>(*gpus));
    if (auto const types = map->text_list("gpu_type", true)) {
      for (auto type : *types) {
        std::transform(type.begin(), type.end(), type.begin(),
                       [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
        resources.add_gpu_types(type);
      }
    }
    if (auto const memory = map->bytes("gpu_memory")) resources.set_gpu_memory_bytes(*memory);
    if (auto const cpus = map->integer("cpus", 1, 65'536))
      resources.set_cpus(static_cast<std::int32_t>(*cpus));
    if (auto const memory = map->bytes("memory")) resources.set_memory_bytes(*memory);
    if (auto const nodes = map->integer("nodes", 1, 100'000); nodes && *nodes > 1) {
      map->complain("nodes", "not yet: a job runs on one node; write nodes: 1 or remove the key");
    }
    bool const wants_gpu = map->has("gpu_type") || map->has("gpu_memory");
    if (wants_gpu && resources.gpus() == 0) {
      map->complain(map->has("gpu_type") ? "gpu_type" : "gpu_memory", "needs gpus: 1 or more");
    }
    finish(*map);
  }

  std::optional<Milliseconds> positive_span(MapReader& map, std::string_view key) {
    auto const value = map.span(key);
    if (value && *value < std::chrono::seconds(1)) {
      map.complain(key, "must be at least 1s");
      return std::nullopt;
    }
    return value;
  }

  void times() {
    auto const limit = positive_span(job_, "time_limit");
    auto const expected = positive_span(job_, "expected_duration");
    if (limit) *spec().mutable_time_limit() = duration(*limit);
    if (expected) *spec().mutable_expected_duration() = duration(*expected);
    if (limit && expected && *expected > *limit) {
      job_.complain("expected_duration", "is longer than time_limit (" + duration_text(*limit) + ")");
    }
    if (auto const power = job_.power_mw("expected_power")) {
      if (*power <= 0) job_.complain("expected_power", "must be above 0W");
      spec().set_expected_power_mw(*power);
    }
    if (auto const at = job_.instant("not_before")) *spec().mutable_not_before() = timestamp(*at);
  }

  void carbon() {
    auto map = job_.map("carbon");
    if (!map) return;
    auto& carbon = *spec().mutable_carbon();
    using Policy = v1::CarbonPolicy;
    if (auto const* const node = map->node("policy"); node != nullptr && node->text == "budget_only") {
      map->complain("policy", "not yet: budgets come in a later version; use none, shift or threshold");
    } else if (auto const mode =
                   map->choice<Policy::Mode>("policy", {{"none", Policy::MODE_NONE},
                                                        {"shift", Policy::MODE_SHIFT},
                                                        {"threshold", Policy::MODE_THRESHOLD}})) {
      carbon.set_mode(*mode);
    }
    if (auto const signal = map->choice<v1::SignalKind>(
            "signal", {{"marginal", v1::SIGNAL_KIND_MARGINAL}, {"average", v1::SIGNAL_KIND_AVERAGE}})) {
      carbon.set_signal(*signal);
    }
    bound(*map, carbon);
    threshold(*map, carbon);
    if (auto const value = map->boolean("interruptible")) {
      carbon.set_interruptible(*value);
      if (*value && !job_.has("checkpoint"))
        map->complain("interruptible", "true needs a checkpoint section");
    }
    if (auto const value = map->choice<Policy::OnMissed>("on_missed", {{"run", Policy::ON_MISSED_RUN},
                                                                       {"hold", Policy::ON_MISSED_HOLD},
                                                                       {"fail", Policy::ON_MISSED_FAIL}})) {
      carbon.set_on_missed(*value);
    }
    if (auto const value = map->choice<Policy::OnStaleFeed>(
            "on_stale_feed", {{"run", Policy::ON_STALE_FEED_RUN},
                              {"hold", Policy::ON_STALE_FEED_HOLD},
                              {"use_history", Policy::ON_STALE_FEED_USE_HISTORY}})) {
      carbon.set_on_stale_feed(*value);
    }
    finish(*map);
  }

  void bound(MapReader& map, v1::CarbonPolicy& carbon) {
    if (auto const at = map.instant("finish_by")) *carbon.mutable_finish_by() = timestamp(*at);
    if (auto const at = map.instant("start_by")) *carbon.mutable_start_by() = timestamp(*at);
    if (auto const delay = map.span("max_delay")) *carbon.mutable_max_delay() = duration(*delay);
    std::string_view first;
    for (std::string_view const key : {"finish_by", "start_by", "max_delay"}) {
      if (!map.has(key)) continue;
      if (first.empty()) {
        first = key;
      } else {
        map.complain(key, "only one of finish_by, start_by and max_delay is allowed; " + std::string(first) +
                              " is there already");
      }
    }
    if (map.has("deadline")) {
      map.not_yet("deadline",
                  "say what you mean: finish_by (the job has ended) or start_by (it has started)");
    }
  }

  static void refuse_deadline(MapReader& map) {
    if (map.node("deadline") == nullptr) return;
    map.complain("deadline",
                 "say what you mean: carbon.finish_by (has ended) or carbon.start_by (has started)");
  }

  void threshold(MapReader& map, v1::CarbonPolicy& carbon) {
    auto const limit = map.intensity_mg("max_intensity");
    if (limit) carbon.set_max_mg_per_kwh(*limit);
    bool const wanted = carbon.mode() == v1::CarbonPolicy::MODE_THRESHOLD;
    if (wanted && !map.has("max_intensity")) {
      map.complain("policy", "threshold needs max_intensity, e.g. max_intensity: 250gCO2/kWh");
    }
    if (!wanted && map.has("max_intensity")) map.complain("max_intensity", "is only for policy: threshold");
    if (limit && *limit <= 0) map.complain("max_intensity", "must be above 0g/kWh");
  }

  void checkpoint() {
    auto map = job_.map("checkpoint");
    if (!map) return;
    auto& checkpoint = *spec().mutable_checkpoint();
    if (auto const signal = map->text("signal")) {
      if (auto const known = config::parse_signal(*signal); !known) map->complain("signal", known.error());
      checkpoint.set_signal(*signal);
    }
    auto const grace = positive_span(*map, "grace");
    if (grace && *grace > std::chrono::hours(1)) map->complain("grace", "must be at most 1h");
    if (grace) *checkpoint.mutable_grace() = duration(*grace);
    if (auto const code = map->integer("exit_code", 1, 127))
      checkpoint.set_exit_code(static_cast<std::int32_t>(*code));
    auto const cost = map->span("cost");
    if (cost && *cost > std::chrono::hours(6)) map->complain("cost", "must be at most 6h");
    if (cost) *checkpoint.mutable_cost() = duration(*cost);
    finish(*map);
  }

  void retry() {
    auto map = job_.map("retry");
    if (!map) return;
    auto& retry = *spec().mutable_retry();
    if (auto const max = map->integer("max", 0, 100)) {
      retry.set_max(static_cast<std::int32_t>(*max));
    } else if (!map->has("max")) {
      map->complain("max", "is missing; write how often to try again, e.g. max: 3");
    }
    causes(*map, retry);
    if (auto const codes = map->integer_list("exit_codes", 1, 255)) {
      for (auto const code : *codes) retry.add_exit_codes(static_cast<std::int32_t>(code));
    }
    if (auto const backoff = map->span("backoff")) {
      if (*backoff > std::chrono::hours(24)) map->complain("backoff", "must be at most 24h");
      *retry.mutable_backoff() = duration(*backoff);
    }
    finish(*map);
  }

  void causes(MapReader& map, v1::Retry& retry) {
    auto const names = map.text_list("causes", true);
    if (!names) return;
    constexpr std::array<std::string_view, 4> kNames{"node_lost", "oom", "failed", "time_limit"};
    constexpr std::array kCauses{v1::Retry::CAUSE_NODE_LOST, v1::Retry::CAUSE_OOM, v1::Retry::CAUSE_FAILED,
                                 v1::Retry::CAUSE_TIME_LIMIT};
    for (auto const& name : *names) {
      auto const found = std::find(kNames.begin(), kNames.end(), name);
      if (found != kNames.end()) {
        retry.add_causes(kCauses.at(static_cast<std::size_t>(found - kNames.begin())));
        continue;
      }
      auto const hint = config::did_you_mean(name, kNames);
      map.complain("causes", in_quotes(name) + " is not known" +
                                 (hint.empty() ? "; use node_lost, oom, failed or time_limit" : hint));
    }
  }

  void dependencies() {
    using Dependency = v1::Dependency;
    if (auto const* const list = job_.node("depends_on");
        list != nullptr && !check_dependencies(*list, problems_))
      return;
    for (auto& map : job_.map_list("depends_on")) {
      auto& dependency = *spec().add_depends_on();
      auto const job = map.text("job");
      if (job) dependency.set_job(*job);
      if (!map.has("job") || (job && job->empty()))
        map.complain("job", "is missing; name a job or give its id, " + std::string(kDependencyExample));
      auto const when =
          map.choice<Dependency::Condition>("when", {{"succeeded", Dependency::CONDITION_SUCCEEDED},
                                                     {"finished", Dependency::CONDITION_FINISHED},
                                                     {"failed", Dependency::CONDITION_FAILED},
                                                     {"started", Dependency::CONDITION_STARTED}});
      dependency.set_condition(when.value_or(Dependency::CONDITION_SUCCEEDED));
      finish(map);
    }
  }

  void output() {
    auto map = job_.map("output");
    if (!map) return;
    auto& output = *spec().mutable_output();
    auto const path = [&](std::string_view key) -> std::optional<std::string> {
      auto text = map->text(key);
      if (text && ("/" + *text + "/").find("/../") != std::string::npos) {
        map->complain(key, "must not contain \"..\"");
      }
      if (text && text->find("%a") != std::string::npos) {
        map->complain(key, "not yet: %a needs an array; use %j (job), %t (attempt), %u (user) or %n (name)");
      }
      return text;
    };
    if (auto const text = path("stdout")) output.set_stdout(*text);
    if (auto const text = path("stderr"); text && *text != "same") output.set_stderr(*text);
    finish(*map);
  }

  MapReader job_;
  Environment const& env_;
  config::Problems& problems_;
  std::set<std::string>* asked_;
  v1::SubmitJobRequest request_;
};

}  // namespace

v1::SubmitJobRequest read_job(config::Node const& document, Environment const& env,
                              config::Problems& problems, std::set<std::string>* asked) {
  return JobReader(document, env, problems, asked).read();
}

}  // namespace greenq::client
