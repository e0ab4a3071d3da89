#include "feed/plausible.hpp"

#include <algorithm>
#include <map>

#include "core/carbon/utc_text.hpp"
#include "feed/profiles.hpp"

namespace greenq::feed {
namespace {

using core::Instant;
using core::Span;

constexpr Span kFrozen{std::chrono::hours{12}};
constexpr Span kMaxReach{std::chrono::hours{24 * 10}};
constexpr Span kOldest{std::chrono::hours{24 * 35}};  // no provider is asked for more than 32 days
constexpr Span kMaxAge{std::chrono::hours{24}};       // of feeds that give actuals only
constexpr Span kLevelMemory{std::chrono::hours{24 * 7}};
constexpr Span kLevelEvidence{std::chrono::hours{24}};
constexpr Span kMaxAhead{std::chrono::minutes{5}};  // of issue times
constexpr std::int64_t kClean = 50'000;             // mg/kWh
constexpr std::int64_t kLeastMean = 1'000;          // mg/kWh
constexpr double kLevelSlack = 150'000;             // mg/kWh: clean hours and dirty days are no jump

// Of the typical days, by zone and kind; read once.
std::optional<core::Intensity> usual_mean(core::SignalSource const& source) {
  using Means = std::map<std::pair<std::string, core::SignalKind>, core::Intensity>;
  static Means const means = [] {
    Means out;
    for (core::Profile const& profile : shipped_profiles()) {
      std::int64_t sum = 0;
      for (auto const& season : profile.hours) {
        for (core::Intensity const value : season) sum += value.value;
      }
      out[{profile.source.zone, profile.source.kind}] = {sum / 96};
    }
    return out;
  }();
  auto const found = means.find({source.zone, source.kind});
  return found == means.end() ? std::nullopt : std::optional(found->second);
}

// Cleaner than that, an average may well be the same for a day, and nothing is to be gained there.
bool may_stand_still(core::SignalSource const& source, core::Intensity value) {
  return source.kind == core::SignalKind::kAverage && value.value < kClean;
}

std::optional<std::string> frozen(core::Signal const& signal, Instant now) {
  Span equal{0};
  core::IntensityPoint const* before = nullptr;
  for (core::IntensityPoint const& point : signal.points) {
    if (point.interval.end <= now) continue;
    equal = before != nullptr && before->value == point.value ? equal + point.interval.length()
                                                              : point.interval.length();
    if (equal >= kFrozen && !may_stand_still(signal.source, point.value)) {
      return "the forecast is frozen: 12 hours of equal values";
    }
    before = &point;
  }
  return std::nullopt;
}

std::optional<Instant> forecast_until(core::Signal const& signal) {
  std::optional<Instant> until;
  for (core::IntensityPoint const& point : signal.points) {
    if (point.state == core::PointState::kForecast) until = point.interval.end;
  }
  return until;
}

std::int64_t mean_of(core::Signal const& signal) {
  std::int64_t sum = 0;
  for (core::IntensityPoint const& point : signal.points) sum += point.value.value;
  return sum / static_cast<std::int64_t>(signal.points.size());
}

// Of an average.
std::optional<std::string> unusual_mean(core::Signal const& signal) {
  std::int64_t const mean = mean_of(signal);
  if (mean < kLeastMean) return "the mean is below 1 g/kWh; is the unit right?";
  auto const usual = usual_mean(signal.source);
  bool const near = !usual || std::abs(mean - usual->value) <= 100'000;
  if (near || (mean >= usual->value / 5 && mean <= usual->value * 5)) return std::nullopt;
  return "the mean of " + std::to_string(mean / 1000) + " g/kWh is too far from the usual " +
         std::to_string(usual->value / 1000) + " g/kWh of the zone; is the unit right?";
}

}  // namespace

std::optional<std::string> implausible(core::Signal const& signal, Instant now) {
  core::IntensityPoint const& first = signal.points.front();
  core::IntensityPoint const& last = signal.points.back();
  if (last.interval.end <= now - kMaxAge) {
    return "the newest figure is of the past, it ends at " + core::utc_text(last.interval.end);
  }
  if (!signal.as_given && first.interval.begin < now - kOldest) {
    return "the times begin more than 35 days ago, at " + core::utc_text(first.interval.begin);
  }
  if (last.interval.end > now + kMaxReach) return "the times reach more than 10 days ahead";
  if (first.interval.begin > now + 2 * first.interval.length()) {
    return "the times begin in the future, at " + core::utc_text(first.interval.begin);
  }
  if (signal.issued_at > now + kMaxAhead) {
    return "it says to be issued in the future, at " + core::utc_text(signal.issued_at);
  }
  if (auto problem = frozen(signal, now)) return problem;
  if (auto const until = forecast_until(signal); until && *until <= now) {
    return "the forecast is of the past, it ends at " + core::utc_text(*until);
  }
  return signal.source.kind == core::SignalKind::kAverage ? unusual_mean(signal) : std::nullopt;
}

std::optional<std::string> Levels::judge(core::Signal const& signal, Instant now) {
  if (stands_still(signal, now)) return "the figures are frozen: 12 hours of equal values";
  return jump(static_cast<double>(mean_of(signal)), now);
}

std::optional<std::string> Levels::jump(double mean, Instant now) {
  while (!seen_.empty() && seen_.front().first < now - kLevelMemory) seen_.pop_front();
  bool const enough = !seen_.empty() && now - seen_.front().first >= kLevelEvidence;
  double usual = 0;
  for (auto const& [at, level] : seen_) usual += level / static_cast<double>(seen_.size());
  bool const jumped = mean > 5 * usual + kLevelSlack || usual > 5 * mean + kLevelSlack;
  if (enough && jumped) {
    return "its mean of " + std::to_string(static_cast<int>(mean / 1000)) + " g/kWh is far from the " +
           std::to_string(static_cast<int>(usual / 1000)) + " g/kWh of the last days; is the unit right?";
  }
  if (seen_.empty() || now - seen_.back().first >= std::chrono::hours{1}) seen_.emplace_back(now, mean);
  return std::nullopt;
}

bool Levels::stands_still(core::Signal const& signal, Instant now) {
  core::IntensityPoint const& last = signal.points.back();
  if (last.interval.end > now) return false;  // see frozen()
  core::IntensityPoint run = last;
  auto point = signal.points.rbegin();
  for (; point != signal.points.rend() && point->value == run.value; ++point)
    run.interval = {point->interval.begin, run.interval.end};
  bool const whole = point == signal.points.rend();
  if (whole && still_ && still_->value == run.value && run.interval.begin <= still_->interval.end) {
    run.interval.begin = std::min(run.interval.begin, still_->interval.begin);
  }
  still_ = run;
  return run.interval.length() >= kFrozen && !may_stand_still(signal.source, run.value);
}

}  // namespace greenq::feed
