#include "exec/local_runner.hpp"

#include <sched.h>
#include <sys/stat.h>
#include <unistd.h>

#include <charconv>
#include <string_view>

#include "core/check.hpp"
#include "exec/common/files.hpp"
#include "exec/owner_check.hpp"
#include "exec/worker.hpp"

namespace greenq::exec {
namespace {

std::int64_t total_memory() {
  std::string const text = read_whole("/proc/meminfo");
  constexpr std::string_view kKey = "MemTotal:";
  auto at = text.find(kKey);
  if (at == std::string::npos) return 0;
  at = text.find_first_not_of(' ', at + kKey.size());
  std::int64_t kib = 0;
  if (at != std::string::npos) std::from_chars(text.data() + at, text.data() + text.size(), kib);
  return kib * 1024;
}

core::Capacity find_capacity(LocalRunnerOptions const& options) {
  core::Capacity capacity;
  capacity.node = options.node;
  capacity.cpus = options.cpus ? *options.cpus : usable_cpus();
  capacity.memory_bytes = options.memory_bytes ? *options.memory_bytes : total_memory();
  if (options.gpus) capacity.pools = core::make_pools(*options.gpus);
  return capacity;
}

bool is_directory(std::string const& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
}

}  // namespace

std::uint32_t usable_cpus() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (::sched_getaffinity(0, sizeof set, &set) == 0) return static_cast<std::uint32_t>(CPU_COUNT(&set));
  auto const online = ::sysconf(_SC_NPROCESSORS_ONLN);
  return online > 0 ? static_cast<std::uint32_t>(online) : 1U;
}

LocalRunner::LocalRunner(LocalRunnerOptions options, app::Clock& clock, app::Inbox& inbox)
    : options_(std::move(options)) {
  std::error_code error;
  auto canonical = std::filesystem::canonical(options_.state_dir, error);
  if (!error) options_.state_dir = std::move(canonical);  // the shepherd names its directory in the same way
  capacity_ = find_capacity(options_);
  worker_ = std::make_unique<Worker>(options_, clock, inbox);
}

LocalRunner::~LocalRunner() = default;

core::Capacity LocalRunner::capacity() {
  return capacity_;
}

void LocalRunner::start(core::Launch const& launch) {
  worker_->put(launch);
}

void LocalRunner::adopt(core::Launch const& launch) {
  worker_->put(launch);
}

void LocalRunner::stop(core::SegmentId segment, core::StopKind kind) {
  worker_->put(core::StopSegment{segment, kind});
}

std::string LocalRunner::refuse_owner(core::Principal const& owner) {
  return refuse(options_, owner);
}

std::vector<core::FieldError> LocalRunner::check(core::JobSpec const& spec, core::Principal const& owner) {
  std::vector<core::FieldError> errors;
  // One message for "not there" and "not for you": the daemon may see more than the owner.
  if (!spec.workdir.starts_with('/') || !owner_may(owner, options_.own_uid, spec.workdir, X_OK) ||
      !is_directory(spec.workdir)) {
    errors.push_back(
        {"spec.workdir", "working directory \"" + spec.workdir +
                             "\" is no directory that you may enter; create it or name another"});
  }
  if (!spec.command.empty() && spec.command.front().starts_with('/') &&
      !owner_may(owner, options_.own_uid, spec.command.front(), X_OK)) {
    errors.push_back({"spec.command", "program \"" + spec.command.front() +
                                          "\" is not there or not executable; check its path and mode"});
  }
  for (auto const& [field, path] : {std::pair{"spec.output.stdout", &spec.stdout_path},
                                    std::pair{"spec.output.stderr", &spec.stderr_path}}) {
    if (is_safe_output_path(*path)) continue;
    errors.push_back(
        {field, "output path \"" + *path + "\" must not contain \"..\"; name the file directly"});
  }
  return errors;
}

}  // namespace greenq::exec
