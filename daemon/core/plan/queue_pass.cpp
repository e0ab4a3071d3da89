#include "core/plan/queue_pass.hpp"

#include <algorithm>
#include <limits>

#include "core/plan/board.hpp"
#include "core/plan/cost_table.hpp"
#include "core/plan/easy_queue.hpp"

namespace greenq::core {
namespace {

// Where a job that fits nowhere is put, so that it has a plan and is not started.
constexpr Span kNever{std::chrono::hours{24 * 365}};
// Tentative starts that are worked out anew in every plan.
constexpr std::size_t kHead = 1000;
constexpr Slot kForEver = std::numeric_limits<Slot>::max() / 2;

// Starts far back in the queue, on slots: exact ones would take long, and change anyway.
class FarStarts {
 public:
  FarStarts(SlotGrid const& grid, Lanes const& lanes, Instant now, std::vector<Booking> const& bookings)
      : grid_(grid),
        lanes_(lanes),
        board_(grid.from(now), lanes.rows()),
        open_(lanes.all().size(), grid.from(now)) {
    for (Booking const& booking : bookings)
      board_.take(grid_.covering(booking.interval), lanes_.need(booking.demand, booking.lane));
  }

  // The earliest, of lanes that fit.
  Booking place(Demand const& demand, LaneSet fitting, Instant ready, Span length) {
    if (placed_++ % kOften == 0) skip_full_hours();
    Slot const work = grid_.slots(length);
    SlotRun best{kForEver, kForEver};
    std::uint32_t chosen = fitting.front();
    for (std::uint32_t const lane : fitting) {
      Slot const from = std::max(grid_.from(ready), demand.cpus > 0 ? open_[lane] : Slot{0});
      Slot const begin = first_free({from, kForEver}, lanes_.need(demand, lane), work);
      if (begin >= best.begin) continue;
      best = {begin, begin + work};
      chosen = lane;
    }
    board_.take(best, lanes_.need(demand, chosen));
    Instant const start = grid_.begin_of(best.begin);
    return {{start, start + length}, demand, chosen};
  }

 private:
  static constexpr std::size_t kOften = 64;

  Slot first_free(SlotRun range, SlotNeed const& need, Slot work) const {
    Slot begin = kForEver;
    board_.stretches(
        range, need,
        [&](SlotRun free) {
          if (free.length() < work) return true;
          begin = free.begin;
          return false;
        },
        work);
    return begin;
  }

  void skip_full_hours() {
    for (std::uint32_t lane = 0; lane < open_.size(); ++lane)
      open_[lane] = first_free({open_[lane], kForEver}, lanes_.need({1, 0, 0}, lane), 1);
  }

  SlotGrid const& grid_;
  Lanes const& lanes_;
  Board board_;
  std::vector<Slot> open_;  // of each lane: before it no core is free
  std::size_t placed_ = 0;
};

class QueuePass {
 public:
  QueuePass(PlanInput const& input, SlotGrid const& grid, Lanes const& lanes,
            std::vector<WaitingJob> const& backlog, QueueMembers members)
      : input_(input), grid_(grid), lanes_(lanes), backlog_(backlog), members_(std::move(members)) {
    for (PlanSite const& site : input.sites) plan_.calendars.emplace_back(input.now, site.capacity);
    for (RunningJob const& job : input.running) {
      Instant const end = job.expected_end > input.now ? job.expected_end : input.now + kOverrun;
      plan_.book(lanes_, {{input.now, end}, job.demand, job.lane});
      for (Interval const& segment : job.later) plan_.book(lanes_, {segment, job.demand, job.lane});
    }
    sort();
    place();
  }

  QueuePlan take() && { return std::move(plan_); }

 private:
  WaitingJob const& job(std::uint32_t index) const { return backlog_[index]; }

  Calendar const& calendar(std::uint32_t lane) const { return plan_.calendars[lanes_.site(lane)]; }
  Need need(WaitingJob const& waiting, std::uint32_t lane) const {
    return {waiting.demand, lanes_.pool(lane)};
  }

  bool fits_ever(WaitingJob const& waiting, std::uint32_t lane) const {
    return lanes_.known(lane) && calendar(lane).ever_fits(need(waiting, lane));
  }
  bool fits_ever(WaitingJob const& waiting) const {
    return std::any_of(waiting.lanes.begin(), waiting.lanes.end(),
                       [&](std::uint32_t lane) { return fits_ever(waiting, lane); });
  }

  // Of the same run; where one is not known, the first.
  bool cheaper(WaitingJob const& waiting, std::uint32_t lane, std::uint32_t than, Instant start) {
    if (lanes_.alike(lane, than)) return false;
    auto const a = cost(waiting, lane, start);
    auto const b = cost(waiting, than, start);
    return a && (!b || *a < *b);
  }

  std::optional<double> cost(WaitingJob const& waiting, std::uint32_t lane, Instant start) {
    std::uint32_t const site = lanes_.site(lane);
    if (!input_.sites[site].has_curve()) return std::nullopt;
    costs_.resize(input_.sites.size());
    if (!costs_[site]) costs_[site].emplace(*input_.sites[site].curve);
    Span const length = duration_of(waiting);
    double const hours = static_cast<double>(length.count()) / 3'600'000;
    bool const moves = site != waiting.home && waiting.move_energy > 0;
    if (moves && waiting.power <= 0) return std::nullopt;
    double const power = waiting.power > 0 ? waiting.power : 1;
    double const move = moves ? waiting.move_energy / hours : 0;
    return static_cast<double>(costs_[site]->integral({start, start + length})) * (power + move) *
           lanes_.all()[lane].factor;
  }

  void sort() {
    auto const never = std::partition(members_.jobs.begin(), members_.jobs.end(),
                                      [&](std::uint32_t index) { return fits_ever(job(index)); });
    for (auto it = never; it != members_.jobs.end(); ++it) {
      Instant const start = earliest_start(input_, job(*it)) + kNever;
      plan_.chosen.push_back(
          {*it, {ChoiceKind::kNeverFits, {{start, start + duration_of(job(*it))}}, 0, false, true}});
    }
    members_.jobs.erase(never, members_.jobs.end());
    std::sort(members_.jobs.begin(), members_.jobs.end(),
              [&](std::uint32_t a, std::uint32_t b) { return before_in_queue(job(a), job(b)); });
  }

  void take(std::uint32_t index, Instant start, std::uint32_t lane) {
    Interval const window{start, start + duration_of(job(index))};
    plan_.book(lanes_, {window, job(index).demand, lane});
    bool const waits = start > earliest_start(input_, job(index));
    plan_.chosen.push_back({index, {ChoiceKind::kQueue, {window}, lane, false, waits}});
  }

  bool start_now(std::uint32_t index) {
    Interval const window{input_.now, input_.now + duration_of(job(index))};
    std::optional<std::uint32_t> best;
    for (std::uint32_t const lane : job(index).lanes) {
      if (best && !cheaper(job(index), lane, *best, input_.now)) continue;
      if (lanes_.known(lane) && plan_.fits(lanes_, {window, job(index).demand, lane})) best = lane;
    }
    if (best) take(index, input_.now, *best);
    return best.has_value();
  }

  // The earliest start over all lanes.
  void take_earliest(std::uint32_t index) {
    std::optional<std::pair<Instant, std::uint32_t>> best;
    for (std::uint32_t const lane : job(index).lanes) {
      if (!fits_ever(job(index), lane)) continue;
      Instant const ready = earliest_start(input_, job(index));
      Instant const start =
          calendar(lane).earliest_fit(need(job(index), lane), duration_of(job(index)), ready);
      bool const better = !best || start < best->first ||
                          (start == best->first && cheaper(job(index), lane, best->second, start));
      if (better) best = {start, lane};
    }
    take(index, best->first, best->second);
  }

  // One reservation, for the first that cannot start. The starts given to the rest are tentative and
  // conservative; they change as jobs end early.
  void place() {
    std::vector<std::uint32_t> rest;
    bool reserved = false;
    for (std::uint32_t const index : members_.jobs) {
      if (job(index).ready > input_.now) {
        rest.push_back(index);
      } else if (!start_now(index)) {
        if (reserved) {
          rest.push_back(index);
        } else {
          take_earliest(index);
          reserved = true;
        }
      }
    }
    std::size_t const head = std::min(rest.size(), kHead);
    for (std::size_t i = 0; i < head; ++i) take_earliest(rest[i]);
    rest.erase(rest.begin(), rest.begin() + static_cast<std::ptrdiff_t>(head));
    if (members_.head_only) {
      std::erase_if(rest, [&](std::uint32_t index) {
        return !std::binary_search(members_.fresh.begin(), members_.fresh.end(), index);
      });
    }
    place_far(rest);
  }

  void place_far(std::vector<std::uint32_t> const& far) {
    plan_.far_begin = plan_.far_end = plan_.bookings.size();
    if (far.empty()) return;
    FarStarts starts{grid_, lanes_, input_.now, plan_.bookings};
    for (std::uint32_t const index : far) {
      WaitingJob const& waiting = job(index);
      Booking const booking = starts.place(waiting.demand, lanes_.fitting(waiting.demand, waiting.lanes),
                                           earliest_start(input_, waiting), duration_of(waiting));
      plan_.bookings.push_back(booking);
      plan_.chosen.push_back({index, {ChoiceKind::kQueue, {booking.interval}, booking.lane, false, true}});
    }
    plan_.far_end = plan_.bookings.size();
  }

  PlanInput const& input_;
  SlotGrid const& grid_;
  Lanes const& lanes_;
  std::vector<WaitingJob> const& backlog_;
  QueueMembers members_;
  std::vector<std::optional<CostTable>> costs_;  // by site, where they were asked for
  QueuePlan plan_;
};

}  // namespace

void QueuePlan::book(Lanes const& lanes, Booking const& booking) {
  auto const& [interval, demand, lane] = booking;
  calendars[lanes.site(lane)].book(interval, {demand, lanes.pool(lane)});
  bookings.push_back(booking);
}

bool QueuePlan::fits(Lanes const& lanes, Booking const& booking) const {
  auto const& [interval, demand, lane] = booking;
  return calendars[lanes.site(lane)].fits(interval, {demand, lanes.pool(lane)});
}

QueuePlan plan_queue(PlanInput const& input, SlotGrid const& grid, Lanes const& lanes,
                     std::vector<WaitingJob> const& backlog, QueueMembers members) {
  return QueuePass(input, grid, lanes, backlog, std::move(members)).take();
}

}  // namespace greenq::core
