#include "core/plan/slot_pauses.hpp"

#include <algorithm>
#include <limits>
#include <optional>

namespace greenq::core {
namespace {

constexpr Slot kCells[] = {1, 2, 3, 6, 12, 24, 48, 96, 288};
constexpr Slot kMaxCells = 192;
constexpr double kInfinite = std::numeric_limits<double>::max() / 4;
constexpr double kPause = 1e-6;  // so that fewer runs win ties

Slot round_up(Slot value, Slot step) {
  return (value + step - 1) / step * step;
}

class Program {
 public:
  Program(SlotPrices const& prices, std::vector<SlotRun> const& free, SlotRun range, PausedTask const& task)
      : prices_(prices), task_(task) {
    for (Slot const slots : kCells) {
      cell_ = slots;
      if (range.length() <= kMaxCells * cell_) break;
    }
    origin_ = task.running ? range.begin : round_up(range.begin, cell_);
    cells_ = static_cast<std::size_t>(std::clamp((range.end - origin_) / cell_, 0, kMaxCells));
    length_ = cells_of(task.work);
    min_cells_ = cells_of(task.shortest);
    cost_cells_ = cells_of(task.cost);
    if (cost_cells_ > 0)
      paid_part_ = static_cast<double>(task.cost) / static_cast<double>(slots_of(cost_cells_));
    free_.assign(cells_ + 1, 0);
    price_.assign(cells_ + 1, 0);
    std::size_t run = 0;
    for (std::size_t i = 0; i < cells_; ++i) {
      SlotRun const cell{at(i), at(i + 1)};
      while (run < free.size() && free[run].end < cell.end) ++run;
      bool const usable = run < free.size() && free[run].begin <= cell.begin;
      free_[i + 1] = usable ? free_[i] + 1 : 0;
      price_[i + 1] = price_[i] + prices_.sum(cell);
    }
  }

  PausedRuns solve() {
    if (length_ < 2 * min_cells_ || length_ > cells_) return {};
    fill();
    if (idle_[index(cells_, length_)] >= kInfinite) return {};
    return trim(trace());
  }

 private:
  std::size_t cells_of(Slot slots) const { return static_cast<std::size_t>(round_up(slots, cell_) / cell_); }
  Slot slots_of(std::size_t cells) const { return static_cast<Slot>(cells) * cell_; }
  Slot at(std::size_t cell) const { return origin_ + slots_of(cell); }
  std::size_t index(std::size_t time, std::size_t done) const { return time * (length_ + 1) + done; }

  // idle_[t, d]: least cost of d cells of work done by t, not running; run_[t, d]: the same, at the end of a
  // long enough run that reaches t.
  void fill() {
    idle_.assign((cells_ + 1) * (length_ + 1), kInfinite);
    run_.assign((cells_ + 1) * (length_ + 1), kInfinite);
    idle_[index(0, 0)] = 0;
    for (std::size_t t = 1; t <= cells_; ++t) {
      double const step = price_[t] - price_[t - 1];
      idle_[index(t, 0)] = 0;
      std::size_t const most = std::min(t, length_);
      for (std::size_t d = 1; d <= most; ++d) {
        double best = kInfinite;
        if (free_[t] > 0) {
          best = std::min(best, run_[index(t - 1, d - 1)] + step);
          if (d >= min_cells_) best = std::min(best, fresh(t, d));
        }
        run_[index(t, d)] = best;
        idle_[index(t, d)] = std::min(idle_[index(t - 1, d)], best);
      }
    }
  }

  // Cells of a run that begins with the least work and reaches t, d cells of work done by then.
  std::size_t fresh_cells(std::size_t t, std::size_t d) const {
    bool const goes_on = !task_.running || t == min_cells_;
    return min_cells_ + (d == min_cells_ && goes_on ? 0 : cost_cells_);
  }

  double fresh(std::size_t t, std::size_t d) const {
    std::size_t const cells = fresh_cells(t, d);
    if (cells > t || free_[t] < cells) return kInfinite;
    std::size_t const begin = t - cells;
    bool const pauses = cells > min_cells_;
    if (pauses && d == min_cells_ && begin == 0 && task_.running) return kInfinite;
    double cost = idle_[index(begin, d - min_cells_)] + price_[t] - price_[t - min_cells_] + kPause;
    if (d > min_cells_) cost += task_.least_gain;
    if (pauses) cost += (price_[t - min_cells_] - price_[begin]) * paid_part_;
    return cost;
  }

  SlotRuns trace() const {
    SlotRuns runs;
    std::size_t t = cells_;
    std::size_t d = length_;
    while (d > 0) {
      while (idle_[index(t - 1, d)] == idle_[index(t, d)]) --t;
      std::size_t const end = t;
      while (!(d >= min_cells_ && fresh(t, d) == run_[index(t, d)])) {
        --t;
        --d;
      }
      t -= fresh_cells(t, d);
      d -= min_cells_;
      if (cost_cells_ == 0 && !runs.empty() && runs.back().begin == at(end)) {
        runs.back().begin = at(t);
      } else {
        runs.push_back({at(t), at(end)});
      }
    }
    std::reverse(runs.begin(), runs.end());
    return runs;
  }

  bool after_pause(SlotRuns const& runs, std::size_t run) const {
    return run > 0 || (task_.running && runs.front().begin > origin_);
  }

  struct Cut {
    double saves = -1;
    bool head = false;
  };
  // A running task goes on only where it does so at once.
  Cut dearest_edge(SlotRuns const& runs, std::size_t run, Slot slots) const {
    SlotRun const& from = runs[run];
    double const head = prices_.sum({from.begin, from.begin + slots});
    double const tail = prices_.sum({from.end - slots, from.end});
    bool const keeps_head = task_.running && !after_pause(runs, run);
    if (keeps_head || head <= tail) return {tail, false};
    return {head, true};
  }

  static void cut(SlotRun& run, Slot slots, bool head) {
    (head ? run.begin : run.end) += head ? slots : -slots;
  }

  // Cuts what the cells made too long from the dearest edge of a run that stays long enough.
  PausedRuns trim(SlotRuns runs) const {
    Slot const unpaid = slots_of(cost_cells_) - task_.cost;
    for (std::size_t i = 0; i < runs.size() && unpaid > 0; ++i) {
      if (after_pause(runs, i)) cut(runs[i], unpaid, dearest_edge(runs, i, unpaid).head);
    }
    Slot const surplus = slots_of(length_) - task_.work;
    if (surplus > 0) {
      Cut best;
      std::size_t where = 0;
      for (std::size_t i = 0; i < runs.size(); ++i) {
        Slot const least = task_.shortest + (after_pause(runs, i) ? task_.cost : 0);
        if (runs[i].length() - surplus < least) continue;
        Cut const here = dearest_edge(runs, i, surplus);
        if (here.saves <= best.saves) continue;
        best = here;
        where = i;
      }
      if (best.saves < 0) return {};
      cut(runs[where], surplus, best.head);
    }
    bool const touches = std::adjacent_find(runs.begin(), runs.end(), [](SlotRun const& a, SlotRun const& b) {
                           return a.end == b.begin;
                         }) != runs.end();
    if (runs.size() < 2 || touches) return {};
    PausedRuns out{std::move(runs), 0};
    for (SlotRun const& run : out.runs) out.cost += prices_.sum(run);
    return out;
  }

  SlotPrices const& prices_;
  PausedTask const& task_;
  Slot cell_ = 1;
  Slot origin_ = 0;
  std::size_t cells_ = 0;
  std::size_t length_ = 0;         // work of the task, in cells
  std::size_t min_cells_ = 0;      // work of a run
  std::size_t cost_cells_ = 0;     // of a pause
  double paid_part_ = 0;           // of the cells of a pause
  std::vector<std::size_t> free_;  // usable cells in a row that end at t
  std::vector<double> price_;      // prefix sums
  std::vector<double> idle_;
  std::vector<double> run_;
};

}  // namespace

PausedRuns cheapest_with_pauses(SlotPrices const& prices, std::vector<SlotRun> const& free, SlotRun range,
                                PausedTask const& task) {
  if (free.empty() || task.work < 2 * task.shortest) return {};
  return Program(prices, free, range, task).solve();
}

}  // namespace greenq::core
