// What is learned of how long jobs really run, and what it changes.
#include "core/run_lengths.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "support/world.hpp"

namespace greenq {
namespace {

using core::Outcome;
using core::RunBook;
using core::RunKey;
using namespace std::chrono_literals;
using test::bounded;
using test::World;

RunKey const kTrain{7, "train"};

RunBook book_of(std::vector<core::Span> const& runs, std::optional<core::Span> stated = 4h) {
  RunBook book;
  for (core::Span const ran : runs) book.put(book.with(kTrain, {ran, stated}, core::from_ms(1)));
  return book;
}

core::JobSpec stating(core::Span stated, core::Span max_delay = 0s) {
  core::JobSpec spec = bounded(max_delay);
  spec.expected_duration = stated;
  spec.time_limit = 24h;
  return spec;
}

void run_for(World& world, core::JobSpec const& spec, core::Span length, int status = 0) {
  core::JobId const id = world.submit(spec);
  world.run(id);
  world.advance(length);
  world.end(id, Outcome::kExited, status);
}

TEST(RunBook, NothingIsLearnedOfFewerThanFiveRuns) {
  EXPECT_FALSE(book_of({1h, 1h, 1h, 1h}).learned(kTrain, 4h, {}));
  EXPECT_TRUE(book_of({1h, 1h, 1h, 1h, 1h}).learned(kTrain, 4h, {}));
}

TEST(RunBook, TheMedianIsTypicalAndTheLongestOfFewIsSafe) {
  auto const learned = book_of({1h, 2h, 30min, 3h, 90min}).learned(kTrain, 4h, {});
  EXPECT_EQ(learned, (core::LearnedDuration{90min, 3h, 5, 375}));
}

TEST(RunBook, OfManyRunsOneInTenMayBeLonger) {
  std::vector<core::Span> runs;
  for (int i = 1; i <= 20; ++i) runs.push_back(std::chrono::minutes{i});
  auto const learned = book_of(runs).learned(kTrain, 4h, {});
  EXPECT_EQ(learned->typical, 11min);
  EXPECT_EQ(learned->safe, 19min);
}

TEST(RunBook, TheLengthFollowsWhatTheJobStates) {
  auto const book = book_of({1h, 1h, 1h, 1h, 1h});
  EXPECT_EQ(book.learned(kTrain, 8h, {})->typical, 2h);
  EXPECT_EQ(book.learned(kTrain, 1ms, {})->typical, 1s);
}

// Found by a breaker: an estimate that was six times too long and was then put right was taken for a sixth of
// it.
TEST(RunBook, AnEstimateThatWasPutRightCounts) {
  auto const book = book_of({1h, 1h, 1h, 1h, 1h});
  EXPECT_EQ(book.learned(kTrain, 1h, {})->safe, 1h);
  EXPECT_EQ(book.learned(kTrain, 2h, {})->safe, 1h);
  EXPECT_EQ(book.learned(kTrain, 30min, {})->safe, 30min);
}

// Found by a user: an assumed hour was scaled as if somebody had stated it.
TEST(RunBook, AJobThatStatesNothingIsExpectedToTakeWhatOthersTook) {
  auto const stated = book_of({1h, 2h, 30min, 3h, 90min});
  EXPECT_EQ(stated.learned(kTrain, {}, {}), (core::LearnedDuration{90min, 3h, 5, 0}));
  auto const silent = book_of({1h, 2h, 30min, 3h, 90min}, std::nullopt);
  EXPECT_EQ(silent.learned(kTrain, {}, {}), (core::LearnedDuration{90min, 3h, 5, 0}));
  EXPECT_FALSE(silent.learned(kTrain, 4h, {})) << "nobody knows what part of an estimate they would be";
}

TEST(RunBook, NoJobIsExpectedBeyondItsTimeLimit) {
  auto const learned = book_of({1h, 6h, 6h, 6h, 6h}).learned(kTrain, 4h, 5h);
  EXPECT_EQ(learned->typical, 5h);
  EXPECT_EQ(learned->safe, 5h);
}

TEST(RunBook, OldRunsAreForgotten) {
  std::vector<core::Span> runs(RunBook::kRunsKept, 1h);
  runs.insert(runs.end(), RunBook::kRunsKept, 2h);
  EXPECT_EQ(book_of(runs).learned(kTrain, 4h, {}), (core::LearnedDuration{2h, 2h, 20, 500}));
}

TEST(RunBook, OthersAndOtherNamesTeachNothing) {
  auto const book = book_of({1h, 1h, 1h, 1h, 1h});
  EXPECT_FALSE(book.learned({8, "train"}, 4h, {}));
  EXPECT_FALSE(book.learned({7, "evaluate"}, 4h, {}));
}

// So many runs of other names.
RunBook of_others(int count, core::Span took, core::Span stated) {
  RunBook book;
  for (int i = 0; i < count; ++i) book.put(book.with({7, {}}, {took, stated}, core::from_ms(1)));
  return book;
}

TEST(RunBook, AFewOfItsNameAreBeatenByManyOfItsOwner) {
  auto book = of_others(10, 1h, 4h);
  auto const learned = book.learned(kTrain, 8h, {});
  EXPECT_EQ(learned, (core::LearnedDuration{2h, 8h, 10, 250, true}));
  EXPECT_FALSE(book.learned({8, "train"}, 8h, {})) << "another owner";
  EXPECT_FALSE(book.learned(kTrain, {}, {})) << "nothing is stated";
  for (int i = 0; i < 5; ++i) book.put(book.with(kTrain, {3h, 4h}, core::from_ms(2)));
  EXPECT_EQ(book.learned(kTrain, 4h, {}), (core::LearnedDuration{3h, 3h, 5, 750}));
}

TEST(RunBook, OwnersWhoStateTooLittleAreExpectedToDoItAgain) {
  auto const learned = of_others(10, 4h, 2h).learned(kTrain, 3h, {});
  EXPECT_EQ(learned, (core::LearnedDuration{6h, 6h, 10, 2000, true}));
  EXPECT_EQ(of_others(10, 4h, 2h).learned(kTrain, 3h, 5h)->safe, 5h) << "its limit stops it";
}

TEST(RunBook, OnlyRunsOfAboutThatLengthTellOfOtherNames) {
  EXPECT_FALSE(of_others(9, 1h, 4h).learned(kTrain, 4h, {}));
  EXPECT_FALSE(of_others(50, 1s, 1min).learned(kTrain, 5h, {}));
  EXPECT_TRUE(of_others(10, 1h, 4h).learned(kTrain, 16h, {}));
  EXPECT_FALSE(of_others(10, 1h, 4h).learned(kTrain, 16h + 1s, {}));
}

TEST(RunBook, WhatIsLeftIsOfTheFirstLengthThatIsNotOutrun) {
  EXPECT_EQ(core::length_left(1h, {2h, 4h}), 1h);
  EXPECT_EQ(core::length_left(2h, {2h, 4h}), 2h);
  EXPECT_EQ(core::length_left(10h, {2h, 4h}), 1h);
}

TEST(RunBook, TheNameLongestUnusedGoesFirst) {
  RunBook book;
  auto const add = [&](std::string const& name, int times, std::int64_t at) {
    for (int i = 0; i < times; ++i) book.put(book.with({1, name}, {1h, 1h}, core::from_ms(at)));
  };
  add("first", 5, 1);
  add("second", 5, 2);
  for (std::size_t i = 0; i < RunBook::kKeysKept - 1; ++i) add("other-" + std::to_string(i), 1, 3);
  EXPECT_FALSE(book.learned({1, "first"}, 1h, {}));
  EXPECT_TRUE(book.learned({1, "second"}, 1h, {}));
}

TEST(RunBook, LengthsLieAmongWhatWasSeenInOrder) {
  std::mt19937 random{5};
  for (int round = 0; round < 200; ++round) {
    std::vector<core::Span> runs(5 + random() % 30);
    for (core::Span& ran : runs) ran = std::chrono::seconds{60 + random() % 100'000};
    auto const learned = book_of(runs, 1h).learned(kTrain, 1h, {});
    ASSERT_TRUE(learned);
    auto const from = runs.end() - static_cast<std::ptrdiff_t>(std::min(runs.size(), RunBook::kRunsKept));
    auto const [least, most] = std::minmax_element(from, runs.end());
    EXPECT_LE(*least - 1s, learned->typical);
    EXPECT_LE(learned->typical, learned->safe);
    EXPECT_LE(learned->safe, *most + 1s);
  }
}

TEST(Step, ANewJobIsExpectedToTakeWhatItsLikeTook) {
  World world;
  for (core::Span const ran : {50min, 60min, 70min, 80min, 90min}) run_for(world, stating(4h), ran);
  core::Job const& job = world.job(world.submit(stating(4h)));
  EXPECT_EQ(core::expected_duration(job), 70min);
  world.plan();
  EXPECT_EQ(world.job(job.id).plan->segments.front().length(), 70min);
}

TEST(Step, AJobOfANewNameIsExpectedToTakeTheUsualPartOfWhatItsOwnerStates) {
  World world;
  for (int i = 0; i < 10; ++i) {
    core::JobSpec spec = stating(4h);
    if (i % 2 == 0) spec.name = "other-" + std::to_string(i);
    run_for(world, spec, 1h);
  }
  core::JobSpec spec = stating(6h);
  spec.name = "new";
  spec.carbon.bound = core::Bound{core::BoundKind::kFinishBy, world.now + 10h, {}};
  core::Job const& job = world.job(world.submit(spec));
  EXPECT_TRUE(job.learned->any_name);
  EXPECT_EQ(core::expected_duration(job), 90min);
  EXPECT_EQ(core::latest_start(job), world.now + 4h) << "what was stated is safe";
}

TEST(Step, FailedRunsAndMadeUpNamesTeachNothing) {
  World world;
  for (int i = 0; i < 6; ++i) run_for(world, stating(4h), 1h, 1);
  EXPECT_FALSE(world.job(world.submit(stating(4h))).learned);
  World unnamed;
  core::JobSpec spec = stating(4h);
  spec.name.clear();
  run_for(unnamed, spec, 1h);
  EXPECT_FALSE(unnamed.state.runs.learned({test::user().uid, "job-1"}, 4h, {}));
  EXPECT_EQ(unnamed.state.runs.with({test::user().uid, "job-1"}, {1h, 4h}, unnamed.now).runs.size(), 1U);
}

TEST(Step, AnEndToKeepIsJudgedByTheSafeLength) {
  World world;
  for (core::Span const ran : {1h, 1h, 1h, 1h, 3h}) run_for(world, stating(4h), ran);
  core::JobSpec spec = stating(4h);
  spec.carbon.bound = core::Bound{core::BoundKind::kFinishBy, world.now + 10h, {}};
  EXPECT_EQ(core::latest_start(world.job(world.submit(spec))), world.now + 7h);
}

// Found by a breaker: it was accepted and failed in the same second.
TEST(Step, ABoundThatTheStatedLengthKeepsIsNotMissedAtOnce) {
  World world;
  for (int i = 0; i < 5; ++i) run_for(world, stating(1h), 2h);
  core::JobSpec spec = stating(10h);
  spec.carbon.bound = core::Bound{core::BoundKind::kFinishBy, world.now + 15h, {}};
  EXPECT_EQ(core::latest_start(world.job(world.submit(spec))), world.now);
}

// Found by a breaker: what had outrun its learned length was put off until a second before its bound.
TEST(Step, AnEndToKeepIsJudgedByWhatTheRestIsExpectedToTake) {
  World world;
  for (int i = 0; i < 5; ++i) run_for(world, stating(60min), 1min);
  core::JobSpec spec = stating(60min);
  spec.carbon.bound = core::Bound{core::BoundKind::kFinishBy, world.now + 10h, {}};
  core::Job job = world.job(world.submit(spec));
  job.ran = 20min;
  EXPECT_EQ(core::latest_start(job), world.now + 10h - 40min);
  job.ran = 100min;
  EXPECT_EQ(core::latest_start(job), world.now + 10h - 10min);
}

TEST(Step, ABoundThatWasToldStaysWhenMoreIsLearned) {
  World world;
  core::JobSpec spec = stating(4h);
  spec.carbon.bound = core::Bound{core::BoundKind::kFinishBy, world.now + 100h, {}};
  spec.hold = true;
  core::JobId const id = world.submit(spec);
  for (int i = 0; i < 6; ++i) run_for(world, stating(4h), 1h);
  EXPECT_EQ(core::latest_start(world.job(id)), world.job(id).submitted_at + 96h);
}

TEST(Step, AJobThatRunsOnIsExpectedToEndAtTheNextLengthThatIsKnown) {
  World world;
  for (core::Span const ran : {1h, 1h, 1h, 1h, 3h}) run_for(world, stating(4h), ran);
  core::JobId const id = world.submit(stating(4h));
  world.run(id);
  auto const left = [&](core::Span ran) { return core::remaining_duration(world.job(id), world.now + ran); };
  EXPECT_EQ(left(0s), 1h);
  EXPECT_EQ(left(1h), 2h);
  EXPECT_EQ(left(3h + 30min), 30min);
  EXPECT_EQ(left(10h), 1h);
  EXPECT_EQ(left(23h), 1h);
  EXPECT_EQ(left(30h), 1s);
}

// The last run ends so early that the safe length would still be in time.
TEST(Step, PausesLeaveRoomForTheSafeLength) {
  World world;
  world.now = std::chrono::floor<std::chrono::hours>(world.now);
  for (core::Span const ran : {2h, 2h, 2h, 2h, 4h}) run_for(world, stating(4h), ran);
  world.signal({100, 900, 900, 900, 900, 900, 900, 300, 200, 100, 100, 100});
  core::JobSpec spec = stating(4h);
  spec.carbon.interruptible = true;
  spec.checkpoint = core::Checkpoint{10, 30s, 85, 5min};
  core::Instant const end = world.now + 11h;
  spec.carbon.bound = core::Bound{core::BoundKind::kFinishBy, end, {}};
  core::JobId const id = world.submit(spec);
  world.plan();
  auto const segments = world.job(id).plan->segments;
  ASSERT_EQ(segments.size(), 2U);
  EXPECT_EQ(segments.back().end, end - 2h);
  world.started(id);
  world.now = segments.front().end;
  world.feed(core::Tick{});
  world.feed(core::SegmentEnded{world.segment(id), {core::Outcome::kPaused, 85, world.now, ""}});
  world.plan();
  EXPECT_EQ(world.job(id).plan->segments.back().end, end - 2h);
}

}  // namespace
}  // namespace greenq
