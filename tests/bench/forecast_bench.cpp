// How well the forecaster chooses hours, beside simpler rules, on real series.
//
//   bench_forecast DATA_DIR [NAME…]      DATA_DIR/carbon/*.csv, DATA_DIR/forecast/*.csv
//
// Kept share KN: one arrival every hour, jobs of 1, 4 and 12 hours with 24 and 48 hours of slack, start
// chosen once by the forecast, charged with the actuals: (cost now - cost chosen) / (cost now - cost of the
// best start), mean of the six. "re": the choice is made again every hour until the job starts. Every rule
// sees what was known at its moment, nothing else.
#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <functional>
#include <limits>
#include <map>
#include <numeric>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "core/carbon/forecaster.hpp"
#include "core/carbon/skill.hpp"

namespace {

using greenq::core::cheapest_start;
using greenq::core::Forecaster;
using greenq::core::Hour;
using greenq::core::HourlyActuals;
using greenq::core::HourlyIssue;
namespace fs = std::filesystem;

constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();
constexpr int kReach = 60;  // leads that any job can touch
constexpr std::array<int, 3> kLengths{1, 4, 12};
constexpr std::array<int, 2> kSlacks{24, 48};

struct Series {
  Hour first = 0;
  std::vector<double> hours;
  Hour end() const { return first + static_cast<Hour>(hours.size()); }
  double at(Hour h) const {
    return h < first || h >= end() ? kUnknown : hours[static_cast<std::size_t>(h - first)];
  }
  std::vector<double> from(Hour h, int count) const {
    auto const begin = hours.begin() + (h - first);
    return {begin, begin + count};
  }
};

struct Issue {
  Hour issued = 0;
  std::vector<double> values;
};

std::int64_t seconds_of(std::string const& text) {
  int y = 0;
  unsigned mo = 0;
  unsigned d = 0;
  int h = 0;
  int mi = 0;
  if (std::sscanf(text.c_str(), "%d-%u-%uT%d:%d", &y, &mo, &d, &h, &mi) != 5) return -1;
  auto const day = std::chrono::sys_days{std::chrono::year{y} / std::chrono::month{mo} / std::chrono::day{d}};
  return std::chrono::duration_cast<std::chrono::seconds>(day.time_since_epoch()).count() + h * 3600 +
         mi * 60;
}

void read_rows(fs::path const& path, std::function<void(std::vector<std::string> const&)> const& row) {
  std::ifstream in(path);
  std::string line;
  bool header = true;
  while (std::getline(in, line)) {
    if (line.empty() || line[0] == '#') continue;
    if (std::exchange(header, false)) continue;
    std::vector<std::string> cells;
    std::istringstream text(line);
    for (std::string cell; std::getline(text, cell, ',');) cells.push_back(cell);
    row(cells);
  }
}

// Appends; finer steps become hourly means.
void load_series(fs::path const& path, Series& series) {
  std::map<Hour, std::pair<double, int>> sums;
  read_rows(path, [&](std::vector<std::string> const& cells) {
    auto& sum = sums[seconds_of(cells.at(0)) / 3600];
    sum.first += std::stod(cells.at(1));
    ++sum.second;
  });
  if (series.hours.empty()) series.first = sums.begin()->first;
  for (auto const& [hour, sum] : sums) {
    while (series.end() < hour) series.hours.push_back(kUnknown);
    if (series.end() == hour) series.hours.push_back(sum.first / sum.second);
  }
}

std::vector<Issue> load_issues(fs::path const& path) {
  std::vector<Issue> issues;
  read_rows(path, [&](std::vector<std::string> const& cells) {
    Issue issue{seconds_of(cells.at(0)) / 3600, {}};
    for (std::size_t i = 1; i < cells.size(); ++i) issue.values.push_back(std::stod(cells[i]));
    issues.push_back(std::move(issue));
  });
  return issues;
}

struct Case {
  std::string name;
  std::vector<std::string> actuals;
  std::string issues;  // empty: none
  int warm_days = 0;   // before scoring; ignored with issues
  double once = 0;     // figures to reach; 0: none
  double again = 0;
};

// predictions[o - begin][lead]
using Table = std::vector<std::vector<float>>;

struct Run {
  Hour begin = 0;
  Hour end = 0;  // origins scored
  Table value, low, high, published, last, yesterday, week, hour_of_week;
  double us_per_update = 0;
  double worst_us = 0;
};

// `rule` of plain history for the next kReach hours.
template <class Rule>
std::vector<float> by_history(Rule const& rule, HourlyActuals const& actuals, Hour origin, double last) {
  HourlyIssue const like{origin, std::vector<double>(kReach, 0)};
  auto const made = rule({like}, actuals);
  std::vector<float> out;
  for (double const value : made.front().values)
    out.push_back(static_cast<float>(std::isnan(value) ? last : value));
  return out;
}

double week4(Series const& s, Hour origin, Hour target) {
  double sum = 0;
  int n = 0;
  for (Hour w = (target - origin) / 168 + 1; w <= (target - origin) / 168 + 4; ++w) {
    double const v = s.at(target - 168 * w);
    if (!std::isnan(v)) sum += v, ++n;
  }
  return n > 0 ? sum / n : s.at(origin - 1);
}

double cpu_us() {
  return static_cast<double>(std::clock()) * 1e6 / CLOCKS_PER_SEC;
}

// An issue that has run out repeats its last day.
double published(Issue const* issue, Hour target) {
  if (issue == nullptr) return kUnknown;
  auto k = target - issue->issued;
  auto const n = static_cast<Hour>(issue->values.size());
  if (k >= n) k = n - 24 + (k - n) % 24;
  return issue->values[static_cast<std::size_t>(k)];
}

Run replay(Series const& series, std::vector<Issue> const& issues, Hour begin) {
  Run run;
  run.begin = begin;
  run.end = series.end() - kReach - 1;
  if (!issues.empty()) run.end = std::min(run.end, issues.back().issued + 24);
  Forecaster forecaster;
  std::size_t next = 0;
  Issue const* issue = nullptr;
  double total = 0;
  HourlyActuals actuals;
  for (Hour t = series.first + 1; t < run.end; ++t) {
    double const started = cpu_us();
    if (!std::isnan(series.at(t - 1))) {
      forecaster.observe({{t - 1, series.at(t - 1)}});
      actuals[t - 1] = series.at(t - 1);
    }
    bool fresh = false;
    for (; next < issues.size() && issues[next].issued <= t; ++next) issue = &issues[next], fresh = true;
    if (fresh) forecaster.publish({issue->issued, issue->values});
    if (t < begin) continue;
    auto const forecast = forecaster.forecast();
    double const took = cpu_us() - started;
    total += took;
    run.worst_us = std::max(run.worst_us, took);
    std::array<std::vector<float>, 8> rows;
    rows[5] = by_history(greenq::core::as_yesterday, actuals, t, series.at(t - 1));
    rows[6] = by_history(greenq::core::as_last_week, actuals, t, series.at(t - 1));
    for (int lead = 0; lead < kReach; ++lead) {
      Hour const target = t + lead;
      auto const& f = forecast[static_cast<std::size_t>(target - forecaster.next())];
      rows[0].push_back(static_cast<float>(f.value));
      rows[1].push_back(static_cast<float>(f.band ? f.value + f.band->below : kUnknown));
      rows[2].push_back(static_cast<float>(f.band ? f.value + f.band->above : kUnknown));
      rows[3].push_back(static_cast<float>(published(issue, target)));
      rows[4].push_back(static_cast<float>(series.at(t - 1)));
      rows[7].push_back(static_cast<float>(week4(series, t, target)));
    }
    std::array<Table*, 8> const tables{&run.value, &run.low,       &run.high, &run.published,
                                       &run.last,  &run.yesterday, &run.week, &run.hour_of_week};
    for (std::size_t i = 0; i < rows.size(); ++i) tables[i]->push_back(std::move(rows[i]));
  }
  run.us_per_update = total / static_cast<double>(run.end - begin);
  return run;
}

// Kept share of one rule for one job shape; `again`: decide every hour.
double kept(Series const& series, Run const& run, Table const& table, int length, int slack, bool again) {
  double now = 0;
  double chosen = 0;
  double best = 0;
  Hour const last = run.end - (again ? slack : 0);
  auto const cost = [&](Hour start) {
    auto const values = series.from(start, length);
    return std::accumulate(values.begin(), values.end(), 0.0);
  };
  auto const said = [&](Hour t) {
    auto const& row = table[static_cast<std::size_t>(t - run.begin)];
    return std::vector<double>(row.begin(), row.end());
  };
  for (Hour t = run.begin; t < last; ++t) {
    int start = again ? 0 : cheapest_start(said(t), slack, length);
    while (again && start < slack && cheapest_start(said(t + start), slack - start, length) != 0) ++start;
    now += cost(t);
    chosen += cost(t + start);
    best += cost(t + cheapest_start(series.from(t, slack + length), slack, length));
  }
  return (now - chosen) / (now - best);
}

double kept(Series const& series, Run const& run, Table const& table, bool again) {
  if (std::isnan(table.front().front())) return kUnknown;
  double sum = 0;
  for (int const length : kLengths) {
    for (int const slack : kSlacks) sum += kept(series, run, table, length, slack, again);
  }
  return sum / 6;
}

// Mean over origins of Spearman's rank correlation of leads 0..23.
double rank_correlation(Series const& series, Run const& run, Table const& table) {
  if (std::isnan(table.front().front())) return kUnknown;
  double sum = 0;
  int n = 0;
  for (Hour t = run.begin; t < run.end; t += 5) {
    auto const& row = table[static_cast<std::size_t>(t - run.begin)];
    std::vector<double> const said(row.begin(), row.begin() + 24);
    auto const correlation = greenq::core::rank_correlation(said, series.from(t, 24));
    if (!correlation) continue;
    sum += *correlation;
    ++n;
  }
  return sum / n;
}

struct Error {
  double absolute = 0;
  double bias = 0;
};

Error error_at(Series const& series, Run const& run, Table const& table, int lead) {
  Error out;
  for (Hour t = run.begin; t < run.end; ++t) {
    double const e =
        static_cast<double>(table[static_cast<std::size_t>(t - run.begin)][static_cast<std::size_t>(lead)]) -
        series.at(t + lead);
    out.absolute += std::abs(e);
    out.bias += e;
  }
  auto const n = static_cast<double>(run.end - run.begin);
  return {out.absolute / n, out.bias / n};
}

struct Coverage {
  double all = 0;
  double worst_hour = 1;
};

Coverage coverage(Series const& series, Run const& run) {
  std::array<double, 24> inside{};
  std::array<double, 24> count{};
  for (Hour t = run.begin + 24 * 14; t < run.end; t += 5) {
    for (int const lead : {0, 2, 5, 11, 23, 35, 47}) {
      auto const row = static_cast<std::size_t>(t - run.begin);
      auto const k = static_cast<std::size_t>(lead);
      auto const low = static_cast<double>(run.low[row][k]);
      auto const high = static_cast<double>(run.high[row][k]);
      if (std::isnan(low)) continue;
      auto const hour = static_cast<std::size_t>((t + lead) % 24);
      double const y = series.at(t + lead);
      inside[hour] += y >= low && y <= high ? 1 : 0;
      ++count[hour];
    }
  }
  Coverage out;
  for (std::size_t h = 0; h < 24; ++h) out.worst_hour = std::min(out.worst_hour, inside[h] / count[h]);
  out.all =
      std::accumulate(inside.begin(), inside.end(), 0.0) / std::accumulate(count.begin(), count.end(), 0.0);
  return out;
}

std::vector<Case> cases() {
  auto const fed = [](std::string const& zone, double once, double again) {
    return Case{zone,
                {zone + "_2020_average_lifecycle", zone + "_2021_average_lifecycle"},
                zone + "_2021H2_average_lifecycle_96h",
                0,
                once,
                again};
  };
  auto const em = [](std::string const& zone, double once, double again) {
    return Case{zone, {zone + "_2021_average_lifecycle", zone + "_2022_average_lifecycle"}, "", 365, once,
                again};
  };
  std::vector<Case> all{fed("CISO", .88, .89), fed("DE", .82, .86),    fed("ERCO", .62, .66),
                        fed("ES", .74, .77),   fed("NYISO", .67, .70), fed("SE", .72, .76),
                        em("EM-ES", .75, .77), em("EM-NO", .60, .66)};
  all.push_back({"GB", {"GB_2023_average_direct"}, "", 60, .62, .68});
  all.push_back(
      {"CAISO-PGE", {"CAISO-PGE_2019_marginal_direct", "CAISO-PGE_2020_marginal_direct"}, "", 245, .62, .66});
  all.push_back(em("EM-US-CAL-CISO", .90, .91));
  for (char const* region : {"MIDA", "CA", "NY", "TE", "FL", "CENT"}) {
    std::string const name = std::string("AVERT-") + region;
    all.push_back({name, {name + "_2023_marginal_direct"}, "", 60, 0, 0});
  }
  return all;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: bench_forecast DATA_DIR [NAME…]\n");
    return 2;
  }
  fs::path const data = argv[1];
  std::printf("%-15s %6s %6s | %6s %6s | %6s %6s %6s %6s %6s | %5s %5s | %5s %5s | %s\n", "zone", "once",
              "target", "again", "target", "publ", "last", "yest", "week", "how", "rho", "rho7", "cover",
              "worst", "MAE(bias) at 0/5/23/47 | CPU us per update mean/worst");
  int missed = 0;
  for (Case const& c : cases()) {
    if (argc > 2 && std::none_of(argv + 2, argv + argc, [&](char const* name) { return c.name == name; }))
      continue;
    Series series;
    for (auto const& name : c.actuals) load_series(data / "carbon" / (name + ".csv"), series);
    std::vector<Issue> issues;
    if (!c.issues.empty()) issues = load_issues(data / "forecast" / (c.issues + ".csv"));
    Run const run =
        replay(series, issues, issues.empty() ? series.first + 24 * c.warm_days : issues.front().issued);
    double const once = kept(series, run, run.value, false);
    double const again = kept(series, run, run.value, true);
    auto const cover = coverage(series, run);
    double const week = kept(series, run, run.week, false);
    std::printf(
        "%-15s %6.3f %6.2f | %6.3f %6.2f | %6.3f %6.3f %6.3f %6.3f %6.3f | %5.2f %5.2f | %5.2f %5.2f |",
        c.name.c_str(), once, c.once, again, c.again, kept(series, run, run.published, false),
        kept(series, run, run.last, false), kept(series, run, run.yesterday, false), week,
        kept(series, run, run.hour_of_week, false), rank_correlation(series, run, run.value),
        rank_correlation(series, run, run.week), cover.all, cover.worst_hour);
    for (int const lead : {0, 5, 23, 47}) {
      auto const e = error_at(series, run, run.value, lead);
      std::printf(" %.1f(%+.1f)", e.absolute, e.bias);
    }
    std::printf(" | %.0f/%.0f\n", run.us_per_update, run.worst_us);
    std::fflush(stdout);
    bool const floor = c.once == 0 || once >= week;
    if (once < c.once - 0.02 || again < c.again - 0.02 || !floor) ++missed;
  }
  std::printf("%d zone(s) below their figure\n", missed);
  return missed == 0 ? 0 : 1;
}
