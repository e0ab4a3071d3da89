#include "core/plan/repair.hpp"

#include <algorithm>
#include <numeric>
#include <tuple>

namespace greenq::core {
namespace {

constexpr std::size_t kTries = 6;

bool is_late(Task const& task) {
  return task.place.runs.empty() || task.end() > task.due;
}

class Repair {
 public:
  Repair(Timetable& table, std::vector<Task>& tasks) : table_(table), tasks_(tasks) {}

  void place_all() {
    std::vector<std::size_t> order(tasks_.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
      auto const key = [&](std::size_t i) {
        Task const& task = tasks_[i];
        return std::tuple(task.latest_start(), task.due, -task.share, i);
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
    std::size_t const tries = std::min(kTries, larger.size());
    std::partial_sort(larger.begin(), larger.begin() + static_cast<std::ptrdiff_t>(tries), larger.end(),
                      [&](std::size_t a, std::size_t b) {
                        return std::tuple(-tasks_[a].load(), a) < std::tuple(-tasks_[b].load(), b);
                      });
    for (std::size_t i = 0; i < tries; ++i) {
      Task& other = tasks_[larger[i]];
      Place const place = other.place;
      table_.take_out(other);
      if (put_in_time(index)) {
        std::erase(placed_, larger[i]);
        dropped_.push_back(larger[i]);
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

}  // namespace

std::size_t count_late(std::vector<Task> const& tasks) {
  return static_cast<std::size_t>(std::count_if(tasks.begin(), tasks.end(), is_late));
}

void repair(Timetable& table, std::vector<Task>& tasks) {
  std::vector<Place> before;
  bool complete = true;
  std::size_t const late = count_late(tasks);
  for (Task& task : tasks) {
    complete = complete && !task.place.runs.empty();
    before.push_back(task.place);
    if (!task.place.runs.empty()) table.take_out(task);
  }
  Repair(table, tasks).place_all();
  std::size_t const now_late = count_late(tasks);
  if (now_late < late || (now_late == late && !complete)) return;
  for (Task& task : tasks) table.take_out(task);
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    if (!before[i].runs.empty()) table.put_in(tasks[i], std::move(before[i]));
  }
  for (Task& task : tasks) {
    if (task.place.runs.empty()) table.put_in(task, table.soonest(task));
  }
}

}  // namespace greenq::core
