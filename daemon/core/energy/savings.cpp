#include "core/energy/savings.hpp"

#include <algorithm>
#include <numeric>

#include "core/check.hpp"
#include "core/plan/random.hpp"

namespace greenq::core {
namespace {

constexpr int kResamples = 2000;
constexpr std::uint64_t kSeed = 1;

// Nearest rank: the least value that `percent` of all do not exceed.
template <class T>
T percentile(std::vector<T>& values, std::size_t percent) {
  std::size_t const rank = (values.size() * percent + 99) / 100;
  auto const at = values.begin() + static_cast<std::ptrdiff_t>(std::max<std::size_t>(rank, 1) - 1);
  std::nth_element(values.begin(), at, values.end());
  return *at;
}

Span mean(std::vector<Span> const& spans) {
  Span const sum = std::accumulate(spans.begin(), spans.end(), Span{0});
  return sum / static_cast<std::int64_t>(spans.size());
}

std::vector<Carbon> values_of(std::map<std::chrono::sys_days, Carbon> const& days) {
  std::vector<Carbon> values;
  values.reserve(days.size());
  for (auto const& [day, saved] : days) values.push_back(saved);
  return values;
}

}  // namespace

std::optional<CarbonRange> saving_interval(std::vector<Carbon> const& days) {
  if (days.size() < kIntervalDays) return std::nullopt;
  PlanRandom random(kSeed);
  std::vector<Carbon> totals(kResamples);
  for (Carbon& total : totals) {
    for (std::size_t i = 0; i < days.size(); ++i) total += days[random() % days.size()];
  }
  Carbon const low = percentile(totals, 5);
  return CarbonRange{low, percentile(totals, 95)};
}

bool missed(Bound const& bound, JobRun const& run) {
  Instant const unpaused = run.end - run.length;
  switch (bound.kind) {
    case BoundKind::kFinishBy:
      return run.end > bound.at + kBoundTolerance;
    case BoundKind::kStartBy:
      return unpaused > bound.at + kBoundTolerance;
    case BoundKind::kMaxDelay:
      return unpaused > run.submitted + bound.delay + kBoundTolerance;
  }
  return false;
}

std::vector<EnergySlice> moved_profile(std::vector<EnergySlice> slices, std::vector<Interval> const& ran,
                                       Instant start) {
  GREENQ_CHECK(!ran.empty());
  std::vector<Span> shifts;
  for (Interval const& segment : ran) {
    shifts.push_back(start - segment.begin);
    start += segment.length();
  }
  for (EnergySlice& slice : slices) {
    Instant const middle = slice.interval.begin + slice.interval.length() / 2;
    auto const after =
        std::upper_bound(ran.begin(), ran.end(), middle,
                         [](Instant at, Interval const& segment) { return at < segment.begin; });
    std::size_t const segment = after == ran.begin() ? 0 : static_cast<std::size_t>(after - ran.begin()) - 1;
    slice.interval.begin += shifts[segment];
    slice.interval.end += shifts[segment];
  }
  return slices;
}

SavingsSum::SavingsSum(Interval ended) {
  savings_.ended = ended;
  savings_.marginal.kind = SignalKind::kMarginal;
  savings_.average.kind = SignalKind::kAverage;
}

void SavingsSum::compare(std::optional<Bound> const& bound, JobRun const& actual, JobRun const& plain) {
  ++savings_.jobs;
  ++days_[std::chrono::floor<std::chrono::days>(actual.submitted)];
  if (bound) ++savings_.bounded;
  for (auto const& [times, run] : {std::pair(&actual_, &actual), std::pair(&plain_, &plain)}) {
    times->waits.push_back(run->start - run->submitted);
    times->delays.push_back(run->end - run->submitted - run->length);
    if (bound && missed(*bound, *run)) ++times->missed;
  }
}

void SavingsSum::add(SavingBook& sum, Days& days, std::chrono::sys_days day, Priced const& priced) {
  if (priced.actual.unpriced.value != 0 || priced.plain.unpriced.value != 0) {
    ++sum.unpriced;
    return;
  }
  ++sum.jobs;
  sum.energy += priced.actual.priced;
  sum.actual += priced.actual.carbon;
  sum.plain += priced.plain.carbon;
  days[day] += priced.plain.carbon - priced.actual.carbon;
  if (!priced.actual.settled() || !priced.plain.settled()) ++sum.provisional;
  if (!sum.source) {
    sum.source = priced.actual.source;
  } else if (priced.actual.source && sum.source != priced.actual.source) {
    sum.source->provider = "several";
    sum.source->label = "several sources";
    sum.source->attribution.clear();
  }
}

void SavingsSum::price(Instant submitted, EnergyTotal const& energy, Priced const& marginal,
                       Priced const& average) {
  auto const day = std::chrono::floor<std::chrono::days>(submitted);
  savings_.energy.add(energy);
  add(savings_.marginal, marginal_, day, marginal);
  add(savings_.average, average_, day, average);
}

QueueFigures SavingsSum::figures_of(Times times) {
  if (times.waits.empty()) return {};
  return {mean(times.waits), percentile(times.waits, 95), mean(times.delays), percentile(times.delays, 95),
          times.missed};
}

Savings SavingsSum::take(std::int64_t queued) && {
  savings_.marginal.interval = saving_interval(values_of(marginal_));
  savings_.average.interval = saving_interval(values_of(average_));
  savings_.actual = figures_of(std::move(actual_));
  savings_.plain = figures_of(std::move(plain_));
  savings_.queued = queued;
  savings_.days = days_.size();
  return std::move(savings_);
}

}  // namespace greenq::core
