#include "core/plan/bring_forward.hpp"

#include <algorithm>
#include <tuple>

namespace greenq::core {
namespace {

Slot start_at_once(Timetable& table, Task& task) {
  Slot const begin = table.now();
  if (task.begin() <= begin || task.ready > begin) return 0;
  Place old = task.place;
  table.take_out(task);
  std::optional<Place> best;
  for (std::uint32_t const lane : task.lanes) {
    Place place{lane, {{begin, begin + task.work}}, 0};
    if (!table.fits(task, place)) continue;
    place.cost = table.cost(task, place);
    if (!best || place.cost < best->cost) best = std::move(place);
  }
  table.put_in(task, best ? std::move(*best) : std::move(old));
  return best ? task.work : 0;
}

Slot swap_slots(Timetable& table, Task& task) {
  Slot const end = (hour_of(table.now()) + 1) * kHourSlots;
  std::uint32_t const lane = task.place.lane;
  std::vector<Slot> keep;
  std::vector<Slot> later;
  for (SlotRun const& run : task.place.runs) {
    for (Slot slot = run.begin; slot < run.end; ++slot) (slot < end ? keep : later).push_back(slot);
  }
  Place const old = task.place;
  SlotPrices const& prices = table.prices(lane);
  std::sort(later.begin(), later.end(),
            [&](Slot a, Slot b) { return std::tuple(prices.at(b), b) < std::tuple(prices.at(a), a); });
  table.take_out(task);
  std::vector<Slot> free;
  table.board().stretches({table.earliest(task), end}, table.need(task, lane), [&](SlotRun run) {
    for (Slot slot = run.begin; slot < run.end; ++slot) {
      if (std::find(keep.begin(), keep.end(), slot) == keep.end()) free.push_back(slot);
    }
    return true;
  });
  auto const count = static_cast<std::ptrdiff_t>(std::min(free.size(), later.size()));
  keep.insert(keep.end(), free.begin(), free.begin() + count);
  keep.insert(keep.end(), later.begin() + count, later.end());
  std::sort(keep.begin(), keep.end());
  Place place{lane, {}, 0};
  for (Slot const slot : keep) append_slot(place.runs, slot);
  bool const broken = std::any_of(place.runs.begin(), place.runs.end(), [&](SlotRun const& run) {
    return run.length() < std::min(task.shortest_run, task.work);
  });
  if (broken) {
    table.put_in(task, old);
    return 0;
  }
  place.cost = table.cost(task, place);
  table.put_in(task, std::move(place));
  return static_cast<Slot>(count);
}

// The first run as it is, but now: a pause more would cost more than it brings.
Slot start_first_run(Timetable& table, Task& task) {
  Slot const begin = table.now();
  if (task.place.runs.size() == 1 && !task.running) return start_at_once(table, task);
  if (task.begin() <= begin || task.ready > begin) return 0;
  Place old = task.place;
  Place place = old;
  SlotRun& first = place.runs.front();
  first = {begin, begin + first.length() - (task.running ? task.pause_cost : 0)};
  Slot const length = first.length();
  table.take_out(task);
  bool const fits = table.fits(task, place);
  if (fits) place.cost = table.cost(task, place);
  table.put_in(task, fits ? std::move(place) : std::move(old));
  return fits ? length : 0;
}

}  // namespace

Slot bring_forward(Timetable& table, Task& task) {
  if (!task.pausable) return start_at_once(table, task);
  return task.pause_cost == 0 ? swap_slots(table, task) : start_first_run(table, task);
}

}  // namespace greenq::core
