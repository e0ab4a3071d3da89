// What the tests of the exec room share: a private state directory, an inbox that can be waited on, real
// processes.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <mutex>
#include <optional>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "app/run_dir.hpp"
#include "exec/common/files.hpp"
#include "exec/common/process.hpp"
#include "exec/common/record.hpp"
#include "exec/file_logs.hpp"
#include "exec/local_runner.hpp"

namespace greenq::exec::test {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

inline constexpr auto kPatience = 30s;  // a bound for a busy machine, not a delay

class RealClock final : public app::Clock {
 public:
  core::Instant now() override {
    return std::chrono::time_point_cast<core::Span>(std::chrono::system_clock::now());
  }
  core::Span steady() override {
    return std::chrono::duration_cast<core::Span>(std::chrono::steady_clock::now().time_since_epoch());
  }
};

// True as soon as `condition` holds.
template <class Condition>
bool eventually(Condition const& condition) {
  auto const deadline = std::chrono::steady_clock::now() + kPatience;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(2ms);
  }
  return true;
}

class TestInbox final : public app::Inbox {
 public:
  void post(core::Event event) override {
    {
      std::lock_guard const lock(mutex_);
      if (auto const* started = std::get_if<core::SegmentStarted>(&event)) ++started_[started->segment];
      if (auto const* ended = std::get_if<core::SegmentEnded>(&event))
        ended_[ended->segment].push_back(ended->end);
      if (auto const* delayed = std::get_if<core::SegmentDelayed>(&event))
        delays_[delayed->segment] = delayed->why;
    }
    changed_.notify_all();
  }
  bool wait_started(core::SegmentId const& id, int times = 1) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, kPatience, [&] { return started_[id] >= times; });
  }
  std::optional<core::SegmentEnd> wait_ended(core::SegmentId const& id) {
    std::unique_lock lock(mutex_);
    if (!changed_.wait_for(lock, kPatience, [&] { return !ended_[id].empty(); })) return std::nullopt;
    return ended_[id].back();
  }
  // Why it is not launched, or its end not known, yet.
  std::string wait_delayed(core::SegmentId const& id) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, kPatience, [&] { return delays_.contains(id); });
    return delays_[id];
  }
  int starts(core::SegmentId const& id) {
    std::lock_guard const lock(mutex_);
    return started_[id];
  }
  std::size_t ends(core::SegmentId const& id) {
    std::lock_guard const lock(mutex_);
    return ended_[id].size();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<core::SegmentId, int> started_;
  std::map<core::SegmentId, std::string> delays_;
  std::map<core::SegmentId, std::vector<core::SegmentEnd>> ended_;
};

inline std::string slurp(fs::path const& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

inline bool alive(pid_t pid) {
  auto const info = process_info(pid);
  return info && !info->dead();
}

// The number a job wrote to a file, once it is whole.
inline pid_t pid_from(fs::path const& path) {
  pid_t pid = 0;
  eventually([&] {
    std::string const text = slurp(path);
    if (text.empty() || text.back() != '\n') return false;
    pid = static_cast<pid_t>(std::stol(text));
    return true;
  });
  return pid;
}

class ExecTest : public testing::Test {
 protected:
  ExecTest() {
    char name[] = "/tmp/greenq-exec-XXXXXX";
    root_ = ::mkdtemp(name);
    fs::create_directory(state_dir());
    fs::create_directory(work());
  }
  ~ExecTest() override {
    runner_.reset();
    std::error_code ignored;
    fs::remove_all(root_, ignored);
  }

  fs::path root() const { return root_; }
  fs::path state_dir() const { return root_ / "state"; }
  fs::path work() const { return root_ / "work"; }
  fs::path dir(core::Launch const& launch) const { return app::run_dir(state_dir(), launch.segment); }

  LocalRunnerOptions options() const {
    LocalRunnerOptions o;
    o.state_dir = state_dir();
    o.shepherd = GREENQ_SHEPHERD;
    o.own_uid = ::geteuid();
    o.node = "test-node";
    o.gpus.emplace();
    o.meter_interval = 200ms;
    return o;
  }
  LocalRunner& runner() {
    if (!runner_) runner_ = std::make_unique<LocalRunner>(options(), clock_, inbox_);
    return *runner_;
  }

  // A job of this user that runs a shell script.
  core::Launch script(std::string const& text) {
    core::Launch launch;
    launch.segment = {next_job_++, 1, 1};
    launch.project = "default";
    launch.name = "job";
    launch.owner.uid = ::geteuid();
    launch.command = {"/bin/sh", "-c", text};
    launch.workdir = work().string();
    launch.stop_grace = 300ms;
    return launch;
  }
  core::SegmentEnd run(core::Launch const& launch) {
    runner().start(launch);
    auto const end = inbox_.wait_ended(launch.segment);
    EXPECT_TRUE(end.has_value());
    if (end && end->outcome == core::Outcome::kCouldNotStart)
      std::printf("could not start: %s\n", end->message.c_str());
    return end.value_or(core::SegmentEnd{});
  }
  std::string out(core::Launch const& launch) const { return slurp(dir(launch) / app::kStdoutFile); }
  std::string err(core::Launch const& launch) const { return slurp(dir(launch) / app::kStderrFile); }
  StartedRecord started(core::Launch const& launch) const {
    auto record = parse_started(slurp(dir(launch) / app::kStartedFile));
    EXPECT_TRUE(record.has_value());
    return record.value_or(StartedRecord{});
  }
  ExitRecord exit_record(core::Launch const& launch) const {
    auto record = parse_exit(slurp(dir(launch) / app::kExitFile));
    EXPECT_TRUE(record.has_value());
    return record.value_or(ExitRecord{});
  }
  // As an earlier daemon would have left it.
  void write_attempt(core::Launch const& launch) const {
    fs::create_directories(dir(launch));
    std::ofstream(dir(launch) / app::kAttemptFile)
        << to_json(AttemptRecord{launch, {"/usr/bin:/bin"}, 1 << 20, 200ms});
  }

  RealClock clock_;
  TestInbox inbox_;
  std::unique_ptr<LocalRunner> runner_;
  core::JobId next_job_ = 1;

 private:
  fs::path root_;
};

}  // namespace greenq::exec::test
