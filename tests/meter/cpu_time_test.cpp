#include "meter/cpu_time.hpp"

#include <gmock/gmock.h>

#include "meter/temp_tree.hpp"

namespace greenq::meter {
namespace {

// Ticks are 10 ms on every Linux that is in use (sysconf(_SC_CLK_TCK) = 100).
constexpr std::int64_t kTick = 10'000;

std::string stat_line(int pid, std::string const& name, int parent, int session, int user, int system,
                      int reaped_user, int reaped_system) {
  return std::to_string(pid) + " (" + name + ") S " + std::to_string(parent) + " 7 " +
         std::to_string(session) + " 0 -1 4194304 100 0 0 0 " + std::to_string(user) + " " +
         std::to_string(system) + " " + std::to_string(reaped_user) + " " + std::to_string(reaped_system) +
         " 20 0 1 0 1234 1 1\n";
}

void add_process(test::TempTree const& tree, int pid, int parent, int session, int user, int system,
                 int reaped_user = 0, int reaped_system = 0, std::string const& name = "x") {
  tree.write(std::to_string(pid) + "/stat",
             stat_line(pid, name, parent, session, user, system, reaped_user, reaped_system));
}

TEST(CgroupCpu, ReadsBothVersions) {
  test::TempTree tree;
  tree.write("cpu.stat", "usage_usec 998103\nuser_usec 900000\nsystem_usec 98103\n");
  tree.write("cpuacct.usage", "1078502497\n");
  EXPECT_EQ(read_cgroup_cpu_us(tree.path("cpu.stat")), 998103);
  EXPECT_EQ(read_cgroup_cpu_us(tree.path("cpuacct.usage")), 1078502);
}

TEST(CgroupCpu, BadFilesAreAbsent) {
  test::TempTree tree;
  for (std::string const content : {"", "usage_usec\n", "usage_usec x\n", "nr_periods 0\n", "-3\n"}) {
    tree.write("file", content);
    EXPECT_EQ(read_cgroup_cpu_us(tree.path("file")), std::nullopt) << content;
  }
  EXPECT_EQ(read_cgroup_cpu_us(tree.path("none")), std::nullopt);
}

TEST(TreeCpu, CountsDescendantsAndReapedChildren) {
  test::TempTree tree;
  add_process(tree, 100, 1, 100, 10, 2, 30, 4);
  add_process(tree, 101, 100, 100, 5, 0);
  add_process(tree, 102, 101, 100, 7, 1, 0, 0, "evil) name (S 1 1");
  add_process(tree, 200, 1, 200, 1000, 1000);
  tree.write("self/stat", "not a number, not read");
  EXPECT_EQ(read_tree_cpu_us(tree.root(), 100, 1), (12 + 34 + 5 + 8) * kTick);
}

TEST(TreeCpu, KeepsOrphansOfTheSession) {
  test::TempTree tree;
  add_process(tree, 100, 50, 100, 10, 0);
  add_process(tree, 103, 1, 100, 20, 0);
  add_process(tree, 104, 103, 104, 3, 0);
  EXPECT_EQ(read_tree_cpu_us(tree.root(), 100, 50), 33 * kTick);
}

TEST(TreeCpu, OfTheCallerLeavesItselfOut) {
  test::TempTree tree;
  add_process(tree, 50, 1, 50, 500, 500, 40, 2);
  add_process(tree, 100, 50, 100, 10, 0);
  add_process(tree, 60, 1, 50, 9, 9);
  EXPECT_EQ(read_tree_cpu_us(tree.root(), 50, 50), 52 * kTick);
}

TEST(TreeCpu, MissingOrBrokenRootIsAbsent) {
  test::TempTree tree;
  EXPECT_EQ(read_tree_cpu_us(tree.root(), 100, 1), std::nullopt);
  for (std::string const content :
       {"", "100 (x", "100 (x) S 1 2 3", "100 (x) S a b c d e f g h i j k l m n"}) {
    tree.write("100/stat", content);
    EXPECT_EQ(read_tree_cpu_us(tree.root(), 100, 1), std::nullopt) << content;
  }
}

TEST(NodeCpu, PrefersTheRootOfV2) {
  test::TempTree tree;
  std::string const unified = tree.path("cg/unified").string();
  std::string const cpuacct = tree.path("cg/cpuacct").string();
  tree.write("cg/unified/cpu.stat", "usage_usec 500\n");
  tree.write("cg/cpuacct/cpuacct.usage", "700000\n");
  tree.write("cg/cpuacct/release_agent", "");
  tree.write("self/mountinfo", "30 23 0:1 / /sys/fs/cgroup rw - tmpfs tmpfs rw\n33 30 0:30 / " + cpuacct +
                                   " rw,relatime shared:9 - cgroup cgroup rw,cpu,cpuacct\n41 31 0:38 / " +
                                   unified + " rw,relatime - cgroup2 cgroup2 rw\n");
  EXPECT_EQ(find_node_cpu_file(tree.root()), unified + "/cpu.stat");
  EXPECT_EQ(read_node_cpu_us(find_node_cpu_file(tree.root()), tree.root()), 500);
  tree.remove("cg/unified/cpu.stat");
  EXPECT_EQ(find_node_cpu_file(tree.root()), cpuacct + "/cpuacct.usage");
  EXPECT_EQ(read_node_cpu_us(find_node_cpu_file(tree.root()), tree.root()), 700);
}

TEST(NodeCpu, InsideAContainerProcStatIsUsed) {
  test::TempTree tree;
  tree.write("cg/cpu.stat", "usage_usec 500\n");
  tree.write("cg/cgroup.type", "domain\n");
  tree.write("self/mountinfo", "41 31 0:38 / " + tree.path("cg").string() +
                                   " ro - cgroup2 cgroup2 rw\n42 31 0:39 /k8s " + tree.path("cg").string() +
                                   " ro - cgroup cgroup rw,cpuacct\n");
  tree.write("stat", "cpu  100 20 30 9999 8888 4 6 777 50 0\ncpu0 1 1 1 1 1 1 1 1 0 0\n");
  EXPECT_EQ(find_node_cpu_file(tree.root()), "");
  EXPECT_EQ(read_node_cpu_us("", tree.root()), 160 * kTick);
}

TEST(NodeCpu, BadProcStatIsAbsent) {
  test::TempTree tree;
  EXPECT_EQ(read_node_cpu_us("", tree.root()), std::nullopt);
  for (std::string const content : {"", "cpu 1 2 3", "intr 1 2 3 4 5 6 7 8", "cpu a b c d e f g"}) {
    tree.write("stat", content);
    EXPECT_EQ(read_node_cpu_us("", tree.root()), std::nullopt) << content;
  }
  // A cgroup file that fails is not replaced by another source with another origin.
  tree.write("stat", "cpu  1 2 3 4 5 6 7\n");
  EXPECT_EQ(read_node_cpu_us(tree.path("gone"), tree.root()), std::nullopt);
}

}  // namespace
}  // namespace greenq::meter
