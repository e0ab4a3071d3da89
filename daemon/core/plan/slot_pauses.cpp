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
  Program(SlotPrices const& prices, std::vector<SlotRun> const& free, SlotRun range, Slot work, Slot shortest)
      : prices_(prices), work_(work), shortest_(shortest) {
    for (Slot const slots : kCells) {
      cell_ = slots;
      if (range.length() <= kMaxCells * cell_) break;
    }
    origin_ = round_up(range.begin, cell_);
    cells_ = static_cast<std::size_t>(std::clamp((range.end - origin_) / cell_, 0, kMaxCells));
    length_ = static_cast<std::size_t>(round_up(work_, cell_) / cell_);
    min_cells_ = static_cast<std::size_t>(round_up(shortest_, cell_) / cell_);
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
  Slot at(std::size_t cell) const { return origin_ + static_cast<Slot>(cell) * cell_; }
  std::size_t index(std::size_t time, std::size_t done) const { return time * (length_ + 1) + done; }

  // idle_[t, d]: least cost of d cells done by t, not running; run_[t, d]: the same, at the end of a long
  // enough run that reaches t.
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
          if (free_[t] >= min_cells_ && d >= min_cells_) best = std::min(best, fresh(t, d));
        }
        run_[index(t, d)] = best;
        idle_[index(t, d)] = std::min(idle_[index(t - 1, d)], best);
      }
    }
  }

  double fresh(std::size_t t, std::size_t d) const {
    return idle_[index(t - min_cells_, d - min_cells_)] + (price_[t] - price_[t - min_cells_]) + kPause;
  }

  SlotRuns trace() const {
    SlotRuns runs;
    std::size_t t = cells_;
    std::size_t d = length_;
    while (d > 0) {
      while (idle_[index(t - 1, d)] == idle_[index(t, d)]) --t;
      std::size_t const end = t;
      while (!(free_[t] >= min_cells_ && d >= min_cells_ && fresh(t, d) == run_[index(t, d)])) {
        --t;
        --d;
      }
      t -= min_cells_;
      d -= min_cells_;
      if (!runs.empty() && runs.back().begin == at(end)) {
        runs.back().begin = at(t);
      } else {
        runs.push_back({at(t), at(end)});
      }
    }
    std::reverse(runs.begin(), runs.end());
    return runs;
  }

  // Cuts what the cells made too long from the dearest edge of a run that stays long enough.
  PausedRuns trim(SlotRuns runs) const {
    Slot const surplus = static_cast<Slot>(length_) * cell_ - work_;
    if (surplus > 0) {
      double saved = -1;
      std::optional<std::pair<std::size_t, bool>> edge;
      for (std::size_t i = 0; i < runs.size(); ++i) {
        SlotRun const run = runs[i];
        if (run.length() - surplus < shortest_) continue;
        double const head = prices_.sum({run.begin, run.begin + surplus});
        double const tail = prices_.sum({run.end - surplus, run.end});
        if (std::max(head, tail) > saved) edge = {i, head > tail};
        saved = std::max({saved, head, tail});
      }
      if (!edge) return {};
      SlotRun& run = runs[edge->first];
      (edge->second ? run.begin : run.end) += edge->second ? surplus : -surplus;
    }
    if (runs.size() < 2) return {};
    PausedRuns out{std::move(runs), 0};
    for (SlotRun const& run : out.runs) out.cost += prices_.sum(run);
    return out;
  }

  SlotPrices const& prices_;
  Slot work_;
  Slot shortest_;
  Slot cell_ = 1;
  Slot origin_ = 0;
  std::size_t cells_ = 0;
  std::size_t length_ = 0;         // of the task, in cells
  std::size_t min_cells_ = 0;      // of a run
  std::vector<std::size_t> free_;  // usable cells in a row that end at t
  std::vector<double> price_;      // prefix sums
  std::vector<double> idle_;
  std::vector<double> run_;
};

}  // namespace

PausedRuns cheapest_with_pauses(SlotPrices const& prices, std::vector<SlotRun> const& free, SlotRun range,
                                Slot work, Slot shortest) {
  if (free.empty() || work < 2 * shortest) return {};
  return Program(prices, free, range, work, shortest).solve();
}

}  // namespace greenq::core
