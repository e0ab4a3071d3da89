// The plain queue on random submissions: within the machine, in order, promises kept, and of one mind with
// the queue pass of the planner.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "core/plan/plain_queue.hpp"
#include "core/plan/queue_pass.hpp"
#include "support/plan_fixture.hpp"

namespace greenq::test {
namespace {

using core::PlainJob;
using Pools = std::vector<std::uint32_t>;

std::int64_t pick(std::int64_t least, std::int64_t most) {
  return *rc::gen::inRange<std::int64_t>(least, most + 1);
}

struct Submissions {
  core::Capacity capacity;
  std::vector<PlainJob> jobs;
};

// `surprises`: true lengths other than the planned ones, priorities, and jobs that may not start at once.
Submissions submissions(bool surprises) {
  bool const two_pools = *rc::gen::arbitrary<bool>();
  Submissions out{two_pools ? machine(8, {2, 3}) : machine(8, {4}), {}};
  std::int64_t const count = pick(1, 60);
  for (std::int64_t i = 1; i <= count; ++i) {
    PlainJob job;
    job.id = static_cast<core::JobId>(i);
    job.submitted = job.ready = minute(pick(0, 300));
    job.demand = {static_cast<std::uint32_t>(pick(1, 8)), pick(0, 64) << 30,
                  static_cast<std::uint32_t>(pick(0, 2))};
    job.pools = {0};
    if (two_pools && job.demand.gpus > 0) job.pools = *rc::gen::element(Pools{0}, Pools{1}, Pools{0, 1});
    job.planned = job.length = minutes(pick(1, 90));
    if (surprises) {
      job.length = Span{pick(1, 2 * job.planned.count())};
      job.priority = *rc::gen::element(20u, 50u, 50u, 90u);
      if (pick(0, 3) == 0) job.ready += minutes(pick(1, 60));
    }
    out.jobs.push_back(job);
  }
  return out;
}

bool in_order(PlainJob const& a, PlainJob const& b) {
  return std::tie(b.priority, a.submitted, a.id) < std::tie(a.priority, b.submitted, b.id);
}

// Of CPUs; the other figures are checked by agreement with the queue pass.
std::int64_t free_cpus(Submissions const& given, std::vector<Interval> const& runs, Instant at) {
  std::int64_t free = given.capacity.cpus;
  for (std::size_t i = 0; i < runs.size(); ++i)
    if (runs[i].contains(at)) free -= given.jobs[i].demand.cpus;
  return free;
}

RC_GTEST_PROP(PlainQueue, NeverTakesMoreThanThereIs, ()) {
  auto const given = submissions(true);
  auto const runs = core::plain_queue(given.capacity, given.jobs);
  for (std::size_t i = 0; i < runs.size(); ++i) {
    RC_ASSERT(runs[i].begin >= given.jobs[i].ready);
    RC_ASSERT(runs[i].length() == given.jobs[i].length);
    std::int64_t cpus = 0, memory = 0, gpus = 0;
    for (std::size_t k = 0; k < runs.size(); ++k) {
      if (!runs[k].contains(runs[i].begin)) continue;
      cpus += given.jobs[k].demand.cpus;
      memory += given.jobs[k].demand.memory_bytes;
      gpus += given.jobs[k].demand.gpus;
    }
    std::size_t all = 0;
    for (auto const& pool : given.capacity.pools) all += pool.uuids.size();
    RC_ASSERT(cpus <= std::int64_t{given.capacity.cpus});
    RC_ASSERT(memory <= given.capacity.memory_bytes);
    RC_ASSERT(gpus <= static_cast<std::int64_t>(all));
  }
}

// On CPUs alone, with lengths as planned: nobody who came later makes a head wait longer than the jobs that
// ran when it became the head.
RC_GTEST_PROP(PlainQueue, BackfillNeverDelaysTheHead, ()) {
  auto given = submissions(false);
  for (PlainJob& job : given.jobs) job.demand = {job.demand.cpus, 0, 0};
  std::sort(given.jobs.begin(), given.jobs.end(), in_order);
  auto const runs = core::plain_queue(given.capacity, given.jobs);
  Instant head_since = Instant::min();
  for (std::size_t i = 0; i < runs.size(); ++i) {
    Instant const since = std::max(head_since, given.jobs[i].submitted);
    std::vector<Instant> moments{since};
    auto const running = [&](std::size_t k) {
      return k < i ? runs[k].begin <= since : runs[k].begin < since;
    };
    for (std::size_t k = 0; k < runs.size(); ++k)
      if (k != i && running(k) && runs[k].end > since) moments.push_back(runs[k].end);
    std::sort(moments.begin(), moments.end());
    auto const promised = std::find_if(moments.begin(), moments.end(), [&](Instant at) {
      std::int64_t free = given.capacity.cpus;
      for (std::size_t k = 0; k < runs.size(); ++k)
        if (k != i && running(k) && runs[k].end > at) free -= given.jobs[k].demand.cpus;
      return free >= std::int64_t{given.jobs[i].demand.cpus};
    });
    RC_ASSERT(promised != moments.end());
    RC_ASSERT(runs[i].begin <= *promised);
    head_since = std::max(head_since, runs[i].begin);
  }
}

// Whoever has room and no one before him in the queue waits for nothing.
RC_GTEST_PROP(PlainQueue, NoHeadWaitsBesideRoom, ()) {
  auto given = submissions(false);
  for (PlainJob& job : given.jobs) job.demand = {job.demand.cpus, 0, 0};
  std::sort(given.jobs.begin(), given.jobs.end(), in_order);
  auto const runs = core::plain_queue(given.capacity, given.jobs);
  for (std::size_t i = 0; i < runs.size(); ++i) {
    if (runs[i].begin == given.jobs[i].submitted) continue;
    Instant const before = runs[i].begin - Span{1};
    bool const head = std::all_of(runs.begin(), runs.begin() + static_cast<std::ptrdiff_t>(i),
                                  [&](Interval const& run) { return run.begin <= before; });
    if (head) RC_ASSERT(free_cpus(given, runs, before) < std::int64_t{given.jobs[i].demand.cpus});
  }
}

// The daemon's own rule, asked at each arrival and end what starts now.
class ByQueuePass {
 public:
  explicit ByQueuePass(Submissions const& given) : given_(given) {
    for (PlainJob const& job : given.jobs) waiting_.emplace(job.ready, &job);
  }

  std::map<core::JobId, Instant> run() {
    while (!waiting_.empty() || !running_.empty()) {
      Instant now = Instant::max();
      for (auto const& [ready, job] : waiting_)
        if (ready > now_) now = std::min(now, ready);
      if (!running_.empty()) now = std::min(now, running_.begin()->first);
      now_ = now;
      running_.erase(running_.begin(), running_.upper_bound(now));
      start();
    }
    return starts_;
  }

 private:
  void start() {
    core::PlanInput input;
    input.now = now_;
    input.sites[0].capacity = given_.capacity;
    for (auto const& [end, running] : running_) input.running.push_back(running);
    std::vector<PlainJob const*> asked;
    for (auto const& [ready, job] : waiting_) {
      if (ready > now_) continue;
      core::WaitingJob waiting;
      waiting.id = job->id;
      waiting.demand = job->demand;
      for (std::uint32_t const pool : job->pools) waiting.lanes.add(pool);
      waiting.duration = job->planned;
      waiting.ready = now_;
      waiting.submitted = waiting.latest = job->submitted;
      waiting.priority = job->priority;
      input.waiting.push_back(waiting);
      asked.push_back(job);
    }
    core::QueueMembers all;
    for (std::uint32_t i = 0; i < asked.size(); ++i) all.jobs.push_back(i);
    for (auto const& [index, choice] :
         core::plan_queue(input, core::SlotGrid{}, core::Lanes{input.sites}, input.waiting, all).chosen) {
      if (choice.segments.front().begin > now_) continue;
      PlainJob const& job = *asked[index];
      starts_[job.id] = now_;
      running_.emplace(now_ + job.length,
                       core::RunningJob{job.id, job.demand, choice.lane, now_ + job.planned, {}});
      std::erase_if(waiting_, [&](auto const& entry) { return entry.second == &job; });
    }
  }

  Submissions const& given_;
  Instant now_ = Instant::min();
  std::multimap<Instant, PlainJob const*> waiting_;   // by when they are ready
  std::multimap<Instant, core::RunningJob> running_;  // by their true end
  std::map<core::JobId, Instant> starts_;
};

RC_GTEST_PROP(PlainQueue, StartsWhatTheQueuePassWouldStart, ()) {
  auto const given = submissions(true);
  auto const runs = core::plain_queue(given.capacity, given.jobs);
  auto const expected = ByQueuePass(given).run();
  for (std::size_t i = 0; i < runs.size(); ++i) RC_ASSERT(runs[i].begin == expected.at(given.jobs[i].id));
}

}  // namespace
}  // namespace greenq::test
