#include "core/plan/timetable.hpp"

#include <algorithm>
#include <limits>

#include "core/check.hpp"
#include "core/plan/slot_pauses.hpp"

namespace greenq::core {
namespace {

constexpr Slot kForEver = std::numeric_limits<Slot>::max() / 2;
// Windows as long as this are looked at one by one.
constexpr Slot kLongWork = 8 * 24 * kHourSlots;

// A running task as if it had been paused: what remains once it does not go on in the first slot.
Task resumed(Task const& task, Slot now) {
  Task later = task;
  later.running = false;
  later.work += task.pause_cost;
  later.ready = std::max(task.ready, now + 1);
  return later;
}

}  // namespace

Slot slots_of(Task const& task, SlotRuns const& runs, Slot now) {
  if (runs.empty()) return 0;
  bool const goes_on = !task.running || runs.front().begin <= now;
  return task.work + task.pause_cost * static_cast<Slot>(runs.size() - (goes_on ? 1 : 0));
}

void append_slot(SlotRuns& runs, Slot slot) {
  if (!runs.empty() && runs.back().end == slot) {
    ++runs.back().end;
  } else {
    runs.push_back({slot, slot + 1});
  }
}

Timetable::Timetable(Slot now, std::vector<std::int64_t> const& capacity, std::vector<Lane> lanes,
                     std::vector<SlotPrices> prices)
    : now_(now), board_(now, capacity), lanes_(std::move(lanes)) {
  set_prices(std::move(prices));
}

void Timetable::advance(Slot now) {
  now_ = now;
  board_.advance(now);
}

void Timetable::set_prices(std::vector<SlotPrices> prices) {
  prices_ = std::move(prices);
  minima_.assign(prices_.size(), {});
}

SlotNeed Timetable::need(Task const& task, std::uint32_t lane) const {
  Lane const& where = lanes_[lane];
  SlotNeed need;
  need.add(where.cpus, task.cpus);
  need.add(where.memory, task.memory);
  need.add(where.gpus, task.gpus);
  return need;
}

double Timetable::cost(Task const& task, Place const& place) const {
  return cost(task, place, prices_);
}

double Timetable::cost(Task const& task, Place const& place, std::vector<SlotPrices> const& prices) const {
  Lane const& lane = lanes_[place.lane];
  double sum = 0;
  for (SlotRun const& run : place.runs) sum += prices[lane.prices].sum(run);
  return sum * scale(task, place.lane);
}

double Timetable::mean_price(Slot slot) const {
  double sum = 0;
  for (SlotPrices const& prices : prices_) sum += prices.at(slot);
  return sum / static_cast<double>(prices_.size());
}

void Timetable::take_out(Task& task) {
  SlotNeed const taken = need(task, task.place.lane);
  for (SlotRun const& run : task.place.runs) board_.give(run, taken);
  task.place.runs.clear();
}

void Timetable::put_in(Task& task, Place place) {
  SlotNeed const taken = need(task, place.lane);
  for (SlotRun const& run : place.runs) board_.take(run, taken);
  task.place = std::move(place);
}

bool Timetable::fits(Task const& task, Place const& place) const {
  SlotNeed const taken = need(task, place.lane);
  return std::all_of(place.runs.begin(), place.runs.end(), [&](SlotRun const& run) {
    return run.begin >= earliest(task) && board_.fits(run, taken);
  });
}

bool Timetable::shares(Task const& task, SlotRun run, SlotNeed const& other) const {
  bool const meets = std::any_of(task.place.runs.begin(), task.place.runs.end(), [&](SlotRun const& mine) {
    return mine.begin < run.end && run.begin < mine.end;
  });
  if (!meets) return false;
  SlotNeed const taken = need(task, task.place.lane);
  for (std::uint32_t i = 0; i < taken.count; ++i) {
    for (std::uint32_t k = 0; k < other.count; ++k) {
      if (taken.items[i].figure == other.items[k].figure) return true;
    }
  }
  return false;
}

std::optional<Place> Timetable::cheapest(Task const& task, Slot due) {
  Place best;
  bool found = false;
  for (std::uint32_t const lane : task.lanes) {
    bool const here =
        task.pausable ? cheapest_runs(task, lane, due, best) : cheapest_window(task, lane, due, best);
    found = found || here;
  }
  if (!found) return std::nullopt;
  return best;
}

bool Timetable::cheapest_window(Task const& task, std::uint32_t lane, Slot due, Place& best) {
  double const scale = this->scale(task, lane);
  Window least;
  if (!best.runs.empty()) least.cost = scale > 0 ? best.cost / scale : 0;
  SlotRun const range{earliest(task), due};
  SlotNeed const taken = need(task, lane);
  Slot const end = std::max(range.begin, prices(lane).end());
  bool found =
      task.work < kLongWork &&
      within_prices(lane, {range.begin, std::min(range.end, end + task.work)}, taken, task.work, least);
  SlotRun const rest{task.work < kLongWork ? end : range.begin, range.end};
  if (rest.length() >= task.work && hour_by_hour(lane, rest, taken, task.work, least)) found = true;
  if (found) best = {lane, {{least.begin, least.begin + task.work}}, least.cost * scale};
  return found;
}

bool Timetable::hour_by_hour(std::uint32_t lane, SlotRun range, SlotNeed const& taken, Slot work,
                             Window& least) const {
  bool found = false;
  board_.stretches(
      range, taken,
      [&](SlotRun free) {
        if (lower(prices(lane), work, free.begin, free.end - work, least)) found = true;
        return true;
      },
      work);
  return found;
}

// From the hour with the cheapest window on, until none can be cheaper than what was found. Of equal windows
// the earliest counts.
bool Timetable::within_prices(std::uint32_t lane, SlotRun range, SlotNeed const& taken, Slot work,
                              Window& least) {
  Slot const last = std::min(range.end - work, prices(lane).end() - 1);
  if (last < range.begin) return false;
  auto const& [costs, order] = minima_[lanes_[lane].prices].hours(prices(lane), work);
  Slot const origin = hour_of(prices(lane).first());
  Slot const from = hour_of(range.begin);
  Slot const to = hour_of(last);
  auto const count = static_cast<std::size_t>(to - from) + 1;
  board_.rooms(from, count + static_cast<std::size_t>(work / kHourSlots) + 1, taken, rooms_);
  bool found = false;
  for (std::uint16_t const place : order) {
    if (costs[place] > least.cost + kTie) break;
    Slot const hour = origin + place;
    if (hour < from || hour > to) continue;
    auto const index = static_cast<std::size_t>(hour - from);
    if (rooms_[index] == Board::Room::kNone) continue;
    SlotRun const hours{std::max(range.begin, hour * kHourSlots),
                        std::min(last + 1, (hour + 1) * kHourSlots)};
    bool const earlier = hours.begin < least.begin;
    if (!earlier && costs[place] >= least.cost - kTie) continue;
    Window here{least.cost + (earlier ? 2 * kTie : 0), least.begin};
    bool const better = work < kHourSlots
                            ? hour_by_hour(lane, {hours.begin, hours.end - 1 + work}, taken, work, here)
                            : across(lane, index, hours, taken, work, here);
    if (better) least = here;
    found = found || better;
  }
  return found;
}

// Windows of an hour or longer hold the last slot of the hour in which they begin: how long is the room
// before and after it?
bool Timetable::across(std::uint32_t lane, std::size_t hour, SlotRun begins, SlotNeed const& taken, Slot work,
                       Window& least) {
  Slot const next = (hour_of(begins.begin) + 1) * kHourSlots;
  Slot first = begins.begin;
  if (rooms_[hour] != Board::Room::kAll) {
    first = next;
    while (first > begins.begin && board_.free_at(first - 1, taken)) --first;
  }
  if (first >= begins.end) return false;
  Slot const most = begins.end - 1 + work;
  Slot end = next;
  while (end < most && rooms_[++hour] == Board::Room::kAll) end += kHourSlots;
  while (end < most && board_.free_at(end, taken)) ++end;
  return lower(prices(lane), work, first, std::min(begins.end - 1, end - work), least);
}

// In one piece, unless pauses save enough.
bool Timetable::cheapest_runs(Task const& task, std::uint32_t lane, Slot due, Place& best) {
  if (task.pauses_are_free()) return cheapest_slots(task, lane, due, best);
  Place found;
  double const piece = cheapest_piece(task, lane, due, found) ? found.cost : 0;
  cheapest_with_pauses(task, lane, due, piece, found);
  if (found.runs.empty() || (!best.runs.empty() && found.cost >= best.cost - kTie)) return false;
  best = std::move(found);
  return true;
}

bool Timetable::cheapest_piece(Task const& task, std::uint32_t lane, Slot due, Place& best) {
  if (!task.running || task.pause_cost == 0) return cheapest_window(task, lane, due, best);
  bool const later = cheapest_window(resumed(task, now_), lane, due, best);
  Place at_once{lane, {{now_, now_ + task.work}}, 0};
  if (at_once.runs.back().end > due || !fits(task, at_once)) return later;
  at_once.cost = cost(task, at_once);
  if (!best.runs.empty() && at_once.cost > best.cost + kTie) return later;
  best = std::move(at_once);
  return true;
}

// Replaces `best` where each pause saves enough beside one `piece` at that cost.
bool Timetable::cheapest_with_pauses(Task const& task, std::uint32_t lane, Slot due, double piece,
                                     Place& best) {
  SlotRun const range{earliest(task), due};
  free_.clear();
  board_.stretches(range, need(task, lane), [&](SlotRun free) {
    free_.push_back(free);
    return true;
  });
  double const each = scale(task, lane);
  double const least_gain = each > 0 ? task.pause_gain * piece / each : 0;
  auto found = core::cheapest_with_pauses(
      prices(lane), free_, range, {task.work, task.shortest_run, task.pause_cost, task.running, least_gain});
  if (found.runs.empty()) return false;
  double const pauses = static_cast<double>(found.runs.size() - 1);
  bool const saves = (found.cost + pauses * least_gain) * each < best.cost - kTie;
  if (!best.runs.empty() && !saves) return false;
  best = {lane, std::move(found.runs), found.cost * each};
  return true;
}

bool Timetable::cheapest_slots(Task const& task, std::uint32_t lane, Slot due, Place& best) {
  SlotPrices const& price = prices(lane);
  offers_.clear();
  Slot room = 0;
  board_.stretches({earliest(task), due}, need(task, lane), [&](SlotRun free) {
    for (Slot at = free.begin; at < free.end;) {
      Slot const end = std::min(free.end, (hour_of(at) + 1) * kHourSlots);
      offers_.push_back({price.at(at), at, end});
      room += end - at;
      at = end;
    }
    return true;
  });
  if (room < task.work) return false;
  std::stable_sort(offers_.begin(), offers_.end(),
                   [](HourOffer const& a, HourOffer const& b) { return a.price < b.price; });
  Slot left = task.work;
  double cost = 0;
  free_.clear();
  for (HourOffer const& offer : offers_) {
    Slot const end = std::min(offer.end, offer.begin + left);
    free_.push_back({offer.begin, end});
    cost += price.sum({offer.begin, end});
    left -= end - offer.begin;
    if (left == 0) break;
  }
  cost *= scale(task, lane);
  if (!best.runs.empty() && cost >= best.cost - kTie) return false;
  std::sort(free_.begin(), free_.end(), [](SlotRun a, SlotRun b) { return a.begin < b.begin; });
  best = {lane, {}, cost};
  for (SlotRun const& run : free_) {
    if (!best.runs.empty() && best.runs.back().end == run.begin) {
      best.runs.back().end = run.end;
    } else {
      best.runs.push_back(run);
    }
  }
  return true;
}

// Among places of the same time. Lanes of one price are taken in their order.
bool Timetable::cheaper_elsewhere(Task const& task, Place const& place, Place const& best) const {
  Lane const& here = lanes_[place.lane];
  Lane const& there = lanes_[best.lane];
  if (here.prices == there.prices && here.factor == there.factor) return false;
  return cost(task, place) < cost(task, best) - kTie;
}

void Timetable::keep_sooner(Task const& task, Place found, Place& best) const {
  bool const better = best.runs.empty() || found.runs.back().end < best.runs.back().end ||
                      (found.runs.back().end == best.runs.back().end && cheaper_elsewhere(task, found, best));
  if (better) best = std::move(found);
}

Place Timetable::soonest(Task const& task) {
  Place best;
  for (std::uint32_t const lane : task.lanes) {
    if (!board_.ever_fits(need(task, lane))) continue;
    // With pauses that cost something it may well end later than in one piece.
    if (!task.pausable || task.pause_cost > 0) keep_sooner(task, soonest_piece(task, lane), best);
    if (task.pausable) keep_sooner(task, soonest_slots(task, lane), best);
  }
  GREENQ_CHECK(!best.runs.empty());
  best.cost = cost(task, best);
  return best;
}

Place Timetable::soonest_window(Task const& task, std::uint32_t lane) const {
  Place place{lane, {}, 0};
  board_.stretches(
      {earliest(task), kForEver}, need(task, lane),
      [&](SlotRun free) {
        if (free.length() < task.work) return true;
        place.runs.push_back({free.begin, free.begin + task.work});
        return false;
      },
      task.work);
  return place;
}

Place Timetable::soonest_piece(Task const& task, std::uint32_t lane) const {
  if (!task.running || task.pause_cost == 0) return soonest_window(task, lane);
  Place at_once{lane, {{now_, now_ + task.work}}, 0};
  return fits(task, at_once) ? at_once : soonest_window(resumed(task, now_), lane);
}

std::optional<Place> Timetable::latest(Task const& task) const {
  std::optional<Place> best;
  for (std::uint32_t const lane : task.lanes) {
    std::optional<Place> last;
    board_.stretches({earliest(task), task.due}, need(task, lane), [&](SlotRun free) {
      if (free.length() >= task.work) last = Place{lane, {{free.end - task.work, free.end}}, 0};
      return true;
    });
    if (!last) continue;
    bool const better =
        !best || best->runs.back().end < last->runs.back().end ||
        (best->runs.back().end == last->runs.back().end && cheaper_elsewhere(task, *last, *best));
    if (better) best = std::move(last);
  }
  if (best) best->cost = cost(task, *best);
  return best;
}

Place Timetable::soonest_slots(Task const& task, std::uint32_t lane) const {
  Place place{lane, {}, 0};
  Slot left = task.work;
  board_.stretches({earliest(task), kForEver}, need(task, lane), [&](SlotRun free) {
    bool const resumes = !place.runs.empty() || (task.running && free.begin > now_);
    Slot const cost = resumes ? task.pause_cost : 0;
    Slot const least = std::min(task.shortest_run, left);
    Slot take = std::min(free.length() - cost, left);
    // What stays must be a run of its own.
    if (take < left) take = std::min(take, left - task.shortest_run);
    // A first run that does less work than the pause after it costs only delays the end.
    bool const vain = place.runs.empty() && !task.running && take < left && take <= task.pause_cost;
    if (take < least || vain) return true;
    place.runs.push_back({free.begin, free.begin + cost + take});
    left -= take;
    return left > 0;
  });
  return place;
}

}  // namespace greenq::core
