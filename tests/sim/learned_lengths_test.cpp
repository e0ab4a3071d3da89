// What the policy greenq makes of run times that it is told wrong.
#include "sim/learned_lengths.hpp"

#include "sim/estimates.hpp"
#include "sim_fixture.hpp"

namespace greenq::sim {
namespace {

SimJob job_of(core::JobId id, Span told, std::string user = "ada") {
  SimJob job;
  job.id = id;
  job.duration = told;
  job.user = std::move(user);
  return job;
}

LearnedLengths after_ten(Span took, Span told) {
  LearnedLengths lengths;
  for (core::JobId id = 1; id <= 10; ++id) {
    lengths.submitted(job_of(id, told));
    lengths.ended(job_of(id, told), took, kBegin);
  }
  return lengths;
}

TEST(LearnedLengths, FollowWhatJobsOfTheUserTook) {
  LearnedLengths lengths = after_ten(hours{1}, hours{2});
  lengths.submitted(job_of(11, hours{4}));
  EXPECT_EQ(lengths.typical(job_of(11, hours{4})), hours{2});
  EXPECT_EQ(lengths.left(job_of(11, hours{4}), minutes{90}), minutes{30});
  EXPECT_EQ(lengths.left(job_of(11, hours{4}), hours{3}), hours{1}) << "at most what was told";
  EXPECT_EQ(lengths.left(job_of(11, hours{4}), hours{10}), hours{1}) << "then a tenth more";
}

TEST(LearnedLengths, LeaveOthersAsTheyWereTold) {
  LearnedLengths lengths = after_ten(hours{1}, hours{2});
  lengths.submitted(job_of(11, hours{4}, "bob"));
  EXPECT_EQ(lengths.typical(job_of(11, hours{4}, "bob")), hours{4});
  EXPECT_FALSE(lengths.left(job_of(11, hours{4}, "bob"), Span{0}));
  EXPECT_EQ(lengths.typical(job_of(5, hours{2})), hours{2}) << "before anything was learned";
}

// One hour of three is cheap. Told twice its length a job fits no cheap hour; that it is half as long is
// known after ten.
TEST(LearnedLengths, AJobThatIsToldTooLongFindsItsHourOnceThatIsKnown) {
  std::vector<double> intensity(24 * 12, 300);
  for (std::size_t h = 2; h < intensity.size(); h += 3) intensity[h] = 100;
  Instance instance = world(4, intensity);
  for (int i = 0; i < 12; ++i) add(instance, hours{12 * i}, hours{1}, 1, hours{4}).interruptible = false;
  Instance const wrong = told(instance, {2});
  auto const policy = make_policy("greenq", wrong, make_outlook(OutlookKind::kPerfect, instance));
  Schedule const schedule = run(instance, wrong, *policy).schedule;
  EXPECT_EQ(problem_of(instance, schedule), "");
  EXPECT_EQ(schedule.segments[0].front().begin, kBegin + hours{1}) << "two hours with the cheap one last";
  for (std::size_t i = 10; i < 12; ++i)
    EXPECT_EQ(schedule.segments[i].front().begin, instance.jobs[i].submit + hours{2}) << i;
}

TEST(LearnedLengths, NobodyIsPutOffBeyondItsSlackByRunsThatWereToldTooShort) {
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {
    Instance instance = random_world(seed, true);
    instance.cluster_gpus = 1000;
    instance.resume_overhead = Span{0};
    for (SimJob& job : instance.jobs) job.duration = std::max(job.duration, Span{hours{1}});
    for (SimJob& job : instance.jobs) job.deadline = job.submit + job.duration + hours{12};
    Instance const wrong = told(instance, {0.5});
    auto const policy = make_policy("greenq", wrong, make_outlook(OutlookKind::kPerfect, instance));
    Schedule const schedule = run(instance, wrong, *policy).schedule;
    EXPECT_EQ(problem_of(instance, schedule), "");
    for (SimJob const& job : instance.jobs)
      EXPECT_LE(schedule.segments[job.id - 1].back().end, job.deadline + instance.step) << job.id;
  }
}

}  // namespace
}  // namespace greenq::sim
