// Plans the jobs that may be shifted, all together on one board, hour after hour.
//
// Method: reference "planner-method". A plan that keeps every bound it can is kept from call to call, and
// only improved: new tasks go to their cheapest free place; if there is none, the plan is repaired for fewest
// missed bounds; each hour it is improved by local search, tasks are brought forward that should run before
// load that has not come yet, and no more work may be put off than a plain queue would have done less a share
// of the slack. Deterministic for a seed. Not thread-safe; remembers its tasks and what it learned.
//
// What a call costs grows with what it changes, but for a few instructions a task: of long queues only so
// many tasks are improved or judged again in each hour.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <tuple>
#include <vector>

#include "core/plan/arrivals.hpp"
#include "core/plan/id_index.hpp"
#include "core/plan/improve.hpp"
#include "core/plan/look_ahead.hpp"
#include "core/plan/shadow_queue.hpp"
#include "core/plan/timetable.hpp"
#include "core/plan/wait_price.hpp"

namespace greenq::core {

struct ShiftOptions {
  // Price of waiting: share of the forecast error for each day of it; see wait_price.hpp.
  double wait_charge = 0.05;
  double wait_charge_with_pauses = 0;  // the same where most jobs may be paused
  double usual_error = 0.12;           // of the mean intensity, before there is evidence
  double usual_load = 0.6;             // share of the cluster in use, before there is evidence
  // Hours after its bound that a job may be put off when not all bounds can be kept; nothing: for ever.
  std::optional<int> lateness_limit = 36;
  // A wait that saves less than this share, or fewer grams an hour where the power of tasks is in watts, is
  // not worth it.
  double min_saving = 0;
  double min_grams_per_hour = 0;
  double keep = 0;          // Task::keep of places that were given before
  double debt_share = 0.7;  // of the slack
  double pull = 0.2;        // from which look-ahead brings a task forward
  int passes = 2;
  int rounds = 600;  // of neighbourhood search, for tasks that run in one piece
  std::uint64_t seed = 1;
};

// The charge and the usual error that fit the kind: marginal figures err more.
ShiftOptions shift_options(SignalKind kind);

struct ShiftRequest {
  struct Fixed {
    SlotRun run;
    SlotNeed need;
    double share = 0;  // of the cluster

    friend bool operator<(Fixed const& a, Fixed const& b) {
      return std::tie(a.run, a.need) < std::tie(b.run, b.need);
    }
  };
  Slot now = 0;
  std::vector<Lane> lanes;
  // By Lane::prices. Null, but not all: then no task may use its lanes.
  std::vector<std::shared_ptr<Curve const>> curves;
  std::vector<Fixed> fixed;  // runs and reservations that stay
  std::vector<Fixed> far;    // the same, tentative
  std::vector<Task> tasks;   // `place`: of the last plan, or without runs
  double done = 0;           // cluster-hours that jobs told to arrived() ran so far
  bool freed = false;        // a job ended early and left room
  bool improve = true;       // else only what is new, or wants such room, gets a place
};

class ShiftPlanner {
 public:
  // `capacity` of each row of the board. `begun`: what came before is neither held against the plans
  // nor taken for a sign of what will come.
  ShiftPlanner(SlotGrid const& grid, std::vector<std::int64_t> capacity, ShiftOptions const& options,
               Instant begun = {});

  SlotGrid const& grid() const { return grid_; }

  // Every job that comes, in order of time. `needs`: what it may take, the preferred one first. `slack`: how
  // long it may wait.
  void arrived(Instant at, std::vector<SlotNeed> needs, Span duration, double share, Span slack,
               bool pausable);
  void arrived(Instant at, SlotNeed const& need, Span duration, double share, Span slack, bool pausable) {
    arrived(at, std::vector<SlotNeed>{need}, duration, share, slack, pausable);
  }
  // Forgets all tasks and gives each of the request a place. Their order stays.
  std::vector<Task> const& plan(ShiftRequest request);
  struct Changes {
    std::vector<JobId> gone;  // tasks that are no more; unknown ones are passed over
    bool far_stands = false;  // `far` of the request is empty and the one before holds
  };
  // Tasks of the request are new or differ; all others are as they were. Lanes are those of the last plan().
  void update(ShiftRequest request, Changes const& changes);

  // All have a place. In the order of the last plan() until the first update().
  std::vector<Task> const& tasks() const { return tasks_; }
  Task const* find(JobId id) const;
  // Whose place may be another than before the last call; nothing: anybody's.
  std::optional<std::vector<JobId>> const& moved() const { return moved_; }

 private:
  using Fixed = ShiftRequest::Fixed;
  using Open = std::vector<std::uint32_t>;  // tasks without a place, by index

  void set_prices(ShiftRequest const& request);
  void stand_in(ShiftRequest const& request);
  void settle(ShiftRequest const& request, Open const& open);
  void book_anew(std::vector<Fixed>& booked, std::vector<Fixed> fixed, Open& open);
  void evict_from(SlotRun run, SlotNeed const& need, Open& open);
  void take_over(std::vector<Task> tasks, Open& open);
  void take_in(std::uint32_t seat, Open& open);
  void drop_outdated(Open& open);
  void forget(std::vector<JobId> const& gone);
  void extend(Task& task) const;
  bool adopt(Task& task);
  bool insert_new(Open const& open, bool anew);
  void place_one_by_one(Open const& open);
  void mend();
  void allow_late();
  void drop_poor_waits(Open const& some);
  void drop_poor_wait(Task& task, std::vector<SlotPrices> const& plain);
  void bring_pulled_forward();
  void pay_debt(double done);
  bool refresh(std::size_t index, std::shared_ptr<Curve const> const& curve, Slot now);
  double usual_slack() const { return jobs_ == 0 ? 0 : slack_sum_ / jobs_; }
  bool mostly_pausable() const { return 2 * pausable_ > jobs_; }

  SlotGrid grid_;
  std::vector<std::int64_t> capacity_;
  ShiftOptions options_;
  Instant begun_;
  Arrivals arrivals_;
  ShadowQueue shadow_;
  LookAhead look_ahead_;
  struct Priced {
    ForecastError error;
    std::shared_ptr<Curve const> curve;
    Slot hour = 0;
    std::optional<SlotPrices> prices;  // of that curve in that hour
    std::optional<SlotPrices> plain;   // the same, where waiting costs nothing
  };
  std::vector<Priced> priced_;  // by Lane::prices
  PlanRandom random_;
  std::optional<Timetable> table_;
  std::vector<Task> tasks_;
  IdIndex seats_;             // of tasks_
  std::vector<Fixed> fixed_;  // booked
  std::vector<Fixed> far_;    // booked
  std::optional<std::vector<JobId>> moved_;
  std::map<JobId, Slot> extended_;  // bounds of tasks that could not keep theirs
  double slack_sum_ = 0;            // hours
  double jobs_ = 0;
  double pausable_ = 0;
};

}  // namespace greenq::core
