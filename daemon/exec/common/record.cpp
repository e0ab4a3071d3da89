#include "exec/common/record.hpp"

#include <array>
#include <boost/json.hpp>
#include <exception>
#include <functional>
#include <stdexcept>
#include <utility>

namespace greenq::exec {
namespace {

namespace json = boost::json;

constexpr std::int64_t kVersion = 1;

constexpr std::array<std::pair<core::Outcome, char const*>, 8> kOutcomes{{
    {core::Outcome::kExited, "exited"},
    {core::Outcome::kSignaled, "signaled"},
    {core::Outcome::kCouldNotStart, "could_not_start"},
    {core::Outcome::kLost, "lost"},
    {core::Outcome::kTimeLimit, "time_limit"},
    {core::Outcome::kCancelled, "cancelled"},
    {core::Outcome::kOom, "oom"},
    {core::Outcome::kPaused, "paused"},
}};

char const* name_of(core::Outcome outcome) {
  for (auto const& [value, name] : kOutcomes) {
    if (value == outcome) return name;
  }
  return "lost";
}

core::Outcome outcome_of(std::string const& text) {
  for (auto const& [value, name] : kOutcomes) {
    if (text == name) return value;
  }
  throw std::runtime_error("unknown outcome");
}

// Throws std::exception for whatever is not as it should be; caught in read_record.
std::int64_t integer(json::object const& o, char const* key, std::int64_t least, std::int64_t most) {
  auto const value = o.at(key).to_number<std::int64_t>();
  if (value < least || value > most) throw std::runtime_error(std::string(key) + " is out of range");
  return value;
}

std::string text_of(json::value const& value) {
  auto const& s = value.as_string();
  std::string text(s.begin(), s.end());
  if (text.find('\0') != std::string::npos) throw std::runtime_error("a text contains a NUL byte");
  return text;
}

std::string text(json::object const& o, char const* key) {
  return text_of(o.at(key));
}

std::vector<std::string> texts(json::object const& o, char const* key) {
  std::vector<std::string> list;
  for (auto const& item : o.at(key).as_array()) list.push_back(text_of(item));
  return list;
}

json::array array_of(std::vector<std::string> const& list) {
  json::array array;
  for (auto const& item : list) array.emplace_back(item);
  return array;
}

constexpr std::int64_t kMost = INT64_MAX;

core::Launch launch_of(json::object const& o) {
  core::Launch launch;
  launch.segment = {static_cast<core::JobId>(integer(o, "job", 1, kMost)),
                    static_cast<core::AttemptNo>(integer(o, "attempt", 0, UINT32_MAX)),
                    static_cast<std::uint32_t>(integer(o, "launch", 0, UINT32_MAX))};
  launch.project = text(o, "project");
  launch.name = text(o, "name");
  launch.owner.uid = static_cast<std::uint32_t>(integer(o, "uid", 0, UINT32_MAX - 1));
  launch.command = texts(o, "command");
  if (launch.command.empty() || launch.command.front().empty()) throw std::runtime_error("command is empty");
  for (auto const& item : o.at("env").as_object()) {
    std::string const key = item.key();
    if (key.empty() || key.find('=') != std::string::npos || key.find('\0') != std::string::npos) {
      throw std::runtime_error("env has an impossible name");
    }
    launch.env[key] = text_of(item.value());
  }
  launch.workdir = text(o, "workdir");
  launch.stdout_path = text(o, "stdout_path");
  launch.stderr_path = text(o, "stderr_path");
  launch.time_limit = core::Span{integer(o, "time_limit_ms", 0, kMost)};
  launch.stop_grace = core::Span{integer(o, "stop_grace_ms", 0, 86'400'000)};
  launch.checkpoint_signal = static_cast<int>(integer(o, "checkpoint_signal", 0, 64));
  launch.checkpoint_exit_code = static_cast<int>(integer(o, "checkpoint_exit_code", 0, 255));
  launch.cpus = static_cast<std::uint32_t>(integer(o, "cpus", 0, UINT32_MAX));
  launch.memory_bytes = integer(o, "memory_bytes", 0, kMost);
  launch.gpu_uuids = texts(o, "gpu_uuids");
  return launch;
}

template <class T>
core::Result<T> read_record(std::string const& source, char const* name,
                            std::function<T(json::object const&)> const& convert) {
  try {
    json::parse_options options;
    options.allow_invalid_utf8 = true;
    auto const value = json::parse(source, {}, options);
    auto const& object = value.as_object();
    integer(object, "version", kVersion, kVersion);
    return convert(object);
  } catch (std::exception const& e) {
    return core::fail(core::ErrorCode::kInvalidArgument, "RUN_RECORD",
                      std::string(name) + " is damaged (" + e.what() + ")");
  }
}

}  // namespace

std::string to_json(AttemptRecord const& record) {
  core::Launch const& l = record.launch;
  json::object env;
  for (auto const& [key, value] : l.env) env[key] = value;
  json::object o{
      {"version", kVersion},
      {"job", l.segment.job},
      {"attempt", l.segment.attempt},
      {"launch", l.segment.launch},
      {"project", l.project},
      {"name", l.name},
      {"uid", l.owner.uid},
      {"command", array_of(l.command)},
      {"env", std::move(env)},
      {"path", record.path},
      {"workdir", l.workdir},
      {"stdout_path", l.stdout_path},
      {"stderr_path", l.stderr_path},
      {"time_limit_ms", l.time_limit.count()},
      {"stop_grace_ms", l.stop_grace.count()},
      {"checkpoint_signal", l.checkpoint_signal},
      {"checkpoint_exit_code", l.checkpoint_exit_code},
      {"cpus", l.cpus},
      {"memory_bytes", l.memory_bytes},
      {"gpu_uuids", array_of(l.gpu_uuids)},
      {"log_limit_bytes", record.log_limit_bytes},
      {"meter_interval_ms", record.meter_interval.count()},
      {"sysfs_root", record.sysfs_root},
      {"procfs_root", record.procfs_root},
      {"nvml_library", record.nvml_library},
  };
  return json::serialize(o) + "\n";
}

std::string to_json(StartedRecord const& record) {
  json::object o{
      {"version", kVersion},
      {"boot_id", record.boot_id},
      {"shepherd_pid", record.shepherd_pid},
      {"shepherd_start", record.shepherd_start},
      {"job_pid", record.job_pid},
      {"job_start", record.job_start},
      {"started_at_ms", core::to_ms(record.started_at)},
      {"cgroups", array_of(record.cgroups)},
      {"memory_limited", record.memory_limited},
  };
  return json::serialize(o) + "\n";
}

std::string to_json(ExitRecord const& record) {
  json::object o{
      {"version", kVersion},
      {"outcome", name_of(record.end.outcome)},
      {"status", record.end.status},
      {"at_ms", core::to_ms(record.end.at)},
      {"message", record.end.message},
      {"rusage", json::object{{"user_us", record.user_us}, {"system_us", record.system_us}}},
      {"max_rss_bytes", record.max_rss_bytes},
      {"cpu_us", record.cpu_us},
      {"dropped_stdout_bytes", record.dropped_stdout_bytes},
      {"dropped_stderr_bytes", record.dropped_stderr_bytes},
  };
  return json::serialize(o) + "\n";
}

core::Result<AttemptRecord> parse_attempt(std::string const& source) {
  return read_record<AttemptRecord>(source, "attempt.json", [](json::object const& o) {
    AttemptRecord record;
    record.launch = launch_of(o);
    record.path = text(o, "path");
    record.log_limit_bytes = integer(o, "log_limit_bytes", 0, kMost);
    record.meter_interval = core::Span{integer(o, "meter_interval_ms", 10, 86'400'000)};
    record.sysfs_root = text(o, "sysfs_root");
    record.procfs_root = text(o, "procfs_root");
    record.nvml_library = text(o, "nvml_library");
    return record;
  });
}

core::Result<StartedRecord> parse_started(std::string const& source) {
  return read_record<StartedRecord>(source, "started.json", [](json::object const& o) {
    StartedRecord record;
    record.boot_id = text(o, "boot_id");
    record.shepherd_pid = integer(o, "shepherd_pid", 2, INT32_MAX);
    record.shepherd_start = integer(o, "shepherd_start", 0, kMost);
    record.job_pid = integer(o, "job_pid", 2, INT32_MAX);
    record.job_start = integer(o, "job_start", 0, kMost);
    record.started_at = core::from_ms(integer(o, "started_at_ms", 0, kMost));
    record.cgroups = texts(o, "cgroups");
    record.memory_limited = o.at("memory_limited").as_bool();
    return record;
  });
}

core::Result<ExitRecord> parse_exit(std::string const& source) {
  return read_record<ExitRecord>(source, "exit.json", [](json::object const& o) {
    ExitRecord record;
    record.end.outcome = outcome_of(text(o, "outcome"));
    record.end.status = static_cast<int>(integer(o, "status", 0, 255));
    record.end.at = core::from_ms(integer(o, "at_ms", 0, kMost));
    record.end.message = text(o, "message");
    auto const& usage = o.at("rusage").as_object();
    record.user_us = integer(usage, "user_us", 0, kMost);
    record.system_us = integer(usage, "system_us", 0, kMost);
    record.max_rss_bytes = integer(o, "max_rss_bytes", 0, kMost);
    record.cpu_us = integer(o, "cpu_us", 0, kMost);
    record.dropped_stdout_bytes = integer(o, "dropped_stdout_bytes", 0, kMost);
    record.dropped_stderr_bytes = integer(o, "dropped_stderr_bytes", 0, kMost);
    return record;
  });
}

}  // namespace greenq::exec
