// What is kept of a job that is over.
#include "core/history.hpp"

#include <gmock/gmock.h>

namespace greenq::core {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using testing::ElementsAre;

constexpr Instant kSubmitted{hours{500'000}};

JobSpec spec_of(Bound bound) {
  JobSpec spec;
  spec.name = "train";
  spec.resources = {2, {}, 0, 8, 0};
  spec.expected_duration = hours{2};
  spec.carbon.bound = bound;
  spec.carbon.interruptible = true;
  return spec;
}

Job job_of(JobSpec spec) {
  Job job;
  job.id = 7;
  job.owner.name = "ann";
  job.state = JobState::kSucceeded;
  job.submitted_at = kSubmitted;
  job.spec = std::make_shared<JobSpec const>(std::move(spec));
  return job;
}

TEST(PastJob, KeepsTheRunsOfAllAttempts) {
  Job job = job_of(spec_of({BoundKind::kMaxDelay, {}, hours{6}}));
  auto const at = [](int minute) { return kSubmitted + minutes{minute}; };
  Attempt lost;
  lost.segments = {{at(10), at(20)}, {at(30), at(30)}};
  Attempt last;
  last.segments = {{at(60), at(90)}, {at(120), at(150)}};
  job.attempts = {lost, last};
  job.ran = minutes{15};
  job.dependencies = {{3, DependencyCondition::kSucceeded, DependencyStatus::kSatisfied}};
  PastJob const past = past_job(job, {42});
  EXPECT_THAT(past.runs,
              ElementsAre(Interval{at(10), at(20)}, Interval{at(60), at(90)}, Interval{at(120), at(150)}));
  EXPECT_EQ(running_time(past), minutes{70});
  EXPECT_EQ(past.latest_start, kSubmitted + hours{6}) << "what ran before the retry does not move it";
  EXPECT_THAT(past.after, ElementsAre(3U));
  EXPECT_EQ(past.user, "ann");
  EXPECT_EQ(past.gpus, 2U);
  EXPECT_EQ(past.cpus, 8U);
  EXPECT_TRUE(past.shifts);
  EXPECT_TRUE(past.interruptible);
  EXPECT_EQ(past.energy.value, 42);
}

TEST(PastJob, LatestStartIsThatOfTheDaemon) {
  Instant const end = kSubmitted + hours{10};
  EXPECT_EQ(past_job(job_of(spec_of({BoundKind::kFinishBy, end, {}})), {}).latest_start, end - hours{2});
  EXPECT_EQ(past_job(job_of(spec_of({BoundKind::kStartBy, end, {}})), {}).latest_start, end);
}

TEST(PastJob, OneThatDoesNotShiftIsNotPausedAndOneThatHadToWaitIsNotReady) {
  JobSpec spec = spec_of({BoundKind::kMaxDelay, {}, hours{6}});
  spec.carbon.mode = CarbonMode::kNone;
  spec.not_before = kSubmitted + hours{1};
  spec.hold = true;
  PastJob const past = past_job(job_of(spec), {});
  EXPECT_FALSE(past.shifts);
  EXPECT_FALSE(past.interruptible);
  EXPECT_TRUE(past.held);
  EXPECT_EQ(past.ready, kSubmitted + hours{1});
  EXPECT_TRUE(past.runs.empty());
}

}  // namespace
}  // namespace greenq::core
