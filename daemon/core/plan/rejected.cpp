#include "core/plan/rejected.hpp"

#include <algorithm>
#include <cmath>
#include <tuple>

#include "core/carbon/utc_text.hpp"
#include "core/plan/cost_table.hpp"
#include "core/plan/fast_slots.hpp"
#include "core/plan/slot_pass.hpp"

namespace greenq::core {
namespace {

// Two windows are two only where the mean between them rises by this share.
constexpr double kRise = 0.02;
// Windows that share more than this, at about the same mean, are one for people.
constexpr double kSameShare = 0.75;

struct Dip {
  Interval window;
  Intensity mean;
};

double figure(Intensity intensity) {
  return static_cast<double>(intensity.value);
}

double saving_of(Intensity mean, Intensity beside) {
  return beside.value > 0 ? 1 - figure(mean) / figure(beside) : 0;
}

// The mean of a window is a straight line between starts at which the window begins or ends with a step of
// the curve: its minima are beside these. Starts are those that the planner knows.
std::vector<Instant> turning_starts(Curve const& curve, SlotGrid const& grid, Interval range, Span length) {
  std::vector<Instant> starts;
  auto const add = [&](Instant turn) {
    for (Slot const slot : {grid.holding(turn), grid.from(turn)}) {
      Instant const start = grid.begin_of(slot);
      if (start >= range.begin && start <= range.end) starts.push_back(start);
    }
  };
  add(range.begin);
  add(range.end);
  for (IntensityPoint const& point : curve.points()) {
    add(point.interval.begin);
    add(point.interval.end - length);
  }
  std::sort(starts.begin(), starts.end());
  starts.erase(std::unique(starts.begin(), starts.end()), starts.end());
  return starts;
}

// The lowest window of each dip of the mean; hours that are not known end a dip.
class Dips {
 public:
  void add(Dip const& at) {
    if (peak_) {
      peak_ = std::max(*peak_, at.mean);
      if (figure(at.mean) >= figure(*peak_) / (1 + kRise)) return;
      peak_.reset();
    }
    if (!low_ || at.mean < low_->mean) low_ = at;
    if (figure(at.mean) <= figure(low_->mean) * (1 + kRise)) return;
    close();
    peak_ = at.mean;
  }
  void close() {
    if (low_) found_.push_back(*low_);
    low_.reset();
    peak_.reset();
  }
  std::vector<Dip> const& found() const { return found_; }

 private:
  std::vector<Dip> found_;
  std::optional<Dip> low_;         // of a dip that may go deeper
  std::optional<Intensity> peak_;  // of the rise after a dip
};

std::vector<Dip> dips_of(Curve const& curve, SlotGrid const& grid, Interval range, Span length) {
  Dips out;
  for (Instant const start : turning_starts(curve, grid, range, length)) {
    Interval const window{start, start + length};
    auto const mean = curve.mean(window);
    if (mean) {
      out.add({window, *mean});
    } else {
      out.close();
    }
  }
  out.close();
  return out.found();
}

// "13 %", below ten "2.5 %"; empty where it would be none.
std::string percent(double share) {
  auto const tenths = std::llround(share * 1000);
  if (tenths == 0) return "";
  if (tenths >= 100) return std::to_string(std::llround(share * 100)) + " %";
  return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + " %";
}

// As in a job file, rounded up.
std::string span_text(Span span) {
  auto const hours = std::chrono::ceil<std::chrono::hours>(span);
  if (hours == span || hours > std::chrono::hours{3}) return std::to_string(hours.count()) + "h";
  auto const minutes = std::chrono::ceil<std::chrono::minutes>(span);
  if (minutes == span || minutes > std::chrono::minutes{3}) return std::to_string(minutes.count()) + "m";
  return std::to_string(std::chrono::ceil<std::chrono::seconds>(span).count()) + "s";
}

std::string time_text(Instant at) {
  return utc_text(std::chrono::ceil<std::chrono::minutes>(at));
}

// The bound that would let the job start `later` than it may.
std::string wider_bound(Bound const& bound, Span later) {
  switch (bound.kind) {
    case BoundKind::kFinishBy:
      return "finish_by: " + time_text(bound.at + later);
    case BoundKind::kStartBy:
      return "start_by: " + time_text(bound.at + later);
    case BoundKind::kMaxDelay:
      return "max_delay: " + span_text(bound.delay + later);
  }
  return "";
}

// What the chosen runs emit, as the intensity of one piece that would emit as much: pauses cost time.
Intensity of_one_piece(Intensity mean, std::vector<Interval> const& chosen, Span piece) {
  if (chosen.size() == 1) return mean;
  Span taken{0};
  for (Interval const& segment : chosen) taken += segment.length();
  return {divide_half_even(static_cast<__int128>(mean.value) * taken.count(), piece.count())};
}

class Judge {
 public:
  Judge(PlacedJob const& placed, SlotGrid const& grid, Instant now, Intensity chosen)
      : placed_(placed),
        grid_(grid),
        now_(now),
        chosen_(chosen),
        start_(placed.chosen.front().begin),
        late_(start_ > placed.job.latest) {}

  std::optional<RejectedWindow> of(Dip const& at) const {
    auto const& most = placed_.job.max_intensity;
    bool const after = at.window.begin > placed_.job.latest;
    if (!after && most && at.mean > *most) {
      return told(at, Rejection::kAboveMax, "above max_intensity: " + grams(*most));
    }
    if (after) return after_bound(at);
    if (late_) return held(at);
    if (at.mean >= chosen_) return told(at, Rejection::kDearer, beside(at));
    return cheaper(at);
  }

 private:
  static std::string grams(Intensity value) {
    return std::to_string(divide_half_even(value.value, 1000)) + " g/kWh";
  }
  static RejectedWindow told(Dip const& at, Rejection reason, std::string message) {
    return {at.window, at.mean, reason, std::move(message)};
  }
  std::string beside(Dip const& at) const {
    return amount(at.mean) + (placed_.chosen.size() > 1 ? " carbon in one piece" : " carbon");
  }
  std::string amount(Intensity mean) const {
    if (mean == chosen_) return "as much";
    if (chosen_.value <= 0) return "more";
    double const saving = saving_of(mean, chosen_);
    std::string const share = percent(std::abs(saving));
    if (share.empty()) return "as much";
    return share + (saving > 0 ? " less" : " more");
  }

  std::optional<RejectedWindow> after_bound(Dip const& at) const {
    auto const& most = placed_.job.max_intensity;
    double const worth = std::max(placed_.rules.min_saving, kKeepPlace);
    bool const saves = at.mean < chosen_ && saving_of(at.mean, chosen_) >= worth;
    if (late_ || !saves || !placed_.bound || (most && at.mean > *most)) return std::nullopt;
    return told(at, Rejection::kAfterBound,
                beside(at) + ", begins after the latest start; " +
                    wider_bound(*placed_.bound, at.window.begin - placed_.job.latest) + " would allow it");
  }

  // Where nobody else is there the figures are newer than the plan.
  std::optional<RejectedWindow> held(Dip const& at) const {
    if (placed_.alone) return std::nullopt;
    return told(at, Rejection::kNotFree, beside(at) + ", not free when it was planned");
  }

  std::optional<RejectedWindow> cheaper(Dip const& at) const {
    double const saving = saving_of(at.mean, chosen_);
    bool const longer = at.window.begin > start_;
    if (saving < kKeepPlace) {
      return told(at, Rejection::kNotWorthIt, beside(at) + ", too little to change the plan for");
    }
    if (!was_a_choice(at)) return std::nullopt;
    if (!longer || placed_.job.max_intensity) return held(at);
    if (auto rule = broken_rule(at, saving)) {
      return told(at, Rejection::kNotWorthIt, beside(at) + ", " + std::move(*rule));
    }
    if (placed_.alone) {
      return told(at, Rejection::kNotWorthIt, beside(at) + ", not worth the longer wait");
    }
    return told(at, Rejection::kNotFree, beside(at) + ", not free or not worth the longer wait");
  }

  // The planner books whole slots: what is cheaper, or low enough, only without the rest of the last one was
  // no choice.
  double booked(Interval run) const {
    auto const mean = placed_.curve->mean({run.begin, run.begin + grid_.span(grid_.slots(run.length()))});
    return figure(mean ? *mean : *placed_.curve->mean(run));
  }
  bool was_a_choice(Dip const& at) const {
    auto const& most = placed_.job.max_intensity;
    if (most && booked(at.window) > figure(*most)) return false;
    return placed_.chosen.size() > 1 || booked(at.window) < (1 - kKeepPlace) * booked(placed_.chosen.front());
  }

  // What the operator asks of a wait that is longer than none.
  std::optional<std::string> broken_rule(Dip const& at, double saving) const {
    if (start_ >= earliest() + grid_.slot) return std::nullopt;
    if (saving < placed_.rules.min_saving) {
      return "and planner.min_saving is " + percent(placed_.rules.min_saving);
    }
    double const kilowatts = placed_.job.power / 1000;
    double const saved =
        kilowatts * grid_.hours(at.window.length()) * (figure(chosen_) - figure(at.mean)) / 1000;
    double const least = placed_.rules.min_grams_per_hour * grid_.hours(at.window.begin - start_);
    if (kilowatts > 0 && saved < least) return "too little for each hour of waiting";
    return std::nullopt;
  }
  Instant earliest() const { return std::max(placed_.job.ready, now_); }

  PlacedJob const& placed_;
  SlotGrid const& grid_;
  Instant now_;
  Intensity chosen_;
  Instant start_;
  bool late_;  // starts after the bound
};

bool same_for_people(Dip const& a, Interval window, std::optional<Intensity> mean) {
  Interval const common = intersect(a.window, window);
  if (common.empty() || !mean) return false;
  auto const share =
      static_cast<double>(common.length().count()) / static_cast<double>(a.window.length().count());
  auto const [low, high] = std::minmax({figure(a.mean), figure(*mean)});
  return share > kSameShare && high <= low * (1 + kRise);
}

// What the user can change, then what was cheaper, then the rest.
int rank_of(Rejection reason) {
  switch (reason) {
    case Rejection::kAfterBound:
      return 0;
    case Rejection::kNotFree:
    case Rejection::kNotWorthIt:
      return 1;
    case Rejection::kDearer:
    case Rejection::kAboveMax:
      return 2;
  }
  return 2;
}

std::vector<RejectedWindow> best_of(std::vector<RejectedWindow> found, std::vector<Interval> const& chosen) {
  auto const key = [](RejectedWindow const& one) {
    return std::tuple(rank_of(one.reason), one.mean, one.window.begin);
  };
  std::sort(found.begin(), found.end(), [&](auto const& a, auto const& b) { return key(a) < key(b); });
  std::vector<RejectedWindow> best;
  for (RejectedWindow& one : found) {
    bool const dear = rank_of(one.reason) == 2 && chosen.size() == 1 && one.window.overlaps(chosen.front());
    bool const taken = std::any_of(best.begin(), best.end(), [&](RejectedWindow const& other) {
      return other.window.overlaps(one.window) ||
             (other.reason == Rejection::kAfterBound && one.reason == Rejection::kAfterBound);
    });
    if (!dear && !taken && best.size() < kMaxRejected) best.push_back(std::move(one));
  }
  std::sort(best.begin(), best.end(),
            [](RejectedWindow const& a, RejectedWindow const& b) { return a.window.begin < b.window.begin; });
  return best;
}

}  // namespace

std::vector<RejectedWindow> rejected_windows(PlacedJob const& placed, Instant now) {
  Curve const& curve = *placed.curve;
  auto const chosen = mean_of(curve, placed.chosen);
  if (!chosen) return {};
  Span const length = duration_of(placed.job);
  SlotGrid const grid = grid_for(&curve);
  Interval const at_once{now, now + length};
  Interval const at_last{placed.job.latest, placed.job.latest + length};
  Interval const range{std::max(placed.job.ready, now), placed.job.latest + grid.span(24 * kHourSlots)};
  Judge const judge(placed, grid, now, of_one_piece(*chosen, placed.chosen, length));
  std::vector<RejectedWindow> found;
  for (Dip const& dip : dips_of(curve, grid, range, length)) {
    Interval const run{placed.chosen.front().begin, placed.chosen.back().end};
    if (same_for_people(dip, run, chosen) || same_for_people(dip, at_once, curve.mean(at_once)) ||
        same_for_people(dip, at_last, curve.mean(at_last))) {
      continue;
    }
    if (auto verdict = judge.of(dip)) found.push_back(std::move(*verdict));
  }
  return best_of(std::move(found), placed.chosen);
}

}  // namespace greenq::core
