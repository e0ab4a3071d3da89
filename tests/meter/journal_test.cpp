#include "meter/journal.hpp"

#include <gmock/gmock.h>

#include "meter/temp_tree.hpp"

namespace greenq::meter {
namespace {

core::CounterSample full() {
  core::CounterSample sample;
  sample.boot_id = "boot";
  sample.boottime_ms = 12'345;
  sample.at = core::from_ms(1'700'000'000'123);
  sample.job_cpu_us = 0;
  sample.node_cpu_us = 999;
  sample.zones = {{"package-0", 262'143'328'849, 262'143'328'850}, {"package-0/dram", 7, 0}};
  sample.gpus = {
      {"GPU-a", 123'456, 250'000}, {"GPU-b", std::nullopt, 90'000}, {"GPU-c", std::nullopt, std::nullopt}};
  sample.gpu_epoch = "550.1/77";
  return sample;
}

core::CounterSample bare(std::int64_t boottime_ms) {
  core::CounterSample sample;
  sample.boottime_ms = boottime_ms;
  return sample;
}

void expect_equal(core::CounterSample const& a, core::CounterSample const& b) {
  EXPECT_EQ(to_journal_line(a), to_journal_line(b));
  EXPECT_EQ(a.boot_id, b.boot_id);
  EXPECT_EQ(a.boottime_ms, b.boottime_ms);
  EXPECT_EQ(a.at, b.at);
  EXPECT_EQ(a.job_cpu_us, b.job_cpu_us);
  EXPECT_EQ(a.node_cpu_us, b.node_cpu_us);
  EXPECT_EQ(a.gpu_epoch, b.gpu_epoch);
  ASSERT_EQ(a.zones.size(), b.zones.size());
  for (std::size_t i = 0; i < a.zones.size(); ++i) {
    EXPECT_EQ(a.zones[i].name, b.zones[i].name);
    EXPECT_EQ(a.zones[i].energy_uj, b.zones[i].energy_uj);
    EXPECT_EQ(a.zones[i].max_range_uj, b.zones[i].max_range_uj);
  }
  ASSERT_EQ(a.gpus.size(), b.gpus.size());
  for (std::size_t i = 0; i < a.gpus.size(); ++i) {
    EXPECT_EQ(a.gpus[i].uuid, b.gpus[i].uuid);
    EXPECT_EQ(a.gpus[i].energy_mj, b.gpus[i].energy_mj);
    EXPECT_EQ(a.gpus[i].power_mw, b.gpus[i].power_mw);
  }
}

TEST(JournalLine, ComesBackAsItWent) {
  for (core::CounterSample const& sample : {full(), core::CounterSample{}, bare(1)}) {
    std::string const line = to_journal_line(sample);
    ASSERT_EQ(line.back(), '\n');
    ASSERT_EQ(line.find('\n'), line.size() - 1);
    auto const back = parse_journal_line(line);
    ASSERT_TRUE(back);
    expect_equal(*back, sample);
  }
}

TEST(JournalLine, HasTheDocumentedShape) {
  core::CounterSample sample;
  sample.boot_id = "b";
  sample.boottime_ms = 1;
  sample.at = core::from_ms(2);
  sample.job_cpu_us = 3;
  sample.zones = {{"package-0", 5, 6}};
  sample.gpus = {{"GPU-\"\n", std::nullopt, 8}};
  EXPECT_EQ(to_journal_line(sample),
            "{\"boot_id\":\"b\",\"boottime_ms\":1,\"at_ms\":2,\"job_cpu_us\":3,"
            "\"zones\":[{\"name\":\"package-0\",\"energy_uj\":5,\"max_range_uj\":6}],"
            "\"gpus\":[{\"uuid\":\"GPU-\\\"\\u000a\",\"power_mw\":8}],\"gpu_epoch\":\"\"}\n");
}

TEST(JournalLine, EveryCutOfALineIsRefused) {
  std::string const line = to_journal_line(full());
  for (std::size_t size = 0; size + 1 < line.size(); ++size) {
    EXPECT_FALSE(parse_journal_line(std::string_view(line).substr(0, size))) << size;
  }
}

TEST(JournalLine, WrongTypesAndSignsAreRefused) {
  std::string const head = "{\"boot_id\":\"b\",\"boottime_ms\":1,\"at_ms\":2,\"gpu_epoch\":\"\"";
  EXPECT_TRUE(parse_journal_line(head + "}"));
  EXPECT_TRUE(parse_journal_line(head + ",\"later\":[1]}"));
  for (std::string const tail :
       {",\"job_cpu_us\":-1}", ",\"job_cpu_us\":\"1\"}", ",\"job_cpu_us\":1.5}", ",\"node_cpu_us\":null}",
        ",\"zones\":{}}", ",\"zones\":[1]}", ",\"zones\":[{\"name\":\"p\"}]}", ",\"gpus\":[{}]}",
        ",\"gpus\":[{\"uuid\":\"g\",\"energy_mj\":18446744073709551615}]}"}) {
    EXPECT_FALSE(parse_journal_line(head + tail)) << tail;
  }
  EXPECT_FALSE(parse_journal_line("[]"));
  EXPECT_FALSE(parse_journal_line("{\"boot_id\":\"b\"}"));
}

TEST(Journal, ReadsOnFromAnOffset) {
  test::TempTree tree;
  tree.write("j", to_journal_line(bare(1)) + to_journal_line(bare(2)));
  auto const first = read_journal(tree.path("j"), 0);
  ASSERT_TRUE(first);
  ASSERT_EQ(first->samples.size(), 2U);
  EXPECT_FALSE(first->more);
  tree.append("j", to_journal_line(bare(3)));
  auto const next = read_journal(tree.path("j"), first->to_offset);
  ASSERT_TRUE(next);
  ASSERT_EQ(next->samples.size(), 1U);
  EXPECT_EQ(next->samples[0].boottime_ms, 3);
  EXPECT_EQ(next->from_offset, first->to_offset);
  auto const nothing = read_journal(tree.path("j"), next->to_offset);
  ASSERT_TRUE(nothing);
  EXPECT_TRUE(nothing->samples.empty());
  EXPECT_EQ(nothing->to_offset, next->to_offset);
}

TEST(Journal, LeavesATornLastLineForLater) {
  std::string const line = to_journal_line(full());
  for (std::size_t cut = 0; cut < line.size(); ++cut) {
    test::TempTree tree;
    tree.write("j", to_journal_line(bare(1)) + line.substr(0, cut));
    auto const torn = read_journal(tree.path("j"), 0);
    ASSERT_TRUE(torn);
    ASSERT_EQ(torn->samples.size(), 1U);
    EXPECT_EQ(torn->skipped_lines, 0);
    tree.append("j", line.substr(cut));
    auto const whole = read_journal(tree.path("j"), torn->to_offset);
    ASSERT_TRUE(whole);
    ASSERT_EQ(whole->samples.size(), 1U) << cut;
    expect_equal(whole->samples[0], full());
  }
}

// A shepherd that died in a write and a new one that went on in the same file.
TEST(Journal, SkipsADamagedLineAndGoesOn) {
  test::TempTree tree;
  tree.write("j", to_journal_line(bare(1)) + "{\"boot_id\":\"x\",\"boott" + to_journal_line(bare(2)) +
                      to_journal_line(bare(3)) + std::string("\0\0\0\n", 4));
  auto const chunk = read_journal(tree.path("j"), 0);
  ASSERT_TRUE(chunk);
  ASSERT_EQ(chunk->samples.size(), 2U);
  EXPECT_EQ(chunk->samples[1].boottime_ms, 3);
  EXPECT_EQ(chunk->skipped_lines, 2);
}

TEST(Journal, KeepsItsLimits) {
  test::TempTree tree;
  for (int i = 0; i < 100; ++i) tree.append("j", to_journal_line(bare(i)));
  for (JournalLimits const limits :
       {JournalLimits{200, 4096}, JournalLimits{1 << 20, 7}, JournalLimits{256, 1}}) {
    std::int64_t offset = 0;
    std::int64_t expected = 0;
    for (bool more = true; more;) {
      auto const chunk = read_journal(tree.path("j"), offset, limits);
      ASSERT_TRUE(chunk);
      ASSERT_LE(chunk->samples.size(), limits.max_samples);
      for (auto const& sample : chunk->samples) EXPECT_EQ(sample.boottime_ms, expected++);
      more = chunk->more;
      ASSERT_TRUE(!more || chunk->to_offset > offset);
      offset = chunk->to_offset;
    }
    EXPECT_EQ(expected, 100);
  }
}

TEST(Journal, StepsOverALineThatIsLongerThanTheLimit) {
  test::TempTree tree;
  tree.write("j", std::string(1000, 'x') + "\n" + to_journal_line(bare(1)));
  std::int64_t offset = 0;
  std::vector<core::CounterSample> samples;
  for (bool more = true; more;) {
    auto const chunk = read_journal(tree.path("j"), offset, {256, 10});
    ASSERT_TRUE(chunk);
    ASSERT_TRUE(!chunk->more || chunk->to_offset > offset);
    samples.insert(samples.end(), chunk->samples.begin(), chunk->samples.end());
    offset = chunk->to_offset;
    more = chunk->more;
  }
  ASSERT_EQ(samples.size(), 1U);
  EXPECT_EQ(samples[0].boottime_ms, 1);
}

TEST(Journal, MissingFileAndStrangeFilesAreErrors) {
  test::TempTree tree;
  EXPECT_EQ(read_journal(tree.path("none"), 0).error().code, core::ErrorCode::kNotFound);
  EXPECT_EQ(read_journal(tree.root(), 0).error().code, core::ErrorCode::kInternal);
  tree.write("target", to_journal_line(bare(1)));
  std::filesystem::create_symlink(tree.path("target"), tree.path("link"));
  EXPECT_FALSE(read_journal(tree.path("link"), 0));
}

TEST(Journal, ShorterFileThanTheOffsetHasNothing) {
  test::TempTree tree;
  tree.write("j", to_journal_line(bare(1)));
  auto const chunk = read_journal(tree.path("j"), 100'000);
  ASSERT_TRUE(chunk);
  EXPECT_TRUE(chunk->samples.empty());
  EXPECT_EQ(chunk->to_offset, 100'000);
  EXPECT_FALSE(chunk->more);
}

}  // namespace
}  // namespace greenq::meter
