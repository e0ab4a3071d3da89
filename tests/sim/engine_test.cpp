#include "sim/engine.hpp"

#include "sim/estimates.hpp"

#include "sim/sim_fixture.hpp"

namespace greenq::sim {
namespace {

TEST(Series, IntegralsAreExactAndItsEndsHoldOn) {
  Series const series{kBegin, hours{1}, grams({100, 300})};
  EXPECT_EQ(series.integral({kBegin + minutes{30}, kBegin + minutes{90}}), (100'000 + 300'000) * 1'800'000LL);
  EXPECT_EQ(series.integral({kBegin + hours{2}, kBegin + hours{3}}), 300'000 * 3'600'000LL);
  EXPECT_EQ(series.integral({kBegin - hours{1}, kBegin}), 100'000 * 3'600'000LL);
  EXPECT_EQ(series.step_begin(kBegin - minutes{1}), kBegin - hours{1});
  EXPECT_EQ(series.points({kBegin + minutes{59}, kBegin + minutes{61}}, core::PointState::kActual).size(),
            2U);
}

// Plays a list of decisions.
class Script final : public Policy {
 public:
  explicit Script(std::map<Span, Decision> decisions) : decisions_(std::move(decisions)) {}
  void submitted(SimJob const&, Instant) override {}
  void ended(core::JobId id, Instant now) override { ends.emplace_back(id, now - kBegin); }
  Decision decide(Machine const& machine, Instant now) override {
    calls.push_back(now - kBegin);
    if (look) look(machine, now);
    Decision out;
    if (auto const found = decisions_.find(now - kBegin); found != decisions_.end()) out = found->second;
    auto const next = decisions_.upper_bound(now - kBegin);
    if (next != decisions_.end()) out.wake = kBegin + next->first;
    return out;
  }

  std::vector<Span> calls;
  std::vector<std::pair<core::JobId, Span>> ends;
  std::function<void(Machine const&, Instant)> look;

 private:
  std::map<Span, Decision> decisions_;
};

TEST(Engine, APausedJobPaysForItsResume) {
  Instance instance = world(1, {100});
  instance.resume_overhead = minutes{2};
  add(instance, Span{0}, minutes{10}, 1);
  Script script{{{Span{0}, {{1}, {}}}, {minutes{4}, {{}, {1}}}, {minutes{20}, {{1}, {}}}}};
  std::vector<Span> needs;
  script.look = [&](Machine const& machine, Instant now) { needs.push_back(machine.needs(1, now)); };
  Schedule const schedule = run(instance, script).schedule;
  std::vector<core::Interval> const runs{{kBegin, kBegin + minutes{4}},
                                         {kBegin + minutes{20}, kBegin + minutes{28}}};
  EXPECT_EQ(schedule.segments[0], runs);
  EXPECT_EQ(needs, (std::vector<Span>{minutes{10}, minutes{6}, minutes{8}, Span{0}}));
  EXPECT_EQ(problem_of(instance, schedule), "");
}

TEST(Engine, AsksOncePerMomentAfterEndsAndSubmits) {
  Instance instance = world(2, {100});
  add(instance, Span{0}, minutes{5}, 1);
  add(instance, Span{0}, minutes{5}, 1);
  add(instance, minutes{5}, minutes{5}, 2);
  Script script{{{Span{0}, {{1, 2}, {}}}, {minutes{5}, {{3}, {}}}}};
  run(instance, script);
  EXPECT_EQ(script.calls, (std::vector<Span>{Span{0}, minutes{5}, minutes{10}}));
  EXPECT_EQ(script.ends,
            (std::vector<std::pair<core::JobId, Span>>{{1, minutes{5}}, {2, minutes{5}}, {3, minutes{10}}}));
}

TEST(EngineDeathTest, RefusesWhatBreaksARule) {
  Instance instance = world(1, {100});
  add(instance, Span{0}, minutes{5}, 1);
  add(instance, Span{0}, minutes{5}, 1);
  add(instance, minutes{30}, minutes{5}, 1).interruptible = false;
  auto const play = [&](std::map<Span, Decision> decisions) {
    Script script{std::move(decisions)};
    run(instance, script);
  };
  EXPECT_DEATH(play({{Span{0}, {{1, 2}, {}}}}), "free_");
  EXPECT_DEATH(play({{Span{0}, {{3}, {}}}}), "waiting_");
  EXPECT_DEATH(play({{Span{0}, {{1, 1}, {}}}}), "waiting_");
  EXPECT_DEATH(play({{Span{0}, {{1}, {}}}, {minutes{5}, {{2}, {}}}}), "waiting");
  EXPECT_DEATH(play({{Span{0}, {{1}, {}}}, {minutes{1}, {{}, {2}}}}), "is_running");
  EXPECT_DEATH(play({{Span{0}, {{1}, {}}},
                     {minutes{5}, {{2}, {}}},
                     {minutes{30}, {{3}, {}}},
                     {minutes{31}, {{}, {3}}}}),
               "interruptible");
}

TEST(Easy, ALaterJobStartsOnlyIfTheReservationHolds) {
  Instance instance = world(4, {100});
  add(instance, Span{0}, minutes{60}, 3);
  add(instance, minutes{1}, minutes{60}, 4);  // reserved at 60
  add(instance, minutes{2}, minutes{60}, 1);  // would end after 60: waits
  add(instance, minutes{3}, minutes{57}, 1);  // ends at 60: starts
  Schedule const easy = schedule_by("easy", instance, OutlookKind::kPerfect);
  EXPECT_EQ(easy.segments[1].front().begin, kBegin + minutes{60});
  EXPECT_EQ(easy.segments[2].front().begin, kBegin + minutes{120});
  EXPECT_EQ(easy.segments[3].front().begin, kBegin + minutes{3});
  Schedule const fcfs = schedule_by("fcfs", instance, OutlookKind::kPerfect);
  EXPECT_EQ(fcfs.segments[3].front().begin, kBegin + minutes{120});
}

class Policies : public testing::TestWithParam<std::string_view> {};

TEST_P(Policies, KeepEveryRuleInRandomWorldsAndRepeatThemselves) {
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    Instance const instance = random_world(seed, seed % 2 == 0);
    auto const outlook = seed % 3 == 0 ? OutlookKind::kPerfect : OutlookKind::kPersistence;
    Schedule const schedule = schedule_by(GetParam(), instance, outlook);
    EXPECT_EQ(problem_of(instance, schedule), "") << "seed " << seed;
    EXPECT_EQ(schedule, schedule_by(GetParam(), instance, outlook)) << "seed " << seed;
  }
}

// What is told may be far from what comes: too short, too long, and both by a lot.
TEST_P(Policies, KeepEveryRuleWhenRunTimesAreWrong) {
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    Instance const instance = random_world(seed, seed % 2 == 0);
    Instance const wrong = told(instance, {seed % 3 == 0 ? 0.5 : 2, seed % 4 == 0 ? 1.0 : 0.0, seed});
    auto const policy = make_policy(GetParam(), wrong, make_outlook(OutlookKind::kPerfect, instance));
    EXPECT_EQ(problem_of(instance, run(instance, wrong, *policy).schedule), "") << "seed " << seed;
  }
}

TEST(Engine, AJobThatRunsOnIsExpectedToEndATenthLater) {
  Instance instance = world(1, {100});
  add(instance, Span{0}, hours{10}, 1);
  Instance const wrong = told(instance, {0.2});
  Script script{{{Span{0}, {{1}, {}}}, {hours{1}, {}}, {hours{2}, {}}, {hours{9}, {}}}};
  std::vector<Span> needs;
  script.look = [&](Machine const& machine, Instant now) { needs.push_back(machine.needs(1, now)); };
  run(instance, wrong, script);
  EXPECT_EQ(needs, (std::vector<Span>{hours{2}, hours{1}, minutes{12}, minutes{54}, Span{0}}));
}

TEST(Engine, ARunTimeThatWasToldTooLongLeavesRoomThatIsUsed) {
  Instance instance = world(1, {300, 300, 400, 400, 400, 400, 400, 400});
  add(instance, Span{0}, minutes{30}, 1, hours{5}).interruptible = false;
  add(instance, Span{0}, minutes{30}, 1, hours{5}).interruptible = false;
  Instance const wrong = told(instance, {4});
  auto const policy = make_policy("greenq", wrong, make_outlook(OutlookKind::kPerfect, instance));
  Schedule const schedule = run(instance, wrong, *policy).schedule;
  EXPECT_EQ(problem_of(instance, schedule), "");
  EXPECT_LE(std::max(schedule.segments[0].back().end, schedule.segments[1].back().end), kBegin + minutes{65});
}

TEST(Estimates, AreExactScaledOrDrawn) {
  Instance instance = random_world(3, true);
  instance.jobs[0].estimate = hours{7};
  Instance const exact = told(instance, {});
  Instance const doubled = told(instance, {2});
  EXPECT_EQ(exact.jobs[0].duration, hours{7});
  EXPECT_EQ(doubled.jobs[0].duration, hours{7});
  for (std::size_t i = 1; i < instance.jobs.size(); ++i) {
    EXPECT_EQ(exact.jobs[i].duration, instance.jobs[i].duration);
    Span const off = doubled.jobs[i].duration - 2 * instance.jobs[i].duration;
    EXPECT_LE(std::abs(off.count()), instance.step.count());
    EXPECT_EQ(doubled.jobs[i].deadline - doubled.jobs[i].duration,
              instance.jobs[i].deadline - instance.jobs[i].duration);
  }
  int longer = 0;
  Instance const drawn = told(instance, {1, 1.0, 4});
  for (std::size_t i = 1; i < instance.jobs.size(); ++i)
    longer += drawn.jobs[i].duration > instance.jobs[i].duration ? 1 : 0;
  EXPECT_NEAR(longer, 40, 15);
}

std::string test_name(testing::TestParamInfo<std::string_view> const& info) {
  std::string out{info.param};
  std::replace(out.begin(), out.end(), '-', '_');
  return out;
}

INSTANTIATE_TEST_SUITE_P(All, Policies, testing::ValuesIn(policy_names()), test_name);

TEST(Policies, AreMadeByName) {
  Instance const instance = world(1, {100});
  EXPECT_EQ(make_policy("no-such", instance, nullptr), nullptr);
}

TEST(WaitAwhile, ChoosesTheCheapHoursAndKeepsTheDeadline) {
  Instance instance = world(1, {300, 100, 300, 100, 300, 300});
  add(instance, Span{0}, hours{2}, 1, hours{2});
  Schedule const schedule = schedule_by("wait-awhile-replan", instance, OutlookKind::kPerfect);
  std::vector<core::Interval> const runs{{kBegin + hours{1}, kBegin + hours{2}},
                                         {kBegin + hours{3}, kBegin + hours{4}}};
  EXPECT_EQ(schedule.segments[0], runs);
  instance.jobs[0].interruptible = false;
  Schedule const whole = schedule_by("wait-awhile-replan", instance, OutlookKind::kPerfect);
  EXPECT_EQ(whole.segments[0].size(), 1U);
}

TEST(LowestWindow, StartsWhereTheRunCostsLeast) {
  Instance instance = world(1, {300, 200, 100, 100, 300, 300});
  add(instance, minutes{10}, hours{2}, 1, hours{3});
  Schedule const schedule = schedule_by("lowest-window", instance, OutlookKind::kPerfect);
  EXPECT_EQ(schedule.segments[0].front().begin, kBegin + hours{2});
}

}  // namespace
}  // namespace greenq::sim
