#include "core/plan/improve.hpp"

#include <algorithm>
#include <numeric>
#include <tuple>

#include "core/plan/repair.hpp"

namespace greenq::core {
namespace {

constexpr double kGain = 1e-9;
// In one pass at most: a long queue is polished over many hours.
constexpr std::size_t kPolished = 2000;
constexpr std::uint64_t kLeastNeighbours = 3;
constexpr std::uint64_t kMostNeighbours = 14;
// Of long queues so many are looked at for neighbours.
constexpr std::size_t kSeen = 512;
constexpr double kNearSlots = 6 * kHourSlots;

using Order = std::vector<std::size_t>;

Order by_latest_start(std::vector<Task> const& tasks) {
  Order order(tasks.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return std::tuple(tasks[a].latest_start(), a) < std::tuple(tasks[b].latest_start(), b);
  });
  return order;
}

// As std::shuffle, but the same on every standard library.
void mix(Order& order, PlanRandom& random) {
  for (std::size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[random() % i]);
}

double total(Timetable const& table, std::vector<Task> const& tasks) {
  double sum = 0;
  for (Task const& task : tasks) sum += table.cost(task, task.place);
  return sum;
}

double promised(Timetable const& table, std::vector<Task> const& tasks) {
  double sum = 0;
  for (Task const& task : tasks) sum += task.keep * table.cost(task, task.place);
  return sum;
}

void reinsert(Timetable& table, Task& task) {
  Place old = task.place;
  Slot const end = task.end();
  double const cost = table.cost(task, old);
  table.take_out(task);
  if (end <= task.due && !task.late) {
    auto found = table.cheapest(task);
    bool const better = found && found->cost < cost * (1 - task.keep) - kGain;
    table.put_in(task, better ? std::move(*found) : std::move(old));
    return;
  }
  auto in_time = task.late ? std::nullopt : table.cheapest(task);
  Place next = in_time ? std::move(*in_time) : table.soonest(task);
  table.put_in(task, next.runs.back().end < end ? std::move(next) : std::move(old));
}

class Neighbourhood {
 public:
  Neighbourhood(Timetable& table, std::vector<Task>& tasks, PlanRandom& random)
      : table_(table), tasks_(tasks), random_(random) {
    for (std::size_t i = 0; i < tasks.size(); ++i) {
      if (tasks[i].end() <= tasks[i].due && !tasks[i].late) movable_.push_back(i);
    }
  }

  bool possible() const { return movable_.size() >= kLeastNeighbours; }

  void round() {
    choose();
    reorder();
    double before = 0;
    old_.clear();
    for (std::size_t const index : chosen_) {
      before += table_.cost(tasks_[index], tasks_[index].place) * (1 - tasks_[index].keep);
      old_.push_back(tasks_[index].place);
      table_.take_out(tasks_[index]);
    }
    if (!put_back_cheaper(before)) restore();
  }

 private:
  static double middle(Task const& task) { return (task.begin() + task.end()) / 2.0; }

  void choose() {
    double const centre = middle(tasks_[movable_[random_() % movable_.size()]]);
    distance_.clear();
    std::size_t const first = movable_.size() > kSeen ? random_() % movable_.size() : 0;
    for (std::size_t i = 0; i < std::min(movable_.size(), kSeen); ++i) {
      std::size_t const index = movable_[(first + i) % movable_.size()];
      double const noise = static_cast<double>(random_() % 1000) / 1000 * kNearSlots;
      distance_.emplace_back(std::abs(middle(tasks_[index]) - centre) + noise, index);
    }
    auto const wanted = kLeastNeighbours + random_() % (kMostNeighbours - kLeastNeighbours + 1);
    auto const count = static_cast<std::ptrdiff_t>(std::min<std::uint64_t>(wanted, distance_.size()));
    std::partial_sort(distance_.begin(), distance_.begin() + count, distance_.end());
    chosen_.clear();
    for (auto it = distance_.begin(); it != distance_.begin() + count; ++it) chosen_.push_back(it->second);
  }

  void reorder() {
    auto const by = [&](auto key) {
      std::sort(chosen_.begin(), chosen_.end(), [&](std::size_t a, std::size_t b) {
        return std::pair(key(tasks_[a]), a) < std::pair(key(tasks_[b]), b);
      });
    };
    auto const way = random_() % 3;
    if (way == 0) return mix(chosen_, random_);
    if (way == 1) return by([](Task const& task) { return -task.load(); });
    by([](Task const& task) { return task.latest_start(); });
  }

  bool put_back_cheaper(double before) {
    double after = 0;
    for (std::size_t const index : chosen_) {
      auto found = table_.cheapest(tasks_[index]);
      if (!found) return false;
      after += found->cost;
      if (after >= before - kGain) return false;
      table_.put_in(tasks_[index], std::move(*found));
    }
    return true;
  }

  void restore() {
    for (std::size_t const index : chosen_) {
      if (!tasks_[index].place.runs.empty()) table_.take_out(tasks_[index]);
    }
    for (std::size_t i = 0; i < chosen_.size(); ++i) table_.put_in(tasks_[chosen_[i]], std::move(old_[i]));
  }

  Timetable& table_;
  std::vector<Task>& tasks_;
  PlanRandom& random_;
  Order movable_;
  Order chosen_;
  std::vector<Place> old_;
  std::vector<std::pair<double, std::size_t>> distance_;
};

}  // namespace

void start_over(Timetable& table, std::vector<Task>& tasks) {
  std::vector<Place> before;
  double const cost = total(table, tasks) - promised(table, tasks);
  std::size_t const late = count_late(tasks);
  for (Task& task : tasks) {
    before.push_back(task.place);
    table.take_out(task);
  }
  for (std::size_t const index : by_latest_start(tasks)) {
    auto found = tasks[index].late ? std::nullopt : table.cheapest(tasks[index]);
    table.put_in(tasks[index], found ? std::move(*found) : table.soonest(tasks[index]));
  }
  std::size_t const now_late = count_late(tasks);
  if (now_late < late || (now_late == late && total(table, tasks) < cost - kGain)) return;
  for (Task& task : tasks) table.take_out(task);
  for (std::size_t i = 0; i < tasks.size(); ++i) table.put_in(tasks[i], std::move(before[i]));
}

void polish(Timetable& table, std::vector<Task>& tasks, int passes, PlanRandom& random) {
  Order order = by_latest_start(tasks);
  std::size_t const tries = std::min(order.size(), kPolished);
  for (int pass = 0; pass < passes; ++pass) {
    if (pass > 0) mix(order, random);
    for (std::size_t i = 0; i < tries; ++i) reinsert(table, tasks[order[i]]);
  }
}

void shuffle_neighbours(Timetable& table, std::vector<Task>& tasks, int rounds, PlanRandom& random) {
  Neighbourhood neighbourhood{table, tasks, random};
  if (!neighbourhood.possible()) return;
  for (int round = 0; round < rounds; ++round) neighbourhood.round();
}

}  // namespace greenq::core
