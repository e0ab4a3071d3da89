#include "exec/common/process.hpp"

#include <dirent.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdlib>
#include <set>
#include <string_view>
#include <thread>

#include "exec/common/cgroup.hpp"
#include "exec/common/files.hpp"

namespace greenq::exec {
namespace {

std::vector<pid_t> numeric_entries(char const* path) {
  std::vector<pid_t> numbers;
  DIR* dir = ::opendir(path);
  if (dir == nullptr) return numbers;
  while (dirent const* entry = ::readdir(dir)) {
    std::string_view const name = entry->d_name;
    pid_t value = 0;
    auto const [end, error] = std::from_chars(name.data(), name.data() + name.size(), value);
    if (error == std::errc{} && end == name.data() + name.size()) numbers.push_back(value);
  }
  ::closedir(dir);
  return numbers;
}

std::vector<std::string_view> words(std::string_view text) {
  std::vector<std::string_view> list;
  for (std::size_t i = 0; i < text.size();) {
    auto const from = text.find_first_not_of(" \n", i);
    if (from == std::string_view::npos) break;
    auto const to = std::min(text.find_first_of(" \n", from), text.size());
    list.push_back(text.substr(from, to - from));
    i = to;
  }
  return list;
}

template <class T>
T number(std::string_view text) {
  T value{};
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

bool carries(pid_t pid, std::string const& entry) {
  std::string const environment = read_whole("/proc/" + std::to_string(pid) + "/environ", 4U << 20U);
  std::string const wanted = entry + '\0';
  return environment.compare(0, wanted.size(), wanted) == 0 ||
         environment.find('\0' + wanted) != std::string::npos;
}

std::vector<pid_t> leftovers(StartedRecord const& started, std::string const& run_dir) {
  auto const leader_pid = static_cast<pid_t>(started.job_pid);
  auto const leader = process_info(leader_pid);
  bool const same_leader = leader && leader->start == started.job_start;
  std::string const mark = "GREENQ_RUN_DIR=" + run_dir;
  std::vector<pid_t> found = cgroup_members(started.cgroups);
  for (auto const& process : all_processes()) {
    if (process.dead() || process.start < started.job_start || process.pid == ::getpid()) continue;
    bool const in_session = same_leader && process.session == leader_pid;
    if (in_session || carries(process.pid, mark)) found.push_back(process.pid);
  }
  return found;
}

}  // namespace

namespace {

// Whether the process has a handler of its own for the signal: SigCgt of /proc/PID/status, see proc(5).
bool handles(pid_t pid, int signal) {
  std::string const status = read_whole("/proc/" + std::to_string(pid) + "/status");
  constexpr std::string_view kField = "SigCgt:\t";
  std::size_t const at = status.find(kField);
  if (at == std::string::npos || signal < 1 || signal > 64) return false;
  std::uint64_t mask = 0;
  char const* const begin = status.data() + at + kField.size();
  std::from_chars(begin, status.data() + status.size(), mask, 16);
  return (mask >> static_cast<unsigned>(signal - 1) & 1U) != 0;
}

}  // namespace

std::string boot_id() {
  std::string id = read_whole("/proc/sys/kernel/random/boot_id");
  while (!id.empty() && id.back() == '\n') id.pop_back();
  return id;
}

std::optional<ProcessInfo> process_info(pid_t pid) {
  std::string const text = read_whole("/proc/" + std::to_string(pid) + "/stat");
  auto const after_name = text.rfind(')');  // the name may contain anything
  if (after_name == std::string::npos) return std::nullopt;
  auto const fields = words(std::string_view(text).substr(after_name + 1));
  constexpr std::size_t kStart = 19;  // field 22; field 3 is the first after the name
  if (fields.size() <= kStart) return std::nullopt;
  return ProcessInfo{pid, number<pid_t>(fields[1]), number<pid_t>(fields[3]), fields[0].front(),
                     number<std::int64_t>(fields[kStart])};
}

std::vector<ProcessInfo> all_processes() {
  std::vector<ProcessInfo> list;
  for (pid_t const pid : numeric_entries("/proc")) {
    if (auto info = process_info(pid)) list.push_back(*info);
  }
  return list;
}

std::vector<pid_t> own_children() {
  std::vector<pid_t> children;
  bool supported = false;
  for (pid_t const thread : numeric_entries("/proc/self/task")) {
    std::string const path = "/proc/self/task/" + std::to_string(thread) + "/children";
    supported = supported || ::access(path.c_str(), R_OK) == 0;
    std::string const text = read_whole(path);
    for (auto const word : words(text)) children.push_back(number<pid_t>(word));
  }
  if (supported) return children;
  for (auto const& process : all_processes()) {
    if (process.parent == ::getpid()) children.push_back(process.pid);
  }
  return children;
}

std::vector<pid_t> descendants(pid_t root) {
  auto const processes = all_processes();
  std::set<pid_t> known{root};
  for (bool grew = true; grew;) {
    grew = false;
    for (auto const& process : processes) {
      if (known.contains(process.parent)) grew = known.insert(process.pid).second || grew;
    }
  }
  known.erase(root);
  return {known.begin(), known.end()};
}

std::vector<pid_t> checkpoint_targets(pid_t main, int signal) {
  auto const processes = all_processes();
  std::vector<pid_t> targets;
  std::vector<pid_t> open{main};
  while (!open.empty()) {
    pid_t const pid = open.back();
    open.pop_back();
    if (handles(pid, signal)) {
      targets.push_back(pid);
      continue;
    }
    for (auto const& process : processes) {
      if (process.parent == pid) open.push_back(process.pid);
    }
  }
  return targets;
}

bool kill_leftovers(StartedRecord const& started, std::string const& run_dir) {
  constexpr int kRounds = 200;
  bool empty = false;
  for (int round = 0; round < kRounds && !empty; ++round) {
    if (round > 0) std::this_thread::sleep_for(std::chrono::milliseconds{10});
    cgroup_kill(started.cgroups);
    auto const found = leftovers(started, run_dir);
    for (pid_t const pid : found) ::kill(pid, SIGKILL);
    empty = found.empty();
  }
  cgroup_remove(started.cgroups);
  return empty;
}

}  // namespace greenq::exec
