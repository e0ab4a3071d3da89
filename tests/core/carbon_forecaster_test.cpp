// The forecaster against a slow second implementation written from the formulas, and its behaviour at the
// edges.
#include "core/carbon/forecaster.hpp"

#include <gmock/gmock.h>

#include <cmath>
#include <limits>
#include <map>
#include <random>

#include "core/carbon/forecast_prior.hpp"

namespace greenq::core {
namespace {

using testing::DoubleNear;

Hour const kFirst = 24 * 18'000 + 5;

// A daily and weekly shape with correlated noise, g/kWh.
std::vector<double> grid(int hours, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<double> normal;
  std::vector<double> out;
  double drift = 0;
  for (int i = 0; i < hours; ++i) {
    drift = 0.95 * drift + 8 * normal(random);
    double const day = 60 * std::sin(2 * M_PI * (i % 24) / 24.0);
    double const week = i / 24 % 7 >= 5 ? -30 : 0;
    out.push_back(std::max(5.0, 300 + day + week + drift));
  }
  return out;
}

// Slow and plain: dense matrices, every feature from the whole history, every sum anew.
class Naive {
 public:
  using Row = std::vector<double>;

  void observe(double value) {
    double const said_now = published_ ? *published(next()) : std::nan("");
    y_.push_back(value);
    issue_error_.push_back(value - said_now);
    learn();
    if (next() % 6 == 0) solve();
    say();
  }
  void publish(Hour first, Row values) {
    published_ = {first, std::move(values)};
    say();
  }
  Row forecast() const { return said_.at(next()).value; }

 private:
  struct Evidence {
    std::vector<Row> a;
    Row b;
  };
  struct Said {
    bool published = false;
    Row history, value;
    std::vector<Row> z;
  };

  Hour next() const { return kFirst + static_cast<Hour>(y_.size()); }
  double at(Hour h) const {
    Hour const i = h - kFirst;
    return i < 0 || i >= static_cast<Hour>(y_.size()) ? std::nan("") : y_[static_cast<std::size_t>(i)];
  }
  double weighted(Hour from, Hour step, int count, double half) const {
    double s = 0;
    double w = 0;
    for (int j = 0; j < count; ++j) {
      double const v = at(from - j * step);
      if (std::isnan(v)) continue;
      s += std::pow(0.5, j / half) * v;
      w += std::pow(0.5, j / half);
    }
    return w > 0 ? s / w : std::nan("");
  }
  double mean(Hour origin, Hour count) const {
    double s = 0;
    int n = 0;
    for (Hour h = origin - count; h < origin; ++h) {
      if (std::isnan(at(h))) continue;
      s += at(h);
      ++n;
    }
    return s / n;
  }
  Row features(Hour origin, int lead) const {
    double const m7 = mean(origin, 168);
    Hour const target = origin + lead;
    Hour const day = target - 24 * (lead / 24 + 1);
    auto const known = [](double v, double other) { return std::isnan(v) ? other : v; };
    double const hod = known(weighted(day, 24, 14, 4), m7);
    auto const surprise = [&](int n) {
      double s = 0;
      for (int k = 1; k <= n; ++k) {
        double const e = at(origin - k) - weighted(origin - k - 24, 24, 14, 4);
        s += std::isnan(e) ? 0 : e;
      }
      return s / n;
    };
    return {hod - m7,
            known(weighted(day, 24, 60, 20), hod) - m7,
            known(weighted(target - 168 * (lead / 168 + 1), 168, 8, 3), hod) - m7,
            known(at(day), hod) - m7,
            surprise(1),
            surprise(3),
            surprise(24),
            mean(origin, 24) - m7,
            mean(origin, 672) - m7};
  }
  std::optional<double> published(Hour h) const {
    Hour k = h - published_->first;
    auto const n = static_cast<Hour>(published_->second.size());
    if (k < 0) return std::nullopt;
    if (k >= n) k = n - 24 + (k - n) % 24;
    return published_->second[static_cast<std::size_t>(k)];
  }
  static double dot(Row const& a, Row const& b) {
    double s = 0;
    for (std::size_t i = 0; i < a.size(); ++i) s += a[i] * b[i];
    return s;
  }
  static void add(Evidence& e, Row const& x, double q) {
    for (std::size_t i = 0; i < x.size(); ++i) {
      for (std::size_t j = 0; j < x.size(); ++j) e.a[i][j] += x[i] * x[j];
      e.b[i] += x[i] * q;
    }
  }
  static void fade(std::vector<Evidence>& all, double l) {
    for (auto& e : all) {
      for (auto& row : e.a) {
        for (double& v : row) v *= l;
      }
      for (double& v : e.b) v *= l;
    }
  }
  // Gauss with pivots.
  static Row solved(std::vector<Row> a, Row b) {
    std::size_t const n = b.size();
    for (std::size_t c = 0; c < n; ++c) {
      std::size_t p = c;
      for (std::size_t r = c; r < n; ++r) {
        if (std::abs(a[r][c]) > std::abs(a[p][c])) p = r;
      }
      std::swap(a[c], a[p]);
      std::swap(b[c], b[p]);
      for (std::size_t r = c + 1; r < n; ++r) {
        double const f = a[r][c] / a[c][c];
        for (std::size_t k = c; k < n; ++k) a[r][k] -= f * a[c][k];
        b[r] -= f * b[c];
      }
    }
    for (std::size_t r = n; r-- > 0;) {
      for (std::size_t k = r + 1; k < n; ++k) b[r] -= a[r][k] * b[k];
      b[r] /= a[r][r];
    }
    return b;
  }
  template <class Start>
  static std::vector<Row> weights(std::vector<Evidence> const& all, double n, double rho, int near,
                                  Start const& start) {
    std::size_t const size = start[0].size();
    auto const sum = [&](int h) {
      Evidence s{std::vector<Row>(size, Row(size, 0)), Row(size, 0)};
      for (int k = std::max(0, h - near); k <= std::min(kLeads - 1, h + near); ++k) {
        for (std::size_t i = 0; i < size; ++i) {
          for (std::size_t j = 0; j < size; ++j) s.a[i][j] += all[static_cast<std::size_t>(k)].a[i][j];
          s.b[i] += all[static_cast<std::size_t>(k)].b[i];
        }
      }
      return s;
    };
    Row d(size, 0);
    for (int h = 0; h < kLeads; ++h) {
      auto const s = sum(h);
      for (std::size_t i = 0; i < size; ++i) d[i] += s.a[i][i] / ((2 * near + 1) * n) / kLeads;
    }
    std::vector<Row> out;
    for (int h = 0; h < kLeads; ++h) {
      auto s = sum(h);
      for (std::size_t i = 0; i < size; ++i) {
        s.a[i][i] += rho * (d[i] + 1e-6);
        s.b[i] += rho * (d[i] + 1e-6) * start[static_cast<std::size_t>(h)][i];
      }
      out.push_back(solved(s.a, s.b));
    }
    return out;
  }
  void learn() {
    double const l1 = std::pow(0.5, 1.0 / (24 * 300));
    double const l2 = std::pow(0.5, 1.0 / (24 * 60));
    fade(history_, l1);
    n1_ = l1 * n1_ + 1;
    if (published_) {
      fade(correction_, l2);
      n2_ = l2 * n2_ + 1;
    }
    Hour const target = next() - 1;
    for (int h = 0; h < kLeads; ++h) {
      Hour const o = target - h;
      if (o < kFirst + 24) break;
      add(history_[static_cast<std::size_t>(h)], features(o, h), at(target) - mean(o, 168));
      auto const said = said_.find(o);
      if (said == said_.end() || !said->second.published) continue;
      auto const k = static_cast<std::size_t>(h);
      add(correction_[k], said->second.z[k], at(target) - said->second.history[k]);
    }
  }
  void solve() {
    w1_ = weights(history_, n1_, 10'000, 1, history_start_weights(SignalKind::kAverage));
    if (published_) w2_ = weights(correction_, n2_, 1'000, 2, published_start_weights());
  }
  void say() {
    Said said;
    Hour const o = next();
    for (int h = 0; h < kLeads; ++h) {
      bool const early = o < kFirst + 24;
      auto const k = static_cast<std::size_t>(h);
      Row const w = w1_.empty() ? Row(history_start_weights(SignalKind::kAverage)[k].begin(),
                                      history_start_weights(SignalKind::kAverage)[k].end())
                                : w1_[k];
      said.history.push_back(mean(o, 168) + (early ? 0 : dot(w, features(o, h))));
    }
    said.value = said.history;
    said.published = published_.has_value();
    if (published_) correct(said);
    said_[o] = said;
  }
  void correct(Said& said) {
    Row d;
    for (int h = 0; h < kLeads; ++h)
      d.push_back(*published(next() + h) - said.history[static_cast<std::size_t>(h)]);
    double level = 0;
    for (std::size_t h = 0; h < 48; ++h) level += d[h] / 48;
    for (int h = 0; h < kLeads; ++h) {
      auto const lo = static_cast<std::size_t>(std::clamp(std::min(h, 59) - 12, 0, 36));
      double s = 0;
      for (std::size_t k = lo; k < lo + 24; ++k) s += d[k] / 24;
      double const q1 = std::isnan(issue_error_.back()) ? 0 : issue_error_.back();
      double qs = 0;
      double qw = 0.5;
      Hour const sigma = next() + h - 24 * (h / 24 + 1);
      for (int j = 0; j < 40; ++j) {
        Hour const i = sigma - 24 * j - kFirst;
        if (i < 0 || std::isnan(issue_error_[static_cast<std::size_t>(i)])) continue;
        qs += std::pow(0.5, j / 14.0) * issue_error_[static_cast<std::size_t>(i)];
        qw += std::pow(0.5, j / 14.0);
      }
      auto const k = static_cast<std::size_t>(h);
      said.z.push_back({d[k] - s, s - level, level, q1, qs / qw});
      auto const start = published_start_weights()[k];
      said.value[k] += dot(w2_.empty() ? Row(start.begin(), start.end()) : w2_[k], said.z.back());
    }
  }

  std::vector<double> y_;
  std::vector<double> issue_error_;
  std::optional<std::pair<Hour, Row>> published_;
  std::vector<Evidence> history_{kLeads, Evidence{std::vector<Row>(9, Row(9, 0)), Row(9, 0)}};
  std::vector<Evidence> correction_{kLeads, Evidence{std::vector<Row>(5, Row(5, 0)), Row(5, 0)}};
  double n1_ = 0;
  double n2_ = 0;
  std::vector<Row> w1_, w2_;
  std::map<Hour, Said> said_;
};

TEST(Forecaster, EqualsASlowSecondImplementation) {
  auto const truth = grid(24 * 32, 1);
  std::mt19937 random(2);
  std::normal_distribution<double> noise{10, 15};
  Forecaster fast;
  Naive slow;
  for (std::size_t i = 0; i + 100 < truth.size(); ++i) {
    Hour const hour = kFirst + static_cast<Hour>(i);
    fast.observe({{hour, truth[i]}});
    slow.observe(truth[i]);
    if (i > 24 * 10 && i % 24 == 3) {
      std::vector<double> issue;
      for (std::size_t k = 0; k < 96; ++k) issue.push_back(truth[i + 1 + k] + noise(random));
      fast.publish({hour + 1, issue});
      slow.publish(hour + 1, issue);
    }
    if (i % 50 != 49) continue;
    auto const a = fast.forecast();
    auto const b = slow.forecast();
    for (std::size_t lead = 0; lead < static_cast<std::size_t>(kLeads); ++lead) {
      ASSERT_THAT(a[lead].value, DoubleNear(b[lead], 2e-3)) << "hour " << i << ", lead " << lead;
    }
  }
}

TEST(Forecaster, StartsFromTheWeightsOfItsKindAlsoWhenItGoesOn) {
  Forecaster average;
  Forecaster marginal{SignalKind::kMarginal};
  auto const truth = grid(24 * 4, 3);
  std::vector<std::pair<Hour, double>> seen;
  for (std::size_t i = 0; i < truth.size(); ++i) seen.emplace_back(kFirst + static_cast<Hour>(i), truth[i]);
  std::vector<std::pair<Hour, double>> const later(seen.end() - 24, seen.end());
  seen.resize(seen.size() - 24);
  average.observe(seen);
  marginal.observe(seen);
  EXPECT_GT(std::abs(average.forecast()[0].value - marginal.forecast()[0].value), 0.01);
  auto again = Forecaster::read(marginal.dump());
  ASSERT_TRUE(again);
  again->observe(later);
  marginal.observe(later);
  EXPECT_EQ(again->forecast()[5].value, marginal.forecast()[5].value);
}

TEST(Forecaster, SaysNothingWithoutFiguresAndIsFlatOnTheFirstDay) {
  Forecaster forecaster;
  EXPECT_TRUE(forecaster.forecast().empty());
  forecaster.observe({{kFirst, 100}, {kFirst + 1, 300}});
  auto const forecast = forecaster.forecast();
  ASSERT_EQ(forecast.size(), static_cast<std::size_t>(Forecaster::kHorizon));
  for (auto const& hour : forecast) {
    EXPECT_DOUBLE_EQ(hour.value, 200);
    EXPECT_FALSE(hour.band);
  }
}

TEST(Forecaster, KnowsTheShapeOfTheDayAfterOneDay) {
  Forecaster forecaster;
  for (int i = 0; i < 24; ++i) forecaster.observe({{kFirst + i, i < 12 ? 100.0 : 300.0}});
  auto const forecast = forecaster.forecast();
  // Weights of the four daily features at lead 0 add up to 0.97: 200 + 0.97 x (100 - 200).
  EXPECT_NEAR(forecast[0].value, 103, 1e-9);
  // At lead 23: 0.70 + 0.03 + 0.27 - 0.04.
  EXPECT_NEAR(forecast[23].value, 200 + 0.96 * 100, 1e-9);
  // Between the tabulated leads 3 (0.94) and 5 (0.92) linear.
  EXPECT_NEAR(forecast[4].value, 200 - 0.93 * 100, 1e-9);
}

TEST(Forecaster, GapsCountNowhereAndLateFiguresAreTakenIn) {
  auto const truth = grid(24 * 20, 3);
  Forecaster whole;
  Forecaster late;
  for (std::size_t i = 0; i < truth.size(); ++i) {
    Hour const hour = kFirst + static_cast<Hour>(i);
    whole.observe({{hour, truth[i]}});
    if (i < 200 || i > 230) late.observe({{hour, truth[i]}});
  }
  EXPECT_TRUE(std::isnan(late.actual(kFirst + 210)));
  for (auto const& hour : late.forecast()) EXPECT_TRUE(std::isfinite(hour.value));
  std::vector<std::pair<Hour, double>> missing;
  for (std::size_t i = 200; i <= 230; ++i) missing.emplace_back(kFirst + static_cast<Hour>(i), truth[i]);
  late.observe(missing);
  EXPECT_DOUBLE_EQ(late.actual(kFirst + 210), truth[210]);
  // What was learned in the gap is missing, the features are the same: nearly the same figures.
  auto const a = whole.forecast();
  auto const b = late.forecast();
  for (std::size_t lead = 0; lead < 48; ++lead) EXPECT_NEAR(a[lead].value, b[lead].value, 1.0);
}

TEST(Forecaster, ComesBackAfterMonthsOfSilence) {
  auto const truth = grid(24 * 30, 7);
  Forecaster forecaster;
  for (std::size_t i = 0; i < 24 * 20; ++i) forecaster.observe({{kFirst + static_cast<Hour>(i), truth[i]}});
  Hour const later = kFirst + 24 * 100;
  for (std::size_t i = 0; i < 24 * 10; ++i) {
    forecaster.observe({{later + static_cast<Hour>(i), truth[24 * 20 + i]}});
    for (auto const& hour : forecaster.forecast()) ASSERT_TRUE(std::isfinite(hour.value)) << i;
  }
  EXPECT_EQ(forecaster.next(), later + 240);
}

TEST(Forecaster, AShortIssueIsBelievedOnlyWhereItSpeaks) {
  auto const truth = grid(24 * 30, 4);
  Forecaster plain;
  Forecaster fed;
  for (std::size_t i = 0; i < truth.size(); ++i) {
    plain.observe({{kFirst + static_cast<Hour>(i), truth[i]}});
    fed.observe({{kFirst + static_cast<Hour>(i), truth[i]}});
  }
  Hour const next = kFirst + static_cast<Hour>(truth.size());
  fed.publish({next, std::vector<double>(6, 900.0)});
  auto const a = plain.forecast();
  auto const b = fed.forecast();
  EXPECT_GT(b[0].value, a[0].value + 100);
  EXPECT_NEAR(b[100].value, a[100].value, 60);
}

TEST(Forecaster, TheBandHoldsFourOfFive) {
  auto const truth = grid(24 * 200, 5);
  Forecaster forecaster;
  int inside = 0;
  int count = 0;
  for (std::size_t i = 0; i + 64 < truth.size(); ++i) {
    forecaster.observe({{kFirst + static_cast<Hour>(i), truth[i]}});
    if (i < 24 * 60 || i % 13 != 0) continue;
    auto const forecast = forecaster.forecast();
    for (std::size_t const lead : {0U, 5U, 23U, 47U}) {
      ASSERT_TRUE(forecast[lead].band);
      double const error = truth[i + 1 + lead] - forecast[lead].value;
      inside += error >= forecast[lead].band->below && error <= forecast[lead].band->above ? 1 : 0;
      ++count;
    }
  }
  EXPECT_GT(count, 900);
  EXPECT_GT(inside, count * 75 / 100);
  EXPECT_LT(inside, count * 85 / 100);
}

TEST(Forecaster, GoesOnFromItsStoredStateAsIfNothingHadHappened) {
  auto const truth = grid(24 * 40, 6);
  Forecaster all;
  std::string bytes;
  for (std::size_t i = 0; i < truth.size(); ++i) {
    if (i == 700) bytes = all.dump();
    Hour const hour = kFirst + static_cast<Hour>(i);
    all.observe({{hour, truth[i]}});
    if (i % 24 == 0) all.publish({hour + 1, std::vector<double>(48, 250.0)});
  }
  auto again = Forecaster::read(bytes);
  ASSERT_TRUE(again);
  for (std::size_t i = 700; i < truth.size(); ++i) {
    Hour const hour = kFirst + static_cast<Hour>(i);
    again->observe({{hour, truth[i]}});
    if (i % 24 == 0) again->publish({hour + 1, std::vector<double>(48, 250.0)});
  }
  auto const a = all.forecast();
  auto const b = again->forecast();
  for (std::size_t lead = 0; lead < a.size(); ++lead) {
    ASSERT_EQ(a[lead].value, b[lead].value);
    ASSERT_EQ(a[lead].band.has_value(), b[lead].band.has_value());
    if (a[lead].band) {
      ASSERT_EQ(a[lead].band->above, b[lead].band->above);
    }
  }
}

TEST(Forecaster, DamagedStateIsThrownAway) {
  Forecaster forecaster;
  forecaster.observe({{kFirst, 100}});
  std::string const bytes = forecaster.dump();
  ASSERT_TRUE(Forecaster::read(bytes));
  EXPECT_FALSE(Forecaster::read(""));
  EXPECT_FALSE(Forecaster::read(bytes.substr(0, bytes.size() - 1)));
  EXPECT_FALSE(Forecaster::read(bytes + "x"));
  for (std::size_t const place : {std::size_t{0}, std::size_t{9}, std::size_t{20}, bytes.size() / 2}) {
    std::string damaged = bytes;
    damaged[place] = static_cast<char>(damaged[place] ^ 1);
    EXPECT_FALSE(Forecaster::read(damaged)) << place;
  }
}

}  // namespace
}  // namespace greenq::core
