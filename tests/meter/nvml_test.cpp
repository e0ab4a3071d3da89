// Against the scripted libraries of fake_nvml.cpp.
#include "meter/nvml.hpp"

#include <gmock/gmock.h>

#include "meter/fake_nvml.hpp"
#include "meter/gpus.hpp"
#include "meter/nvml_watch.hpp"

namespace greenq::meter {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr char kOneGpu[] = "gpu GPU-a 85899345920 0 0 123456 0 0 250000 0 240000 NVIDIA H100 80GB HBM3\n";

class NvmlTest : public testing::Test {
 protected:
  void TearDown() override { script(""); }
  static void script(std::string const& text) { test::script_nvml(text); }
};

TEST_F(NvmlTest, MissingLibraryIsNamed) {
  Nvml nvml("libnvidia-ml-that-is-not-there.so");
  EXPECT_THAT(nvml.problem(), HasSubstr("libnvidia-ml-that-is-not-there.so is not installed"));
  auto const counters = nvml.read({"GPU-a"});
  ASSERT_EQ(counters.size(), 1U);
  EXPECT_EQ(counters[0].uuid, "GPU-a");
  EXPECT_EQ(counters[0].energy_mj, std::nullopt);
  EXPECT_EQ(counters[0].power_mw, std::nullopt);
  EXPECT_EQ(nvml.driver_version(), "");
}

// What the real 535 library says on a machine without the driver.
TEST_F(NvmlTest, DriverNotLoadedIsNamedAndTriedAgain) {
  script("init 9\n" + std::string(kOneGpu));
  Nvml nvml(GREENQ_FAKE_NVML_LIBRARY);
  EXPECT_THAT(nvml.problem(), HasSubstr("Driver Not Loaded (code 9)"));
  EXPECT_EQ(nvml.read({"GPU-a"})[0].energy_mj, std::nullopt);
  script(kOneGpu);
  EXPECT_EQ(nvml.problem(), "");
  EXPECT_EQ(nvml.read({"GPU-a"})[0].energy_mj, 123456);
}

TEST_F(NvmlTest, ReadsByUuidInTheOrderAskedFor) {
  script(std::string("driver 550.54.15\n") + kOneGpu + "gpu GPU-b 1 0 0 777 0 0 90000 0 80000 NVIDIA A100\n");
  Nvml nvml(GREENQ_FAKE_NVML_LIBRARY);
  auto const counters = nvml.read({"GPU-b", "GPU-x", "GPU-a"});
  ASSERT_EQ(counters.size(), 3U);
  EXPECT_EQ(counters[0].energy_mj, 777);
  EXPECT_EQ(counters[0].power_mw, 90000);
  EXPECT_EQ(counters[1].energy_mj, std::nullopt);
  EXPECT_EQ(counters[2].energy_mj, 123456);
  EXPECT_EQ(nvml.driver_version(), "550.54.15");
}

// Peers turn these codes into 0 J.
TEST_F(NvmlTest, ErrorCodesAreAbsentNeverZero) {
  for (int const code : {1, 3, 9, 15, 999}) {
    std::string const text = std::to_string(code);
    script("gpu GPU-a 1 0 " + text + " 0 " + text + " 0 0 " + text + " 0 NVIDIA\n");
    Nvml nvml(GREENQ_FAKE_NVML_LIBRARY);
    auto const counters = nvml.read({"GPU-a"});
    EXPECT_EQ(counters[0].energy_mj, std::nullopt) << code;
    EXPECT_EQ(counters[0].power_mw, std::nullopt) << code;
  }
}

TEST_F(NvmlTest, ModuleScopePowerIsNotTakenForTheGpu) {
  script("gpu GPU-a 1 0 3 0 0 1 900000 0 500000 NVIDIA GH200\n");
  Nvml nvml(GREENQ_FAKE_NVML_LIBRARY);
  EXPECT_EQ(nvml.read({"GPU-a"})[0].power_mw, 500000);
}

TEST_F(NvmlTest, OverflowingCounterIsAbsent) {
  script("gpu GPU-a 1 0 0 18446744073709551615 3 0 0 3 0 NVIDIA\n");
  Nvml nvml(GREENQ_FAKE_NVML_LIBRARY);
  EXPECT_EQ(nvml.read({"GPU-a"})[0].energy_mj, std::nullopt);
}

TEST_F(NvmlTest, OldLibraryWithoutSymbolsGivesPowerOnly) {
  script(kOneGpu);
  Nvml nvml(GREENQ_FAKE_NVML_MINIMAL);
  auto const counters = nvml.read({"GPU-a"});
  EXPECT_EQ(counters[0].energy_mj, std::nullopt);
  EXPECT_EQ(counters[0].power_mw, 240000);
}

TEST_F(NvmlTest, LibraryThatIsNoNvmlIsNamed) {
  Nvml nvml("libm.so.6");
  EXPECT_THAT(nvml.problem(), HasSubstr("has no nvmlInit_v2"));
}

TEST_F(NvmlTest, ListsGpusInLowerCase) {
  script(std::string(kOneGpu) + "gpu GPU-b 42949672960 1 0 777 0 0 90000 0 80000 NVIDIA A100-SXM4-40GB\n");
  GpuList const list = enumerate_gpus(GREENQ_FAKE_NVML_LIBRARY);
  ASSERT_EQ(list.gpus.size(), 1U);
  EXPECT_EQ(list.gpus[0].uuid, "GPU-a");
  EXPECT_EQ(list.gpus[0].model, "nvidia h100 80gb hbm3");
  EXPECT_EQ(list.gpus[0].memory_bytes, 85899345920);
  EXPECT_THAT(list.reason, HasSubstr("GPU-b is in MIG mode"));
}

TEST_F(NvmlTest, NoGpusHaveAReason) {
  EXPECT_THAT(enumerate_gpus("none").gpus, IsEmpty());
  EXPECT_THAT(enumerate_gpus("none").reason, HasSubstr("not looked for"));
  EXPECT_THAT(enumerate_gpus("libnvidia-ml-that-is-not-there.so").reason, HasSubstr("not installed"));
  script("driver 1\n");
  EXPECT_THAT(enumerate_gpus(GREENQ_FAKE_NVML_LIBRARY).reason, HasSubstr("no GPU"));
}

TEST_F(NvmlTest, HungDriverCountsAsNoGpu) {
  script(std::string("hang init\n") + kOneGpu);
  GpuList const list = enumerate_gpus(GREENQ_FAKE_NVML_LIBRARY, milliseconds{50});
  EXPECT_THAT(list.gpus, IsEmpty());
  EXPECT_THAT(list.reason, HasSubstr("did not answer in time"));
  script(kOneGpu);  // lets the thread end
}

TEST_F(NvmlTest, HungCallCostsOneWaitAndTheValueComesBack) {
  script(std::string("hang energy\n") + kOneGpu);
  NvmlWatch watch(GREENQ_FAKE_NVML_LIBRARY, {"GPU-a"});
  watch.ask();
  EXPECT_FALSE(watch.take(milliseconds{20}));
  auto const before = std::chrono::steady_clock::now();
  watch.ask();
  EXPECT_FALSE(watch.take(std::chrono::hours{1})) << "must not wait again for a call that hangs";
  EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::minutes{1});
  script(kOneGpu);
  auto const deadline = before + std::chrono::seconds{20};
  std::optional<NvmlWatch::Reading> reading;
  while (!reading && std::chrono::steady_clock::now() < deadline) {
    watch.ask();
    reading = watch.take(milliseconds{100});
  }
  ASSERT_TRUE(reading);
  EXPECT_EQ(reading->gpus.at(0).energy_mj, 123456);
}

TEST_F(NvmlTest, WatchIsLeftBehindWhileItHangs) {
  script(std::string("hang energy\n") + kOneGpu);
  {
    NvmlWatch watch(GREENQ_FAKE_NVML_LIBRARY, {"GPU-a"});
    watch.ask();
    EXPECT_FALSE(watch.take(milliseconds{10}));
  }
  script(kOneGpu);
  NvmlWatch next(GREENQ_FAKE_NVML_LIBRARY, {"GPU-a"});
  next.ask();
  EXPECT_TRUE(next.take(std::chrono::seconds{20}));
}

}  // namespace
}  // namespace greenq::meter
