// ShiftPlanner: what it keeps from call to call, and how that goes on the board.
#include <algorithm>
#include <iterator>
#include <utility>

#include "core/plan/shift_planner.hpp"

namespace greenq::core {
namespace {

bool complete(Task const& task, Place const& place, Slot now) {
  Slot total = 0;
  for (SlotRun const& run : place.runs) total += run.length();
  return total == slots_of(task, place.runs, now);
}

}  // namespace

void ShiftPlanner::forget(std::vector<JobId> const& gone) {
  for (JobId const id : gone) {
    auto const seat = seats_.find(id);
    if (!seat) continue;
    extended_.erase(id);
    if (tasks_[*seat].placed()) table_->take_out(tasks_[*seat]);
    seats_.remove(id);
    if (*seat + 1 < tasks_.size()) {
      tasks_[*seat] = std::move(tasks_.back());
      seats_.put(tasks_[*seat].id, *seat);
    }
    tasks_.pop_back();
  }
}

void ShiftPlanner::extend(Task& task) const {
  auto const known = extended_.find(task.id);
  if (known == extended_.end()) return;
  task.due = std::max(task.due, known->second);
  task.late = true;
}

// What still holds of the last plan stays: what was feasible together stays feasible.
bool ShiftPlanner::adopt(Task& task) {
  Place place = std::exchange(task.place, {});
  place.runs.erase_if([&](SlotRun const& run) { return run.end <= table_->now(); });
  if (place.runs.empty() || !task.lanes.contains(place.lane)) return false;
  place.runs.front().begin = std::max(place.runs.front().begin, table_->now());
  if (!complete(task, place, table_->now()) || !table_->fits(task, place)) return false;
  table_->put_in(task, std::move(place));
  return true;
}

void ShiftPlanner::take_over(std::vector<Task> tasks, Open& open) {
  for (Task& task : tasks) {
    auto seat = seats_.find(task.id);
    if (seat) {
      Task& old = tasks_[*seat];
      if (task.place.runs.empty()) task.place = old.place;
      if (old.placed()) table_->take_out(old);
      old = std::move(task);
    } else {
      seat = static_cast<std::uint32_t>(tasks_.size());
      seats_.put(task.id, *seat);
      grow_a_little(tasks_);
      tasks_.push_back(std::move(task));
    }
    take_in(*seat, open);
  }
}

void ShiftPlanner::take_in(std::uint32_t seat, Open& open) {
  Task& task = tasks_[seat];
  extend(task);
  if (adopt(task)) {
    task.keep = static_cast<float>(options_.keep);
  } else {
    open.push_back(seat);
  }
}

// Tasks that did not start when they were to.
void ShiftPlanner::drop_outdated(Open& open) {
  for (std::uint32_t i = 0; i < tasks_.size(); ++i) {
    Task& task = tasks_[i];
    task.keep = static_cast<float>(options_.keep);
    if (task.begin() >= table_->now()) continue;
    table_->take_out(task);
    open.push_back(i);
  }
}

// Tasks that must start last go first.
void ShiftPlanner::evict_from(SlotRun run, SlotNeed const& need, Open& open) {
  if (table_->board().within_capacity(run, need)) return;
  Open here;
  for (std::uint32_t i = 0; i < tasks_.size(); ++i) {
    if (tasks_[i].placed() && table_->shares(tasks_[i], run, need)) here.push_back(i);
  }
  std::stable_sort(here.begin(), here.end(), [&](std::uint32_t a, std::uint32_t b) {
    return tasks_[a].latest_start() > tasks_[b].latest_start();
  });
  for (std::uint32_t const index : here) {
    if (table_->board().within_capacity(run, need)) return;
    table_->take_out(tasks_[index]);
    open.push_back(index);
  }
}

// Only what differs is booked again.
void ShiftPlanner::book_anew(std::vector<Fixed>& booked, std::vector<Fixed> fixed, Open& open) {
  Slot const now = table_->now();
  for (auto* list : {&booked, &fixed}) {
    for (Fixed& each : *list) each.run.begin = std::max(each.run.begin, now);
    std::erase_if(*list, [](Fixed const& each) { return each.run.length() <= 0; });
    std::sort(list->begin(), list->end());
  }
  std::vector<Fixed> over;
  std::vector<Fixed> fresh;
  std::set_difference(booked.begin(), booked.end(), fixed.begin(), fixed.end(), std::back_inserter(over));
  std::set_difference(fixed.begin(), fixed.end(), booked.begin(), booked.end(), std::back_inserter(fresh));
  for (Fixed const& each : over) table_->board().give(each.run, each.need);
  for (Fixed const& each : fresh) table_->board().take(each.run, each.need);
  for (Fixed const& each : fresh) evict_from(each.run, each.need, open);
  booked = std::move(fixed);
}

}  // namespace greenq::core
