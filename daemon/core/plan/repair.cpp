#include "core/plan/repair.hpp"

#include <algorithm>
#include <numeric>
#include <tuple>

namespace greenq::core {
namespace {

constexpr std::size_t kTries = 6;
// Orders that are tried when not all are in time, by how many tasks there are.
constexpr int kOrdersOfFew = 100;
constexpr std::size_t kFew = 12;
constexpr int kOrders = 16;
constexpr std::size_t kMany = 300;
// By how much orders differ from that of the latest starts.
constexpr Slot kNoise = 6 * kHourSlots;
// How much earlier the turn of a task comes in every other order for each one in which it was late (squeaky
// wheel: Joslin and Clements 1999), and the noise then.
constexpr Slot kBlame = 6 * kHourSlots;
constexpr Slot kBlameNoise = kHourSlots;

int orders_for(std::size_t tasks) {
  if (tasks > kMany) return 1;
  return tasks > kFew ? kOrders : kOrdersOfFew;
}

// Keeps those with the most work left, as many as are tried, the largest first.
template <class Index>
void keep_largest(std::vector<Task> const& tasks, std::vector<Index>& indices) {
  std::size_t const tries = std::min(kTries, indices.size());
  auto const middle = indices.begin() + static_cast<std::ptrdiff_t>(tries);
  std::partial_sort(indices.begin(), middle, indices.end(), [&](Index a, Index b) {
    return std::tuple(-tasks[a].load(), a) < std::tuple(-tasks[b].load(), b);
  });
  indices.erase(middle, indices.end());
}

bool is_late(Task const& task) {
  return task.place.runs.empty() || task.end() > task.due;
}

class Repair {
 public:
  Repair(Timetable& table, std::vector<Task>& tasks) : table_(table), tasks_(tasks) {}

  // Tasks that must start first go first; `turn` is added to their latest starts.
  void place_all(std::vector<Slot> const& turn) {
    std::vector<std::size_t> order(tasks_.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
      auto const key = [&](std::size_t i) {
        Task const& task = tasks_[i];
        return std::tuple(task.latest_start() + turn[i], task.due, -task.share, i);
      };
      return key(a) < key(b);
    });
    for (std::size_t const index : order) {
      if (put_in_time(index) || push_out_for(index)) continue;
      dropped_.push_back(index);
    }
    for (std::size_t const index : dropped_) table_.put_in(tasks_[index], table_.soonest(tasks_[index]));
  }

 private:
  bool put_in_time(std::size_t index) {
    Task& task = tasks_[index];
    Place place = table_.soonest(task);
    if (place.runs.back().end > task.due) return false;
    table_.put_in(task, std::move(place));
    placed_.push_back(index);
    return true;
  }

  bool push_out_for(std::size_t index) {
    double const load = tasks_[index].load();
    std::vector<std::size_t> larger;
    for (std::size_t const other : placed_) {
      if (tasks_[other].load() > load && !tasks_[other].late) larger.push_back(other);
    }
    keep_largest(tasks_, larger);
    for (std::size_t const candidate : larger) {
      Task& other = tasks_[candidate];
      Place const place = other.place;
      table_.take_out(other);
      if (put_in_time(index)) {
        std::erase(placed_, candidate);
        dropped_.push_back(candidate);
        return true;
      }
      table_.put_in(other, place);
    }
    return false;
  }

  Timetable& table_;
  std::vector<Task>& tasks_;
  std::vector<std::size_t> placed_;
  std::vector<std::size_t> dropped_;
};

// Leaves no task in the table.
std::vector<Place> take_out_all(Timetable& table, std::vector<Task>& tasks) {
  std::vector<Place> places;
  places.reserve(tasks.size());
  for (Task& task : tasks) {
    places.push_back(task.place);
    if (!task.place.runs.empty()) table.take_out(task);
  }
  return places;
}

void put_in_all(Timetable& table, std::vector<Task>& tasks, std::vector<Place> const& places) {
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    if (!places[i].runs.empty()) table.put_in(tasks[i], places[i]);
  }
}

// What is added to the latest starts in each order.
class Turns {
 public:
  Turns(std::vector<Task> const& tasks, PlanRandom& random)
      : tasks_(tasks), random_(random), turn_(tasks.size(), 0), blame_(tasks.size(), 0) {}

  std::vector<Slot> const& current() const { return turn_; }
  void blame_late() {
    for (std::size_t i = 0; i < tasks_.size(); ++i) {
      if (!tasks_[i].late && is_late(tasks_[i])) blame_[i] += kBlame;
    }
  }
  // A task that has a new bound is not overtaken, so that this one holds.
  void next() {
    by_blame_ = !by_blame_;
    Slot const first = by_blame_ ? -*std::max_element(blame_.begin(), blame_.end()) : 0;
    for (std::size_t i = 0; i < tasks_.size(); ++i) {
      Slot const noise = static_cast<Slot>(random_() % (by_blame_ ? kBlameNoise : kNoise));
      turn_[i] = tasks_[i].late ? first : noise - (by_blame_ ? blame_[i] : 0);
    }
  }

 private:
  std::vector<Task> const& tasks_;
  PlanRandom& random_;
  std::vector<Slot> turn_;
  std::vector<Slot> blame_;
  bool by_blame_ = false;
};

}  // namespace

std::optional<std::uint32_t> push_out_for(Timetable& table, std::vector<Task>& tasks, std::uint32_t index) {
  Task& task = tasks[index];
  std::vector<std::uint32_t> larger;
  for (std::uint32_t i = 0; i < tasks.size(); ++i) {
    Task const& other = tasks[i];
    bool const in_the_way = other.placed() && other.begin() < task.due && table.earliest(task) < other.end();
    if (in_the_way && !other.late && other.load() > task.load()) larger.push_back(i);
  }
  keep_largest(tasks, larger);
  for (std::uint32_t const candidate : larger) {
    Task& other = tasks[candidate];
    Place const old = other.place;
    table.take_out(other);
    if (auto place = table.cheapest(task)) {
      table.put_in(task, std::move(*place));
      if (auto elsewhere = table.cheapest(other)) {
        table.put_in(other, std::move(*elsewhere));
        return candidate;
      }
      table.take_out(task);
    }
    table.put_in(other, old);
  }
  return std::nullopt;
}

std::size_t count_late(std::vector<Task> const& tasks) {
  return static_cast<std::size_t>(std::count_if(tasks.begin(), tasks.end(), is_late));
}

void repair(Timetable& table, std::vector<Task>& tasks, PlanRandom& random) {
  bool const complete =
      std::none_of(tasks.begin(), tasks.end(), [](Task const& task) { return task.place.runs.empty(); });
  std::size_t const late = count_late(tasks);
  std::vector<Place> const before = take_out_all(table, tasks);
  std::vector<Place> best;
  std::size_t fewest = tasks.size() + 1;
  Turns turns{tasks, random};
  for (int order = 0; order < orders_for(tasks.size()) && fewest > 0; ++order) {
    if (order > 0) turns.next();
    Repair(table, tasks).place_all(turns.current());
    std::size_t const now_late = count_late(tasks);
    turns.blame_late();
    std::vector<Place> places = take_out_all(table, tasks);
    if (now_late >= fewest) continue;
    fewest = now_late;
    best = std::move(places);
  }
  put_in_all(table, tasks, fewest < late || (fewest == late && !complete) ? best : before);
  for (Task& task : tasks) {
    if (task.place.runs.empty()) table.put_in(task, table.soonest(task));
  }
}

}  // namespace greenq::core
