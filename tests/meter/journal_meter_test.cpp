#include "meter/journal_meter.hpp"

#include <gmock/gmock.h>

#include <chrono>

#include "app/run_dir.hpp"
#include "meter/temp_tree.hpp"

namespace greenq::meter {
namespace {

using namespace std::chrono_literals;

class RecordingInbox : public app::Inbox {
 public:
  void post(core::Event event) override {
    {
      std::lock_guard const lock(mutex_);
      events_.push_back(std::get<core::SamplesArrived>(std::move(event)));
    }
    changed_.notify_all();
  }
  // All events once `ready` holds; whatever there is after the deadline.
  template <class Ready>
  std::vector<core::SamplesArrived> wait(Ready ready) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, 20s, [&] { return ready(events_); });
    return events_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<core::SamplesArrived> events_;
};

bool has_final(std::vector<core::SamplesArrived> const& events) {
  return !events.empty() && events.back().final;
}

core::CounterSample numbered(std::int64_t n) {
  core::CounterSample sample;
  sample.boottime_ms = n;
  return sample;
}

class JournalMeterTest : public testing::Test {
 protected:
  JournalMeterOptions options(core::Span interval) const {
    JournalMeterOptions result;
    result.state_dir = tree_.root();
    result.interval = interval;
    result.roots = {tree_.root().string(), tree_.root().string(), "none", {}};
    result.gpus = enumerate_gpus("none");
    result.model_source = "from the test";
    return result;
  }
  void append(core::SegmentId const& id, std::string const& text) const {
    auto const folder = app::run_dir(tree_.root(), id);
    std::filesystem::create_directories(folder);
    std::ofstream(folder / app::kEnergyFile, std::ios::app) << text;
  }

  test::TempTree tree_;
  RecordingInbox inbox_;
  core::SegmentId const id_{1234, 1, 2};
};

TEST_F(JournalMeterTest, PostsWhatIsNewWithoutGapOrOverlap) {
  append(id_, to_journal_line(numbered(0)));
  JournalMeter meter(options(5ms), inbox_);
  meter.watch(id_, 0);
  for (std::int64_t n = 1; n <= 5; ++n) {
    inbox_.wait([&](auto const& events) { return static_cast<std::int64_t>(events.size()) >= n; });
    append(id_, to_journal_line(numbered(n)));
  }
  auto const events = inbox_.wait([](auto const& all) { return all.size() >= 6; });
  ASSERT_EQ(events.size(), 6U);
  std::int64_t offset = 0;
  std::int64_t n = 0;
  for (auto const& event : events) {
    EXPECT_EQ(event.segment, id_);
    EXPECT_EQ(event.from_offset, offset);
    EXPECT_FALSE(event.final);
    offset = event.to_offset;
    for (auto const& sample : event.samples) EXPECT_EQ(sample.boottime_ms, n++);
  }
  EXPECT_EQ(n, 6);
}

TEST_F(JournalMeterTest, DrainReadsToTheEndAndSaysSo) {
  std::size_t const count = 50;
  for (std::size_t n = 0; n < count; ++n)
    append(id_, to_journal_line(numbered(static_cast<std::int64_t>(n))));
  append(id_, "{\"boot_id\":\"torn");
  JournalMeterOptions small = options(1h);
  small.limits = {4096, 8};
  JournalMeter meter(small, inbox_);
  meter.watch(id_, 0);
  meter.drain(id_, 0);
  auto const events = inbox_.wait(has_final);
  ASSERT_TRUE(has_final(events));
  std::int64_t offset = 0;
  std::size_t samples = 0;
  for (auto const& event : events) {
    EXPECT_EQ(event.from_offset, offset);
    EXPECT_EQ(event.final, &event == &events.back());
    EXPECT_LE(event.samples.size(), 8U);
    offset = event.to_offset;
    samples += event.samples.size();
  }
  EXPECT_EQ(samples, count);
}

TEST_F(JournalMeterTest, DrainOfAMissingJournalIsFinalAndEmpty) {
  JournalMeter meter(options(1h), inbox_);
  meter.drain(id_, 77);
  auto const events = inbox_.wait(has_final);
  ASSERT_EQ(events.size(), 1U);
  EXPECT_TRUE(events[0].final);
  EXPECT_TRUE(events[0].samples.empty());
  EXPECT_EQ(events[0].from_offset, 77);
  EXPECT_EQ(events[0].to_offset, 77);
}

TEST_F(JournalMeterTest, DrainOfAnUnreadableJournalIsFinalToo) {
  std::filesystem::create_directories(app::run_dir(tree_.root(), id_) / app::kEnergyFile);
  JournalMeter meter(options(1h), inbox_);
  meter.drain(id_, 0);
  EXPECT_TRUE(has_final(inbox_.wait(has_final)));
}

TEST_F(JournalMeterTest, WatchesAJournalThatIsMadeLaterAndManySegments) {
  JournalMeter meter(options(5ms), inbox_);
  core::SegmentId const other{1235, 1, 1};
  meter.watch(id_, 0);
  meter.watch(other, 0);
  append(other, to_journal_line(numbered(2)));
  append(id_, to_journal_line(numbered(1)));
  auto const events = inbox_.wait([](auto const& all) { return all.size() >= 2; });
  ASSERT_EQ(events.size(), 2U);
  EXPECT_NE(events[0].segment, events[1].segment);
}

TEST_F(JournalMeterTest, WatchAgainReadsFromTheNewOffset) {
  append(id_, to_journal_line(numbered(0)) + to_journal_line(numbered(1)));
  JournalMeter meter(options(5ms), inbox_);
  meter.watch(id_, 0);
  auto const first = inbox_.wait([](auto const& all) { return !all.empty(); });
  ASSERT_EQ(first.size(), 1U);
  meter.watch(id_, 0);
  auto const again = inbox_.wait([](auto const& all) { return all.size() >= 2; });
  ASSERT_EQ(again.size(), 2U);
  EXPECT_EQ(again[1].from_offset, 0);
  EXPECT_EQ(again[1].samples.size(), 2U);
}

TEST_F(JournalMeterTest, SensorsSayWhatIsThereAndWhatToDo) {
  JournalMeter bare(options(1h), inbox_);
  auto const none = bare.sensors();
  ASSERT_EQ(none.size(), 4U);
  EXPECT_EQ(none[0].name, "powercap");
  EXPECT_FALSE(none[0].available);
  EXPECT_THAT(none[0].detail, testing::HasSubstr("intel_rapl_msr"));
  EXPECT_EQ(none[1].name, "nvml");
  EXPECT_FALSE(none[1].available);
  EXPECT_THAT(none[1].detail, testing::HasSubstr("install the NVIDIA driver"));
  EXPECT_EQ(none[2].name, "cgroup cpu");
  EXPECT_FALSE(none[2].available);
  EXPECT_EQ(none[3].name, "model");
  EXPECT_EQ(none[3].detail, "from the test");

  tree_.zone("intel-rapl:0", "package-0", "no number");
  EXPECT_THAT(bare.sensors()[0].detail, testing::HasSubstr("may not be read"));
  tree_.zone("intel-rapl:0", "package-0", "1");
  EXPECT_TRUE(bare.sensors()[0].available);
  tree_.write("stat", "cpu  1 2 3 4 5 6 7\n");
  EXPECT_THAT(bare.sensors()[2].detail, testing::HasSubstr("in steps of 10 ms"));
  JournalMeterOptions gpus = options(1h);
  gpus.gpus = {{{"GPU-a", "nvidia h100", 1}}, ""};
  JournalMeter with(gpus, inbox_);
  EXPECT_TRUE(with.sensors()[1].available);
}

}  // namespace
}  // namespace greenq::meter
