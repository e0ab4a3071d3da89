// Tiny cases with perfect information against a search over all starts that shares nothing with the planner.
#include <gtest/gtest.h>

#include <random>

#include "support/plan_fixture.hpp"

namespace greenq::test {
namespace {

constexpr int kCpus = 3;

struct Tiny {
  std::vector<int> grams;  // of each slot
  struct Job {
    int cpus = 0;
    int work = 0;
    int latest = 0;
  };
  std::vector<Job> jobs;
};

Tiny some_case(std::mt19937& chance) {
  auto const pick = [&](int least, int most) {
    return least + static_cast<int>(chance() % static_cast<unsigned>(most - least + 1));
  };
  Tiny tiny;
  for (int slot = 0; slot < 24; ++slot) tiny.grams.push_back(pick(50, 600));
  for (int i = 0; i < 4; ++i) tiny.jobs.push_back({pick(1, kCpus), pick(1, 5), pick(2, 14)});
  return tiny;
}

class Search {
 public:
  explicit Search(Tiny const& tiny) : tiny_(tiny), used_(tiny.grams.size()) { place(0, 0); }
  std::optional<long> best() const { return best_; }

 private:
  void place(std::size_t index, long cost) {
    if (best_ && cost >= *best_) return;
    if (index == tiny_.jobs.size()) {
      best_ = cost;
      return;
    }
    auto const& job = tiny_.jobs[index];
    for (int start = 0; start <= job.latest; ++start) {
      long own = 0;
      bool room = true;
      for (int slot = start; slot < start + job.work; ++slot) {
        own += tiny_.grams[static_cast<std::size_t>(slot)] * job.cpus;
        room = room && used_[static_cast<std::size_t>(slot)] + job.cpus <= kCpus;
      }
      if (!room) continue;
      take(start, job, 1);
      place(index + 1, cost + own);
      take(start, job, -1);
    }
  }
  void take(int start, Tiny::Job const& job, int sign) {
    for (int slot = start; slot < start + job.work; ++slot)
      used_[static_cast<std::size_t>(slot)] += sign * job.cpus;
  }

  Tiny const& tiny_;
  std::vector<int> used_;
  std::optional<long> best_;
};

core::PlanInput input_of(Tiny const& tiny) {
  core::PlanInput input;
  input.now = minute(0);
  input.sites[0].capacity = machine(kCpus);
  input.rules = free_waits();
  input.sites[0].curve = curve_of(tiny.grams, 5);
  for (std::size_t i = 0; i < tiny.jobs.size(); ++i) {
    auto const& job = tiny.jobs[i];
    auto waiting = shifting(i + 1, static_cast<std::uint32_t>(job.cpus), 5 * job.work, 5 * job.latest);
    waiting.power = job.cpus;
    input.waiting.push_back(waiting);
  }
  return input;
}

TEST(PlanOptimum, NeverBetterThanASearchOverAllStartsAndCloseToIt) {
  std::mt19937 chance{17};
  int cases = 0;
  double excess = 0;
  for (int i = 0; i < 200; ++i) {
    Tiny const tiny = some_case(chance);
    auto const best = Search(tiny).best();
    if (!best) continue;  // not all can be in time
    auto const input = input_of(tiny);
    auto const output = core::make_plan(input);
    EXPECT_EQ(overbooked(input, output), "");
    long cost = 0;
    for (auto const& job : input.waiting) {
      auto const& segment = plan_of(output, job.id).segments.front();
      EXPECT_LE(segment.begin, job.latest) << "case " << i << " job " << job.id;
      auto const first = static_cast<std::size_t>((segment.begin - input.now) / minutes(5));
      auto const last = static_cast<std::size_t>((segment.end - input.now) / minutes(5));
      for (std::size_t slot = first; slot < last; ++slot)
        cost += tiny.grams[slot] * static_cast<long>(job.demand.cpus);
    }
    EXPECT_GE(cost, *best) << "case " << i;
    excess += static_cast<double>(cost) / static_cast<double>(*best) - 1;
    ++cases;
  }
  EXPECT_GE(cases, 100);
  EXPECT_LE(excess / cases, 0.02);
  RecordProperty("mean_excess_percent", std::to_string(100 * excess / cases));
}

}  // namespace
}  // namespace greenq::test
