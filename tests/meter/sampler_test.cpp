#include "meter/sampler.hpp"

#include <gmock/gmock.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <ctime>

#include "meter/cpu_time.hpp"
#include "meter/fake_nvml.hpp"
#include "meter/temp_tree.hpp"

namespace greenq::meter {
namespace {

using testing::IsEmpty;

std::int64_t boottime_ms() {
  timespec now{};
  ::clock_gettime(CLOCK_BOOTTIME, &now);
  return std::int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1'000'000;
}

// Burns CPU in a child until told to stop; its true CPU time comes from wait4.
class Burner {
 public:
  Burner() {
    pid_ = ::fork();
    if (pid_ == 0) {
      volatile std::uint64_t sink = 0;
      while (true) sink = sink + 1;
    }
  }
  ~Burner() {
    if (pid_ > 0) finish();
  }
  Burner(Burner const&) = delete;
  Burner& operator=(Burner const&) = delete;

  pid_t pid() const { return pid_; }
  // Lets it run until it has used that much by its own CPU clock.
  void run_until(double cpu_seconds) const {
    clockid_t clock{};
    ASSERT_EQ(::clock_getcpuclockid(pid_, &clock), 0);
    timespec used{};
    do {
      timespec const pause{0, 5'000'000};
      ::nanosleep(&pause, nullptr);
      ::clock_gettime(clock, &used);
    } while (static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) / 1e9 < cpu_seconds);
    ::kill(pid_, SIGSTOP);
  }
  double finish() {
    rusage usage{};
    ::kill(pid_, SIGKILL);
    ::wait4(pid_, nullptr, 0, &usage);
    pid_ = -1;
    return static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
  }

 private:
  pid_t pid_ = -1;
};

TEST(Sampler, EmptyMachineGivesAbsentValues) {
  test::TempTree tree;
  Sampler sampler({tree.root().string(), tree.root().string(), "none", {}}, {});
  auto const sample = sampler.sample(1, "");
  EXPECT_EQ(sample.boot_id, "");
  EXPECT_EQ(sample.job_cpu_us, std::nullopt);
  EXPECT_EQ(sample.node_cpu_us, std::nullopt);
  EXPECT_THAT(sample.zones, IsEmpty());
  EXPECT_THAT(sample.gpus, IsEmpty());
  EXPECT_EQ(sample.gpu_epoch, "");
}

TEST(Sampler, PutsEverythingIntoOneSample) {
  test::TempTree tree;
  tree.zone("intel-rapl:0", "package-0", "1000");
  tree.write("proc/sys/kernel/random/boot_id", "0d5c3cf6-5f0a-4b3c-9f1f-0a2b3c4d5e6f\n");
  tree.write("proc/stat", "cpu  1 1 1 1 1 1 1\n");
  tree.write("job/cpu.stat", "usage_usec 4242\n");
  tree.write("module/nvidia/version", "550\n");
  test::script_nvml("driver 550.1\ngpu GPU-a 1 0 0 9876 0 0 250000 0 240000 NVIDIA\n");
  SamplerOptions const options{tree.root().string(), tree.path("proc").string(), GREENQ_FAKE_NVML_LIBRARY,
                               std::chrono::seconds{20}};
  Sampler sampler(options, {"GPU-a", "GPU-b"});
  std::int64_t const before = boottime_ms();
  auto const sample = sampler.sample(1, tree.path("job/cpu.stat").string());
  EXPECT_EQ(sample.boot_id, "0d5c3cf6-5f0a-4b3c-9f1f-0a2b3c4d5e6f");
  EXPECT_GE(sample.boottime_ms, before);
  EXPECT_LE(sample.boottime_ms, boottime_ms());
  EXPECT_EQ(sample.job_cpu_us, 4242);
  EXPECT_EQ(sample.node_cpu_us, 50'000);
  ASSERT_EQ(sample.zones.size(), 1U);
  ASSERT_EQ(sample.gpus.size(), 2U);
  EXPECT_EQ(sample.gpus[0].energy_mj, 9876);
  EXPECT_EQ(sample.gpus[1].uuid, "GPU-b");
  EXPECT_EQ(sample.gpus[1].energy_mj, std::nullopt);
  EXPECT_THAT(sample.gpu_epoch, testing::StartsWith("550.1/"));
  std::string const epoch = sample.gpu_epoch;
  EXPECT_EQ(sampler.sample(1, "").gpu_epoch, epoch) << "the same load of the driver";
}

TEST(Sampler, HungDriverLeavesGpusAbsentAndTheRestThere) {
  test::TempTree tree;
  tree.write("job/cpu.stat", "usage_usec 4242\n");
  test::script_nvml("hang energy\ngpu GPU-a 1 0 0 9876 0 0 250000 0 240000 NVIDIA\n");
  SamplerOptions const options{tree.root().string(), "/proc", GREENQ_FAKE_NVML_LIBRARY,
                               std::chrono::milliseconds{20}};
  Sampler sampler(options, {"GPU-a"});
  for (int i = 0; i < 3; ++i) {
    auto const sample = sampler.sample(1, tree.path("job/cpu.stat").string());
    EXPECT_EQ(sample.job_cpu_us, 4242);
    ASSERT_EQ(sample.gpus.size(), 1U);
    EXPECT_EQ(sample.gpus[0].energy_mj, std::nullopt);
    EXPECT_EQ(sample.gpu_epoch, "");
  }
  test::script_nvml("driver 1\n");
}

TEST(Sampler, TreeTimeNeverGoesBack) {
  test::TempTree tree;
  auto stat = [](int user) {
    return "100 (x) S 1 100 100 0 -1 0 0 0 0 0 " + std::to_string(user) + " 0 0 0 20 0 1 0 1 1 1\n";
  };
  Sampler sampler({tree.root().string(), tree.root().string(), "none", {}}, {});
  tree.write("100/stat", stat(50));
  EXPECT_EQ(sampler.sample(100, "").job_cpu_us, 500'000);
  tree.write("100/stat", stat(20));
  EXPECT_EQ(sampler.sample(100, "").job_cpu_us, 500'000);
  tree.remove("100");
  EXPECT_EQ(sampler.sample(100, "").job_cpu_us, std::nullopt) << "gone is absent, not the old value";
}

TEST(SamplerOnThisMachine, MeasuresARealProcessTree) {
  Sampler sampler({}, {});
  Burner burner;
  auto const from = sampler.sample(burner.pid(), "");
  burner.run_until(0.6);
  auto const to = sampler.sample(burner.pid(), "");
  double const truth = burner.finish();
  ASSERT_TRUE(from.job_cpu_us && to.job_cpu_us && from.node_cpu_us && to.node_cpu_us);
  double const measured = static_cast<double>(*to.job_cpu_us) / 1e6;
  EXPECT_NEAR(measured, truth, 0.15 * truth);
  double const node = static_cast<double>(*to.node_cpu_us - *from.node_cpu_us) / 1e6;
  EXPECT_GE(node, 0.85 * truth) << "the node was busy at least as long as the job";
  EXPECT_NE(to.boot_id, "");
  EXPECT_GT(to.boottime_ms, from.boottime_ms);
}

TEST(SamplerOnThisMachine, CountsWhatTheCallerHasReaped) {
  Sampler sampler({}, {});
  auto const from = sampler.sample(::getpid(), "");
  double truth = 0;
  {
    Burner burner;
    burner.run_until(0.4);
    truth = burner.finish();
  }
  auto const to = sampler.sample(::getpid(), "");
  ASSERT_TRUE(from.job_cpu_us && to.job_cpu_us);
  EXPECT_NEAR(static_cast<double>(*to.job_cpu_us - *from.job_cpu_us) / 1e6, truth, 0.15 * truth);
}

TEST(SamplerOnThisMachine, MeasuresARealCgroup) {
  auto const node = find_node_cpu_file("/proc");
  if (node.empty()) GTEST_SKIP() << "no root cgroup is visible here, so no cgroup can be made";
  auto const group = node.parent_path() / ("greenq-test-" + std::to_string(::getpid()));
  std::error_code error;
  if (!std::filesystem::create_directory(group, error)) {
    GTEST_SKIP() << "cgroups may not be made here: " << error.message();
  }
  {
    Sampler sampler({}, {});
    Burner burner;
    std::ofstream(group / "cgroup.procs") << burner.pid() << std::flush;
    std::string const file = (group / node.filename()).string();
    auto const from = sampler.sample(burner.pid(), file);
    burner.run_until(0.6);
    auto const to = sampler.sample(burner.pid(), file);
    double const truth = burner.finish();
    EXPECT_TRUE(from.job_cpu_us && to.job_cpu_us);
    EXPECT_NEAR(static_cast<double>(to.job_cpu_us.value_or(0)) / 1e6, truth, 0.15 * truth);
  }
  auto const deadline = std::chrono::steady_clock::now() + std::chrono::seconds{10};
  while (::rmdir(group.c_str()) != 0 && std::chrono::steady_clock::now() < deadline) ::usleep(5000);
  EXPECT_FALSE(std::filesystem::exists(group));
}

}  // namespace
}  // namespace greenq::meter
