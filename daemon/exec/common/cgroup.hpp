// A job's own control groups, on v2, v1 and hybrid systems.
//
// The directories are made below the shepherd's own group, found through /proc/self/mountinfo. v2 is used for
// killing and CPU time when it is writable; else v1 cpuacct, freezer and pids. Memory is limited through v2
// when its controller can be had there, else through v1. Without any of it a job runs in its process group
// alone.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

namespace greenq::exec {

struct JobCgroup {
  std::vector<std::string> dirs;
  std::string cpu_file;    // cpu.stat or cpuacct.usage; empty: none
  std::string memory_dir;  // empty: no limit in force
  bool memory_v2 = false;
};

struct CgroupMount {
  std::string point;  // where it is mounted
  std::string root;   // which part of the hierarchy is shown there
  bool v2 = false;
  std::vector<std::string> controllers;  // v1
};

// Pure parsers, for tests. `self_cgroup` is the text of /proc/self/cgroup.
std::vector<CgroupMount> parse_mountinfo(std::string const& mountinfo);
// Directory of the own group in that mount; empty when it is not visible there.
std::string own_dir(CgroupMount const& mount, std::string const& self_cgroup);

// memory_bytes 0: no limit asked. Empty result when nothing is writable.
JobCgroup make_cgroup(std::string const& name, std::int64_t memory_bytes);
// Directories that refuse the process are removed and forgotten.
void cgroup_join(JobCgroup& group, pid_t pid);
std::vector<pid_t> cgroup_members(std::vector<std::string> const& dirs);
// Kills every member, in one go where the kernel can.
void cgroup_kill(std::vector<std::string> const& dirs);
void cgroup_remove(std::vector<std::string> const& dirs);
std::int64_t cgroup_oom_kills(JobCgroup const& group);
// Microseconds; -1 when unknown.
std::int64_t cgroup_cpu_us(JobCgroup const& group);

}  // namespace greenq::exec
