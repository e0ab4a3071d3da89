#include "core/carbon/forecaster.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/carbon/archive.hpp"
#include "core/carbon/forecast_prior.hpp"
#include "core/fnv.hpp"

namespace greenq::core {
namespace {

constexpr float kUnknown = std::numeric_limits<float>::quiet_NaN();
constexpr int kLastDifference = 59;
constexpr Hour kErrorDays = 41;
constexpr Hour kErrorRing = kErrorDays * 24;
constexpr Hour kSolveEvery = 6;
constexpr Hour kFirstDay = 24;
constexpr std::array<int, 7> kJudged{0, 2, 5, 11, 23, 35, 47};

// Of the stored form; raise it with every change of what is stored or of what it means.
constexpr std::uint64_t kFormat = 3;

double or_else(double value, double fallback) {
  return std::isnan(value) ? fallback : value;
}

}  // namespace

Forecaster::Forecaster(SignalKind kind)
    : kind_(kind),
      history_ridge_({24.0 * 300, 10'000, 1}, history_start_weights(kind)),
      published_ridge_({24.0 * 60, 1'000, 2}, published_start_weights()),
      issue_error_(static_cast<std::size_t>(kErrorRing), kUnknown),
      said_(kLeads) {}

Forecaster::HistoryRidge::Vector Forecaster::history_features(Hour origin, int lead) const {
  auto const& o = series_.origin(origin);
  Hour const target = origin + lead;
  Hour const day = target - 24 * (lead / 24 + 1);
  Hour const week = target - 168 * (lead / 168 + 1);
  double const hod = or_else(series_.hod(day), o.m7);
  return {hod - o.m7,
          or_else(series_.hods(day), hod) - o.m7,
          or_else(series_.how(week), hod) - o.m7,
          or_else(series_.at(day), hod) - o.m7,
          o.r1,
          o.r3,
          o.r24,
          o.m1 - o.m7,
          o.m28 - o.m7};
}

double Forecaster::history(Hour origin, int lead) const {
  double const level = series_.origin(origin).m7;
  if (origin < series_.first() + kFirstDay) return level;
  auto const x = history_features(origin, lead);
  auto const& w = history_ridge_.weights(lead);
  double sum = level;
  for (std::size_t i = 0; i < x.size(); ++i) sum += w[i] * x[i];
  return sum;
}

std::optional<double> Forecaster::published(Hour hour) const {
  auto const count = static_cast<Hour>(issue_.values.size());
  Hour place = hour - issue_.first;
  if (place < 0) return std::nullopt;
  if (place >= count) {
    if (count < 24) return std::nullopt;
    place = count - 24 + (place - count) % 24;
  }
  double const value = issue_.values[static_cast<std::size_t>(place)];
  return std::isnan(value) ? std::nullopt : std::optional(value);
}

bool Forecaster::has_published(Hour origin) const {
  return !issue_.values.empty() && origin < issue_.first + static_cast<Hour>(issue_.values.size()) + 24;
}

Forecaster::Difference Forecaster::difference(std::vector<double> const& history) const {
  Difference out;
  for (std::size_t lead = 0; lead < history.size(); ++lead) {
    auto const p = published(series_.next() + static_cast<Hour>(lead));
    out.hours.push_back(p ? *p - history[lead] : 0);
  }
  for (int lead = 0; lead <= kLastDifference; ++lead) {
    auto const from = out.hours.begin() + std::clamp(lead - 12, 0, 36);
    double sum = 0;
    for (auto it = from; it != from + 24; ++it) sum += *it;
    out.level[static_cast<std::size_t>(lead)] = sum / 24;
  }
  for (std::size_t lead = 0; lead < 48; ++lead) out.mean += out.hours[lead] / 48;
  return out;
}

double Forecaster::usual_error(Hour hour) const {
  double sum = 0;
  double weights = 0.5;
  for (Hour j = 0; j < 40; ++j) {
    Hour const h = hour - 24 * j;
    if (h < 0 || h <= series_.next() - kErrorRing) break;
    float const error = issue_error_[static_cast<std::size_t>(h % kErrorRing)];
    if (std::isnan(error)) continue;
    double const weight = std::exp2(-static_cast<double>(j) / 14);
    sum += weight * static_cast<double>(error);
    weights += weight;
  }
  return sum / weights;
}

Forecaster::PublishedRidge::Vector Forecaster::published_features(Difference const& difference,
                                                                  int lead) const {
  double const level = difference.level[static_cast<std::size_t>(std::min(lead, kLastDifference))];
  double const newest = or_else(
      static_cast<double>(issue_error_[static_cast<std::size_t>((series_.next() - 1) % kErrorRing)]), 0);
  Hour const day = series_.next() + lead - 24 * (lead / 24 + 1);
  return {difference.hours[static_cast<std::size_t>(lead)] - level, level - difference.mean, difference.mean,
          newest, usual_error(day)};
}

void Forecaster::observe(std::vector<std::pair<Hour, double>> const& values) {
  std::vector<std::pair<Hour, double>> corrections;
  for (auto const& value : values) {
    if (!series_.empty() && value.first < series_.next()) corrections.push_back(value);
  }
  series_.set(corrections);
  for (auto const& [hour, value] : values) {
    if (hour > 0 && hour >= series_.next()) advance(hour, value);
  }
}

void Forecaster::publish(HourlyIssue issue) {
  if (issue.values.empty()) return;
  issue_ = std::move(issue);
  ever_published_ = true;
  if (!series_.empty()) say();
}

void Forecaster::advance(Hour hour, double value) {
  Hour const before = series_.empty() ? hour : series_.next();
  series_.set({{hour, value}});
  for (Hour h = before; h <= hour; ++h) {
    float& error = issue_error_[static_cast<std::size_t>(h % kErrorRing)];
    error = kUnknown;
    if (h == hour && !issue_.values.empty()) {
      if (auto const p = published(h)) error = static_cast<float>(value - *p);
    }
  }
  learn(hour, value);
  if (series_.next() % kSolveEvery == 0) {
    history_ridge_.solve();
    if (ever_published_) published_ridge_.solve();
  }
  say();
}

void Forecaster::learn(Hour target, double value) {
  history_ridge_.age();
  if (ever_published_) published_ridge_.age();
  for (int lead = 0; lead < kLeads; ++lead) {
    Hour const origin = target - lead;
    if (origin < series_.first() + kFirstDay) break;
    history_ridge_.add(lead, history_features(origin, lead), value - series_.origin(origin).m7);
    Said const& said = said_[static_cast<std::size_t>(origin % kLeads)];
    if (said.origin != origin) continue;
    auto const k = static_cast<std::size_t>(lead);
    if (said.published) {
      published_ridge_.add(lead, said.features[k], value - static_cast<double>(said.history[k]));
    }
    double const residual = value - static_cast<double>(said.value[k]);
    if (said.bands[k]) residuals_.judge(target, *said.bands[k], residual);
    residuals_.add(target, lead, residual);
  }
}

std::vector<HourForecast> Forecaster::forecast() const {
  std::vector<HourForecast> out;
  if (series_.empty()) return out;
  std::vector<double> base;
  for (int lead = 0; lead < kHorizon; ++lead) base.push_back(history(series_.next(), lead));
  std::optional<Difference> const gap =
      has_published(series_.next()) ? std::optional(difference(base)) : std::nullopt;
  auto const bands = residuals_.bands(series_.next(), kHorizon);
  for (int lead = 0; lead < kHorizon; ++lead) {
    HourForecast hour{base[static_cast<std::size_t>(lead)], bands[static_cast<std::size_t>(lead)]};
    if (gap) {
      auto const z = published_features(*gap, lead);
      auto const& v = published_ridge_.weights(lead);
      for (std::size_t i = 0; i < z.size(); ++i) hour.value += v[i] * z[i];
    }
    out.push_back(hour);
  }
  return out;
}

// Notes what is forecast at this origin, to learn from it later.
void Forecaster::say() {
  Hour const origin = series_.next();
  Said& said = said_[static_cast<std::size_t>(origin % kLeads)];
  said = Said{};
  said.origin = origin;
  said.published = has_published(origin);
  std::vector<double> base;
  for (int lead = 0; lead < kLeads; ++lead) base.push_back(history(origin, lead));
  std::optional<Difference> const gap = said.published ? std::optional(difference(base)) : std::nullopt;
  for (int lead = 0; lead < kLeads; ++lead) {
    auto const k = static_cast<std::size_t>(lead);
    double value = base[k];
    if (gap) {
      said.features[k] = published_features(*gap, lead);
      auto const& v = published_ridge_.weights(lead);
      for (std::size_t i = 0; i < v.size(); ++i) value += v[i] * said.features[k][i];
    }
    said.history[k] = static_cast<float>(base[k]);
    said.value[k] = static_cast<float>(value);
  }
  for (int const lead : kJudged)
    said.bands[static_cast<std::size_t>(lead)] = residuals_.band(origin + lead, lead);
}

template <class Archive>
void Forecaster::fields(Archive& archive) {
  series_.fields(archive);
  history_ridge_.fields(archive);
  published_ridge_.fields(archive);
  residuals_.fields(archive);
  archive(issue_.first, issue_.values, ever_published_, issue_error_, said_);
}

std::string Forecaster::dump() const {
  Dump out;
  Forecaster copy = *this;
  out(kind_);
  copy.fields(out);
  std::string const body = out.take();
  Dump whole;
  whole(kFormat, std::uint64_t{sizeof(Said)}, fnv1a(body));
  return whole.take() + body;
}

std::optional<Forecaster> Forecaster::read(std::string_view bytes) {
  constexpr std::size_t kHeader = 3 * sizeof(std::uint64_t);
  if (bytes.size() < kHeader) return std::nullopt;
  std::uint64_t format = 0;
  std::uint64_t said_size = 0;
  std::uint64_t sum = 0;
  Undump header{bytes.substr(0, kHeader)};
  header(format, said_size, sum);
  std::string_view const body = bytes.substr(kHeader);
  if (format != kFormat || said_size != sizeof(Said) || sum != fnv1a(body)) return std::nullopt;
  Undump in{body};
  SignalKind kind = SignalKind::kAverage;
  in(kind);
  Forecaster out{kind};
  out.fields(in);
  bool const sound = in.complete() && out.series_.sound() && out.history_ridge_.sound() &&
                     out.published_ridge_.sound() && out.residuals_.sound() && out.said_.size() == kLeads &&
                     out.issue_error_.size() == static_cast<std::size_t>(kErrorRing);
  return sound ? std::optional(std::move(out)) : std::nullopt;
}

}  // namespace greenq::core
