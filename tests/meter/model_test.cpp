#include "meter/model.hpp"

#include <gmock/gmock.h>

#include "meter/temp_tree.hpp"

namespace greenq::meter {
namespace {

app::Settings::Meter settings(test::TempTree const& tree) {
  app::Settings::Meter result;
  result.slice = core::Span{60'000};
  result.cpu_idle_share = 0.25;
  result.memory_power_per_gib = core::Power{400};
  result.sysfs_root = tree.root().string();
  return result;
}

void hyperthreads(test::TempTree const& tree) {
  std::string const base = "devices/system/cpu/";
  tree.write(base + "online", "0-2,5\n");
  for (std::string const cpu : {"0", "2"})
    tree.write(base + "cpu" + cpu + "/topology/thread_siblings_list", "0,2\n");
  for (std::string const cpu : {"1", "5"})
    tree.write(base + "cpu" + cpu + "/topology/thread_siblings_list", "1,5\n");
}

TEST(Model, DefaultIsTwelveWattsForEachCore) {
  test::TempTree tree;
  hyperthreads(tree);
  MachineModel const machine = machine_model(settings(tree), 64);
  EXPECT_EQ(machine.model.node_cpus, 4U);
  EXPECT_EQ(machine.model.cpu_tdp, core::Power{24'000});
  EXPECT_EQ(machine.model.cpu_idle_share, 0.25);
  EXPECT_EQ(machine.model.memory_per_gib, core::Power{400});
  EXPECT_EQ(machine.model.slice, core::Span{60'000});
  EXPECT_THAT(machine.source, testing::HasSubstr("24 W TDP (12 W for each of 2 cores, Green Algorithms"));
}

TEST(Model, SettingsWin) {
  test::TempTree tree;
  hyperthreads(tree);
  app::Settings::Meter chosen = settings(tree);
  chosen.cpu_tdp = core::Power{360'500};
  MachineModel const machine = machine_model(chosen, 64);
  EXPECT_EQ(machine.model.cpu_tdp, core::Power{360'500});
  EXPECT_THAT(machine.source, testing::HasSubstr("360.5 W TDP (meter.cpu_tdp)"));
}

TEST(Model, WithoutSysfsTheGivenCountIsUsed) {
  test::TempTree tree;
  EXPECT_EQ(count_cpus(tree.root()), std::nullopt);
  EXPECT_EQ(machine_model(settings(tree), 8).model.node_cpus, 8U);
  EXPECT_EQ(machine_model(settings(tree), 8).model.cpu_tdp, core::Power{96'000});
  EXPECT_EQ(machine_model(settings(tree), 0).model.node_cpus, 1U);
  for (std::string const text : {"", "x", "3-1", "0-99999999", "-", "1-", "0,,1"}) {
    tree.write("devices/system/cpu/online", text);
    EXPECT_FALSE(count_cpus(tree.root())) << text;
  }
}

TEST(ModelOnThisMachine, CountsCpus) {
  auto const count = count_cpus("/sys");
  if (!count) GTEST_SKIP() << "/sys has no list of CPUs here";
  EXPECT_GE(count->logical, count->cores);
  EXPECT_GE(count->cores, 1U);
}

}  // namespace
}  // namespace greenq::meter
