// The plain queue by hand.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/plan/plain_jobs.hpp"
#include "support/plan_fixture.hpp"

namespace greenq::test {
namespace {

using core::PlainJob;
using testing::ElementsAre;
using Starts = std::vector<std::int64_t>;

// Takes `cpus` cores from minute `at` on for as long as planned.
PlainJob plain(core::JobId id, std::int64_t at, std::uint32_t cpus, std::int64_t length) {
  PlainJob job;
  job.id = id;
  job.submitted = job.ready = minute(at);
  job.demand = {cpus, 0, 0};
  job.pools = {0};
  job.planned = job.length = minutes(length);
  return job;
}

// In minutes, in the order of the jobs.
Starts starts(core::Capacity const& capacity, std::vector<PlainJob> const& jobs) {
  Starts found;
  for (Interval const& run : core::plain_queue(capacity, jobs))
    found.push_back(std::chrono::floor<std::chrono::minutes>(run.begin - minute(0)).count());
  return found;
}

TEST(PlainQueue, FirstComeFirstServed) {
  EXPECT_THAT(starts(machine(4), {plain(1, 0, 3, 60), plain(2, 5, 2, 30), plain(3, 10, 4, 10)}),
              ElementsAre(0, 60, 90));
}

TEST(PlainQueue, BackfillsWhatEndsBeforeTheHeadStarts) {
  // Job 2 is promised minute 60: job 3 ends before, job 4 would not, job 5 leaves the head its room.
  EXPECT_THAT(starts(machine(5), {plain(1, 0, 3, 60), plain(2, 1, 4, 30), plain(3, 2, 1, 58),
                                  plain(4, 2, 2, 59), plain(5, 3, 1, 500)}),
              ElementsAre(0, 60, 2, 90, 3));
}

TEST(PlainQueue, AnEarlyEndLetsTheHeadStartEarlier) {
  auto jobs = std::vector{plain(1, 0, 4, 60), plain(2, 1, 4, 30)};
  jobs[0].length = minutes(20);
  EXPECT_THAT(starts(machine(4), jobs), ElementsAre(0, 20));
}

TEST(PlainQueue, AJobThatOverrunsIsBelievedToEndAMinuteLater) {
  // At minute 30 job 1 is over its time: whoever takes two minutes would delay job 2, whoever takes one not.
  auto jobs = std::vector{plain(1, 0, 3, 10), plain(2, 1, 4, 30), plain(3, 30, 1, 2), plain(4, 30, 1, 1)};
  jobs[0].length = minutes(50);
  EXPECT_THAT(starts(machine(4), jobs), ElementsAre(0, 50, 80, 30));
}

TEST(PlainQueue, OrdersByPriorityThenSubmissionThenId) {
  auto jobs = std::vector{plain(1, 0, 4, 10), plain(4, 2, 4, 10), plain(3, 2, 4, 10), plain(2, 3, 4, 10)};
  jobs[3].priority = 90;
  EXPECT_THAT(starts(machine(4), jobs), ElementsAre(0, 30, 20, 10));
}

TEST(PlainQueue, NotBeforeKeepsThePlaceInTheQueue) {
  auto jobs = std::vector{plain(1, 0, 4, 60), plain(2, 1, 4, 10), plain(3, 30, 4, 10)};
  jobs[1].ready = minute(50);
  EXPECT_THAT(starts(machine(4), jobs), ElementsAre(0, 60, 70));
}

TEST(PlainQueue, DependenciesOnStartAndEnd) {
  auto jobs = std::vector{plain(1, 10, 1, 60), plain(2, 0, 1, 5), plain(3, 0, 1, 5), plain(4, 0, 1, 5)};
  jobs[1].after = {{1, false}};
  jobs[2].after = {{1, true}, {77, false}};  // nobody knows 77
  jobs[3].after = {{2, false}, {1, false}};
  EXPECT_THAT(starts(machine(4), jobs), ElementsAre(10, 70, 10, 75));
}

TEST(PlainQueue, GpusComeFromOnePoolThePreferredFirst) {
  auto jobs = std::vector{plain(1, 0, 1, 60), plain(2, 0, 1, 30), plain(3, 1, 1, 10), plain(4, 2, 1, 10)};
  for (PlainJob& job : jobs) {
    job.demand.gpus = 2;
    job.pools = {0, 1};
  }
  // Pool 1 is free first: job 3 takes it at 30, and job 4 after it.
  EXPECT_THAT(starts(machine(8, {2, 2}), jobs), ElementsAre(0, 0, 30, 40));
}

TEST(PlainQueue, MemoryCounts) {
  auto jobs = std::vector{plain(1, 0, 1, 60), plain(2, 0, 1, 60)};
  for (PlainJob& job : jobs) job.demand.memory_bytes = std::int64_t{40} << 30;
  EXPECT_THAT(starts(machine(8), jobs), ElementsAre(0, 60));
}

TEST(PlainQueue, NoJobs) {
  EXPECT_TRUE(core::plain_queue(machine(4), {}).empty());
}

core::Job ledger_job(core::JobId id, core::JobSpec spec = {}) {
  core::Job job;
  job.id = id;
  job.submitted_at = minute(0);
  spec.resources.cpus = 2;
  spec.expected_duration = minutes(60);
  job.spec = std::make_shared<core::JobSpec const>(std::move(spec));
  return job;
}

core::Job ran(core::Job job, std::vector<std::pair<int, int>> const& segments) {
  core::Attempt attempt;
  for (auto const& [begin, end] : segments) attempt.segments.push_back({minute(begin), minute(end)});
  job.attempts.push_back(attempt);
  job.started_at = attempt.segments.front().begin;
  job.ended_at = attempt.segments.back().end;
  job.state = core::JobState::kSucceeded;
  return job;
}

TEST(QueuedOnce, RunsForTheSumOfItsSegments) {
  auto const past = core::queued_once(ran(ran(ledger_job(1), {{10, 20}}), {{40, 45}, {60, 70}}), machine(4),
                                      {}, minute(500));
  EXPECT_TRUE(past.competes);
  EXPECT_EQ(past.plain.length, minutes(25));
  EXPECT_EQ(past.plain.planned, minutes(60));
  EXPECT_EQ(past.plain.ready, minute(0));
  EXPECT_EQ(past.end, minute(70));
}

TEST(QueuedOnce, ALiveOneIsExpectedToTakeWhatItWasPlanned) {
  core::Job job = ledger_job(1);
  EXPECT_EQ(core::queued_once(job, machine(4), {}, minute(500)).plain.length, minutes(60));
  job.state = core::JobState::kRunning;
  job.attempts.push_back({1, {{minute(10), {}}}, 1, {}, {}});
  EXPECT_EQ(core::queued_once(job, machine(4), {}, minute(30)).plain.length, minutes(60));
  auto const late = core::queued_once(job, machine(4), {}, minute(500));
  EXPECT_EQ(late.plain.length, minutes(490));
  EXPECT_TRUE(late.competes);
  EXPECT_FALSE(late.end);
}

TEST(QueuedOnce, WhatNeverRanDoesNotCompete) {
  core::Job cancelled = ledger_job(1);
  cancelled.state = core::JobState::kCancelled;
  cancelled.ended_at = minute(5);
  EXPECT_FALSE(core::queued_once(cancelled, machine(4), {}, minute(500)).competes);
  core::Job held = ledger_job(2);
  held.held_by_user = true;
  EXPECT_FALSE(core::queued_once(held, machine(4), {}, minute(500)).competes);
  core::Job never = ledger_job(3);
  never.dependencies = {{1, core::DependencyCondition::kSucceeded, core::DependencyStatus::kNever}};
  EXPECT_FALSE(core::queued_once(never, machine(4), {}, minute(500)).competes);
  EXPECT_FALSE(core::queued_once(ran(ledger_job(4), {{1, 2}}), machine(1), {}, minute(500)).competes);
}

TEST(QueuedOnce, IsReadyWhenItWasReleased) {
  core::JobSpec spec;
  spec.not_before = minute(20);
  EXPECT_EQ(core::queued_once(ledger_job(1, spec), machine(4), {}, minute(9)).plain.ready, minute(20));
  EXPECT_EQ(core::queued_once(ledger_job(1, spec), machine(4), minute(30), minute(40)).plain.ready,
            minute(30));
}

TEST(QueuedOnce, ADependencyThatDoesNotCompeteIsMetWhenItEnded) {
  core::Job cancelled = ledger_job(1);
  cancelled.state = core::JobState::kCancelled;
  cancelled.ended_at = minute(15);
  core::Job next = ran(ledger_job(2), {{30, 40}});
  next.dependencies = {{1, core::DependencyCondition::kFinished, core::DependencyStatus::kSatisfied}};
  std::vector<core::QueuedOnce> const past{core::queued_once(cancelled, machine(4), {}, minute(500)),
                                           core::queued_once(next, machine(4), {}, minute(500))};
  auto const competing = core::competitors(past);
  ASSERT_EQ(competing.size(), 1U);
  EXPECT_THAT(starts(machine(4), competing), ElementsAre(15));
}

}  // namespace
}  // namespace greenq::test
