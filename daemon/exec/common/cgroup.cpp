#include "exec/common/cgroup.hpp"

#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <sstream>
#include <string_view>
#include <thread>

#include "exec/common/files.hpp"

namespace greenq::exec {
namespace {

std::vector<std::string> split(std::string const& text, char separator) {
  std::vector<std::string> parts;
  std::istringstream in(text);
  for (std::string part; std::getline(in, part, separator);) parts.push_back(part);
  return parts;
}

bool contains(std::vector<std::string> const& list, std::string const& item) {
  return std::find(list.begin(), list.end(), item) != list.end();
}

// mountinfo writes blanks and backslashes as \ooo.
std::string unescape(std::string const& text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    int code = 0;
    if (text[i] == '\\' && i + 3 < text.size() &&
        std::from_chars(text.data() + i + 1, text.data() + i + 4, code, 8).ec == std::errc{}) {
      out.push_back(static_cast<char>(code));
      i += 3;
    } else {
      out.push_back(text[i]);
    }
  }
  return out;
}

bool present(std::string const& path) {
  return ::access(path.c_str(), F_OK) == 0;
}

// Empty when it cannot be made.
std::string make_below(CgroupMount const& mount, std::string const& self_cgroup, std::string const& name) {
  std::string const parent = own_dir(mount, self_cgroup);
  if (parent.empty()) return {};
  std::string dir = parent + "/" + name;
  if (::mkdir(dir.c_str(), 0755) != 0) return {};
  return dir;
}

CgroupMount const* find_v1(std::vector<CgroupMount> const& mounts, std::string const& controller) {
  for (auto const& mount : mounts) {
    if (!mount.v2 && contains(mount.controllers, controller)) return &mount;
  }
  return nullptr;
}

// Value after `key ` on its own line; -1 when there is none.
std::int64_t keyed(std::string const& text, std::string const& key) {
  for (auto const& line : split(text, '\n')) {
    if (line.compare(0, key.size(), key) != 0 || line.size() <= key.size() || line[key.size()] != ' ')
      continue;
    std::int64_t value = 0;
    auto const from = line.data() + key.size() + 1;
    if (std::from_chars(from, line.data() + line.size(), value).ec == std::errc{}) return value;
  }
  return -1;
}

bool limit_memory_v2(std::string const& dir, std::int64_t bytes) {
  if (!present(dir + "/memory.max")) {
    write_whole(dir.substr(0, dir.rfind('/')) + "/cgroup.subtree_control", "+memory");
  }
  if (!write_whole(dir + "/memory.max", std::to_string(bytes))) return false;
  write_whole(dir + "/memory.swap.max", "0");
  write_whole(dir + "/memory.oom.group", "1");
  return true;
}

bool limit_memory_v1(std::string const& dir, std::int64_t bytes) {
  if (!write_whole(dir + "/memory.limit_in_bytes", std::to_string(bytes))) return false;
  write_whole(dir + "/memory.memsw.limit_in_bytes", std::to_string(bytes));
  return true;
}

void add_memory(JobCgroup& group, std::vector<CgroupMount> const& mounts, std::string const& self_cgroup,
                std::string const& name, std::string const& v2_dir, std::int64_t bytes) {
  if (!v2_dir.empty() && limit_memory_v2(v2_dir, bytes)) {
    group.memory_dir = v2_dir;
    group.memory_v2 = true;
    return;
  }
  CgroupMount const* mount = find_v1(mounts, "memory");
  if (mount == nullptr) return;
  std::string dir = make_below(*mount, self_cgroup, name);
  if (dir.empty()) return;
  group.dirs.push_back(dir);
  if (limit_memory_v1(dir, bytes)) group.memory_dir = dir;
}

}  // namespace

std::vector<CgroupMount> parse_mountinfo(std::string const& mountinfo) {
  std::vector<CgroupMount> mounts;
  for (auto const& line : split(mountinfo, '\n')) {
    auto const fields = split(line, ' ');
    auto const dash = std::find(fields.begin(), fields.end(), "-");
    if (fields.size() < 6 || fields.end() - dash < 4) continue;
    std::string const& type = *(dash + 1);
    if (type != "cgroup" && type != "cgroup2") continue;
    CgroupMount mount{unescape(fields[4]), unescape(fields[3]), type == "cgroup2", {}};
    if (!mount.v2) mount.controllers = split(*(dash + 3), ',');
    mounts.push_back(std::move(mount));
  }
  return mounts;
}

std::string own_dir(CgroupMount const& mount, std::string const& self_cgroup) {
  for (auto const& line : split(self_cgroup, '\n')) {
    auto const first = line.find(':');
    auto const second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    std::string const controllers = line.substr(first + 1, second - first - 1);
    auto const named = split(controllers, ',');
    bool const match =
        mount.v2 ? controllers.empty() : std::any_of(named.begin(), named.end(), [&](std::string const& c) {
          return contains(mount.controllers, c);
        });
    if (!match) continue;
    std::string path = line.substr(second + 1);
    if (path.compare(0, 3, "/..") == 0) return {};  // outside of this namespace
    if (mount.root != "/") {
      if (path.compare(0, mount.root.size(), mount.root) != 0) return {};
      path.erase(0, mount.root.size());
    }
    return path.empty() || path == "/" ? mount.point : mount.point + path;
  }
  return {};
}

JobCgroup make_cgroup(std::string const& name, std::int64_t memory_bytes) {
  auto const mounts = parse_mountinfo(read_whole("/proc/self/mountinfo", 8U << 20U));
  std::string const self_cgroup = read_whole("/proc/self/cgroup");
  JobCgroup group;
  std::string v2_dir;
  for (auto const& mount : mounts) {
    if (mount.v2 && v2_dir.empty()) v2_dir = make_below(mount, self_cgroup, name);
  }
  if (!v2_dir.empty()) {
    group.dirs.push_back(v2_dir);
    if (present(v2_dir + "/cpu.stat")) group.cpu_file = v2_dir + "/cpu.stat";
  } else {
    for (char const* controller : {"cpuacct", "freezer", "pids"}) {
      CgroupMount const* mount = find_v1(mounts, controller);
      if (mount == nullptr) continue;
      std::string const dir = make_below(*mount, self_cgroup, name);
      if (dir.empty()) continue;  // also when two controllers share one mount
      group.dirs.push_back(dir);
      if (present(dir + "/cpuacct.usage")) group.cpu_file = dir + "/cpuacct.usage";
    }
  }
  if (memory_bytes > 0) add_memory(group, mounts, self_cgroup, name, v2_dir, memory_bytes);
  return group;
}

void cgroup_join(JobCgroup& group, pid_t pid) {
  std::erase_if(group.dirs, [&](std::string const& dir) {
    if (write_whole(dir + "/cgroup.procs", std::to_string(pid))) return false;
    ::rmdir(dir.c_str());
    if (group.cpu_file.starts_with(dir + "/")) group.cpu_file.clear();
    if (group.memory_dir == dir) group.memory_dir.clear();
    return true;
  });
}

std::vector<pid_t> cgroup_members(std::vector<std::string> const& dirs) {
  std::vector<pid_t> members;
  for (auto const& dir : dirs) {
    std::istringstream in(read_whole(dir + "/cgroup.procs", 8U << 20U));
    for (pid_t pid = 0; in >> pid;) {
      if (pid > 1) members.push_back(pid);
    }
  }
  return members;
}

void cgroup_kill(std::vector<std::string> const& dirs) {
  for (auto const& dir : dirs) {
    if (present(dir + "/cgroup.kill") && write_whole(dir + "/cgroup.kill", "1")) return;
  }
  for (auto const& dir : dirs) write_whole(dir + "/freezer.state", "FROZEN");
  for (pid_t const pid : cgroup_members(dirs)) ::kill(pid, SIGKILL);
  for (auto const& dir : dirs) write_whole(dir + "/freezer.state", "THAWED");
}

void cgroup_remove(std::vector<std::string> const& dirs) {
  constexpr int kTries = 50;  // the kernel may need a moment after the last member died
  for (auto const& dir : dirs) {
    for (int i = 0; i < kTries && ::rmdir(dir.c_str()) != 0 && errno == EBUSY; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds{2});
    }
  }
}

std::int64_t cgroup_oom_kills(JobCgroup const& group) {
  if (group.memory_dir.empty()) return 0;
  return keyed(read_whole(group.memory_dir + (group.memory_v2 ? "/memory.events" : "/memory.oom_control")),
               "oom_kill");
}

std::int64_t cgroup_cpu_us(JobCgroup const& group) {
  if (group.cpu_file.empty()) return -1;
  std::string const text = read_whole(group.cpu_file);
  if (group.cpu_file.ends_with("/cpu.stat")) return keyed(text, "usage_usec");
  std::int64_t nanoseconds = 0;
  if (std::from_chars(text.data(), text.data() + text.size(), nanoseconds).ec != std::errc{}) return -1;
  return nanoseconds / 1000;
}

}  // namespace greenq::exec
