#include "meter/cpu_time.hpp"

#include <unistd.h>

#include <array>
#include <charconv>
#include <sstream>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "meter/files.hpp"

namespace greenq::meter {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxMountinfo = std::size_t{1} << 20;
constexpr std::size_t kMaxProcesses = 100'000;

std::int64_t ticks_to_us(std::int64_t ticks) {
  static std::int64_t const per_second = ::sysconf(_SC_CLK_TCK);
  return per_second > 0 ? ticks * 1'000'000 / per_second : 0;
}

// Fields of /proc/PID/stat that count; see proc_pid_stat(5).
struct ProcessStat {
  pid_t parent = 0;
  pid_t session = 0;
  std::int64_t own_us = 0;
  std::int64_t reaped_us = 0;
};

std::optional<ProcessStat> read_process(fs::path const& procfs_root, pid_t pid) {
  auto const text = read_text(procfs_root / std::to_string(pid) / "stat");
  if (!text) return std::nullopt;
  // The name in parentheses may hold anything, also spaces and parentheses.
  std::size_t const name_end = text->rfind(')');
  if (name_end == std::string::npos) return std::nullopt;
  std::istringstream fields(text->substr(name_end + 1));
  std::string state;
  std::array<std::int64_t, 14> values{};  // ppid (field 4) .. cstime (field 17)
  if (!(fields >> state)) return std::nullopt;
  for (std::int64_t& value : values) {
    if (!(fields >> value)) return std::nullopt;
  }
  ProcessStat stat;
  stat.parent = static_cast<pid_t>(values[0]);
  stat.session = static_cast<pid_t>(values[2]);
  stat.own_us = ticks_to_us(values[10] + values[11]);
  stat.reaped_us = ticks_to_us(values[12] + values[13]);
  return stat;
}

std::unordered_map<pid_t, ProcessStat> read_processes(fs::path const& procfs_root) {
  std::unordered_map<pid_t, ProcessStat> found;
  std::error_code error;
  for (fs::directory_iterator it(procfs_root, error), end;
       !error && it != end && found.size() < kMaxProcesses; it.increment(error)) {
    auto const pid = parse_number(it->path().filename().string());
    if (!pid) continue;
    auto const process = read_process(procfs_root, static_cast<pid_t>(*pid));
    if (process) found.emplace(static_cast<pid_t>(*pid), *process);
  }
  return found;
}

struct Mount {
  std::string root;
  std::string point;
  std::string type;
  std::string options;
};

// See proc_pid_mountinfo(5): "id parent dev root point options [optional]* - type source super-options".
std::optional<Mount> parse_mount(std::string const& line) {
  std::istringstream words(line);
  Mount mount;
  std::string skip;
  if (!(words >> skip >> skip >> skip >> mount.root >> mount.point >> skip)) return std::nullopt;
  while (words >> skip && skip != "-") {
  }
  std::string source;
  if (!(words >> mount.type >> source >> mount.options)) return std::nullopt;
  return mount;
}

bool has_option(std::string const& options, std::string_view wanted) {
  std::istringstream list(options);
  for (std::string option; std::getline(list, option, ',');) {
    if (option == wanted) return true;
  }
  return false;
}

}  // namespace

std::optional<std::int64_t> read_cgroup_cpu_us(fs::path const& file) {
  auto const text = read_text(file);
  if (!text) return std::nullopt;
  if (auto const nanoseconds = parse_number(*text)) return *nanoseconds / 1000;
  constexpr std::string_view kKey = "usage_usec";
  std::istringstream lines(*text);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with(kKey)) return parse_number(std::string_view(line).substr(kKey.size()));
  }
  return std::nullopt;
}

std::optional<std::int64_t> read_tree_cpu_us(fs::path const& procfs_root, pid_t root, pid_t self) {
  std::unordered_map<pid_t, ProcessStat> const processes = read_processes(procfs_root);
  auto const top = processes.find(root);
  if (top == processes.end()) return std::nullopt;
  std::unordered_map<pid_t, std::vector<pid_t>> children;
  std::vector<pid_t> open{root};
  for (auto const& [pid, process] : processes) {
    children[process.parent].push_back(pid);
    // A job that leads its own session keeps its orphans.
    if (root != self && process.session == root) open.push_back(pid);
  }
  std::unordered_set<pid_t> seen;
  std::int64_t total = root == self ? -top->second.own_us : 0;
  while (!open.empty()) {
    pid_t const pid = open.back();
    open.pop_back();
    auto const process = processes.find(pid);
    if (process == processes.end() || !seen.insert(pid).second) continue;
    total += process->second.own_us + process->second.reaped_us;
    auto const below = children.find(pid);
    if (below != children.end()) open.insert(open.end(), below->second.begin(), below->second.end());
  }
  return total;
}

fs::path find_node_cpu_file(fs::path const& procfs_root) {
  auto const text = read_text(procfs_root / "self" / "mountinfo", kMaxMountinfo);
  if (!text) return {};
  fs::path v1;
  std::istringstream lines(*text);
  for (std::string line; std::getline(lines, line);) {
    auto const mount = parse_mount(line);
    if (!mount || mount->root != "/") continue;
    fs::path const point(mount->point);
    std::error_code error;
    // Only a real root has no cgroup.type (v2) and has a release_agent (v1); inside a cgroup namespace "/" is
    // not it.
    if (mount->type == "cgroup2" && !fs::exists(point / "cgroup.type", error) &&
        read_cgroup_cpu_us(point / "cpu.stat")) {
      return point / "cpu.stat";
    }
    if (mount->type == "cgroup" && has_option(mount->options, "cpuacct") &&
        fs::exists(point / "release_agent", error) && read_cgroup_cpu_us(point / "cpuacct.usage")) {
      v1 = point / "cpuacct.usage";
    }
  }
  return v1;
}

std::optional<std::int64_t> read_node_cpu_us(fs::path const& node_cpu_file, fs::path const& procfs_root) {
  if (!node_cpu_file.empty()) {
    if (auto const value = read_cgroup_cpu_us(node_cpu_file)) return value;
    return std::nullopt;  // never mix two sources with different origins
  }
  auto const text = read_text(procfs_root / "stat");
  if (!text) return std::nullopt;
  std::istringstream line(*text);
  std::string label;
  std::array<std::int64_t, 7> ticks{};  // user nice system idle iowait irq softirq
  if (!(line >> label) || label != "cpu") return std::nullopt;
  for (std::int64_t& value : ticks) {
    if (!(line >> value)) return std::nullopt;
  }
  return ticks_to_us(ticks[0] + ticks[1] + ticks[2] + ticks[5] + ticks[6]);
}

}  // namespace greenq::meter
