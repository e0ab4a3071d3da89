#include "core/plan/pauses.hpp"

#include <algorithm>
#include <limits>
#include <optional>

namespace greenq::core {
namespace {

constexpr std::int64_t kMinute = 60'000;
constexpr std::int64_t kCellMinutes[] = {5, 10, 15, 30, 60, 120, 240, 480, 1440};
constexpr std::int64_t kMaxCells = 192;
constexpr std::int64_t kInfinite = std::numeric_limits<std::int64_t>::max() / 4;

std::int64_t round_up(std::int64_t value, std::int64_t step) {
  return (value + step - 1) / step * step;
}

class Grid {
 public:
  Grid(CostTable const& costs, std::vector<Interval> const& runs, Interval range, Span duration,
       Span min_segment)
      : costs_(costs), duration_(duration.count()) {
    cell_ = 0;
    for (std::int64_t const minutes : kCellMinutes) {
      cell_ = minutes * kMinute;
      if (range.length().count() <= kMaxCells * cell_) break;
    }
    origin_ = round_up(to_ms(range.begin), cell_);
    std::int64_t const room = std::max<std::int64_t>(to_ms(range.end) - origin_, 0) / cell_;
    cells_ = static_cast<std::size_t>(std::min(room, kMaxCells));
    length_ = static_cast<std::size_t>((duration_ + cell_ - 1) / cell_);
    min_segment_ = std::max<std::int64_t>(min_segment.count(), 1);
    min_cells_ = static_cast<std::size_t>((min_segment_ + cell_ - 1) / cell_);
    free_.assign(cells_ + 1, 0);
    price_.assign(cells_ + 1, 0);
    std::size_t run = 0;
    for (std::size_t i = 0; i < cells_; ++i) {
      Interval const cell{from_ms(origin_ + at(i)), from_ms(origin_ + at(i + 1))};
      while (run < runs.size() && runs[run].end < cell.end) ++run;
      bool const usable = run < runs.size() && runs[run].begin <= cell.begin;
      free_[i + 1] = usable ? free_[i] + 1 : 0;
      price_[i + 1] = price_[i] + costs_.integral(cell);
    }
  }

  PausedRun solve() {
    if (length_ < 2 * min_cells_ || length_ > cells_) return {};
    fill();
    if (idle_[index(cells_, length_)] >= kInfinite) return {};
    return trim(trace());
  }

 private:
  std::int64_t at(std::size_t cell) const { return static_cast<std::int64_t>(cell) * cell_; }
  std::size_t index(std::size_t time, std::size_t done) const { return time * (length_ + 1) + done; }

  // idle_[t, d]: least cost of d cells done by t, not running; run_[t, d]: the same, at the end of a long
  // enough segment that reaches t. One unit of cost per segment makes fewer segments win ties.
  void fill() {
    idle_.assign((cells_ + 1) * (length_ + 1), kInfinite);
    run_.assign((cells_ + 1) * (length_ + 1), kInfinite);
    idle_[index(0, 0)] = 0;
    for (std::size_t t = 1; t <= cells_; ++t) {
      std::int64_t const step = price_[t] - price_[t - 1];
      idle_[index(t, 0)] = 0;
      std::size_t const most = std::min(t, length_);
      for (std::size_t d = 1; d <= most; ++d) {
        std::int64_t best = kInfinite;
        if (free_[t] > 0) {
          best = std::min(best, run_[index(t - 1, d - 1)] + step);
          if (free_[t] >= min_cells_ && d >= min_cells_) best = std::min(best, fresh(t, d));
        }
        best = std::min(best, kInfinite);
        run_[index(t, d)] = best;
        idle_[index(t, d)] = std::min(idle_[index(t - 1, d)], best);
      }
    }
  }

  std::int64_t fresh(std::size_t t, std::size_t d) const {
    return idle_[index(t - min_cells_, d - min_cells_)] + (price_[t] - price_[t - min_cells_]) + 1;
  }

  std::vector<Interval> trace() const {
    std::vector<Interval> segments;
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
      Interval const segment{from_ms(origin_ + at(t)), from_ms(origin_ + at(end))};
      if (!segments.empty() && segments.back().begin == segment.end) {
        segments.back().begin = segment.begin;
      } else {
        segments.push_back(segment);
      }
    }
    std::reverse(segments.begin(), segments.end());
    return segments;
  }

  // Cuts what the grid made too long from the dearest edge of a segment that stays long enough.
  PausedRun trim(std::vector<Interval> segments) const {
    Span const surplus{at(length_) - duration_};
    if (surplus.count() > 0) {
      std::int64_t saved = -1;
      std::optional<std::pair<std::size_t, bool>> edge;
      for (std::size_t i = 0; i < segments.size(); ++i) {
        Interval const segment = segments[i];
        if ((segment.length() - surplus).count() < min_segment_) continue;
        std::int64_t const head = costs_.integral({segment.begin, segment.begin + surplus});
        std::int64_t const tail = costs_.integral({segment.end - surplus, segment.end});
        if (tail > saved) edge = {i, false};
        saved = std::max(saved, tail);
        if (head > saved) edge = {i, true};
        saved = std::max(saved, head);
      }
      if (!edge) return {};
      Interval& segment = segments[edge->first];
      if (edge->second) {
        segment.begin += surplus;
      } else {
        segment.end -= surplus;
      }
    }
    if (segments.size() < 2) return {};
    PausedRun run{std::move(segments), 0};
    for (Interval const& segment : run.segments) run.cost += costs_.integral(segment);
    return run;
  }

  CostTable const& costs_;
  std::int64_t duration_;
  std::int64_t cell_ = 0;         // ms
  std::int64_t origin_ = 0;       // ms
  std::int64_t min_segment_ = 1;  // ms
  std::size_t cells_ = 0;
  std::size_t length_ = 0;           // of the job, in cells
  std::size_t min_cells_ = 0;        // of a segment
  std::vector<std::size_t> free_;    // usable cells in a row that end at t
  std::vector<std::int64_t> price_;  // prefix sums
  std::vector<std::int64_t> idle_;
  std::vector<std::int64_t> run_;
};

}  // namespace

PausedRun cheapest_with_pauses(CostTable const& costs, std::vector<Interval> const& runs, Interval range,
                               Span duration, Span min_segment) {
  if (runs.empty() || duration < 2 * min_segment) return {};
  return Grid(costs, runs, range, duration, min_segment).solve();
}

}  // namespace greenq::core
