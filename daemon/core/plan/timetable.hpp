// Tasks in their slots on one board: what the steps of the planner share.
//
// A task is a job that may be shifted, seen from the planner: so many slots of work in one of its lanes,
// between `ready` and `due`. A lane is a place where it can run (a pool of a site) with its price. Every task
// in the table has slots, and they are booked. Not thread-safe.
#pragma once

#include <optional>
#include <vector>

#include "core/job.hpp"
#include "core/plan/board.hpp"
#include "core/plan/lane_set.hpp"
#include "core/plan/slot_runs.hpp"
#include "core/plan/window_minima.hpp"

namespace greenq::core {

struct Lane {
  std::uint32_t cpus = 0;  // rows of the board
  std::uint32_t memory = 0;
  std::uint32_t gpus = 0;
  std::uint32_t prices = 0;  // which prices
  double factor = 1;         // on them: PUE, energy of this GPU type
  std::uint32_t site = 0;

  friend bool operator==(Lane const&, Lane const&) = default;
};

struct Place {
  std::uint32_t lane = 0;
  SlotRuns runs;
  double cost = 0;
};

// Small: there is one for each job that may be shifted.
struct Task {
  JobId id = 0;
  std::int32_t memory = 0;
  std::int32_t cpus = 0;
  std::int32_t gpus = 0;
  float move = 0;        // more power on other sites than its home: what moving its data costs, over its run
  LaneSet lanes;         // allowed
  double power = 1;      // cost = power, and move, x factor x sum of prices
  float share = 1;       // of the scarcest resource of its lane, 0..1
  float keep = 0;        // its place was promised: another must cost less by this share
  float pull = 0;        // look-ahead: how much speaks for running in the current hour, 0..1
  float pause_gain = 0;  // each pause must save more than this share of the cheapest run in one piece
  Slot work = 1;
  Slot ready = 0;
  Slot due = 0;           // end of its last slot at the latest
  Slot shortest_run = 1;  // of a pausable task, what its pause costs not counted
  Slot pause_cost = 0;    // slots without work at the begin of each run after a pause
  bool watts = false;     // that is what power is in
  bool pausable = false;
  bool running = false;   // right now: a first run that begins later comes after a pause, too
  bool late = false;      // its due time cannot be kept any more: as early as possible
  std::uint8_t home = 0;  // site
  Place place{};          // without runs: not in the table

  bool placed() const { return !place.runs.empty(); }
  Slot begin() const { return place.runs.front().begin; }
  Slot end() const { return place.runs.back().end; }
  Slot latest_start() const { return due - work; }
  double load() const { return static_cast<double>(share) * work; }
  bool pauses_are_free() const { return shortest_run == 1 && pause_gain == 0 && pause_cost == 0; }
};

// Slots that the task takes in these runs: its work, and what its pauses cost. `now`: the first slot.
Slot slots_of(Task const& task, SlotRuns const& runs, Slot now);

class Timetable {
 public:
  Timetable(Slot now, std::vector<std::int64_t> const& capacity, std::vector<Lane> lanes,
            std::vector<SlotPrices> prices);

  Slot now() const { return now_; }
  // Time goes on: hours before this slot are forgotten.
  void advance(Slot now);
  void set_prices(std::vector<SlotPrices> prices);
  bool priced() const { return !prices_.empty(); }
  Board& board() { return board_; }
  Board const& board() const { return board_; }
  SlotPrices const& prices(std::uint32_t lane) const { return prices_[lanes_[lane].prices]; }
  double mean_price(Slot slot) const;  // of all prices
  Slot earliest(Task const& task) const { return std::max(task.ready, now_); }

  SlotNeed need(Task const& task, std::uint32_t lane) const;
  double cost(Task const& task, Place const& place) const;
  // The same by other prices, by Lane::prices.
  double cost(Task const& task, Place const& place, std::vector<SlotPrices> const& prices) const;
  void take_out(Task& task);
  void put_in(Task& task, Place place);
  // Room for all runs, none before earliest().
  bool fits(Task const& task, Place const& place) const;

  // Whether the place of the task meets that run of something that needs the same.
  bool shares(Task const& task, SlotRun run, SlotNeed const& other) const;

  // The task must not be in the table. Cheapest place that ends by `due`; the earliest of equal ones.
  std::optional<Place> cheapest(Task const& task, Slot due);
  std::optional<Place> cheapest(Task const& task) { return cheapest(task, task.due); }
  // The place that ends first; of equal ones on sites that differ, the cheaper. Requires a lane that ever
  // fits.
  Place soonest(Task const& task);
  // In one piece: the place that ends last, by `due`; of equal ones as soonest().
  std::optional<Place> latest(Task const& task) const;

 private:
  // Cost of the task for each unit of the sum of prices.
  double scale(Task const& task, std::uint32_t lane) const {
    Lane const& where = lanes_[lane];
    return (task.power + (where.site == task.home ? 0.0F : task.move)) * where.factor;
  }
  bool cheaper_elsewhere(Task const& task, Place const& place, Place const& best) const;
  bool cheapest_window(Task const& task, std::uint32_t lane, Slot due, Place& best);
  bool cheapest_piece(Task const& task, std::uint32_t lane, Slot due, Place& best);
  bool within_prices(std::uint32_t lane, SlotRun range, SlotNeed const& taken, Slot work, Window& least);
  bool hour_by_hour(std::uint32_t lane, SlotRun range, SlotNeed const& taken, Slot work, Window& least) const;
  bool across(std::uint32_t lane, std::size_t hour, SlotRun begins, SlotNeed const& taken, Slot work,
              Window& least);
  bool cheapest_runs(Task const& task, std::uint32_t lane, Slot due, Place& best);
  bool cheapest_slots(Task const& task, std::uint32_t lane, Slot due, Place& best);
  bool cheapest_with_pauses(Task const& task, std::uint32_t lane, Slot due, double piece, Place& best);
  void keep_sooner(Task const& task, Place found, Place& best) const;
  Place soonest_window(Task const& task, std::uint32_t lane) const;
  Place soonest_piece(Task const& task, std::uint32_t lane) const;
  Place soonest_slots(Task const& task, std::uint32_t lane) const;

  struct HourOffer {
    double price = 0;
    Slot begin = 0;  // of the part of the range in this hour
    Slot end = 0;
  };
  Slot now_;
  Board board_;
  std::vector<Lane> lanes_;
  std::vector<SlotPrices> prices_;
  std::vector<WindowMinima> minima_;  // of each of the prices
  std::vector<HourOffer> offers_;     // scratch
  std::vector<SlotRun> free_;         // scratch
  std::vector<Board::Room> rooms_;    // scratch
};

// Slots in ascending order as runs.
void append_slot(SlotRuns& runs, Slot slot);

}  // namespace greenq::core
