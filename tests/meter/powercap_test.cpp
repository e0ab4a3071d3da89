#include "meter/powercap.hpp"

#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

#include "meter/temp_tree.hpp"

namespace greenq::meter {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

std::vector<std::string> names(std::vector<core::CounterSample::Zone> const& zones) {
  std::vector<std::string> result;
  for (auto const& zone : zones) result.push_back(zone.name);
  return result;
}

TEST(Powercap, NoFolderMeansNoZones) {
  test::TempTree tree;
  Powercap powercap(tree.root());
  EXPECT_THAT(powercap.read(), IsEmpty());
  EXPECT_EQ(powercap.found(), 0U);
}

TEST(Powercap, TakesPackagesAndTheirDramOnly) {
  test::TempTree tree;
  tree.zone("intel-rapl:0", "package-0", "1000");
  tree.zone("intel-rapl:0/intel-rapl:0:0", "core", "400");
  tree.zone("intel-rapl:0/intel-rapl:0:1", "dram", "300");
  tree.zone("intel-rapl:0/intel-rapl:0:2", "uncore", "200");
  tree.zone("intel-rapl:1", "psys", "9000");
  tree.zone("intel-rapl:2", "package-1", "2000", "65532610987");
  tree.zone("intel-rapl-mmio:0", "package-0", "1000");
  tree.zone("dtpm", "package-7", "5");
  Powercap powercap(tree.root());
  auto const zones = powercap.read();
  ASSERT_THAT(names(zones), ElementsAre("package-0", "package-0/dram", "package-1"));
  EXPECT_EQ(zones[0].energy_uj, 1000);
  EXPECT_EQ(zones[0].max_range_uj, 262143328850);
  EXPECT_EQ(zones[1].energy_uj, 300);
  EXPECT_EQ(zones[2].energy_uj, 2000);
  EXPECT_EQ(zones[2].max_range_uj, 65532610987);
}

// The kernel shows nested zones as links next to their package too.
TEST(Powercap, FindsDramThatStandsNextToItsPackageAndCountsItOnce) {
  test::TempTree tree;
  tree.zone("intel-rapl:0", "package-0", "1000");
  tree.zone("intel-rapl:0/intel-rapl:0:0", "dram", "300");
  std::filesystem::create_directory_symlink(tree.path("class/powercap/intel-rapl:0/intel-rapl:0:0"),
                                            tree.path("class/powercap/intel-rapl:0:0"));
  tree.zone("intel-rapl:1", "package-1", "1500");
  tree.zone("intel-rapl:1:0", "dram", "350");
  Powercap powercap(tree.root());
  EXPECT_THAT(names(powercap.read()),
              ElementsAre("package-0", "package-0/dram", "package-1", "package-1/dram"));
}

TEST(Powercap, MissingRangeIsUnknown) {
  test::TempTree tree;
  tree.zone("intel-rapl:0", "package-0", "1000", "");
  tree.zone("intel-rapl:1", "package-1", "1000", "many");
  Powercap powercap(tree.root());
  auto const zones = powercap.read();
  ASSERT_THAT(zones, SizeIs(2));
  EXPECT_EQ(zones[0].max_range_uj, 0);
  EXPECT_EQ(zones[1].max_range_uj, 0);
}

TEST(Powercap, WhatCannotBeReadIsAbsent) {
  for (std::string const content : {"", "\n", "garbage", "12 34", "-5", "99999999999999999999", "0x10"}) {
    test::TempTree tree;
    tree.zone("intel-rapl:0", "package-0", "1000");
    Powercap powercap(tree.root());
    tree.write("class/powercap/intel-rapl:0/energy_uj", content);
    EXPECT_THAT(powercap.read(), IsEmpty()) << "content: " << content;
    tree.write("class/powercap/intel-rapl:0/energy_uj", "1001\n");
    EXPECT_THAT(powercap.read(), SizeIs(1)) << "content: " << content;
  }
}

TEST(Powercap, VanishedFileIsAbsentAndMayComeBack) {
  test::TempTree tree;
  tree.zone("intel-rapl:0", "package-0", "1000");
  Powercap powercap(tree.root());
  tree.remove("class/powercap/intel-rapl:0");
  EXPECT_THAT(powercap.read(), IsEmpty());
  tree.zone("intel-rapl:0", "package-0", "1500");
  EXPECT_THAT(powercap.read(), SizeIs(1));
  EXPECT_EQ(powercap.found(), 1U);
}

// Root may read everything, so a child without rights looks.
TEST(Powercap, ForbiddenFileIsAbsent) {
  test::TempTree tree;
  tree.zone("intel-rapl:0", "package-0", "1000");
  namespace fs = std::filesystem;
  fs::permissions(tree.root(), fs::perms{0755});
  fs::permissions(tree.path("class/powercap/intel-rapl:0/energy_uj"), fs::perms::none);
  pid_t const child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    constexpr uid_t kNobody = 65534;
    if (::geteuid() == 0 && ::setuid(kNobody) != 0) ::_exit(1);
    Powercap powercap(tree.root());
    if (powercap.found() != 1) ::_exit(2);
    ::_exit(powercap.read().empty() ? 0 : 3);
  }
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

// A folder in place of the file fails in read(), for root as well: the error path of a failed read.
TEST(Powercap, ReadErrorIsAbsent) {
  test::TempTree tree;
  tree.zone("intel-rapl:0", "package-0", "1000");
  tree.remove("class/powercap/intel-rapl:0/energy_uj");
  std::filesystem::create_directory(tree.path("class/powercap/intel-rapl:0/energy_uj"));
  Powercap powercap(tree.root());
  EXPECT_THAT(powercap.read(), IsEmpty());
}

TEST(Powercap, DiesThatMirrorOneCounterCountOnce) {
  test::TempTree tree;
  Powercap* powercap = nullptr;
  auto set = [&](std::string const& energy) {
    tree.zone("intel-rapl:0", "package-0-die-0", energy);
    tree.zone("intel-rapl:1", "package-0-die-1", energy);
    tree.zone("intel-rapl:2", "package-1-die-0", energy);
  };
  set("68000000");
  Powercap real(tree.root());
  powercap = &real;
  for (std::string const energy : {"68000000", "69000000", "70000000"}) {
    set(energy);
    EXPECT_THAT(names(powercap->read()), ElementsAre("package-0-die-0", "package-1-die-0"));
  }
}

TEST(Powercap, DiesWithCountersOfTheirOwnAreBothCounted) {
  test::TempTree tree;
  tree.zone("intel-rapl:0", "package-0-die-0", "5000");
  tree.zone("intel-rapl:1", "package-0-die-1", "7000");
  Powercap powercap(tree.root());
  EXPECT_THAT(powercap.read(), SizeIs(2));
  tree.zone("intel-rapl:0", "package-0-die-0", "7500");
  tree.zone("intel-rapl:1", "package-0-die-1", "7500");
  EXPECT_THAT(powercap.read(), SizeIs(2)) << "equal once by chance";
}

}  // namespace
}  // namespace greenq::meter
