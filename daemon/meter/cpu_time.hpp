// CPU time of a job and busy time of the node, in microseconds since some fixed moment.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace greenq::meter {

// `usage_usec` of a cpu.stat or the nanoseconds of a cpuacct.usage, told apart by the content.
std::optional<std::int64_t> read_cgroup_cpu_us(std::filesystem::path const& file);

// CPU time of a process tree as described at Sampler::sample. 10 ms ticks.
std::optional<std::int64_t> read_tree_cpu_us(std::filesystem::path const& procfs_root, pid_t root,
                                             pid_t self);

// The file with the busy time of the whole node: the root cgroup's cpu.stat (v2) or cpuacct.usage (v1), found
// through mountinfo so that v1, v2 and hybrid layouts work. Empty inside a container, where no mount shows
// the real root: /proc/stat is used then.
std::filesystem::path find_node_cpu_file(std::filesystem::path const& procfs_root);

// From `node_cpu_file`, or from /proc/stat (user, nice, system, irq, softirq) when that is empty.
std::optional<std::int64_t> read_node_cpu_us(std::filesystem::path const& node_cpu_file,
                                             std::filesystem::path const& procfs_root);

}  // namespace greenq::meter
